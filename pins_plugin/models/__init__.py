"""From tensors to embeddings: faces, voices, lips; the layers they are built of; the folder they are saved in. What holds a branch of each stands here."""

from typing import Any

from pins_plugin.moved import find_moved


def __getattr__(name: str) -> Any:
    return find_moved(__name__, name)
