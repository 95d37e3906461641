"""The clips below a folder, but for people who are left out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pins_plugin.data.training.sync_clips import SyncClip
from pins_plugin.data.training.talking_clips import TalkingClip
from pins_plugin.errors import PinsError

Clip = TypeVar("Clip", SyncClip, TalkingClip)


def read_clips(
    hparams: Mapping[str, Any], load: Callable[[Path], Clip], made_by: str
) -> dict[str, tuple[Path, Clip]]:
    """Read what an experiment trains on.

    Parameters
    ----------
    hparams : mapping
        "clips", a folder that is searched in depth, and "leave_out", names of people or of single clips.
    load : callable
        Reads one file.
    made_by : str
        The script that makes such clips.

    Returns
    -------
    clips : dict of str to (Path, clip)
        By their path below the folder, in order.

    Raises
    ------
    PinsError
        When there is no clip to train on.
    """
    root, left_out = Path(hparams["clips"]), set(hparams["leave_out"])
    clips = {
        path.relative_to(root).as_posix(): (path, load(path))
        for path in sorted(root.rglob("*.npz"))
    }
    kept = {
        name: (path, clip)
        for name, (path, clip) in clips.items()
        if not {clip.person, clip.name} & left_out
    }
    if not kept:
        raise PinsError(f"clips: {root}: expected clips of {made_by}, got none to train on")
    return kept
