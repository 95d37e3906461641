"""From tensors to embeddings: faces, voices, lips; the layers they are built of; the folder they are saved in. What holds a branch of each stands here."""

from pins_plugin.moved import find_moved as __getattr__

__all__ = ["__getattr__"]
