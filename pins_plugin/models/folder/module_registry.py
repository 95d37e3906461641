"""The classes that a model folder may name, and the building of modules from them, within a budget of memory.

What is neither on this list nor an installed plugin is never built. Which arguments a class takes is said by itself.
"""

from importlib import import_module
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from pins_plugin.errors import ModelFolderError
from pins_plugin.moved import current_path
from pins_plugin.plugins import encoder_targets
from pins_plugin.utils.explain import one_line

OWN = """
compact.CompactFaceEncoder compact.CompactVoiceEncoder vgg_m.VGGMFaceEncoder vgg_m.VGGVoxEncoder
onnx_encoder.OnnxFaceEncoder onnx_encoder.OnnxVoiceEncoder
faces.appearance.AppearanceEncoder faces.chip_face.ChipFaceEncoder
faces.face_recognition.FaceRecognitionEncoder faces.facenet.FacenetEncoder
voices.campplus.CAMPlusVoiceEncoder voices.ecapa.ECAPAEncoder voices.patch_voice.PatchVoiceEncoder
lips.lip_reader.WordClassifier lips.sync_encoders.LipEncoder lips.sync_encoders.SoundEncoder
lips.sync_published.PublishedLipEncoder lips.sync_published.PublishedSoundEncoder
lips.talking_network.TalkingNetwork
layers.heads.DirectionHead layers.heads.FeatureHead layers.heads.NetworkHead
layers.pass_through.PassThrough layers.spectrogram.LogMelSpectrogram
"""
OTHERS = """
torch.nn.Linear torch.nn.Identity torch.nn.LayerNorm speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
"""
CLASSES = frozenset([f"pins_plugin.models.{name}" for name in OWN.split()] + OTHERS.split())
LARGEST_MODULE = 8 * 2**30  # bytes of all tensors that are made on the way
MOST_OPERATIONS = 50_000  # of tensors

Module = TypeVar("Module", bound=nn.Module)


class ModuleSpec(NamedTuple):
    """A module to build: its dotted class and plain keyword arguments."""

    dotted_class: str
    arguments: dict[str, Any]


def find_class(dotted_class: str) -> type[nn.Module]:
    """Import a class that a model folder names, if it is allowed."""
    path = current_path(dotted_class)
    if path not in CLASSES and path not in encoder_targets():
        raise ModelFolderError(
            f"!new:{dotted_class[:80]} is not allowed; expected an installed plugin or a class of models/folder/module_registry.py"
        )
    module, _, name = path.rpartition(".")
    try:
        found: type[nn.Module] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ModelFolderError(
            f"!new:{dotted_class}: cannot be imported ({one_line(error)})"
        ) from error
    return found


def build_module(spec: ModuleSpec, largest: int = LARGEST_MODULE) -> nn.Module:
    """Make a module with fresh weights, of at most `largest` bytes on the way."""
    kind = find_class(spec.dotted_class)
    try:
        with MemoryBudget(largest):
            module = kind(**spec.arguments)
    except Exception as error:  # whatever a class may make of a stranger's arguments
        raise ModelFolderError(
            f"!new:{spec.dotted_class}: cannot be built from its arguments ({one_line(error, 300)})"
        ) from error
    note_origin(module, *spec)
    return module


def make_module(kind: type[Module], **arguments: Any) -> Module:
    """Make a module that knows how it was built."""
    module = kind(**arguments)
    note_origin(module, f"{kind.__module__}.{kind.__qualname__}", arguments)
    return module


def note_origin(module: nn.Module, dotted_class: str, arguments: dict[str, Any]) -> None:
    """Note on a module how it was built, so that whoever saves it need not be told."""
    module.origin = ModuleSpec(current_path(dotted_class), arguments)  # type: ignore[assignment]


class MemoryBudget(TorchDispatchMode):
    """Raise MemoryError before more than `largest` bytes of tensors, or by more than `most` operations, are made.

    Each operation runs on tensors without content first, which tells how much it makes. What is freed again counts as well.
    """

    def __init__(self, largest: int = LARGEST_MODULE, most: int = MOST_OPERATIONS) -> None:
        super().__init__()
        self.largest, self.most = largest, most
        self.spent = self.operations = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spare torch the import of its compiler (two seconds), which nothing here needs."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count, then run."""
        kwargs = kwargs or {}
        self.operations += 1
        if not func._schema.is_mutable and not func.is_view:
            self.spent += _size_of_result(func, args, kwargs)
        if self.operations > self.most:
            raise MemoryError(f"more than {self.most} operations")
        if self.spent > self.largest:
            raise MemoryError(f"more than {self.largest} bytes of tensors")
        return func(*args, **kwargs)


def _size_of_result(func: Any, args: Any, kwargs: Any) -> int:
    """Bytes that an operation makes; as many as it is given, where that takes the content to know."""
    args, kwargs = tree_map_only(torch.Tensor, lambda tensor: tensor.to("meta"), (args, kwargs))
    if any(argument.name == "device" for argument in func._schema.arguments):
        kwargs["device"] = "meta"
    try:
        made = func(*args, **kwargs)
    except (RuntimeError, TypeError):
        made = (args, kwargs)
    return sum(each.nbytes for each in tree_leaves(made) if isinstance(each, torch.Tensor))
