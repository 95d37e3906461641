"""A trained model is a folder: YAML, safetensors, a model card. Opening one runs no code of it.

hyperparams.yaml             classes, arguments, settings, checksums
face_encoder.safetensors     one file per module
voice_encoder.safetensors
README.md                    the model card

The YAML also holds what SpeechBrain's `EncoderClassifier.from_hparams(folder)` needs to load the voice
encoder: three more names among the modules, and a pretrainer. This loader passes over them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.safe_yaml import (
    PRETRAINER,
    ModuleSpec,
    Reference,
    build_module,
    format_model_yaml,
    parse_model_yaml,
)
from pins_plugin.moved import current_path
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.files import atomic_folder
from pins_plugin.utils.quantization import dequantize, pack, quantize, unpack

FORMAT = 1
HYPERPARAMS = "hyperparams.yaml"
LARGEST_YAML = 800_000  # bytes; how many characters is the parser's to judge
LARGEST_WEIGHTS = 8 * 2**30  # bytes
ROOM = 2**28  # bytes that building a module may take besides its weights
GROWTH = 4  # times the weights; shipped models take 1.0 to 2.0
SPEECHBRAIN_MODULES: dict[str, ModuleSpec | Reference] = {
    "compute_features": ModuleSpec("torch.nn.Identity", {}),
    "mean_var_norm": ModuleSpec("pins_plugin.models.layers.pass_through.PassThrough", {}),
    "embedding_model": Reference("<modules[voice_encoder]>"),
}
PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"


@dataclass(frozen=True)
class ModelFolder:
    """What a model folder holds: modules by name, in eval mode, and plain settings."""

    modules: dict[str, nn.Module]
    settings: dict[str, Any]


def save_model_folder(
    folder: str | Path,
    modules: Mapping[str, nn.Module],
    config: Mapping[str, tuple[str, Mapping[str, Any]]],
    settings: Mapping[str, Any],
    card: str,
    *,
    rounded: bool = False,
) -> None:
    """Write a model folder in one step; it replaces an older one as a whole.

    Parameters
    ----------
    folder : str or Path
    modules : mapping of str to nn.Module
        Names such as "face_encoder"; they become file names.
    config : mapping of str to (dotted class, keyword arguments)
        How to build each module again that does not know (see `note_origin`).
    settings : mapping of str to plain values
    card : str
        Markdown for `README.md`.
    rounded : bool
        Write 8 bits a weight, packed, as the models that ship are.

    Raises
    ------
    ModelFolderError
        When the folder could not be loaded again: a class that is not allowed, arguments that are not
        plain, weights that do not fit what `config` builds, weights that are not finite.
    """
    specs = {name: _spec(name, module, config.get(name)) for name, module in modules.items()}
    if not set(config) <= set(modules):
        raise ModelFolderError(f"config: expected names of {sorted(modules)}, got {sorted(config)}")
    files = {}
    for name, module in modules.items():
        weights = {
            key: value.detach().cpu().contiguous().clone()
            for key, value in module.state_dict().items()
        }
        files[name] = save(pack(quantize(weights)) if rounded else weights)
    loadables = {name: Reference(f"<modules[{name}]>") for name in modules}
    values = {
        "format": FORMAT,
        "settings": dict(settings),
        "modules": specs | (SPEECHBRAIN_MODULES if "voice_encoder" in modules else {}),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "pretrainer": ModuleSpec(
            PRETRAINER, {"loadables": loadables, "checksums": Reference("<sha256>")}
        ),
    }
    with atomic_folder(folder) as temporary:
        for name, content in files.items():
            (temporary / f"{name}.safetensors").write_bytes(content)
        (temporary / HYPERPARAMS).write_text(format_model_yaml(values), encoding="utf-8")
        (temporary / "README.md").write_text(card, encoding="utf-8")
        load_model_folder(temporary)  # what cannot be loaded is not worth keeping


def load_model_folder(folder: str | Path, device: str | torch.device = "cpu") -> ModelFolder:
    """Open a model folder.

    Parameters
    ----------
    folder : str or Path
        Or the name of a model that comes with the package; see `resolve_source`.
    device : str or torch.device

    Raises
    ------
    ModelFolderError
        When anything is off: a missing or damaged file, a class that is not allowed, a weight that is
        missing, left over, of another shape, or not finite.
    """
    folder = resolve_source(folder)
    specs, settings, checksums = _sections(folder / HYPERPARAMS, _read_yaml(folder / HYPERPARAMS))
    modules = {}
    for name, spec in specs.items():
        path = folder / f"{name}.safetensors"
        weights = _read_weights(path, checksums.get(name))
        size = sum(value.numel() * value.element_size() for value in weights.values())
        try:  # what is much larger than the weights is not made
            module = build_module(spec, ROOM + GROWTH * size)
        except ModelFolderError as error:
            raise ModelFolderError(f"{folder / HYPERPARAMS}: {error}") from error
        _fill(module, weights, path)
        modules[name] = module.to(device).eval()
    return ModelFolder(modules, settings)


def read_specs(folder: Path) -> dict[str, ModuleSpec]:
    """Read how each module of a model folder is built; builds none."""
    return _sections(folder / HYPERPARAMS, _read_yaml(folder / HYPERPARAMS))[0]


def load_weights(module: nn.Module, path: str | Path, checksum: str | None = None) -> None:
    """Fill a module with the weights of a safetensors file, strictly.

    Parameters
    ----------
    module : nn.Module
    path : str or Path
    checksum : str, optional
        SHA-256 of the file.

    Raises
    ------
    ModelFolderError
        When the file is missing, damaged or another one, or a weight is missing, left over, of another
        shape, or not finite.
    """
    _fill(module, _read_weights(Path(path), checksum), Path(path))


def resolve_source(source: str | Path) -> Path:
    """Find the folder that a user means: a path, or the name of a model that comes with the package.

    Raises
    ------
    ModelFolderError
        When there is neither.
    """
    path = Path(source)
    if (path / HYPERPARAMS).is_file():
        return path
    if path.exists():
        raise ModelFolderError(
            f"{path}: not a model folder; expected a folder that holds {HYPERPARAMS}"
        )
    if re.fullmatch(r"[\w-]+", str(source)) and (PRETRAINED / str(source) / HYPERPARAMS).is_file():
        return PRETRAINED / str(source)
    shipped = ", ".join(sorted(found.parent.name for found in PRETRAINED.glob(f"*/{HYPERPARAMS}")))
    raise ModelFolderError(
        f"{source}: no such model folder; expected a path, or a model that comes with the package: "
        f"{shipped or 'none'}"
    )


def _spec(name: str, module: nn.Module, config: tuple[str, Mapping[str, Any]] | None) -> ModuleSpec:
    """How to build a module again, as it was noted when it was made; else its config."""
    origin = getattr(module, "origin", None)
    if isinstance(origin, ModuleSpec):
        return origin
    if config is None:
        raise ModelFolderError(
            f"{name}: how it was built is not known; expected its class and arguments in `config`"
        )
    return ModuleSpec(current_path(config[0]), dict(config[1]))


def _sections(
    path: Path, values: dict[str, Any]
) -> tuple[dict[str, ModuleSpec], dict[str, Any], dict[str, str]]:
    written = values.get("format", values.get("version"))  # `version` until 0.1
    if written != FORMAT:
        raise ModelFolderError(
            f"{path}: expected format {FORMAT}, got {written!r}; open it with the pins_plugin that wrote it "
            "(a newer one where the number is larger), or train again"
        )
    specs, settings, checksums = (
        values.get(key) or {} for key in ("modules", "settings", "sha256")
    )
    if not all(isinstance(section, dict) for section in (specs, settings, checksums)) or not specs:
        raise ModelFolderError(
            f"{path}: expected mappings 'modules', with a module or more, 'settings' and 'sha256'"
        )
    specs = {name: spec for name, spec in specs.items() if name not in SPEECHBRAIN_MODULES}
    for name, spec in specs.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or not isinstance(spec, ModuleSpec):
            raise ModelFolderError(
                f"{path}: modules.{name}: expected a name of letters and !new:class, got {spec!r:.60}"
            )
    return specs, settings, checksums


def _read_yaml(path: Path) -> dict[str, Any]:
    content = _read(path, LARGEST_YAML)
    try:
        return parse_model_yaml(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ModelFolderError(f"{path}: not a text file") from error
    except ModelFolderError as error:
        raise ModelFolderError(f"{path}: {error}") from error


def _read(path: Path, largest: int) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file() or size > largest:
            got = f"{size}" if path.is_file() else "no ordinary file"
            raise ModelFolderError(f"{path}: expected a file of at most {largest} bytes, got {got}")
        return path.read_bytes()
    except OSError as error:
        raise ModelFolderError(
            f"{path}: cannot be read ({error.strerror}); is the model folder complete?"
        ) from error


def _read_weights(path: Path, checksum: str | None) -> dict[str, Tensor]:
    content = _read(path, LARGEST_WEIGHTS)
    try:
        weights = dequantize(unpack(load(content)))
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFolderError(
            f"{path}: damaged or truncated ({one_line(error, 120)}); copy or train it again"
        ) from error
    if checksum is not None and hashlib.sha256(content).hexdigest() != checksum:
        raise ModelFolderError(
            f"{path}: is not the file that {HYPERPARAMS} was written with (checksum); copy it again"
        )
    return weights


def load_strictly(module: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Fill a module with weights that must fit exactly.

    Raises
    ------
    ModelFolderError
        When any is missing, left over, of another shape or kind of number, or not finite.
    """
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


def _fill(module: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    for prefix, part in module.named_modules():
        if hasattr(part, "make_room"):  # a network that travels as bytes
            part.make_room({name.removeprefix(f"{prefix}."): w for name, w in weights.items()})
    load_strictly(module, weights, path)
