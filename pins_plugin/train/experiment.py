"""Experiments in YAML: reading, extending, overriding, running.

The syntax is HyperPyYAML's, with one addition: a first line ``extends: other.yaml`` takes over all entries
of another file (relative to this one, or one that comes with the package) that are not given anew. Classes of a module beside
the file can be named as those of an installed package. The entry ``run`` names the function that carries
the experiment out, ``run(hparams, run_opts)``; `hparams["resolved_yaml"]` is the text with everything filled in.
An entry ``seed`` makes fresh weights reproducible. `face_encoder` and `voice_encoder` may also be the name of an
installed plugin, or an ONNX file.
"""

import difflib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ruamel.yaml
import speechbrain
from hyperpyyaml import load_hyperpyyaml, resolve_references
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from torch import nn

from pins_plugin.errors import ExperimentError
from pins_plugin.models.folder.module_registry import note_origin
from pins_plugin.plugins import get_plugin
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.files import read_text
from pins_plugin.utils.seeding import seed_everything
from pins_plugin.utils.writable import try_folder

YAML = ruamel.yaml.YAML()
ENCODERS = ("face_encoder", "voice_encoder")
LEAST_NUMBER = {  # what an entry of the name must be at least, where it is a number
    **dict.fromkeys(("num_epochs", "num_steps", "steps_per_epoch", "batch_size", "num_frames"), 1),
    **dict.fromkeys(("image_size", "frames_per_clip", "num_test_clips"), 1),
    **dict.fromkeys(("seed", "num_workers", "num_valid_clips", "num_folds"), 0),
}
POSITIVE_NUMBERS = ("seconds", "max_clip_seconds", "max_minutes", "learning_rate", "peak_rate")


def run_experiment(arguments: Sequence[str]) -> dict[str, Any]:
    """Carry out an experiment.

    Parameters
    ----------
    arguments : sequence of str
        As on the command line: the YAML file, SpeechBrain's run options (``--device cuda``,
        ``--precision bf16``, ...), and ``--key value`` for entries of the YAML. With ``--help`` they are shown.

    Returns
    -------
    hparams : dict
        What was carried out, as `load_experiment` returns it.

    Raises
    ------
    ExperimentError
        When the YAML or an option cannot be used.
    """
    if {"-h", "--help"} & set(arguments[1:]):
        print(f"Entries of {arguments[0]}, each of which can be given as --key value:\n")
        YAML.dump(_read(find_experiment(arguments[0])), sys.stdout)
        print("\nBeside them SpeechBrain's run options:\n")
    path, run_opts, overrides = speechbrain.parse_arguments(list(arguments))
    beside = str(find_experiment(path).resolve().parent)
    if beside not in sys.path:
        sys.path.append(beside)  # last, so that nothing installed is hidden
    hparams = load_experiment(path, overrides)
    if isinstance(hparams.get("output_folder"), str):
        try_folder(hparams["output_folder"])
    hparams["run"](hparams, run_opts)
    return hparams


def load_experiment(path: str | Path, overrides: str | dict[str, Any] = "") -> dict[str, Any]:
    """Build what an experiment's YAML describes.

    Parameters
    ----------
    path : str or Path
        See `find_experiment`.
    overrides : str (YAML) or dict
        Entries to replace.

    Returns
    -------
    hparams : dict
        Every entry built, and "resolved_yaml".

    Raises
    ------
    ExperimentError
        When the file is missing or no YAML, an entry is left open, unknown, or cannot be built.
    """
    path = find_experiment(path)
    tree = _read(path)
    changes = YAML.load(overrides) if isinstance(overrides, str) else dict(overrides)
    for name, value in (changes or {}).items():
        if name not in tree:
            close = difflib.get_close_matches(name, tree, n=1)
            hint = f"; did you mean --{close[0]}?" if close else f"; it has {', '.join(tree)}"
            raise ExperimentError(f"--{name}: {path} has no such entry{hint}")
        tree[name] = value
    for name in ENCODERS:
        if isinstance(tree.get(name), str) and _tag(tree[name]) is None:
            tree[name] = _encoder_by_name(name, tree[name], "embedding_dim" in tree)
    left_open = [name for name, value in tree.items() if _tag(value) == "!PLACEHOLDER"]
    if left_open:
        raise ExperimentError(f"{path}: give {' and '.join(f'--{name}' for name in left_open)}")
    try:
        resolved = resolve_references(_stream(tree, path)).getvalue()
        if isinstance(tree.get("seed"), int):
            seed_everything(tree["seed"])  # fresh weights are drawn while the entries are built
        hparams: dict[str, Any] = load_hyperpyyaml(resolved)
    except (ValueError, TypeError, AttributeError, ImportError, KeyError, YAMLError) as error:
        raise ExperimentError(f"{path}: {one_line(error, 300)}") from error
    check_numbers(hparams)
    if not callable(hparams.get("run")):
        raise ExperimentError(f"{path}: expected an entry 'run' that names a training function")
    for name, value in hparams.items():
        if isinstance(value, nn.Module) and (_tag(tree.get(name)) or "").startswith("!new:"):
            note_origin(value, *module_config(resolved, name))
    return {**hparams, "resolved_yaml": resolved}


