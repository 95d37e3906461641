"""What `pins cut` does with one video of many, in whatever process: its clips, and why the rest was left out."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pins_plugin import __version__
from pins_plugin.archive.claims import claimed
from pins_plugin.archive.inputs import VIDEOS, find_files
from pins_plugin.errors import MediaError
from pins_plugin.utils.content import describe_file
from pins_plugin.utils.files import write_json

if TYPE_CHECKING:
    from pins_plugin.data.links.linked_video import LinkedVideo
    from pins_plugin.formats.dataset_cut import DatasetClip, LeftOut

LINKS = "links.json"
RECORDS = "videos"  # folder of what became of each video
WAITING = ".clips"  # clips on their way into a shard
Record = dict[str, Any]
"""What became of a video: `video`, `clips` and `left_out` (rows), and what they depend on: `source`, `made`."""


def find_sources(given: list[Path]) -> list[Path]:
    """Files that are meant: videos as every command finds them, and results of `pins link` (a folder, a folder of those, or links.json)."""
    found: dict[Path, None] = {}
    for each in given:
        linked = sorted(path.parent for path in each.rglob(LINKS)) if each.is_dir() else []
        if linked or each.name == LINKS:
            found |= dict.fromkeys(linked or [each.parent])
        else:
            found |= dict.fromkeys(find_files([each], VIDEOS))
    return list(found)


def name_sources(sources: list[Path]) -> dict[str, str]:
    """A name of its own for each source: the video's stem, or where two have the same its place below the folder that holds all.

    Examples
    --------
    >>> name_sources([Path("a.mp4"), Path("b/c.v1.mp4")])
    {'a.mp4': 'a', 'b/c.v1.mp4': 'c_v1'}
    >>> name_sources([Path("x/1.mp4"), Path("y/1.mp4")])
    {'x/1.mp4': 'x__1', 'y/1.mp4': 'y__1'}
    """
    import os

    from pins_plugin.formats.crop_path import file_name

    names = [_stem(source) for source in sources]
    if len(set(names)) < len(names):
        root = os.path.commonpath([os.path.abspath(source.parent) for source in sources])  # noqa: PTH100 (keeps links)
        places = [Path(os.path.relpath(source, root)) for source in sources]
        names = ["__".join((*place.parts[:-1], name)) for place, name in zip(places, names, strict=True)]  # fmt: skip
    pairs = zip(sources, names, strict=True)
    return {str(source): file_name(name).replace(".", "_") for source, name in pairs}


def open_cutter(args: argparse.Namespace, names: dict[str, str]) -> Callable[[str], Record]:
    """Make, in a worker, the function that cuts one video."""
    from pins_plugin.inference.synchronizer import Synchronizer
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    raw = any(not _is_linked(Path(source)) for source in names)
    linking = SpeakerFaceLinking(quiet=args.quiet) if raw else None
    synchronizer = None if args.any_sync else Synchronizer.from_hparams("sync")
    return partial(_cut_once, args, names, linking, synchronizer)


def read_records(out: Path) -> list[Record]:
    """What became of each video so far, by this run and others into the same folder."""
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((out / RECORDS).glob("*.json"))
    ]


def _stem(source: Path) -> str:
    """Of the video, which a result of `pins link` names."""
    if not _is_linked(source):
        return source.stem
    return Path(str(json.loads((source / LINKS).read_text(encoding="utf-8"))["video"])).stem


def _is_linked(source: Path) -> bool:
    return source.is_dir()


def _cut_once(
    args: argparse.Namespace, names: dict[str, str], linking: Any, synchronizer: Any, source: str
) -> Record:
    name = names[source]
    path = args.out / RECORDS / f"{name}.json"
    about = Path(source) / LINKS if _is_linked(Path(source)) else Path(source)
    with claimed(args.out, name):
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        described = describe_file(about, before.get("source"))
        made = {"version": __version__, "options": cut_options(args)}
        if before.get("source", described)["path"] != described["path"]:
            raise MediaError(f"{source}: another video of that name was cut into {args.out}, {before['source']['path']}; use another --out")  # fmt: skip
        if before.get("source") == described and before.get("made") == made:
            return {**before, "before": True}
        for row in before.get("clips", ()):
            _remove(args.out, row["key"])
        record = _cut(Path(source), name, args, linking, synchronizer)
        record |= {"source": described, "made": made}
        write_json(path, record)
    return record


def cut_options(args: argparse.Namespace) -> dict[str, Any]:
    """All that a video's clips depend on besides the video."""
    from pins_plugin.formats.dataset_cut import ClipFilters

    filters = ClipFilters(
        args.min_seconds, args.max_seconds, not args.any_faces, args.min_size, args.max_yaw,
        args.min_confidence, args.overlap,
    )  # fmt: skip
    frames = None if args.any_sync else args.max_offset_frames
    return {
        "filters": asdict(filters),
        "size": args.size,
        "max_offset_frames": frames,
        "tar": args.tar,
    }


