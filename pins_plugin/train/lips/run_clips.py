"""The clips below a folder, but for people who are left out: what a run that looks at lips depends on."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pins_plugin.data.training.sync_clips import SyncClip
from pins_plugin.data.training.talking_clips import TalkingClip
from pins_plugin.errors import PinsError
from pins_plugin.train.run_record import begin_run, data_key

logger = logging.getLogger(__name__)
Clip = TypeVar("Clip", SyncClip, TalkingClip)


def begin_with_clips(
    hparams: Mapping[str, Any], load: Callable[[Path], Clip], made_by: str
) -> dict[str, Clip]:
    """Read what an experiment trains on, and begin its run.

    Parameters
    ----------
    hparams : mapping
        "output_folder", "clips", a folder that is searched in depth, and "leave_out", names of people or of single clips
        (a list, or one name); names that are of none are told.
    load : callable
        Reads one file.
    made_by : str
        The script that makes such clips.

    Returns
    -------
    clips : dict of str to clip
        By their path below the folder, in order.

    Raises
    ------
    PinsError
        When there is no clip to train on.
    """
    root, left_out = Path(hparams["clips"]), names_in(hparams["leave_out"])
    clips = {path: load(path) for path in sorted(root.rglob("*.npz"))}
    known = {name for clip in clips.values() for name in (clip.person, clip.name)}
    if unknown := sorted(left_out - known):
        logger.warning("leave_out: no person and no clip below %s is called %s", root, ", ".join(unknown))  # fmt: skip
    kept = {path: clip for path, clip in clips.items() if not {clip.person, clip.name} & left_out}
    if not kept:
        raise PinsError(f"clips: {root}: expected clips of {made_by}, got none to train on")
    names = {path: path.relative_to(root).as_posix() for path in kept}
    begin_run(hparams["output_folder"], hparams, data_key((names[path], path) for path in kept))
    return {names[path]: clip for path, clip in kept.items()}


def names_in(entry: Any) -> set[str]:
    """Names of a list in a YAML, or of `--key NAME`, which is one."""
    return {entry} if isinstance(entry, str) else {str(name) for name in entry or ()}
