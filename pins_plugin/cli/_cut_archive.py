"""What `pins cut` does with one input, in whatever process, and how it puts the clips of all of them together.

KEY.cut.json        what was cut from one video, and what was left out
KEY.part.tar        its clips on the way into a shard (--tar)
"""

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.archive.claims import claimed
from pins_plugin.archive.many import video_seconds
from pins_plugin.cli._each_video import DONE, Result, do_once
from pins_plugin.data.corpora.manifest import write_manifest
from pins_plugin.data.corpora.voxceleb_clips import split_by_checksum
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.links.links_file import read_linked, read_links
from pins_plugin.data.training.tar_shards import INDEX, read_files, write_index, write_shard
from pins_plugin.errors import PinsError
from pins_plugin.formats.crop_path import file_name
from pins_plugin.formats.dataset_cut import (
    ClipFilters,
    DatasetClip,
    LeftOut,
    choose_clips,
    left_out_table,
)
from pins_plugin.report.crop_video import CLIP_FILES, write_clips
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.content import content_key
from pins_plugin.utils.files import write_json, write_text

CUT, PART = ".cut.json", ".part.tar"
OPTIONS = ("tar", "size", "min_seconds", "max_seconds", "min_size", "max_yaw", "min_confidence",
           "max_offset_frames", "any_faces", "overlap", "any_sync")  # fmt: skip
VALID_SHARE = 0.1  # of the videos, for validation; chosen, not measured
MAX_KEY = 80  # letters of a key, as of a file's name; chosen, not measured


def filters_of(args: argparse.Namespace) -> ClipFilters:
    """Take the filters from the command line."""
    return ClipFilters(
        args.min_seconds, args.max_seconds, not args.any_faces, args.min_size, args.max_yaw,
        args.min_confidence, args.overlap,
    )  # fmt: skip


def open_cutter(args: argparse.Namespace) -> Callable[[str], Result]:
    """Make, in a worker, the function that cuts one input."""
    return partial(cut_one, args)


def cut_one(args: argparse.Namespace, item: str) -> Result:
    """Cut one input, where that is not done yet."""
    links, video = find_source(Path(item))
    name = args.names.of(Path(item), stem_of)
    options = {name: getattr(args, name) for name in OPTIONS}
    if links is None:
        options["linked"] = "here"

    def make(record: Path) -> str:
        return _cut(args, links, video, name, record)

    return do_once(args.out, links or video, CUT, options, make, to_key(name))


def find_source(source: Path) -> tuple[Path | None, Path]:
    """Tell an input's links, if it has any, and its video."""
    if not source.is_dir() and source.suffix != ".json":
        return None, source
    path, links, video = read_linked(source)
    return path, video or Path(links["video"])


def _video_of(source: Path) -> Path | None:
    """The video of an input; None where that cannot be told: the work itself will say why."""
    try:
        return find_source(source)[1]
    except (OSError, ValueError, KeyError, PinsError):
        return None


def stem_of(source: Path) -> str:
    """What an input is called that is in no folder: as its video."""
    return (_video_of(source) or source).stem


def to_key(name: str) -> str:
    """How the clips of a video begin: its name without dots and slashes; a long one, of which the end is cut off, has a number."""
    key = "-".join(file_name(part) for part in name.split("/")).replace(".", "_")
    number = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
    return key if len(key) < MAX_KEY else f"{key[:MAX_KEY]}-{number}"


def source_seconds(item: str) -> float:
    """Length of an input's video; an hour where that is not known."""
    video = _video_of(Path(item))
    return (video_seconds(str(video)) if video else 0.0) or 3600.0


def _cut(args: argparse.Namespace, links: Path | None, video: Path, name: str, record: Path) -> str:
    """Write the clips beside `record`, and the record."""
    clips, left = choose_clips(_linked(links, video, args.quiet), filters_of(args))
    if not args.any_sync:
        clips, unsure = _in_sync(video, clips, args.max_offset_frames, args.quiet)
        left += unsure
    if links is None:  # numbers hold for one video, unless `pins link` met several together
        clips = [replace(clip, person=f"{to_key(name)}-{clip.person}") for clip in clips]
    called = f"{name}{video.suffix}"
    folder = record.parent
    keys = list(write_clips(video, clips, folder, to_key(name), called, args.size))
    rows: list[dict[str, Any]] = [
        {"key": key, "person": clip.person, "seconds": round(clip.end - clip.start, 3)}
        for key, clip in zip(keys, clips, strict=True)
    ]
    if args.tar and keys:
        files = {key: {part: folder / f"{key}.{part}" for part in CLIP_FILES} for key in keys}
        contents = (
            (key, {part: path.read_bytes() for part, path in parts.items()})
            for key, parts in files.items()
        )
        write_shard(contents, folder / f"{to_key(name)}{PART}")
        for parts in files.values():
            for path in parts.values():
                path.unlink()
    split = split_by_checksum(called, VALID_SHARE)
    skipped = [[e.person, e.track, e.start, e.end, e.reason] for e in left]
    write_json(record, {"video": called, "split": split, "clips": rows, "left_out": skipped})
    return f"{len(rows)} clips, {sum(row['seconds'] for row in rows):.1f} s"


