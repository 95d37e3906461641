"""Which clips can be read at all: a look at the head of each file, before hours of training, wherever that is done.

NAME.csv     some clips to be looked at, as a manifest
NAME.json    what is wrong with each of them, by the fingerprint of its files; null where nothing is
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from pins_plugin.archive.claims import claimed
from pins_plugin.archive.failures import FILE
from pins_plugin.archive.many import Machinery, run_many
from pins_plugin.data.corpora.manifest import read_manifest, write_manifest
from pins_plugin.data.training.readable import Fault, find_fault
from pins_plugin.data.training.shards import fingerprint
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json

CLIPS_PER_TASK = 256  # chosen, not measured
# that a look at a clip may take, times the time limit; chosen: ten times what it takes
SECONDS = 0.1


def find_unreadable(
    clips: Sequence[TalkingFaceClip], folder: str | Path, machinery: Machinery
) -> dict[str, str]:
    """Look at every clip; those of a task that crashes or hangs are looked at one by one.

    Parameters
    ----------
    folder : str or Path
        Where the answers are noted: no run, nor one over another part of the clips, looks again at files that have not changed.

    Returns
    -------
    unreadable : dict of str to str
        clip_id to what is wrong with its face or its sound.
    """
    folder = Path(folder)
    keys = {clip.clip_id: fingerprint([clip]) for clip in clips}
    crashed: dict[str, str] = {}
    known = _notes(folder)
    for size in (CLIPS_PER_TASK, 1):
        todo = [clip for clip in clips if keys[clip.clip_id] not in known]
        groups = [todo[start : start + size] for start in range(0, len(todo), size)]
        lists = {folder / f"{fingerprint(group)}.csv": group for group in groups}
        for path, group in lists.items():
            write_manifest(path, group)
        if lists:
            totals = run_many("look", list(lists), folder, _open_look, machinery, bool, _seconds)
            crashed = {lists[Path(path)][0].clip_id: why for path, why in totals.errors.items()}
            known = _notes(folder)
    faults = {clip.clip_id: _say(clip, known.get(keys[clip.clip_id])) for clip in clips}
    lost = [clip.clip_id for clip in clips if keys[clip.clip_id] not in known]
    if set(lost) - crashed.keys():
        raise ManifestError(f"{folder}: not all clips could be looked at, see {FILE} there; the same command goes on")  # fmt: skip
    return {name: why for name, why in (faults | crashed).items() if why}


def _notes(folder: Path) -> dict[str, Fault | None]:
    """Read all that is known, by the fingerprint of a clip's files."""
    known: dict[str, Fault | None] = {}
    for path in folder.glob("*.json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        known |= value.get("looked_at", {}) if isinstance(value, Mapping) else {}
    return known


def _say(clip: TalkingFaceClip, fault: Fault | None) -> str | None:
    """Say what is wrong, with the path that this run knows."""
    if fault is None:
        return None
    paths = {"faces": clip.faces, "audio": clip.audio}
    return f"{paths.get(fault[0], '')}{fault[1]}"


def _open_look() -> Callable[[str], bool]:
    """Make, in a worker, the function that looks at some clips; it tells whether that had been done before."""
    return partial(_look, find_fault)


def _look(fault_of: Callable[[TalkingFaceClip], Fault | None], item: str) -> bool:
    path = Path(item)
    with claimed(path.parent, path.name, wait=True):
        note = path.with_suffix(".json")
        if note.is_file():
            return True
        clips = read_manifest(path)
        write_json(note, {"looked_at": {fingerprint([clip]): fault_of(clip) for clip in clips}})
    return False


def _seconds(path: str) -> float:
    return SECONDS * len(read_manifest(path))
