"""Fit the probabilities of a synchronization model on people whom it has not seen.

  python recipes/Sync/calibrate.py MODEL CLIPS --held MODEL_A p02 p04 ... --held MODEL_B p03 p05 ...

Writes the weights into MODEL's folder. MODEL_A, MODEL_B, ... were trained alike without the people named after each.
"""

from pathlib import Path

from pins_plugin.data.training.sync_clips import load_sync_clip
from pins_plugin.inference.sync_calibration import (
    fit_offset_weights,
    write_calibration,
)
from pins_plugin.inference.synchronizer import Synchronizer
from pins_plugin.utils.script import run_script, script_parser


def main() -> None:
    """Fit, print, write."""
    parser = script_parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("clips", type=Path)
    parser.add_argument(
        "--held", nargs="+", action="append", required=True, metavar="MODEL PERSON ..."
    )
    args = parser.parse_args()
    clips = [load_sync_clip(path) for path in sorted(args.clips.rglob("*.npz"))]
    held = [
        (Synchronizer.from_hparams(model), [clip for clip in clips if clip.person in people])
        for model, *people in args.held
    ]
    weights = {"offset_weights": fit_offset_weights(held)}
    print(weights)
    write_calibration(args.model, weights)


if __name__ == "__main__":
    run_script(main)
