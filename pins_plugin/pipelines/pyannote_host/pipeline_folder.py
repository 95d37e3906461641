"""A pipeline is a folder with config.yaml, as in pyannote.audio. Opening one of unknown origin runs no code of it.

pyannote's own `Pipeline.from_pretrained` imports and calls whatever class config.yaml names, and unpickles the
checkpoints it points to, wherever they lie. Here all of them are looked at first.
"""

import importlib
import inspect
import zipfile
from collections import OrderedDict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import torch
import yaml
from pyannote.audio.core.task import Problem, Resolution, Specifications
from torch.torch_version import TorchVersion

from pins_plugin.errors import ModelFolderError, PinsError
from pins_plugin.inference.pretrained import MemoryBudget, shipped_models
from pins_plugin.pipelines.pyannote_host.host import Model, Pipeline
from pins_plugin.plugins import find_plugins
from pins_plugin.utils.plain_yaml import PlainLoader

CONFIG = "config.yaml"
PART = "$model/"  # what lies in the folder itself
OWN = "pins_plugin.pipelines."
HOSTS = (OWN, "pyannote.audio.pipelines.")
EVIDENCE = ("sync", "talking", "voice", "presence", "joint")  # of linking, without plugins
PREPROCESSORS = ("pyannote.audio.utils.preprocessors.",)
MODELS = ("pins_plugin.pipelines.", "pyannote.audio.models.")
LARGEST_CONFIG = 1_000_000  # bytes; chosen, not measured
LARGEST_PART = 4 * 2**30  # bytes, unpacked; chosen, not measured
SETTINGS = ("hyper_parameters", "hparams", "module_arguments")  # of checkpoints, now and formerly
GROWTH = 8  # times the files of a folder, that building its parts may take; chosen, not measured
ROOM = 2**30  # bytes, besides: for models that come with this package; chosen, not measured
MOST_OPERATIONS = 1_000_000  # of tensors, while a whole pipeline is opened; chosen, not measured
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
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        with MemoryBudget(GROWTH * size + ROOM, MOST_OPERATIONS):
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
    host = _check_classes(config)
    for part in _parts(config["pipeline"].get("params"), host):
        for path in (folder / part).glob("*.npz"):
            _small(path, LARGEST_PART)
        for path in (folder / part).glob("*.bin"):
            _check_checkpoint(_small(path, LARGEST_PART))


def _check_classes(config: dict[str, Any]) -> type:
    """Allow pipelines and preprocessors of this package and of pyannote.audio; give the pipeline's class."""
    for preprocessor in (config.get("preprocessors") or {}).values():
        _find_class(preprocessor["name"], PREPROCESSORS, object)
        for _, text in _named_texts(preprocessor.get("params")):
            if set(text) & set("/\\") or Path(text).exists():
                raise _elsewhere(text)
    return _find_class(config["pipeline"]["name"], HOSTS, Pipeline)


def _find_class(name: Any, hosts: tuple[str, ...], parent: type) -> type:
    """Refuse what is not a class, of this kind, that is defined in one of `hosts`."""
    if isinstance(name, str) and name.startswith(hosts):
        module, _, class_name = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), class_name)
        except (ImportError, AttributeError):
            found = None
        fits = isinstance(found, type) and issubclass(found, parent)
        if fits and found.__module__.startswith(hosts):
            return found
    expected = " or ".join(f"{host}*" for host in hosts)
    raise ModelFolderError(
        f"{str(name)[:80]!r} is not allowed; expected a class of {expected}; {ADVICE}"
    )


def _parts(arguments: Any, host: type) -> Iterator[str]:
    """Parts of the folder that a pipeline is called with.

    Any other text is the name of something: of a model that comes with this package (for pipelines of this package:
    pyannote would ask the hub for it), or one of the options of a list. Names of anything else, here or on the hub,
    are refused, and so is what pyannote would fetch where nothing is named.
    """
    own = host.__module__.startswith(OWN)
    for name, parameter in inspect.signature(host).parameters.items():
        default, given = parameter.default, (arguments or {}).get(name)
        of_the_hub = isinstance(default, dict) or (isinstance(default, str) and "/" in default)
        if not own and given is None and of_the_hub:
            raise ModelFolderError(
                f"{name} is missing; expected {PART}..., in the folder; {ADVICE}"
            )
    for key, text in _named_texts(arguments):
        if text.startswith(PART):
            yield text.removeprefix(PART)
        elif Path(text).exists() or not (
            text in _options(key) or (own and text in shipped_models())
        ):
            raise _elsewhere(text)


def _options(key: str) -> Collection[str]:
    """Texts that an argument may be besides names of models."""
    if key == "clustering":
        from pyannote.audio.pipelines.clustering import Clustering  # seconds to import

        return Clustering.__members__
    if key == "evidence":
        return {*EVIDENCE, *(plugin.name for plugin in find_plugins("evidence"))}
    if key == "tracker":
        return {plugin.name for plugin in find_plugins("trackers")}
    return {"appearance", "facenet"} if key == "recognition" else ()


def _named_texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Texts of nested arguments, each with the name that it stands under."""
    if isinstance(value, dict):
        if "checkpoint" in value:
            raise ModelFolderError(f"'checkpoint' is not allowed; expected {PART}...; {ADVICE}")
        for name, item in value.items():
            yield from _named_texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _named_texts(item, key)
    elif isinstance(value, str):
        yield key, value


def _elsewhere(text: str) -> ModelFolderError:
    return ModelFolderError(
        f"{text[:80]!r} lies elsewhere; expected {PART}..., in the folder; {ADVICE}"
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
    settings = {key: content[key] for key in SETTINGS if content.get(key)}
    _check_settings(settings, _find_class(name, MODELS, Model))


def _check_settings(settings: dict[str, Any], model: type) -> None:
    """Refuse what a model would fetch or open while it is built."""
    values = {name: value for part in settings.values() for name, value in dict(part).items()}
    if model.__module__.startswith(OWN):
        if not values.get("spec"):
            raise ModelFolderError(f"a checkpoint without 'spec' names a model elsewhere; {ADVICE}")
        return
    if "use_wavlm" in inspect.signature(model).parameters and values.get("use_wavlm", True):
        raise ModelFolderError(f"'use_wavlm' would ask the hub for a model; {ADVICE}")
    for key, text in _named_texts(values):
        if key == "wav2vec" or set(text) & set("/\\") or Path(text).exists():
            raise _elsewhere(text)
