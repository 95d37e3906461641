"""From a name to a loaded model: a folder, a model that ships with the package, or a hub id."""

import filecmp
import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.model_folder import (
    HYPERPARAMS,
    ModelFolder,
    load_model_folder,
    read_hyperparams,
    replaced_folder,
    resolve_source,
)
from pins_plugin.models.folder.model_folder import load_strictly as load_strictly
from pins_plugin.models.folder.model_folder import read_weights as read_weights
from pins_plugin.models.folder.model_folder import shipped_models as shipped_models
from pins_plugin.models.folder.module_registry import MemoryBudget as MemoryBudget
from pins_plugin.models.folder.module_registry import ModuleSpec, build_module
from pins_plugin.models.onnx_encoder import OnnxFaceEncoder, OnnxVoiceEncoder
from pins_plugin.plugins import find_plugins
from pins_plugin.utils.device import usable_device
from pins_plugin.utils.explain import one_line

MODEL_FILES = [HYPERPARAMS, "*.safetensors", "README.md", "LICENSE"]


def load_pretrained(
    source: str | Path,
    savedir: str | Path | None = None,
    *,
    needs: Sequence[str],
    run_opts: Mapping[str, Any] | None = None,
    revision: str | None = None,
    trust_source: bool = False,
) -> ModelFolder:
    """Find, fetch and open a model, weights strictly; ModelFolderError where there is none, or it is damaged or of another kind.

    Parameters
    ----------
    source, savedir, revision
        See `fetch_model`; where one encoder is needed, also an ONNX file or the name of a plugin.
    needs : sequence of str
        Modules that must be there, such as "voice_encoder".
    run_opts : mapping, optional
        {"device": "cuda:0"}, as SpeechBrain users give it.
    trust_source : bool
        Read the YAML with HyperPyYAML, which runs whatever code the YAML names, instead of the safe loader.
        Only for a folder whose author you would let run programs on this machine.
    """
    device = device_of(run_opts)
    single = _load_encoder(source, needs)
    if single is not None:
        return ModelFolder({name: part.to(device).eval() for name, part in single.items()}, {})
    folder = fetch_model(source, savedir, revision=revision)
    model = _load_trusted(folder, device) if trust_source else load_model_folder(folder, device)
    missing = [name for name in needs if name not in model.modules]
    if missing:
        raise ModelFolderError(
            f"{folder}: expected a model with {', '.join(needs)}, got {', '.join(model.modules)}; "
            "is it a model of another kind?"
        )
    return model


def _load_encoder(source: str | Path, needs: Sequence[str]) -> dict[str, nn.Module] | None:
    """Load one encoder from an ONNX file or an installed plugin; None where `source` is neither."""
    is_file = Path(source).suffix.lower() == ".onnx"
    if list(needs) not in (["face_encoder"], ["voice_encoder"]):
        if is_file:
            raise ModelFolderError(f"{source}: one encoder; expected one with {', '.join(needs)}")
        return None
    (name,) = needs
    if is_file:
        kind = OnnxFaceEncoder if name == "face_encoder" else OnnxVoiceEncoder
        return {name: kind.from_file(source)}
    found = [] if Path(source).exists() else find_plugins(f"{name}s")
    return next(({name: plugin.load()()} for plugin in found if plugin.name == source), None)


def encoder_spec(source: str | Path, name: str) -> dict[str, Any] | None:
    """Tell how to build one module of a model folder again: its class and arguments, as plain values.

    None for what is no folder here and no model of the package: a hub id, an ONNX file or a plugin.
    """
    try:
        spec = read_hyperparams(resolve_source(source)).specs[name]
    except (ModelFolderError, KeyError):
        return None
    return {"class": spec.dotted_class, "arguments": spec.arguments}


def build_encoder(spec: Mapping[str, Any]) -> nn.Module:
    """Build the module that `encoder_spec` described, with fresh weights; allowed classes only."""
    return build_module(ModuleSpec(str(spec["class"]), dict(spec["arguments"]))).eval()


def fetch_model(
    source: str | Path, savedir: str | Path | None = None, *, revision: str | None = None
) -> Path:
    """Find the folder of a model; ask the hub only for a hub id.

    Parameters
    ----------
    source : str or Path
        A folder, the name of a model that ships with the package, or a hub id: "hf://owner/name", or
        "owner/name" where no folder "owner" exists.
    savedir : str or Path, optional
        Keep a copy there, in a folder of its own, without symlinks; it is renewed whenever it differs from the source.
    revision : str, optional
        Branch, tag or commit on the hub.
    """
    hub_id = _hub_id(source)
    if hub_id is not None:
        return _download(hub_id, savedir, revision)
    folder = resolve_source(source)
    return folder if savedir is None else _copy(folder, Path(savedir))


def device_of(run_opts: Mapping[str, Any] | None) -> torch.device:
    """Read the device out of SpeechBrain's run options, the processor where nothing is said; ModelFolderError where it is not there."""
    if not isinstance(run_opts or {}, Mapping) or not set(run_opts or {}) <= {"device"}:
        raise ModelFolderError(f"run_opts: expected {{'device': ...}} only, got {run_opts!r:.80}")
    return usable_device((run_opts or {}).get("device") or "cpu", ModelFolderError)


