"""Who speaks when, by sound: speech activity, voices, turns."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "BuiltinDiarization":  # its import path before the rooms
        from pins_plugin.pipelines.diarization.builtin import BuiltinDiarization

        return BuiltinDiarization
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
