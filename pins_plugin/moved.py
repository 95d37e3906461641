"""Where modules stood before folders had rooms: what was saved or written then still finds them.

Model folders name the class of each module and experiments the functions they run, by dotted path. Old paths lead to
where things are now: `current_path` for model folders, `find_moved` for whatever asks the old package for an attribute
(HyperPyYAML, SpeechBrain's `from_hparams`).
"""

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Any

PACKAGE = "pins_plugin."
ROOMS = {  # what stands in each under the name that it had one folder up
    "data.media": "audio clock deinterlace faces images mfcc picture_stream screen shift_sound sound_copy "
    "sound_stream video video_writer",
    "data.corpora": "manifest trial_list voxceleb voxceleb_clips words",
    "data.training": "augmentation dataset features readable recording_conditions shards "
    "sync_augmentation talking_augmentation tar_shards",
    "data.links": "corrections linked_source transcripts",
    "train.pairs": "brain gather gradient_cache objective soft_pairs supervised talking_heads validation",
    "train.lips": "lip_reading sync visual_voice_activity",
    "train.features": "canonical closed_form feature_networks held_out mixture "
    "named_objectives people_table",
    "models.faces": "appearance chip_face face_recognition facenet",
    "models.voices": "campplus ecapa patch_voice",
    "models.lips": "lip_reader sync_published",
    "models.layers": "convolution_spectrogram dropout frozen heads lengths normalization "
    "pass_through pooling projection shared_head spectrogram",
    "models.folder": "memory_budget onnx_file safe_yaml starting_weights",
}
RENAMED = {
    "data.sync": "data.training.sync_clips",
    "data.talking": "data.training.talking_clips",
    "train.people": "train.features.same_people",
    "models.sync": "models.lips.sync_encoders",
    "models.visual_voice_activity": "models.lips.talking_network",
}
MOVED = {
    f"{room.split('.')[0]}.{name}": f"{room}.{name}"
    for room, names in ROOMS.items()
    for name in names.split()
} | RENAMED


def current_path(dotted: str) -> str:
    """Tell where the thing of a dotted path is now.

    Examples
    --------
    >>> current_path("pins_plugin.models.ecapa.ECAPAEncoder")
    'pins_plugin.models.voices.ecapa.ECAPAEncoder'
    >>> current_path("torch.nn.Linear")
    'torch.nn.Linear'
    """
    words = dotted.removeprefix(PACKAGE).split(".")
    module = ".".join(words[:2])
    if not dotted.startswith(PACKAGE) or module not in MOVED:
        return dotted
    return ".".join([PACKAGE + MOVED[module], *words[2:]])


def find_moved(package: str, name: str) -> ModuleType:
    """Import the module that `package` (such as "pins_plugin.models") once held under `name`.

    Raises
    ------
    AttributeError
        When there was none.
    """
    module = f"{package}.{name}".removeprefix(PACKAGE)
    if module not in MOVED:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    return import_module(PACKAGE + MOVED[module])


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
