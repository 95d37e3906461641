"""What the package costs to read, to import, to run and to install, for some of its commits side by side.

    python benchmarks/house.py REPO --commit aceafd9 HEAD --runs 15 --out benchmarks/results/house.json
    python benchmarks/house.py REPO --commit aceafd9 HEAD --install python3.12

REPO is a clone. Every commit is unpacked into a temporary folder and run with the packages of this environment (aceafd9 needs
scenedetect-headless beside those of today); all link the
same simulated video and train on the same simulated clips (`pins link VIDEO`, `pins train hparams/demo.yaml`, one epoch).

Lines of code are those that are neither empty, comment nor docstring. A file counts as entered when one of its functions is
called. A pass is one reading of every picture of the video. Numbers that decide are names in capitals, and fields of settings, in
the files of `pipelines`, `tracking` and `inference` that `pins link` loads; where such a number comes from is what its own
comment or entry in the docstring says (`house_source.ORIGIN`), and nothing else. `--install` makes an empty environment of that
Python for each commit and counts packages besides pip and setuptools; its seconds hold for this machine and its network.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import av
from house_install import children_seconds, install
from house_source import measure_source
from tables import make_parser, publish

WATCH = Path(__file__).with_name("house_watch.py")
ONE = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
QUESTION = "What does the package cost to read, import, run and install?"
IMPORTS = {
    "`import pins_plugin`": "import pins_plugin",
    "`from pins_plugin import FaceVoiceEmbedder`": "from pins_plugin import FaceVoiceEmbedder",
    "`from pins_plugin import SpeakerFaceLinking`": "from pins_plugin import SpeakerFaceLinking",
    "`pins --help`": "import sys; sys.argv = ['pins', '--help']; from pins_plugin.cli import main; main()",
}


def main() -> None:
    """Measure every commit, and show them side by side."""
    parser = make_parser(__doc__)
    parser.add_argument("repo", type=Path)
    parser.add_argument("--commit", nargs="+", default=["HEAD"])
    parser.add_argument("--runs", type=int, default=15, help="processes of each import (15)")
    parser.add_argument("--install", metavar="PYTHON", help="install, too, with this interpreter")
    parser.add_argument("--meaning", default="", help="what the table says, for the results page")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video, clips = simulate(folder)
        roots = [unpack(args.repo, each, folder) for each in args.commit]
        columns = [measure(root, video, clips, args) for root in roots]
        versions = [f"{version_of(root)} ({root.name})" for root in roots]
    rows = [[label, *(column[label] for column in columns)] for label in columns[0]]
    command = f"python benchmarks/house.py . --commit {' '.join(root.name for root in roots)}"
    publish(
        args.out,
        ["", *versions],
        rows,
        title="Reading, importing, running, installing",
        about=f"{QUESTION} Python {sys.version.split()[0]}, one thread; imports in CPU seconds, median of {args.runs} processes.\n\n{args.meaning}".strip(),
        command=command + (f" --install {Path(args.install).name}" if args.install else ""),
    )


def measure(root: Path, video: Path, clips: Path, args: argparse.Namespace) -> dict[str, str]:
    """All rows of one commit."""
    out = root.with_name(f"{root.name}_out")
    link = watch(root, "link", video, "--out", out / "linked", "--quiet")
    yaml, numbers = root / "hparams" / "demo.yaml", ("--num_epochs", 1, "--batch_size", 16)
    train = watch(
        root, "train", yaml, "--manifest", clips, "--output_folder", out / "run", *numbers
    )
    rows = measure_source(root, link["loaded"])
    for name, code in IMPORTS.items():
        rows[f"{name}, s"] = (
            f"{statistics.median(cpu_seconds(root, code) for _ in range(args.runs)):.2f}"
        )
    for name, found in {"`pins link VIDEO`": link, "`pins train YAML`": train}.items():
        rows[f"{name}: files loaded / entered"] = (
            f"{len(found['loaded'])} / {len(found['entered'])}"
        )
        rows[f"{name}: functions called"] = f"{found['functions']:,}"
    with av.open(str(video)) as container:
        pictures = sum(packet.size > 0 for packet in container.demux(video=0))
        seconds = container.duration / 1e6
    rows["passes over the video"] = f"{sum(link['packets']) / pictures:.1f}"
    voices = sorted(link["voices"].values(), key=lambda each: -each["stretches"])
    rows["stretches embedded, by voice encoder"] = " + ".join(
        f"{each['stretches']}" for each in voices
    )
    rows["of them embedded before"] = " + ".join(f"{each['again']}" for each in voices)
    rows["their seconds per second of video"] = " + ".join(
        f"{each['seconds'] / seconds:.1f}" for each in voices
    )
    return rows | (install(root, args.install) if args.install else {})


def watch(root: Path, *command: Any) -> dict[str, Any]:
    """Run a command of `pins` of a commit under `house_watch.py`."""
    done = subprocess.run(
        [sys.executable, WATCH, *map(str, command)],
        env=environment(root),
        cwd=root,
        text=True,
        capture_output=True,
    )
    if done.returncode:
        raise SystemExit(f"{root.name}: pins {command[0]} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stderr.splitlines()[-1]))


def cpu_seconds(root: Path, code: str) -> float:
    """CPU seconds of a fresh process."""
    before = children_seconds()
    subprocess.run(
        [sys.executable, "-c", code],
        env=environment(root),
        cwd=root,
        check=True,
        capture_output=True,
    )
    return children_seconds() - before


def environment(root: Path) -> dict[str, str]:
    """The package of a commit before an installed one; nothing is sent."""
    return os.environ | ONE | {"PYTHONPATH": str(root), "PYANNOTE_METRICS_ENABLED": "0"}


def unpack(repo: Path, commit: str, folder: Path) -> Path:
    """Write the files of a commit."""
    short = ["git", "-C", str(repo), "rev-parse", "--short=7", f"{commit}^{{commit}}"]
    name = subprocess.run(short, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    root = folder / name
    root.mkdir()
    archive = subprocess.run(
        ["git", "-C", str(repo), "archive", commit], check=True, stdout=subprocess.PIPE
    )
    subprocess.run(["tar", "-x", "-C", root], input=archive.stdout, check=True)
    return root


def version_of(root: Path) -> str:
    """Version of a checkout, by its own word."""
    text = (root / "pins_plugin" / "__init__.py").read_text(encoding="utf-8")
    return text.split('__version__ = "')[1].split('"')[0]


def simulate(folder: Path) -> tuple[Path, Path]:
    """A video in which people talk, and clips to train on."""
    from pins_plugin.cli import main as pins

    pins(["simulate", "scenes", str(folder / "scenes"), "--seconds", "30", "--quiet"])
    pins(["simulate", "clips", str(folder / "clips"), "--people", "40", "--quiet"])
    return next(folder.glob("scenes/*/scene.mp4")), folder / "clips" / "manifest.csv"


if __name__ == "__main__":
    main()