def check_numbers(hparams: Mapping[str, Any]) -> None:
    """Refuse numbers that no training can use, before any work is done.

    Raises
    ------
    ExperimentError
        When an entry of `LEAST_NUMBER` is no whole number or below its least, or one of `POSITIVE_NUMBERS` is not above 0. What is
        neither a number nor text (a schedule, null) is left to the training; a seed is needed.
    """
    for name, least in LEAST_NUMBER.items():
        value = hparams.get(name, least)
        plain = isinstance(value, float | str | bool) or (value is None and name == "seed")
        if plain or (isinstance(value, int) and value < least):
            raise ExperimentError(f"--{name}: expected a whole number from {least}, got {value!r}")
    for name in POSITIVE_NUMBERS:
        value = hparams.get(name)
        if isinstance(value, str) or (isinstance(value, int | float) and not value > 0):
            raise ExperimentError(f"--{name}: expected a number above 0, got {value!r}")


def find_experiment(path: str | Path) -> Path:
    """Find a YAML file: `path`, or where "hparams/demo.yaml" is not there, the one that comes with the package."""
    path, shipped = Path(path), experiments_folder() / Path(path).name
    is_shipped = str(path.parent) in (".", "hparams") and shipped.is_file()
    return shipped if is_shipped and not path.is_file() else path


def experiments_folder() -> Path:
    """Give the folder of the experiments that come with the package."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "hparams"
    return installed if installed.is_dir() else package.parent / "hparams"


def module_config(resolved_yaml: str, name: str) -> tuple[str, dict[str, Any]]:
    """Tell how an entry of an experiment that is ``!new:`` something was built.

    Examples
    --------
    >>> module_config("layer: !new:torch.nn.Linear {in_features: 2, out_features: 1}", "layer")
    ('torch.nn.Linear', {'in_features': 2, 'out_features': 1})
    """
    node = YAML.load(resolved_yaml).get(name)
    tag = _tag(node) or ""
    if not tag.startswith("!new:"):
        raise ExperimentError(f"{name}: expected an entry made with !new:, got {tag or node!r}")
    return tag.removeprefix("!new:"), json.loads(json.dumps(node, default=str))  # plain values


def _encoder_by_name(entry: str, name: str, with_dim: bool) -> Any:
    """The YAML of an encoder that is given as an ONNX file, or by the name of a plugin."""
    if name.endswith(".onnx"):
        kind = "OnnxFaceEncoder" if entry == "face_encoder" else "OnnxVoiceEncoder"
        tag, arguments = f"!apply:pins_plugin.models.onnx_encoder.{kind}.from_file", {"path": name}
    else:
        plugin = get_plugin(f"{entry}s", name)
        if with_dim:
            plugin.check_encoder()
        tag, arguments = f"!new:{plugin.target}", {}
    node = YAML.load(
        f"{entry}: {tag} {{{'embedding_dim: !ref <embedding_dim>' if with_dim else ''}}}"
    )[entry]
    node.update(arguments)
    return node


def _read(path: Path) -> CommentedMap:
    """Read a YAML file and what it extends, nothing resolved."""
    expected = "the YAML of an experiment, such as hparams/demo.yaml"
    try:
        tree = YAML.load(read_text(path, ExperimentError, expected))
    except YAMLError as error:
        raise ExperimentError(f"{path}: not YAML ({one_line(error)})") from error
    if not isinstance(tree, CommentedMap):
        raise ExperimentError(f"{path}: expected entries 'name: value'")
    base = tree.pop("extends", None)
    if base is None:
        return tree
    near = path.parent / base
    merged = _read(near if near.is_file() else find_experiment(base))
    for name, value in tree.items():
        merged[name] = value
    return merged


def _stream(tree: CommentedMap, path: Path) -> io.StringIO:
    """Write a tree as a stream that HyperPyYAML takes for the file itself (for `!include:`)."""
    stream = io.StringIO()
    YAML.dump(tree, stream)
    stream.seek(0)
    stream.name = str(path)  # type: ignore[attr-defined]
    return stream


def _tag(node: Any) -> str | None:
    tag = getattr(node, "tag", None)
    return None if tag is None else str(getattr(tag, "value", tag))
