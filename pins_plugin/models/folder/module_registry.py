"""The classes that a model folder may name, and the building of modules from them.

What is neither on this list nor an installed plugin is never built. Which arguments a class takes is said by itself.
"""

from importlib import import_module
from typing import Any, NamedTuple, TypeVar

from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.memory_budget import LARGEST_MODULE, MemoryBudget
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
