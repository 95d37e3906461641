"""What the commands that take many files share: options, which files are meant, the run itself."""

import argparse
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pins_plugin.errors import MediaError, PinsError

if TYPE_CHECKING:
    from pins_plugin.archive.many import Machinery
    from pins_plugin.archive.names import Names


def add_many_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a run over many files."""
    group = parser.add_argument_group(
        "many files",
        "Inputs may be files, folders (searched in depth), patterns, or lists (.txt, .json, .jsonl).\n"
        "With --jobs, --shard or --ray, a file that fails, crashes its process or hangs costs itself only:\nsee failed.jsonl.",
    )
    group.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="worker processes (1 guards against crashes, too); 0: in this process; default: one file after the other",
    )
    group.add_argument("--shard", metavar="I/N", help="only the I-th of N parts, from 1, as for one of N machines")  # fmt: skip
    group.add_argument("--limit", type=int, metavar="N", help="only the first N files (of the part)")  # fmt: skip
    group.add_argument("--ray", metavar="ADDRESS", help="workers of a Ray cluster (its address, auto), or `local`")  # fmt: skip
    group.add_argument("--strict", action="store_true", help="exit status 1 when any file failed")
    group.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="X",
        help="time for one file in multiples of its length (default: 60, at least two minutes; 0: no limit)",
    )
    group.add_argument("--cpus_per_worker", type=int, metavar="N", help="threads of each worker")
    group.add_argument(
        "--gpus_per_worker", type=float, default=0.0, metavar="X", help="with --ray; may be 0.25"
    )


def is_many(args: argparse.Namespace) -> bool:
    """Tell whether the files are to be done by workers, or as a part of more."""
    return args.jobs is not None or args.shard is not None or args.ray is not None


def find_inputs(
    given: Sequence[str | Path],
    args: argparse.Namespace,
    endings: Collection[str] | None = None,
    mark: str | None = None,
    stem: Callable[[Path], str] | None = None,
) -> "tuple[list[Path], Names]":
    """Find the files that are meant, of which this run takes its part, and the rule by which their results are called."""
    from pins_plugin.archive.inputs import VIDEOS, choose_part, find_files, parse_shard
    from pins_plugin.archive.names import Names

    if args.limit is not None and args.limit < 1:
        raise PinsError(f"--limit: expected 1 or more, got {args.limit}")
    shard = parse_shard(args.shard) if args.shard else (1, 1)
    files = find_files(given, endings or VIDEOS, mark)
    if args.out:  # which may lie in a folder that is given: what a former run wrote is not meant
        out = Path(args.out).absolute()
        around = {
            folder for folder in files.values() if folder and folder.absolute() in out.parents
        }
        files = {
            path: folder
            for path, folder in files.items()
            if folder not in around or out not in path.absolute().parents
        }
    chosen = choose_part(list(files), shard, args.limit)
    if not chosen:
        raise PinsError(f"--shard {args.shard}: expected at most {len(files)} parts, one for each file")  # fmt: skip
    return chosen, Names.of_files(files, *([stem] if stem else []))


def check_file(path: Path) -> None:
    """Raise MediaError where a file is not there, or is none."""
    if not path.is_file():
        what = "is no file" if path.exists() else "no such file"
        raise MediaError(f"{path}: {what}; check the path")


def show_result(result: tuple[str, bool]) -> bool:
    """Print what became of a file; whether it had been done before."""
    print(result[0], flush=True)
    return result[1]


def run_files(
    command: str,
    files: Sequence[Path],
    opener: Callable[[argparse.Namespace], Callable[[str], Any]],
    args: argparse.Namespace,
    show: Callable[[Any], bool] = show_result,
    duration: Callable[[str], float] | None = None,
) -> int:
    """Do all files as the options say, into `args.out`; gives the exit status, 2 when some failed and no option asks for many.

    Parameters
    ----------
    opener : callable
        Gives, in a worker, the function that does one file; it is told the options, but for progress bars.
    args : argparse.Namespace
        With what `add_many_arguments` declares.
    show : callable
        Prints what the work gave; tells whether it had been done before.
    duration : callable, optional
        Length of a file in seconds; that of a video when not given.
    """
    from pins_plugin.archive.many import run_many, video_seconds
    from pins_plugin.utils.writable import try_folder

    out, length = Path(args.out), duration or video_seconds
    try_folder(out)
    setup = partial(opener, argparse.Namespace(**{**vars(args), "run": None, "quiet": True}))
    totals = run_many(command, files, out, setup, machinery(args), show, length, args.quiet)
    return totals.status(args.strict) or (0 if is_many(args) else 2 * bool(totals.failed))


def machinery(args: argparse.Namespace) -> "Machinery":
    """Say where and how long, from what `add_many_arguments` declares."""
    from pins_plugin.archive.inputs import parse_shard
    from pins_plugin.archive.many import Machinery

    for name in ("jobs", "timeout", "cpus_per_worker", "gpus_per_worker"):
        value = getattr(args, name)
        if value is not None and value < 0:
            raise PinsError(f"--{name}: expected 0 or more, got {value:g}")
    return Machinery(
        jobs=args.jobs if args.jobs is not None or args.ray else 1,
        ray=args.ray,
        shard=parse_shard(args.shard) if args.shard else (1, 1),
        timeout=args.timeout or None,
        cpus=args.cpus_per_worker,
        gpus=args.gpus_per_worker,
    )
