"""Fit the probabilities of a synchronization model on people whom it has not seen.

  python recipes/Sync/calibrate.py MODEL CLIPS --people p02 p04 ... [--into OTHER_MODEL]

Writes the weights into MODEL's folder, or into that of OTHER_MODEL, which was trained alike on more people.
"""

import argparse
from pathlib import Path

from pins_plugin.data.sync import load_sync_clip
from pins_plugin.inference.sync_calibration import (
    fit_offset_weights,
    fit_speaking_weights,
    write_calibration,
)
from pins_plugin.inference.synchronizer import Synchronizer


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--people", nargs="+", required=True)
    parser.add_argument("--into")
    args = parser.parse_args()
    synchronizer = Synchronizer.from_hparams(args.model)
    clips = [load_sync_clip(path) for path in sorted(args.clips.rglob("*.npz"))]
    held = [clip for clip in clips if clip.person in args.people]
    weights = {
        "offset_weights": fit_offset_weights(synchronizer, held),
        "speaking_weights": fit_speaking_weights(synchronizer, held),
    }
    print(weights)
    write_calibration(args.into or args.model, weights)


if __name__ == "__main__":
    main()
