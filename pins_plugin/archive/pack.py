"""Clips of a manifest as tar shards for training: each shard is one task, wherever that is done.

train-000000.csv     the clips of a shard, as a manifest
train-000000.tar     see `data.tar_shards`
train-000000.json    what the shard holds, which clips could not be read, and what it was made of
train-000000.at      which clips were begun, while it is packed
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.archive.attempts import Attempts
from pins_plugin.archive.claims import claimed
from pins_plugin.archive.many import Machinery, Totals, run_many
from pins_plugin.data.corpora.manifest import read_manifest, write_manifest
from pins_plugin.data.training.shards import fingerprint
from pins_plugin.data.training.tar_shards import (
    SHARD_BYTES,
    ClipForm,
    ShardSample,
    write_index,
    write_shard,
)
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.explain import explain
from pins_plugin.utils.files import write_json

SPLITS = ("train", "valid")
AT = ".at"  # see above
ROUNDS = 4  # until clips that crash a decoder are known, two tries each; chosen, not measured
SOUND_BYTES = 32_000  # of a second: 16 bits at 16 kHz


Packed = tuple[dict[str, str], bool]
"""Clips of a shard that could not be read, with the reason, and whether it had been packed before."""


def pack_clips(
    clips: Sequence[TalkingFaceClip],
    out: Path,
    form: ClipForm,
    machinery: Machinery,
    *,
    part: str = "",
    shard_bytes: int = SHARD_BYTES,
    quiet: bool = False,
) -> tuple[Totals, dict[str, str]]:
    """Decode the clips of splits train and valid into shards; what a former run has packed is not packed again.

    Videos come in a random order, the same each time, so that a shard has clips of many people; the clips of a video stay
    together.

    Parameters
    ----------
    part : str
        Behind the names, such as "-1-of-4".
    shard_bytes : int
        At most, about.

    Returns
    -------
    totals : Totals
    skipped : dict of str to str
        Clip -> why it could not be read.
    """
    if not any(clip.split in SPLITS for clip in clips):
        raise ManifestError(f"{out}: no clip of split train or valid to pack")
    lists = [path for split in SPLITS for path in _write_lists(clips, split, out, form, part, shard_bytes)]  # fmt: skip
    skipped: dict[str, str] = {}

    def take(packed: Packed) -> bool:
        skipped.update(packed[0])
        return packed[1]

    setup = partial(partial, _pack, form)  # gives, in a worker, what packs one shard
    length = partial(_seconds, form.max_seconds)
    for _ in range(ROUNDS):
        totals = run_many("pack", lists, out, setup, machinery, take, length, quiet)
        if not any(path.with_suffix(AT).is_file() for path in lists):
            break  # no worker died, or not in the end
    rows = [row for row in map(_read_row, lists) if row is not None]
    if totals.failed or totals.elsewhere or len(rows) < len(lists):
        raise ManifestError(
            f"{out}: not all shards could be packed, see failed.jsonl there; the same command goes on"
        )
    write_index(out, [row["shard"] for row in rows], form.describe(), part)
    return totals, skipped


def _write_lists(
    clips: Sequence[TalkingFaceClip],
    split: str,
    out: Path,
    form: ClipForm,
    part: str,
    shard_bytes: int,
) -> list[Path]:
    """Divide the clips of a split into shards; gives their manifests."""
    by_video: dict[str, list[TalkingFaceClip]] = {}
    for clip in clips:
        if clip.split == split:
            by_video.setdefault(clip.video, []).append(clip)
    order = np.random.default_rng(0).permutation(len(by_video))
    videos = list(by_video.values())
    line = [clip for number in order for clip in videos[number]]
    pictures = form.num_frames * 3 * form.image_size**2
    most = max(1, int(shard_bytes / (pictures + SOUND_BYTES * form.max_seconds)))
    starts = range(0, len(line), most)
    paths = [out / f"{split}{part}-{number:06d}.csv" for number in range(len(starts))]
    for path, start in zip(paths, starts, strict=True):
        write_manifest(path, line[start : start + most])
    return paths


def _seconds(each: float, path: str) -> float:
    return each * len(read_manifest(path))


def _pack(form: ClipForm, item: str) -> Packed:
    path = Path(item)
    with claimed(path.parent, path.name):
        clips = read_manifest(path)
        made = fingerprint(clips, repr([form.describe(), [clip.clip_id for clip in clips]]))
        tar, before = path.with_suffix(".tar"), _read_row(path)
        if before and before["made"] == made and tar.is_file():
            return before["skipped"], True
        skipped: dict[str, str] = {}
        attempts = Attempts(path.with_suffix(AT))
        with attempts.noted():
            row = write_shard(_samples(clips, form, skipped, attempts), tar, clips[0].split)
        write_json(path.with_suffix(".json"), {"made": made, "shard": row, "skipped": skipped})
    return skipped, False


def _samples(
    clips: Sequence[TalkingFaceClip], form: ClipForm, skipped: dict[str, str], attempts: Attempts
) -> Iterator[tuple[str, dict[str, bytes]]]:
    for clip in clips:
        if clip.clip_id in attempts.deadly:
            skipped[clip.clip_id] = "its worker was killed, crashed or hung at it twice"
            continue
        attempts.begin(clip.clip_id)
        try:
            faces = form.faces(clip.faces)
            sound = form.sound(clip.audio)
        except Exception as error:  # foreseen or not, it costs this clip only
            skipped[clip.clip_id] = explain(error)
            continue
        about = {"video": clip.video, "identity": clip.identity, **clip.attributes}
        key = clip.clip_id.replace("/", "-").replace(".", "_")
        yield key, ShardSample(key, faces, sound, about).files()


def _read_row(path: Path) -> dict[str, Any] | None:
    try:
        row = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return row if isinstance(row, dict) else None
    except (OSError, ValueError):
        return None
