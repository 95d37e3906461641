"""Where classes of models stood before folders had rooms, and old names of functions: what was saved or written then still finds them.

Model folders name the class of each module by dotted path. Old paths lead to where things are now: `current_path` for
our loader, `find_moved` for whatever asks the old package for an attribute (HyperPyYAML, SpeechBrain's `from_hparams`).
"""

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Any

MODELS = "pins_plugin.models."
ROOMS = {  # what stands in each under the name that it had one folder up
    "faces": "appearance chip_face face_recognition facenet",
    "voices": "campplus ecapa patch_voice",
    "lips": "lip_reader sync_published",
    "layers": "heads pass_through spectrogram",
}
MOVED = {name: f"{room}.{name}" for room, names in ROOMS.items() for name in names.split()} | {
    "sync": "lips.sync_encoders",
    "visual_voice_activity": "lips.talking_network",
}


def current_path(dotted: str) -> str:
    """Tell where the class of a dotted path is now.

    Examples
    --------
    >>> current_path("pins_plugin.models.ecapa.ECAPAEncoder")
    'pins_plugin.models.voices.ecapa.ECAPAEncoder'
    >>> current_path("torch.nn.Linear")
    'torch.nn.Linear'
    """
    module, dot, name = dotted.removeprefix(MODELS).partition(".")
    if not dotted.startswith(MODELS) or module not in MOVED:
        return dotted
    return MODELS + MOVED[module] + dot + name


def find_moved(name: str) -> ModuleType:
    """Import the module that `pins_plugin.models` once held under `name`; AttributeError where there was none."""
    if name not in MOVED:
        raise AttributeError(f"module 'pins_plugin.models' has no attribute {name!r}")
    return import_module(MODELS + MOVED[name])


def renamed(new: Callable[..., Any], old: str) -> Callable[..., Any]:
    """Keep a function or method callable by its old name for one release; it warns."""

    @wraps(new)
    def call(*args: Any, **options: Any) -> Any:
        message = f"{old} is called {new.__name__} now; the old name goes with version 0.3"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return new(*args, **options)

    return call


def find_renamed(module: str, name: str, names: Mapping[str, Any]) -> Any:
    """Find what a module once held under another name (`names`, to what it is now), for one release; it warns.

    Raises
    ------
    AttributeError
        When there was none.
    """
    if name not in names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    message = f"{module}.{name} has another name now; the old one goes with version 0.3"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return names[name]
