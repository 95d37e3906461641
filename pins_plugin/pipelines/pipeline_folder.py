"""A pipeline is a folder with config.yaml, as in pyannote.audio. Opening one of unknown origin runs no code of it.

pyannote's own `Pipeline.from_pretrained` imports and calls whatever class config.yaml names, and unpickles the
checkpoints it points to. Here both are looked at first.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import yaml

from pins_plugin.errors import ModelFolderError
from pins_plugin.pipelines.host import Pipeline

CONFIG = "config.yaml"
HOSTS = (
    "pins_plugin.pipelines.",
    "pyannote.audio.pipelines.",
    "pyannote.audio.utils.preprocessors",
)
LARGEST_CONFIG = 1_000_000  # bytes
HARMLESS = {  # what the checkpoints of pyannote.audio's models hold besides tensors
    "collections.OrderedDict",
    "pyannote.audio.core.task.Problem",
    "pyannote.audio.core.task.Resolution",
    "pyannote.audio.core.task.Specifications",
    "torch.torch_version.TorchVersion",
}
ADVICE = (
    "if you trust whoever made it, open it by pyannote.audio.Pipeline.from_pretrained yourself "
    "and hand over the pipeline"
)


def open_pipeline(folder: str | Path) -> Pipeline:
    """Open the folder of a pipeline, if all it names and holds is harmless.

    Parameters
    ----------
    folder : str or Path
        Its config.yaml may name pipelines of this package and of pyannote.audio.

    Raises
    ------
    ModelFolderError
        When config.yaml is missing or damaged, names another class, or a checkpoint in the folder is a pickle of
        anything but tensors and settings.
    """
    path = Path(folder) / CONFIG
    if not path.is_file() or path.stat().st_size > LARGEST_CONFIG:
        raise ModelFolderError(f"{path}: expected a file of at most {LARGEST_CONFIG} bytes")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        foreign = [name for name in _classes(config) if not _is_allowed(name)]
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ModelFolderError(
            f"{path}: not the config of a pipeline ({reason}); expected pipeline.name and pipeline.params"
        ) from error
    if foreign:
        raise ModelFolderError(
            f"{path}: {str(foreign[0])[:80]!r} is not allowed; expected a class of "
            f"{' or '.join(f'{host}*' for host in HOSTS[:2])}; {ADVICE}"
        )
    for checkpoint in sorted(Path(folder).rglob("*.bin")):
        _check_pickle(checkpoint)
    opened: Any = Pipeline.from_pretrained(str(folder))
    return opened


def _classes(config: dict[str, Any]) -> Iterator[Any]:
    """Whatever pyannote would import."""
    yield config["pipeline"]["name"]
    for preprocessor in (config.get("preprocessors") or {}).values():
        if isinstance(preprocessor, dict):
            yield preprocessor["name"]


def _is_allowed(name: Any) -> bool:
    """Whether this names a class that is defined in one of `HOSTS`."""
    if not (isinstance(name, str) and name.startswith(HOSTS)):
        return False
    module, _, class_name = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), class_name)
    except (ImportError, AttributeError):
        return False
    return isinstance(found, type) and found.__module__.startswith(HOSTS)


def _check_pickle(path: Path) -> None:
    """Look through a checkpoint without unpickling it."""
    try:
        found = set(torch.serialization.get_unsafe_globals_in_checkpoint(str(path)))
    except Exception as error:  # the scanner raises whatever it stumbles on
        reason = " ".join(str(error).split())[:120]
        raise ModelFolderError(f"{path}: not a checkpoint of torch ({reason}); {ADVICE}") from error
    if found - HARMLESS:
        raise ModelFolderError(
            f"{path}: a pickle that calls {sorted(found - HARMLESS)[0]:.80}; {ADVICE}"
        )