def _in_sync(
    video: Path, clips: list[DatasetClip], max_offset: int, quiet: bool
) -> tuple[list[DatasetClip], list[LeftOut]]:
    """Keep the clips whose lips fit the sound within `max_offset` frames of 1/25 s, each by itself."""
    from pins_plugin.pipelines.active_speaker.synchronization import FaceSpan, measure_stretches

    kept, left = [], []
    spans = [
        FaceSpan(clip.start, clip.end, clip.track.box_at((clip.start + clip.end) / 2))
        for clip in clips
    ]
    for clip, found in zip(clips, measure_stretches(video, spans, quiet), strict=True):
        if found.decision in ("in sync", "shifted") and abs(found.offset_frames) <= max_offset:
            kept.append(clip)
            continue
        reason = f"lips and sound: {found.decision}"
        if found.decision == "shifted":
            reason += f" by {found.offset_frames:+d} frames"
        left.append(LeftOut(clip.person, clip.track.track, clip.start, clip.end, reason))
    return kept, left


def _linked(links: Path | None, video: Path, quiet: bool) -> LinkedVideo:
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    if links is not None:
        return LinkedVideo.from_links(read_links(links))
    return LinkedVideo.from_links(SpeakerFaceLinking(quiet=quiet)(video).to_json())


def gather(args: argparse.Namespace, sources: Sequence[Path]) -> str:
    """Put together what was cut, now and before: tables, and shards of this run's inputs; says how much there is.

    Runs into one folder write the tables one after the other, so that the last ones are of all that any of them cut.
    """
    with claimed(args.out, "tables", wait=True):
        records = {
            path.name.removesuffix(CUT): json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(args.out.glob(f"*{CUT}"))
        }
        left = [(each["video"], LeftOut(*row)) for each in records.values() for row in each["left_out"]]  # fmt: skip
        write_text(args.out / "left_out.csv", left_out_table(left))
        clips = [row for each in records.values() for row in each["clips"]]
        if clips and not args.tar:
            _write_manifest(args.out, records)
    if args.tar:
        mine = [to_key(args.names.of(source, stem_of)) for source in sources]
        mine = [key for key in dict.fromkeys(mine) if key in records]
        part = f"-{args.shard.replace('/', '-of-')}" if args.shard else ""
        pack(args.out, {name: records[name] for name in mine}, args.shard_clips, part)
    seconds = sum(row["seconds"] for row in clips)
    why = _commonest([each.reason for _, each in left])
    return f"{len(clips)} clips, {seconds:.1f} s; {len(left)} stretches left out{why}, see {args.out / 'left_out.csv'}"


def _commonest(reasons: Sequence[str]) -> str:
    """Of reasons that differ by numbers only, the one given most often, as it stands the first time.

    Examples
    --------
    >>> _commonest(["lips and sound: cannot tell", "1.60 s long, at least 3 asked for", "2 s long, at least 3 asked for"])
    ' (2: 1.60 s long, at least 3 asked for)'
    """
    if not reasons:
        return ""
    kinds = [re.sub(r"[\d.]+", "", reason) for reason in reasons]
    kind, number = Counter(kinds).most_common(1)[0]
    return f" ({number}: {reasons[kinds.index(kind)]})"


def _write_manifest(out: Path, records: dict[str, Any]) -> None:
    clips = [
        TalkingFaceClip(
            row["key"],
            row["person"],
            name,
            out / f"{row['key']}.face.mp4",
            out / f"{row['key']}.wav",
            each["split"],
        )
        for name, each in records.items()
        for row in each["clips"]
    ]
    write_manifest(out / "manifest.csv", clips)


def pack(out: Path, records: dict[str, Any], shard_clips: int, part: str) -> None:
    """Put the clips of videos together into shards, behind those that are there already.

    The index, which is written last, says whose clips are packed: after a stop anywhere, the same command ends where an
    undisturbed one does.
    """
    with claimed(out, INDEX.format(part=part), wait=True):
        before = read_packed(out).get(INDEX.format(part=part), {"packed": {}, "shards": []})
        packed, shards = dict(before["packed"]), list(before["shards"])
        keys = {name: content_key(out / f"{name}{CUT}") for name in records}
        for name, key in keys.items():
            if packed.get(name, key) != key:
                raise PinsError(
                    f"{out}: its shards hold clips of {name} that were cut from another file or with other options; use another --out"
                )
        new = [name for name in records if name not in packed and (out / f"{name}{PART}").is_file()]
        for split in ("train", "valid"):
            names = [name for name in new if records[name]["split"] == split]
            order = np.random.default_rng(0).permutation(len(names))
            clips = chain.from_iterable(read_files(out / f"{names[k]}{PART}") for k in order)
            count = sum(shard["split"] == split for shard in shards)
            for first in clips:
                path = out / f"{split}{part}-{count:06d}.tar"
                shards.append(write_shard(chain([first], islice(clips, shard_clips - 1)), path, split))  # fmt: skip
                count += 1
        packed |= {name: keys[name] for name in new}
        if new:
            write_index(out, shards, {"packed": packed}, part)
        for name in packed:
            (out / f"{name}{PART}").unlink(missing_ok=True)


def read_packed(out: Path) -> dict[str, Any]:
    """Indexes by the names of their files; those that `pins cut` did not write have packed nothing."""
    return {
        path.name: {"packed": {}} | json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(out.glob(INDEX.format(part="*")))
    }


def forget_lost(out: Path, tar: bool) -> None:
    """Cut again, in the coming run, whose clips are gone."""
    packed = {name for index in read_packed(out).values() for name in index["packed"]}
    for path in out.glob(f"*{CUT}"):
        name = path.name.removesuffix(CUT)
        keys = [row["key"] for row in json.loads(path.read_text(encoding="utf-8"))["clips"]]
        files = (
            [f"{name}{PART}"] if tar else [f"{key}.{part}" for key in keys for part in CLIP_FILES]
        )
        if keys and name not in packed and not all((out / file).is_file() for file in files):
            (out / f"{name}{DONE}").unlink(missing_ok=True)
