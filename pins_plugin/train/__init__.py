"""Training: encoders of pairs, what looks at lips, heads over features; shared files in between."""

from typing import Any

from pins_plugin.moved import find_moved


def __getattr__(name: str) -> Any:
    return find_moved(__name__, name)
