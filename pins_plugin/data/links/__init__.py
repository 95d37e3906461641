"""What is known of a linked video: turns, words, corrections."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pins_plugin.data.links.linked_video import LinkedVideo

__all__ = ["LinkedVideo"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("pins_plugin.data.links.linked_video"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
