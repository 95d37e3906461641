"""Speaker diarization, its parts: speech activity and overlap, voices, speaker turns."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "BuiltinDiarization":  # its import path before there was one decoder
        return import_module("pins_plugin.pipelines.linking.builtin").BuiltinDiarization
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
