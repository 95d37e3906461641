"""What is known of a linked video: turns, words, corrections."""

from pins_plugin.data.links.linked_video import LinkedVideo

__all__ = ["LinkedVideo"]
