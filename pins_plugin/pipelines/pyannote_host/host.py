"""The one door through which pyannote.audio is imported: no telemetry, no torchcodec warning.

pyannote.audio reports each pipeline to a server unless `PYANNOTE_METRICS_ENABLED` says otherwise. Here it
stays off unless the user has set that variable to 1. Sound is decoded by `data.media.audio`, so that it does not
matter whether torchcodec finds the system's FFmpeg.
"""

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

if "pyannote.audio" not in sys.modules:
    os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")
elif os.environ.get("PYANNOTE_METRICS_ENABLED") == "true":  # set by pyannote.audio itself
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="(?s).*torchcodec.*")
    from pyannote.audio import Model, Pipeline

__all__ = ["Model", "Pipeline", "follow"]
Result = TypeVar("Result")


def follow(hook: Callable[..., Any], step: str, work: Callable[[], Result]) -> Result:
    """Do one step of a pipeline, and tell its hook before and after, as pyannote's progress bars expect."""
    hook(step, None, total=1, completed=0)
    result = work()
    hook(step, result, total=1, completed=1)
    return result
