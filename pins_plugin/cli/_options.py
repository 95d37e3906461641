"""Options that several commands have, said once."""

import argparse
from pathlib import Path
from typing import Any

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
    "num_frames": {"type": int, "default": 4, "help": "pictures per clip (default: 4)"},
    "quiet": {"action": "store_true", "help": "no progress bars"},
    "tracker": {"metavar": "NAME", "help": "tracker of another package (pins plugins)"},
    "video": {"type": Path, "help": "where the video is now (default: as links.json says)"},
}


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Declare some of `OPTIONS`."""
    for name in names:
        parser.add_argument(name if name == "linked" else f"--{name}", **OPTIONS[name])