def _cut(
    source: Path, name: str, args: argparse.Namespace, linking: Any, synchronizer: Any
) -> Record:
    from pins_plugin.formats.dataset_cut import ClipFilters, choose_clips
    from pins_plugin.report.dataset_files import write_clips

    linked, video = _read(source, linking)
    options = cut_options(args)
    clips, left = choose_clips(linked, ClipFilters(**options["filters"]))
    if synchronizer is not None:
        clips, unsure = in_sync(video, clips, args.max_offset_frames, args.quiet, synchronizer)
        left += unsure
    folder = args.out / WAITING if args.tar else args.out
    rows = [
        {"key": each.key, "person": each.clip.person, "seconds": round(each.clip.end - each.clip.start, 3)}
        for each in write_clips(video, clips, folder, args.size, name)
    ]  # fmt: skip
    # Numbers of people hold for one video, unless `pins link` met several together.
    apart = not _is_linked(source)
    for row in rows:
        row["person"] = f"{name}-{row['person']}" if apart else row["person"]
    out = [{**asdict(each)} for each in left]
    return {"video": video.name, "name": name, "clips": rows, "left_out": out}


def _read(source: Path, linking: Any) -> "tuple[LinkedVideo, Path]":
    """Read a linked result, or link a raw video; and where the video is."""
    from pins_plugin.data.links.linked_source import find_video
    from pins_plugin.data.links.linked_video import LinkedVideo, read_links

    if _is_linked(source):
        links = read_links(source / LINKS)
        return LinkedVideo.from_links(links), find_video(links) or Path(links["video"])
    return LinkedVideo.from_links(linking(source).to_json()), source


def in_sync(
    video: Path, clips: "list[DatasetClip]", max_offset: int, quiet: bool, synchronizer: Any
) -> "tuple[list[DatasetClip], list[LeftOut]]":
    """Keep the clips whose lips fit the sound within `max_offset` frames of 1/25 s, each by itself."""
    from pins_plugin.formats.dataset_cut import LeftOut
    from pins_plugin.pipelines.active_speaker.clip_sync import FaceSpan, measure_stretches

    kept, left = [], []
    spans = [
        FaceSpan(clip.start, clip.end, clip.track.box_at((clip.start + clip.end) / 2))
        for clip in clips
    ]
    measured = measure_stretches(video, spans, quiet, synchronizer)
    for clip, found in zip(clips, measured, strict=True):
        if found.decision in ("in sync", "shifted") and abs(found.offset_frames) <= max_offset:
            kept.append(clip)
            continue
        reason = f"lips and sound: {found.decision}"
        if found.decision == "shifted":
            reason += f" by {found.offset_frames:+d} frames"
        left.append(LeftOut(clip.person, clip.track.track, clip.start, clip.end, reason))
    return kept, left


def _remove(out: Path, key: str) -> None:
    from pins_plugin.report.dataset_files import PARTS

    for folder in (out, out / WAITING):
        for part in PARTS:
            (folder / f"{key}.{part}").unlink(missing_ok=True)
