"""Files in and out, in four rooms: media, corpora, training, links."""

from typing import Any

from pins_plugin.moved import find_moved


def __getattr__(name: str) -> Any:
    return find_moved(__name__, name)
