"""Join faces and voices: one embedding space for a person's face and voice.

Importing this module loads nothing heavy: public names are resolved on first use (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

_PUBLIC = {
    "FaceVoiceEmbedder": "pins_plugin.inference.embedder",
    "Synchronizer": "pins_plugin.inference.synchronizer",
    "LipReader": "pins_plugin.inference.lip_reader",
    "VisualVoiceActivity": "pins_plugin.inference.visual_voice_activity",
    "SpeakerFaceLinking": "pins_plugin.pipelines.linking.pipeline",
    "PinsError": "pins_plugin.errors",
}

__all__ = [
    "FaceVoiceEmbedder",
    "LipReader",
    "PinsError",
    "SpeakerFaceLinking",
    "Synchronizer",
    "VisualVoiceActivity",
    "__version__",
]

if TYPE_CHECKING:
    from pins_plugin.errors import PinsError
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.inference.lip_reader import LipReader
    from pins_plugin.inference.synchronizer import Synchronizer
    from pins_plugin.inference.visual_voice_activity import VisualVoiceActivity
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
