"""What a training run depends on, noted in its folder, so that a folder never goes on as another run than it was."""

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pins_plugin.errors import ExperimentError
from pins_plugin.train.experiment import YAML
from pins_plugin.utils.files import read_json, write_json, write_text

HYPERPARAMETERS, RECORD = "hyperparams.yaml", "run.json"
FREE = frozenset(  # entries that say where, how fast and how long, not what; of files the content counts
    [
        "output_folder",
        "cache_folder",
        "manifest",
        "clips",
        "words",
        "prepared_folder",
        "face_embeddings",
        "voice_embeddings",
        "num_workers",
        "num_epochs",
        "num_steps",
        "max_minutes",
        "chunk_size",
    ]
)
NOT_GIVEN = "(nothing)"


def begin_run(folder: str | Path, hparams: Mapping[str, Any], data: str) -> None:
    """Note what a run depends on, or check that the run that the folder holds depended on the same.

    Parameters
    ----------
    folder : str or Path
        Of the run; it holds a run when there are checkpoints in it.
    hparams : mapping
        From `load_experiment`.
    data : str
        Key of the training data, see `data_key`.

    Raises
    ------
    ExperimentError
        When the folder holds a run with other data or other settings.
    """
    folder = Path(folder)
    old = folder / HYPERPARAMETERS
    if any((folder / "checkpoints").glob("*")) and old.is_file():
        differences = _differences(_entries(old.read_text(encoding="utf-8")), hparams)
        if _data_in(folder / RECORD) not in ("", data):
            differences.insert(0, "the training clips")
        if differences:
            raise ExperimentError(
                f"{folder}: holds a run that differs in {'; '.join(differences)}; choose another --output_folder, "
                "or remove this one to train anew (to go on with the old run, give what it had)"
            )
    write_text(old, hparams["resolved_yaml"])
    write_json(folder / RECORD, {"data": data})


def data_key(parts: Iterable[tuple[str, Path]]) -> str:
    """Tell training data apart by names and sizes of files, wherever they lie.

    Parameters
    ----------
    parts : iterable of (str, Path)
        What stands for a file or a folder of files, and its path.
    """
    digest = hashlib.sha256()
    for name, path in parts:
        sizes = [path.stat().st_size] if path.is_file() else _sizes(path)
        digest.update(f"{name!r} {sizes}\n".encode())
    return digest.hexdigest()[:20]


def _sizes(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return [path.stat().st_size for path in sorted(folder.iterdir()) if path.is_file()]


def _data_in(path: Path) -> str:
    """Key of the data of an earlier run; empty where it was not noted."""
    if not path.is_file():
        return ""
    record = read_json(path, ExperimentError, "what a training run depended on")
    return str(record.get("data", "")) if isinstance(record, dict) else ""


def _differences(before: Mapping[str, str], hparams: Mapping[str, Any]) -> list[str]:
    """Name the entries that are not the same, with both values."""
    now = _entries(hparams["resolved_yaml"])
    names = [name for name in {**before, **now} if name not in FREE]
    return [
        f"{name} ({_short(before.get(name))}, now {_short(now.get(name))})"
        for name in names
        if before.get(name) != now.get(name)
    ]


def _entries(text: str) -> dict[str, str]:
    """Text of each entry of a resolved YAML, tags included."""
    tree = YAML.load(text) or {}
    found = {}
    for name, value in tree.items():
        stream = io.StringIO()
        YAML.dump({"value": value}, stream)
        found[str(name)] = " ".join(stream.getvalue().removeprefix("value:").split())
    return found


def _short(value: str | None) -> str:
    return NOT_GIVEN if value is None else value if len(value) < 60 else f"{value[:57]}..."
