"""How late the sound of a whole file comes: learn what the answer is worth, choose from when on to give one, report.

  python recipes/Sync/files.py sync CLIPS --folds p01 p02,p03,p04,p05,p06,p33 p07,p08,p09,p10,p34 --work folds
      --choose p35 p36 p40 p41 p42 --write
  python recipes/Sync/files.py sync CLIPS --report q01 q02 ... [--lengths 50 63 75 100 125] [--one_face]

CLIPS holds `real` and `simulated` as for hparams/sync_joint.yaml; clips are in sync (`prepare.py --offsets`). For each of --folds
a synchronizer is trained as the shipped one was, without these people (into --work; one that is there is taken), and the
probabilities are fitted on files put together of their clips (`inference/made_files.py`): a network knows the people it was
trained on too well. Limits are chosen on the people of --choose, with the model itself, and on those of the folds together
(`offset_calibration.choose_limits`). --write puts the numbers, and where they come from, into the model's folder.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pins_plugin.data.training.sync_clips import SyncClip, load_sync_clip
from pins_plugin.errors import PinsError
from pins_plugin.inference.made_files import LENGTHS, make_files
from pins_plugin.inference.offset_calibration import (
    FileCase,
    choose_limits,
    fit_file_calibration,
    look_at,
    summarize,
    write_calibration,
)
from pins_plugin.inference.offset_posterior import OffsetCalibration
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.models.folder.model_folder import HYPERPARAMS
from pins_plugin.report.tables import format_table
from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script, script_parser

ROOT = Path(__file__).resolve().parents[2]
SEEDS = {"folds": 0, "choose": 1, "report": 2}
REPEATS = {"folds": 8, "choose": 24, "report": 12}
JUDGED = 50  # frames: limits are chosen on files whose faces are seen for that long


def train_fold(
    clips: Path, people: str, never: Sequence[str], work: Path, *options: str
) -> Synchronizer:
    """Train a synchronizer as the one that ships, but for `options`, without some people."""
    folder = work / people.replace(",", "_")
    if not (folder / "model" / HYPERPARAMS).is_file():
        left_out = ", ".join([*people.split(","), *never])
        run_experiment([str(ROOT / "hparams" / "sync_joint.yaml"), "--clips", str(clips), "--output_folder", str(folder), "--leave_out", f"[{left_out}]", *options])  # fmt: skip
    return Synchronizer.from_hparams(folder / "model")


def of(clips: Sequence[SyncClip], people: Sequence[str]) -> list[SyncClip]:
    """Clips of some people."""
    return [clip for clip in clips if clip.person in people]


def learn(
    args: argparse.Namespace, clips: Sequence[SyncClip], calibration: OffsetCalibration
) -> tuple[OffsetCalibration, list[FileCase]]:
    """Fit on people whom the synchronizers have not seen; strangers and listeners may be of any fold."""
    everybody = [person for fold in args.folds for person in fold.split(",")]
    files = list(make_files(of(clips, everybody), SEEDS["folds"], REPEATS["folds"]))
    cases = []
    for fold in args.folds:
        synchronizer = train_fold(args.clips, fold, [*args.choose, *args.never], args.work)
        mine = [file for file in files if file.person in fold.split(",")]
        cases += look_at(mine, synchronizer, calibration)
    return fit_file_calibration(cases, calibration), cases


def table(
    clips: Sequence[SyncClip], synchronizer: Synchronizer, calibration: OffsetCalibration,
    lengths: Sequence[int], one_face: bool,
) -> str:  # fmt: skip
    """How often files of some people are answered and how often rightly, by how long a face is seen."""
    files = make_files(clips, SEEDS["report"], REPEATS["report"], lengths, not one_face)
    cases = look_at(files, synchronizer, calibration)
    rows = []
    for some in (*([length] for length in lengths), lengths):
        found = summarize([case for case in cases if case.length in some], calibration)
        name = f"{some[0] / 25:g} s" if len(some) == 1 else "all"
        shares = [*found["own"][1:], found["foreign"][1], found["foreign"][3]]
        rows.append([name, str(found["own"][0]), *(f"{100 * share:.1f}" for share in shares)])
    headers = ["seen for", "files", "answered, %", "right of them, %", "called not this sound, %", "another's: answered, %", "called not this sound, %"]  # fmt: skip
    return format_table(headers, rows, markdown=True)


def origin(args: argparse.Namespace) -> dict[str, Any]:
    """Where the numbers come from."""
    return {
        "made_by": "recipes/Sync/files.py",
        "learnt_on": list(args.folds),
        "chosen_on": list(args.choose),
        "seeds": [SEEDS["folds"], SEEDS["choose"]],
        "repeats": [REPEATS["folds"], REPEATS["choose"]],
    }


def main() -> None:
    """Fit, choose, report."""
    parser = script_parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--folds", nargs="+", default=[], metavar="PERSON,PERSON")
    parser.add_argument("--work", type=Path, default=Path("folds"), help="where the synchronizers of the folds go")  # fmt: skip
    parser.add_argument("--never", nargs="*", default=[], metavar="CLIP", help="people or clips that no fold is trained on")  # fmt: skip
    parser.add_argument("--choose", nargs="+", default=[])
    parser.add_argument("--report", nargs="+", default=[])
    parser.add_argument("--lengths", nargs="+", type=int, default=list(LENGTHS))
    parser.add_argument(
        "--one_face", action="store_true", help="report files of one face, one stretch"
    )
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if bool(args.folds) != bool(args.choose):
        raise PinsError("--folds and --choose: expected both, or neither")
    synchronizer = Synchronizer.from_hparams(args.model)
    calibration = OffsetCalibration.shipped() if args.folds else synchronizer.file_calibration
    clips = [load_sync_clip(path) for path in sorted(args.clips.rglob("*.npz"))]
    clips = [clip for clip in clips if clip.name not in args.never]
    if args.folds:
        calibration, learnt = learn(args, clips, calibration)
        files = make_files(of(clips, args.choose), SEEDS["choose"], REPEATS["choose"])
        chosen = look_at(files, synchronizer, calibration)
        judged = ([case for case in cases if case.length >= JUDGED] for cases in (chosen, learnt))
        calibration = choose_limits(*judged, calibration)
    print(calibration)
    for people in filter(None, (args.choose, args.report)):
        print(" ".join(people))
        print(table(of(clips, people), synchronizer, calibration, args.lengths, args.one_face))
    if args.write:
        numbers = {**asdict(calibration), "origin": origin(args)}
        write_calibration(args.model, {"file_calibration": numbers})


if __name__ == "__main__":
    run_script(main)
