"""The classes that a model folder may name: what is neither on this list nor an installed plugin is never built."""

from importlib import import_module

from torch import nn

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


def find_class(dotted_class: str) -> type[nn.Module]:
    """Import a class that a model folder names.

    Raises
    ------
    ModelFolderError
        When it is not allowed, or not there.
    """
    path = current_path(dotted_class)
    if path not in CLASSES and path not in encoder_targets():
        raise ModelFolderError(
            f"!new:{dotted_class[:80]} is not allowed; expected an installed plugin or a class of models/folder/allowed_classes.py"
        )
    module, _, name = path.rpartition(".")
    try:
        found: type[nn.Module] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ModelFolderError(
            f"!new:{dotted_class}: cannot be imported ({one_line(error)})"
        ) from error
    return found
