"""Which clips of a manifest can be read at all: a look at the head of each file, before hours of training."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pins_plugin.data.media.container import choose_sound, choose_video, open_media
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.media.images import is_image
from pins_plugin.data.training.shards import CLIPS_PER_SHARD, fingerprint
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.explain import explain
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress


def find_unreadable(
    clips: Sequence[TalkingFaceClip],
    folder: str | Path,
    *,
    jobs: int | None = None,
    quiet: bool = False,
) -> dict[str, str]:
    """Look at every clip, several at a time.

    Parameters
    ----------
    folder : str or Path
        Where the answers are noted: a run that was stopped goes on where it was, and files that have changed
        are looked at again.
    jobs : int, optional
        Threads; as many as there are cores by default.
    quiet : bool
        No progress bar.

    Returns
    -------
    unreadable : dict of str to str
        clip_id to what is wrong with its face or its sound.
    """
    starts = range(0, len(clips), CLIPS_PER_SHARD)
    unreadable: dict[str, str] = {}
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        for start in progress(starts, f"looking at clips x {CLIPS_PER_SHARD}", quiet=quiet):
            group = clips[start : start + CLIPS_PER_SHARD]
            note = Path(folder) / f"{fingerprint(group)}.json"
            if not note.is_file():
                reasons = zip(
                    (clip.clip_id for clip in group), pool.map(_fault, group), strict=True
                )
                write_json(note, {clip_id: reason for clip_id, reason in reasons if reason})
            unreadable |= json.loads(note.read_text(encoding="utf-8"))
    return unreadable


def _fault(clip: TalkingFaceClip) -> str | None:
    """What is wrong with a clip, or None."""
    try:
        if clip.faces.is_dir() or is_image(clip.faces):
            load_faces(clip.faces, 32, num_frames=1)
        else:
            with open_media(clip.faces) as media:
                choose_video(media, clip.faces)
        with open_media(clip.audio) as media:
            choose_sound(media, clip.audio)
    except Exception as error:  # foreseen or not, it costs this clip only
        return explain(error)
    return None
