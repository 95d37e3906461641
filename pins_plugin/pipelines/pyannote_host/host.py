"""The one door through which pyannote.audio is imported: no telemetry, no torchcodec warning.

pyannote.audio reports each pipeline to a server unless `PYANNOTE_METRICS_ENABLED` says otherwise. Here it
stays off unless the user has set that variable to 1. Sound is decoded by `data.media.audio`, so that it does not
matter whether torchcodec finds the system's FFmpeg.
"""

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from pins_plugin.errors import PinsError

if "pyannote.audio" not in sys.modules:
    os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")
elif os.environ.get("PYANNOTE_METRICS_ENABLED") == "true":  # set by pyannote.audio itself
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="(?s).*torchcodec.*")
    from pyannote.audio import Model, Pipeline

__all__ = ["LearntPipeline", "Model", "Pipeline", "follow"]
RENAMED = {"least_gain": "min_gain"}  # in files and params of version 0.1, which are read
Result = TypeVar("Result")


class LearntPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline whose parameters were learnt, and may be tuned within bounds.

    Attributes
    ----------
    tunable : dict of str to (float, float)
        Bounds, by the name of the parameter.
    learnt_by : str
        The command that learns them.
    """

    tunable: Mapping[str, tuple[float, float]]
    learnt_by: str

    def __init__(self) -> None:
        from pyannote.pipeline.parameter import Uniform

        super().__init__()
        for name, bounds in self.tunable.items():
            setattr(self, name, Uniform(*bounds))

    @property
    def chosen(self) -> dict[str, float]:
        """The instantiated parameters."""
        return {name: float(getattr(self, name)) for name in self.tunable}

    def instantiate(self, params: Mapping[str, Any]) -> Self:
        """Take over parameters, as in `default_parameters`, also by their names in version 0.1.

        Raises
        ------
        PinsError
            When a name is none of `tunable`: an earlier version had it.
        """
        given = current_names(params)
        odd = sorted(map(str, set(given) - set(self.tunable)))
        if odd:
            raise PinsError(
                f"params: expected some of {', '.join(self.tunable)}, got {', '.join(odd)}. Those of an earlier version are "
                f"learnt anew by {self.learnt_by}; without `params` in config.yaml the shipped ones are used"
            )
        super().instantiate(given)
        return self


def current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by the names that they have now."""
    return {RENAMED.get(name, name): value for name, value in values.items()}


def follow(hook: Callable[..., Any], step: str, work: Callable[[], Result]) -> Result:
    """Do one step of a pipeline, and tell its hook before and after, as pyannote's progress bars expect."""
    hook(step, None, total=1, completed=0)
    result = work()
    hook(step, result, total=1, completed=1)
    return result
