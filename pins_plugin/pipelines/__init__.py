"""Video in, pyannote objects out: five rooms. Names are resolved on first use, so that importing this loads nothing heavy.

`diarization` hears who speaks when, `active_speaker` sees who speaks, `people` knows who is who, `linking` decides
which face each speaker has, `pyannote_host` is the door to pyannote.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "BuiltinDiarization": "linking.builtin",
    "FaceTracks": "people.face_tracks",
    "LinkingResult": "linking.result",
    "PinsSpeakerEmbedding": "diarization.speaker_embedding",
    "SpeakerFaceLinking": "linking.pipeline",
}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
