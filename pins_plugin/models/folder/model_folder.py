"""A trained model is a folder: YAML, safetensors, a model card. Opening one runs no code of it.

hyperparams.yaml             classes, arguments, settings, checksums
face_encoder.safetensors     one file per module
README.md                    the model card

The YAML also holds what SpeechBrain's `EncoderClassifier.from_hparams(folder)` needs to load the voice
encoder: three more names among the modules, and a pretrainer. This loader passes over them.
"""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.module_registry import ModuleSpec, build_module
from pins_plugin.models.folder.safe_yaml import PRETRAINER, Reference, dump_yaml, load_yaml
from pins_plugin.utils.explain import naming, one_line
from pins_plugin.utils.files import atomic_folder
from pins_plugin.utils.quantization import dequantize, pack, quantize, unpack

FORMAT = 1
HYPERPARAMS = "hyperparams.yaml"
LARGEST_YAML = 400_000  # bytes
LARGEST_WEIGHTS = 8 * 2**30  # bytes
ROOM = 2**28  # bytes that building a module may take besides its weights
GROWTH = 4  # times the weights; shipped models take 1.0 to 2.0
SPEECHBRAIN_MODULES: dict[str, ModuleSpec | Reference] = {
    "compute_features": ModuleSpec("torch.nn.Identity", {}),
    "mean_var_norm": ModuleSpec("pins_plugin.models.layers.pass_through.PassThrough", {}),
    "embedding_model": Reference("<modules[voice_encoder]>"),
}
PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"


class ModelFolder(NamedTuple):
    """What a model folder holds: modules by name, in eval mode, and plain settings."""

    modules: dict[str, nn.Module]
    settings: dict[str, Any]


class Hyperparams(NamedTuple):
    """How each module is built, plain settings, SHA-256 of the weights by module."""

    specs: dict[str, ModuleSpec]
    settings: dict[str, Any]
    checksums: dict[str, str]


def save_model_folder(
    folder: str | Path,
    modules: Mapping[str, nn.Module],
    settings: Mapping[str, Any],
    card: str,
    *,
    rounded: bool = False,
) -> None:
    """Write a model folder in one step; it replaces an older one as a whole, and nothing else.

    Parameters
    ----------
    modules : mapping of str to nn.Module
        Names such as "face_encoder", which become file names. Each knows how it was built (see `make_module`).
    settings : mapping of str to plain values
    card : str
        Markdown for `README.md`.
    rounded : bool
        Write 8 bits a weight, packed, as the models that ship are.

    Raises
    ------
    ModelFolderError
        When the folder holds other things, or could not be loaded again: a class that is not allowed, arguments that
        are not plain, weights that do not fit what they build, weights that are not finite.
    """
    values = Hyperparams({}, dict(settings), {})
    with replaced_folder(folder) as temporary:
        for name, module in modules.items():
            if not hasattr(module, "origin"):
                raise ModelFolderError(
                    f"{name}: how it was built is not known; expected a module made by `make_module`, or by "
                    "an experiment's YAML"
                )
            state = module.state_dict()
            weights = {key: value.cpu().contiguous().clone() for key, value in state.items()}
            content = save(pack(quantize(weights)) if rounded else weights)
            (temporary / f"{name}.safetensors").write_bytes(content)
            values.specs[name] = module.origin  # type: ignore[assignment]
            values.checksums[name] = hashlib.sha256(content).hexdigest()
        (temporary / HYPERPARAMS).write_text(format_hyperparams(values), encoding="utf-8")
        (temporary / "README.md").write_text(card, encoding="utf-8")
        load_model_folder(temporary)  # what cannot be loaded is not worth keeping


def load_model_folder(folder: str | Path, device: str | torch.device = "cpu") -> ModelFolder:
    """Open a model folder, or a model that comes with the package by its name.

    ModelFolderError when anything is off: a missing or damaged file, a class that is not allowed, a weight that is missing,
    left over, of another shape, or not finite.
    """
    folder = resolve_source(folder)
    found = read_hyperparams(folder)
    modules = {}
    for name, spec in found.specs.items():
        path = folder / f"{name}.safetensors"
        weights = read_weights(path, found.checksums.get(name))
        size = sum(value.nbytes for value in weights.values())
        with naming(folder / HYPERPARAMS):  # what is much larger than the weights is not made
            module = build_module(spec, ROOM + GROWTH * size)
        load_strictly(module, weights, path)
        modules[name] = module.to(device).eval()
    return ModelFolder(modules, found.settings)


def resolve_source(source: str | Path) -> Path:
    """Find the folder that a user means: a path, or the name of a model that comes with the package."""
    path = Path(source)
    if not (path / HYPERPARAMS).is_file() and str(source) in shipped_models():
        return PRETRAINED / path
    if not (path / HYPERPARAMS).is_file():
        raise ModelFolderError(
            f"{source}: no such model folder; expected a folder that holds {HYPERPARAMS}, or a model that comes with "
            f"the package: {', '.join(sorted(shipped_models()))}"
        )
    return path


