"""Make the shipped synchronizer `sync` from the clips that it was learnt on.

  python recipes/Pretrained/sync.py DATA [--work made] [--steps prepare simulate phones train compare] [--short]

DATA holds `clips` and `grid_s1` (GRID and HDTF, CC BY 4.0), `voices` (LibriSpeech, VCTK, AMI, CC BY 4.0; PocketSphinx is needed: recipes/Sync/phones.py)
and `found`: the clips of 33 people of the same corpora that lie in public repositories (found_clips.py). Runs, in order, the commands of
recipes/Sync/README.md with the arguments of what ships: clips of the people in `PEOPLE` and of those (every tenth sentence of the long one kept for tests), 240 simulated people,
`hparams/sync_joint.yaml` from seed 0. About half an hour of one core, most of it for finding lips.

Training in floating point on another machine, or with another version of the video reader, gives other bytes; seeds differ by a point
(recipes/Sync/README.md). So the weights are compared by what they do: `compare` prints how what was
made and what ships place the windows of the simulated people kept for tests.
--short runs every step on a few clips and for one epoch, to see that they run: what it makes is no model.
The calibration of what ships was fitted by recipes/Sync/files.py with three models that leave people out; it is taken over.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from found_clips import read_found

from pins_plugin.errors import ManifestError
from pins_plugin.utils.files import read_table, write_text
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.text import csv_table

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = [f"p{number:02}" for number in (*range(1, 11), 33, 34)]
LATE_FRAMES = 3  # by which the sound of HDTF's clips in `clips` comes late
KEPT_EVERY = 10  # sentence of grid_s1 that is not trained on; the last fifty are not, either
KEPT_LAST = 50
TRAINED_SENTENCES = 175
STEPS = ("prepare", "simulate", "phones", "train", "compare")
SHORT = 12  # sentences, and simulated people, of a short run


def run(*command: str | Path) -> None:
    """Run Python, in the root of this repository."""
    subprocess.run([sys.executable, *map(str, command)], check=True, cwd=ROOT)


def gather_videos(data: Path, videos: Path, num_sentences: int) -> None:
    """Copy the clips that may be trained on, and write down who is in them and how late their sound is."""
    videos.mkdir(parents=True, exist_ok=True)
    people, offsets = [], []
    for row in read_table(data / "clips" / "manifest.csv", ManifestError, "the manifest of clips"):
        if row["person"] in PEOPLE and "CC-BY-4.0" in row["licence"]:
            shutil.copy(data / "clips" / row["file"], videos)
            people.append((Path(row["file"]).stem, row["person"]))
            if "HDTF" in row["licence"]:
                offsets.append((Path(row["file"]).stem, LATE_FRAMES))
    for clip in read_found(data, videos):
        if clip.file.parent != videos:
            shutil.copy(clip.file, videos)
        people.append((clip.file.stem, clip.person))
        offsets.append((clip.file.stem, clip.late_frames))
    sentences = sorted((data / "grid_s1").glob("*.mp4"))[:-KEPT_LAST]
    kept = [path for number, path in enumerate(sentences) if number % KEPT_EVERY]
    for path in kept[:: max(1, len(kept) // num_sentences)][:num_sentences]:
        shutil.copy(path, videos)
        people.append((path.stem, "p01"))
    for name, header, rows in (("people", "person", people), ("offsets", "frames", offsets)):
        write_text(videos.parent / f"{name}.csv", csv_table(("name", header), rows))


def compare(work: Path) -> None:
    """Score what was made and what ships on simulated people in no training."""
    for model in (work / "sync" / "model", "sync"):
        print(model)
        run("recipes/Sync/evaluate.py", model, work / "simulated" / "test")


def main() -> None:
    """Run the steps."""
    parser = script_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("made"))
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--short", action="store_true", help="see that every step runs")
    args = parser.parse_args()
    work = args.work.resolve()
    clips = work / "clips"
    if "prepare" in args.steps:
        gather_videos(args.data, work / "videos", SHORT if args.short else TRAINED_SENTENCES)
        run("recipes/Sync/prepare.py", work / "videos", "--out", clips / "real", "--people", work / "people.csv", "--offsets", work / "offsets.csv")  # fmt: skip
    if "simulate" in args.steps:
        run(
            "recipes/Sync/simulate.py",
            work / "simulated",
            "--people",
            str(SHORT if args.short else 300),
            "--seed",
            "11",
        )
        shutil.copytree(work / "simulated" / "train", clips / "simulated", dirs_exist_ok=True)
    if "phones" in args.steps:
        run("recipes/Sync/phones.py", args.data / "voices", "--out", clips / "sound", *(("--num-steps", "2") if args.short else ()))  # fmt: skip
    if "train" in args.steps:
        run("-m", "pins_plugin", "train", "hparams/sync_joint.yaml", "--clips", clips, "--output_folder", work / "sync", *(("--num_epochs", "1") if args.short else ()))  # fmt: skip
    if "compare" in args.steps:
        compare(work)


if __name__ == "__main__":
    run_script(main)
