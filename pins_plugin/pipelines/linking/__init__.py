"""Active speaker detection and diarization in one, which face each speaker has: what was observed, the decision, the result."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "SpeakerFaceLinking":  # its import path before the rooms
        from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

        return SpeakerFaceLinking
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
