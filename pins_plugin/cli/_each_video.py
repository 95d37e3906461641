"""What `pins tracks`, `pins sync` and `pins embed` do with one file of many: its own file of results, in whatever process."""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pins_plugin import __version__
from pins_plugin.archive.claims import claimed
from pins_plugin.archive.names import Names
from pins_plugin.cli._many import check_file
from pins_plugin.cli._model_keys import detector_key, model_key, plugin_key
from pins_plugin.errors import MediaError
from pins_plugin.utils.content import describe_file
from pins_plugin.utils.files import atomic_contents, write_json

Result = tuple[str, bool]
"""What is said of a file, and whether it had been done before."""
DONE = ".done.json"  # behind the stem: what the result was made of, and how
# names of other files, without .json
TAKEN = re.compile(r"summary(-\d+-of-\d+)?|.*\.done", re.DOTALL)


def do_once(
    out: Path,
    source: Path,
    ending: str,
    options: dict[str, Any],
    make: Callable[[Path], str],
    name: str,
) -> Result:
    """Make `out/<name><ending>` where it is not made yet, from the same file with the same options.

    Parameters
    ----------
    ending : str
        With the dot.
    options : dict
        Plain values: all that the result depends on besides the file.
    make : callable
        Writes the result to the path that it is given, and says what it is; further files beside it go with it.
    name : str
        See `Names`.
    """
    check_file(source)
    target, mark = out / f"{name}{ending}", out / f"{name}{DONE}"
    with claimed(out, name):
        before = _read(mark)
        about = describe_file(source, before.get("source"))
        made = {"version": __version__, "options": options}
        other = before.get("source", {}).get("content", about["content"]) != about["content"]
        if other and before.get("source", {}).get("path") != about["path"]:
            first = before["source"]["path"]
            raise MediaError(
                f"{target}: is of {first}, which is another file than {source}; rename one of them, or use another --out"
            )
        if before.get("made") == made and not other and target.is_file():
            return f"{source}: done already; {target}", True
        with atomic_contents(target.parent, last=mark.name) as temporary:
            said = make(temporary / target.name)
            write_json(temporary / mark.name, {"source": about, "made": made})
    return f"{source}: {said}; {target}", False


def result_name(names: Names, source: Path) -> str:
    """What the result of a file is called; it keeps its ending where a file of the run itself would have that name.

    Examples
    --------
    >>> result_name(Names(), Path("talk.mp4")), result_name(Names(), Path("summary.mp4"))
    ('talk', 'summary.mp4')
    """
    name = names.of(source)
    return name + source.suffix if TAKEN.fullmatch(name) else name


def _read(mark: Path) -> dict[str, Any]:
    try:
        value = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def open_tracker(args: argparse.Namespace) -> Callable[[str], Result]:
    """Make, in a worker, the function that follows the faces of one video."""
    from pins_plugin.cli.tracks import make_tracker
    from pins_plugin.data.media.video import probe_video
    from pins_plugin.tracking.track_files import write_tracks

    options = {
        **{name: str(getattr(args, name)) for name in ("every", "min_face")},
        "detector": detector_key(),
        "people": model_key(args.people),
        "tracker": plugin_key("trackers", args.tracker),
    }
    follow = make_tracker(args)

    def make(path: Path, source: str) -> str:
        tracks = follow(source)
        write_tracks(path, tracks, probe_video(source))
        return f"{len(tracks)} face tracks" if tracks else "no face"

    return _each_file(args, f".{args.format}", options, make)


def open_synchronizer(args: argparse.Namespace) -> Callable[[str], Result]:
    """Make, in a worker, the function that measures one video."""
    from pins_plugin.cli.sync import describe, measure
    from pins_plugin.inference.synchronizer import Synchronizer
    from pins_plugin.pipelines.active_speaker.sync_table import to_plain

    options = {
        "model": model_key(args.model),
        "max_offset": args.max_offset,
        "people": args.people,
        "parts": True,
    }
    synchronizer = Synchronizer.from_hparams(args.model, run_opts={"device": args.device})

    def make(path: Path, source: str) -> str:
        found = measure(source, synchronizer, args)
        write_json(path, to_plain(found))
        return describe(found.result)

    return _each_file(args, ".json", options, make)


def open_embedder(args: argparse.Namespace) -> Callable[[str], Result]:
    """Make, in a worker, the function that embeds one media file, or the clips of one manifest."""
    from pins_plugin.cli.embed import embed_manifest, embed_media
    from pins_plugin.inference.embedder import FaceVoiceEmbedder

    options = {
        "model": model_key(args.model),
        "split": str(args.split),
        "num_frames": args.num_frames,
    }
    embedder = FaceVoiceEmbedder.from_hparams(args.model, run_opts={"device": args.device})

    def make(path: Path, source: str) -> str:
        if Path(source).suffix.lower() != ".csv":
            name = result_name(args.names, Path(source))
            return embed_media(embedder, Path(source), path, args.num_frames, name)
        count, dims, skipped = embed_manifest(
            embedder, Path(source), args.split, path, args.num_frames, quiet=True
        )
        left = f", {len(skipped)} clips left out" if skipped else ""
        return f"{count} clips, {dims} dimensions{left}"

    return _each_file(args, ".npz", options, make)


def _each_file(
    args: argparse.Namespace,
    ending: str,
    options: dict[str, Any],
    make: Callable[[Path, str], str],
) -> Callable[[str], Result]:
    """Make the function that writes the result of one file, by `make(path, source)`; see `do_once`."""

    def work(source: str) -> Result:
        name = result_name(args.names, Path(source))
        return do_once(
            Path(args.out), Path(source), ending, options, lambda path: make(path, source), name
        )

    return work


def media_length(item: str) -> float:
    """Seconds of a video; of a picture none; of a manifest or a sound an hour: they are not looked at before."""
    from pins_plugin.archive.many import video_seconds
    from pins_plugin.data.media.images import is_image

    if is_image(item):
        return 0.0
    return video_seconds(item) or 3600.0
