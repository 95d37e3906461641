"""A pipeline is a folder with config.yaml, as in pyannote.audio. Opening one of unknown origin runs no code of it.

pyannote's own `Pipeline.from_pretrained` imports and calls whatever class config.yaml names, and unpickles the
checkpoints it points to, wherever they lie. Here all of them are looked at first.
"""

import importlib
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import yaml
from pyannote.audio.core.task import Problem, Resolution, Specifications
from torch.torch_version import TorchVersion

from pins_plugin.errors import ModelFolderError, PinsError
from pins_plugin.pipelines.pyannote_host.host import Model, Pipeline
from pins_plugin.utils.plain_yaml import PlainLoader

CONFIG = "config.yaml"
PART = "$model/"  # what lies in the folder itself
HOSTS = ("pins_plugin.pipelines.", "pyannote.audio.pipelines.")
PREPROCESSORS = ("pyannote.audio.utils.preprocessors.",)
MODELS = ("pins_plugin.pipelines.", "pyannote.audio.models.")
LARGEST_CONFIG = 1_000_000  # bytes
LARGEST_PART = 4 * 2**30  # bytes, unpacked
HARMLESS = [OrderedDict, Problem, Resolution, Specifications, TorchVersion]  # besides tensors
ADVICE = (
    "if you trust whoever made it, open it by pyannote.audio.Pipeline.from_pretrained yourself "
    "and hand over the pipeline"
)


def open_pipeline(folder: str | Path) -> Pipeline:
    """Open the folder of a pipeline, if all it names and holds is harmless.

    Parameters
    ----------
    folder : str or Path
        Its config.yaml may name pipelines of this package and of pyannote.audio, models that come with this
        package, and parts of the folder itself (`$model/...`).

    Raises
    ------
    ModelFolderError
        When config.yaml is missing or damaged, names another class or a file elsewhere, or a checkpoint is a
        pickle of anything but tensors and settings, or of a model of another package.
    """
    try:
        _check_folder(Path(folder))
        opened: Any = Pipeline.from_pretrained(str(folder))
    except PinsError as error:
        raise ModelFolderError(f"{folder}: {error}") from error
    except Exception as error:  # YAML, torch and pyannote raise whatever they stumble on
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ModelFolderError(
            f"{folder}: not a pipeline ({reason}); expected a {CONFIG} with pipeline.name and pipeline.params"
        ) from error
    return opened


def _check_folder(folder: Path) -> None:
    config = yaml.load(_small(folder / CONFIG, LARGEST_CONFIG).read_text("utf-8"), PlainLoader)
    _check_classes(config)
    for part in _parts(_arguments(config)):
        for path in (folder / part).glob("*.npz"):
            _small(path, LARGEST_PART)
        for path in (folder / part).glob("*.bin"):
            _check_checkpoint(_small(path, LARGEST_PART))


def _check_classes(config: dict[str, Any]) -> None:
    """Allow pipelines and preprocessors of this package and of pyannote.audio."""
    _find_class(config["pipeline"]["name"], HOSTS, Pipeline)
    for preprocessor in (config.get("preprocessors") or {}).values():
        _find_class(preprocessor["name"], PREPROCESSORS, object)


def _find_class(name: Any, hosts: tuple[str, ...], parent: type) -> None:
    """Refuse what is not a class, of this kind, that is defined in one of `hosts`."""
    if isinstance(name, str) and name.startswith(hosts):
        module, _, class_name = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), class_name)
        except (ImportError, AttributeError):
            found = None
        fits = isinstance(found, type) and issubclass(found, parent)
        if fits and found.__module__.startswith(hosts):
            return
    expected = " or ".join(f"{host}*" for host in hosts)
    raise ModelFolderError(
        f"{str(name)[:80]!r} is not allowed; expected a class of {expected}; {ADVICE}"
    )


def _arguments(config: dict[str, Any]) -> list[Any]:
    """What classes are called with."""
    preprocessors = (config.get("preprocessors") or {}).values()
    return [part.get("params") for part in (config["pipeline"], *preprocessors)]


def _parts(value: Any) -> Iterator[str]:
    """Parts of the folder that are named; refuses names of anything elsewhere, here or on the hub."""
    if isinstance(value, dict):
        if "checkpoint" in value:
            raise ModelFolderError(f"'checkpoint' is not allowed; expected {PART}...; {ADVICE}")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, str) and value.startswith(PART):
        yield value.removeprefix(PART)
    elif isinstance(value, str) and (set(value) & set("/\\") or Path(value).exists()):
        raise ModelFolderError(
            f"{value[:80]!r} lies elsewhere; expected {PART}..., in the folder; {ADVICE}"
        )


def _small(path: Path, largest: int) -> Path:
    """Give back the path of an ordinary file that is no larger than this, unpacked."""
    size = path.stat().st_size if path.is_file() else -1
    if size > 0 and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    if not 0 <= size <= largest:
        raise ModelFolderError(f"{path}: expected a file of at most {largest} bytes")
    return path


def _check_checkpoint(path: Path) -> None:
    """Read a checkpoint as data, and see which class it is of."""
    try:
        with torch.serialization.safe_globals(HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True)
        made_by = content["pyannote.audio"]["architecture"]
        name = f"{made_by['module']}.{made_by['class']}"
    except Exception as error:  # the reader raises whatever it stumbles on
        reason = " ".join(str(error).split())[:200]
        raise ModelFolderError(
            f"{path}: not a checkpoint of tensors and settings ({reason}); {ADVICE}"
        ) from error
    _find_class(name, MODELS, Model)
