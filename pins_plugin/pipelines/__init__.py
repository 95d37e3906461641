"""Video in, pyannote objects out. Names are resolved on first use, so that importing this loads nothing heavy."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "BuiltinDiarization": "diarization",
    "FaceTracks": "face_tracks",
    "LinkingResult": "result",
    "PinsSpeakerEmbedding": "speaker_embedding",
    "SpeakerFaceLinking": "linking",
}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
