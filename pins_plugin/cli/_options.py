"""Options that several commands have, said once."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any


def number(
    least: float = -math.inf, most: float = math.inf, kind: type = float
) -> Callable[[str], Any]:
    """Make the type of an option: a finite number of a range, a whole one where `kind` is int."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value) and least <= value <= most:
            return value
        what = "a whole number" if kind is int else "a number"
        upper = "" if math.isinf(most) else f" to {most:g}"
        range_ = "" if math.isinf(least) else f" from {least:g}{upper or ' on'}"
        raise argparse.ArgumentTypeError(f"expected {what}{range_}, got {text!r}")

    return read


OPTIONS: dict[str, dict[str, Any]] = {
    "device": {"default": "cpu", "help": "such as cuda:0 (default: cpu)"},
    "face_embeddings": {"type": Path, "help": ".npz file: embeddings, clip_id"},
    "voice_embeddings": {"type": Path, "help": ".npz file: embeddings, clip_id"},
    "json": {"action": "store_true", "help": "print JSON"},
    "linked": {
        "type": Path,
        "metavar": "LINKED",
        "help": "folder of `pins link`, or its links.json",
    },
    "no_video": {"action": "store_true", "help": "write no annotated video"},
    "num_frames": {
        "type": number(1, kind=int),
        "default": 4,
        "help": "pictures per clip (default: 4)",
    },
    "seed": {
        "type": number(0, kind=int),
        "default": 0,
        "help": "of all that is drawn (default: 0)",
    },
    "quiet": {"action": "store_true", "help": "no progress bars"},
    "size": {
        "type": number(16, 2048, int),
        "default": 224,
        "metavar": "PIXELS",
        "help": "of face pictures (224)",
    },
    "tracker": {"metavar": "NAME", "help": "tracker of another package (pins plugins)"},
    "video": {"type": Path, "help": "where the video is now (default: as links.json says)"},
}


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Declare some of `OPTIONS`."""
    for name in names:
        parser.add_argument(name if name == "linked" else f"--{name}", **OPTIONS[name])
