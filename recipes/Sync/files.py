"""How late the sound of a whole file comes: learn what the answer is worth, choose from when on to give one, report.

  python recipes/Sync/files.py sync CLIPS --learn p01 p02 ... --choose p35 p36 ... --write
  python recipes/Sync/files.py sync CLIPS --report q01 q02 ... [--lengths 50 63 75 100 125] [--one_face]

CLIPS are in sync (`prepare.py --offsets`). Files are put together of them (`inference/offset_calibration.py`); the probabilities
are fitted on the people of --learn. The least probability of an answer is the smallest at which those of --choose are right
in 98 % of answers and strangers' sound is answered in 20 % at most; "not this sound" is said up to the largest probability
at which one in a hundred of their own files is called so. --write puts the numbers into the model's folder.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from pins_plugin.data.training.sync_clips import load_sync_clip
from pins_plugin.inference.offset_calibration import (
    LENGTHS,
    fit_file_calibration,
    look_at,
    make_files,
    summarize,
)
from pins_plugin.inference.offset_posterior import OffsetCalibration
from pins_plugin.inference.sync_calibration import write_calibration
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.report.tables import format_table


def choose(cases: list, calibration: OffsetCalibration) -> OffsetCalibration:
    """From when on to answer, and up to when to say that the sound is somebody else's."""
    for least in np.arange(0.4, 0.96, 0.01):
        calibration = replace(calibration, least=round(float(least), 2))
        found = summarize(cases, calibration)
        if found["own"][2] >= 0.98 and found["foreign"][1] <= 0.2:
            break
    for foreign in np.arange(0.3, 0.0, -0.01):
        calibration = replace(calibration, foreign=round(float(foreign), 2))
        if summarize(cases, calibration)["own"][3] <= 0.01:
            break
    return calibration


def main() -> None:
    """Fit, choose, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--learn", nargs="+", default=[])
    parser.add_argument("--choose", nargs="+", default=[])
    parser.add_argument("--report", nargs="+", default=[])
    parser.add_argument("--lengths", nargs="+", type=int, default=list(LENGTHS))
    parser.add_argument(
        "--one_face", action="store_true", help="report files of one face, one stretch"
    )
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    synchronizer = Synchronizer.from_hparams(args.model)
    calibration = synchronizer.file_calibration
    clips = [load_sync_clip(path) for path in sorted(args.clips.rglob("*.npz"))]

    def of(people: list[str]) -> list:
        return [clip for clip in clips if clip.person in people]

    if args.learn:
        cases = look_at(make_files(synchronizer, of(args.learn), seed=0), calibration)
        calibration = fit_file_calibration(cases, calibration)
    if args.choose:
        cases = look_at(make_files(synchronizer, of(args.choose), seed=1, repeats=12), calibration)
        calibration = choose(cases, calibration)
    print(calibration)
    for people in filter(None, (args.choose, args.report)):
        rows = []
        for lengths in ([length] for length in args.lengths), [args.lengths]:
            for some in lengths:
                files = make_files(synchronizer, of(people), 2, 12, some, not args.one_face)
                found = summarize(look_at(files, calibration), calibration)
                name = "all" if some == args.lengths else f"{some[0] / 25:g} s"
                shares = [*found["own"][1:], found["foreign"][1], found["foreign"][3]]
                rows.append(
                    [name, str(found["own"][0]), *(f"{100 * share:.1f}" for share in shares)]
                )
        print(" ".join(people))
        headers = ["seen for", "files", "answered, %", "right of them, %", "called not this sound, %", "another's: answered, %", "called not this sound, %"]  # fmt: skip
        print(format_table(headers, rows, markdown=True))
    if args.write:
        write_calibration(args.model, {"file_calibration": calibration.to_settings()})


if __name__ == "__main__":
    main()