def replaced_folder(folder: str | Path) -> AbstractContextManager[Path]:
    """Give a temporary folder that becomes `folder`; what is there is replaced as a whole, if it is a model folder or empty."""
    place = Path(folder)
    empty = not place.exists() or (place.is_dir() and not any(place.iterdir()))
    if not empty and not (place / HYPERPARAMS).is_file():
        raise ModelFolderError(
            f"{folder}: holds what is no model, which would be lost; expected a new folder, or a model to replace"
        )
    return atomic_folder(place)


def shipped_models() -> frozenset[str]:
    """Names of the models that come with the package."""
    return frozenset(path.parent.name for path in PRETRAINED.glob(f"*/{HYPERPARAMS}"))


def read_hyperparams(folder: Path) -> Hyperparams:
    """Read the YAML of a model folder; builds nothing."""
    path = folder / HYPERPARAMS
    content = read_file(path, LARGEST_YAML)
    with naming(path):
        values = load_yaml(content)
        if not isinstance(values, dict):
            raise ModelFolderError(f"expected names and values, got {type(values).__name__}")
        written = values.get("format", values.get("version"))  # `version` until 0.1
        if written != FORMAT:
            raise ModelFolderError(
                f"expected format {FORMAT}, got {written!r}; open it with the pins_plugin that wrote it "
                "(a newer one where the number is larger), or train again"
            )
        found = Hyperparams(*(values.get(key) or {} for key in ("modules", "settings", "sha256")))
        if not all(isinstance(section, dict) for section in found) or not found.specs:
            raise ModelFolderError(
                "expected mappings 'modules', with a module or more, 'settings' and 'sha256'"
            )
        for name in SPEECHBRAIN_MODULES:
            found.specs.pop(name, None)
        for name, spec in found.specs.items():
            if not (name.isascii() and name.isidentifier() and isinstance(spec, ModuleSpec)):
                raise ModelFolderError(
                    f"modules.{name}: expected a name of letters and !new:class, got {spec!r:.60}"
                )
        return found


def format_hyperparams(values: Hyperparams) -> str:
    """Write what `read_hyperparams` and SpeechBrain read."""
    loadables = {name: Reference(f"<modules[{name}]>") for name in values.specs}
    loading = {"loadables": loadables, "checksums": Reference("<sha256>")}
    own = SPEECHBRAIN_MODULES if "voice_encoder" in values.specs else {}
    return dump_yaml(
        {
            "format": FORMAT,
            "settings": values.settings,
            "modules": values.specs | own,
            "sha256": values.checksums,
            "pretrainer": ModuleSpec(PRETRAINER, loading),
        }
    )


def read_file(path: Path, largest: int) -> bytes:
    """Read an ordinary file of at most `largest` bytes."""
    try:
        size = path.stat().st_size
        if not path.is_file() or size > largest:
            got = size if path.is_file() else "no ordinary file"
            raise ModelFolderError(f"{path}: expected a file of at most {largest} bytes, got {got}")
        return path.read_bytes()
    except OSError as error:
        raise ModelFolderError(
            f"{path}: cannot be read ({error.strerror}); is the folder complete?"
        ) from error


def read_weights(
    path: Path, checksum: str | None = None, settings: str = HYPERPARAMS
) -> dict[str, Tensor]:
    """Read a safetensors file, packed or not, whose SHA-256 may be known: by the file of `settings` beside it."""
    content = read_file(path, LARGEST_WEIGHTS)
    try:
        weights = dequantize(unpack(load(content)))
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFolderError(
            f"{path}: damaged or truncated ({one_line(error, 120)}); copy or train it again"
        ) from error
    if checksum is not None and hashlib.sha256(content).hexdigest() != checksum:
        raise ModelFolderError(
            f"{path}: is not the file that {settings} was written with (checksum); copy it again"
        )
    return weights


def load_strictly(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Fill a module with weights that must fit exactly: none missing or left over, each of the same shape and finite."""
    own = module.state_dict()
    for name, value in weights.items():
        if name in own and own[name].is_floating_point() != value.is_floating_point():
            raise ModelFolderError(f"{path}: {name}: expected {own[name].dtype}, got {value.dtype}")
        if value.is_floating_point() and not value.isfinite().all():
            raise ModelFolderError(f"{path}: {name}: expected finite weights, got NaN or infinity")
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        _, _, reason = str(error).partition(":\n")
        raise ModelFolderError(
            f"{path}: does not fit {type(module).__name__}: {one_line(reason)}"
        ) from error