class StrictPretrainer:
    """Fills modules for SpeechBrain's `from_hparams` from `<name>.safetensors`, strictly; `checksums` are SHA-256 of the files.

    Stands in `hyperparams.yaml` where SpeechBrain expects its own `Pretrainer`, which would only warn of
    missing weights and go on with random ones.
    """

    def __init__(self, loadables: dict[str, nn.Module], checksums: dict[str, str]) -> None:
        self.loadables = loadables
        self.checksums = checksums
        self.savedir: Path | None = None
        self.paths: dict[str, Path] = {}

    def set_collect_in(self, path: str | Path | None) -> None:
        """Set where files are collected."""
        self.savedir = None if path is None else Path(path)

    def collect_files(
        self, default_source: Any = None, local_strategy: Any = None, fetch_config: Any = None
    ) -> dict[str, Path]:
        """Find, or download, the file of each module; never by a symlink."""
        from speechbrain.utils.fetching import FetchConfig, LocalStrategy, fetch

        for name in self.loadables:
            self.paths[name] = fetch(
                filename=f"{name}.safetensors",
                source=default_source,
                savedir=self.savedir,
                local_strategy=LocalStrategy.COPY_SKIP_CACHE,
                fetch_config=replace(fetch_config or FetchConfig(), overwrite=True),
            )
        return self.paths

    def load_collected(self) -> None:
        """Fill every module; ModelFolderError when a file is damaged or of another model."""
        for name, module in self.loadables.items():
            path = Path(self.paths[name])
            load_strictly(module, read_weights(path, self.checksums.get(name)), path)


def _load_trusted(folder: Path, device: torch.device) -> ModelFolder:
    from hyperpyyaml import load_hyperpyyaml

    try:
        with (folder / HYPERPARAMS).open(encoding="utf-8") as file:
            hparams = load_hyperpyyaml(file)
        modules = {
            path.stem: hparams["modules"][path.stem] for path in folder.glob("*.safetensors")
        }
        checksums, settings = hparams.get("sha256") or {}, dict(hparams.get("settings") or {})
    except Exception as error:  # whatever the code that it names may raise
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise ModelFolderError(
            f"{folder / HYPERPARAMS}: cannot be built by HyperPyYAML ({reason})"
        ) from error
    pretrainer = StrictPretrainer(modules, checksums)
    pretrainer.paths = {name: folder / f"{name}.safetensors" for name in modules}
    pretrainer.load_collected()
    return ModelFolder({name: part.to(device).eval() for name, part in modules.items()}, settings)


def _hub_id(source: str | Path) -> str | None:
    text = str(source)
    if text.startswith("hf://"):
        return text.removeprefix("hf://")
    if not isinstance(source, str) or not re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", text):
        return None
    return None if Path(text).parent.exists() or Path(text).exists() else text


def _download(hub_id: str, savedir: str | Path | None, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HOME
    from huggingface_hub.errors import HfHubHTTPError

    folder = Path(savedir or Path(HF_HOME) / "pins_plugin" / hub_id.replace("/", "--"))
    if savedir is None and revision is not None:
        folder = folder.with_name(f"{folder.name}@{revision}")
    try:
        snapshot_download(hub_id, revision=revision, local_dir=folder, allow_patterns=MODEL_FILES)
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelFolderError(
            f"{hub_id}: no such folder here, and not to be had from the hub "
            f"({one_line(error, 160)}); check the path, or the connection"
        ) from error
    return resolve_source(folder)


def _copy(folder: Path, savedir: Path) -> Path:
    if savedir.resolve() == folder.resolve():
        return folder
    names = sorted(file.name for file in folder.iterdir() if _belongs_to_model(file))
    if savedir.exists():
        same, _, _ = filecmp.cmpfiles(folder, savedir, names, shallow=False)
        if sorted(same) == names:
            return savedir
    with replaced_folder(savedir) as temporary:
        for name in names:
            shutil.copyfile(folder / name, temporary / name)
    return savedir


def _belongs_to_model(file: Path) -> bool:
    """Whether to copy a file; a link that leads out of the folder (or the hub's cache) could copy any file at all: ModelFolderError."""
    if not any(file.match(pattern) for pattern in MODEL_FILES) or not file.is_file():
        return False
    homes = (file.parent.resolve(), (file.parent / "../../blobs").resolve())
    if not any(file.resolve().is_relative_to(home) for home in homes):
        raise ModelFolderError(
            f"{file}: a link that leads out of the folder; put the file itself there"
        )
    return True


def folder_checksum(source: str | Path, module: str = "*") -> str:
    """Tell the weights of a model apart from any others: SHA-256 over the weights of `module`, all by default, 16 digits.

    `source` is one of `fetch_model`, or the file of a single encoder; ModelFolderError when there is no such model.
    """
    path = Path(source)
    files = [path] if path.is_file() else sorted(fetch_model(source).glob(f"{module}.safetensors"))
    digest = hashlib.sha256()
    for each in files:
        digest.update(each.read_bytes())
    return digest.hexdigest()[:16]
