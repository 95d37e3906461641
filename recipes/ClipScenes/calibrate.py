"""Fit the weights that turn measurements of evidence into log-likelihood ratios.

    python recipes/ClipScenes/calibrate.py SCENES... --out calibration.json

SCENES are folders that prepare.py or `pins simulate scenes` wrote, of people whom no model involved was
trained on. Each face on screen during a true turn is one example: it speaks, or it listens, or somebody off
screen speaks. Prints what the weights are worth on people left out of their fit: the cost Cllr in bits (0 is
perfect, 1 says nothing), and how often faces speak whose ratio says so. Use the file by
`SpeakerFaceLinking(calibration=...)`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from evaluate import find_scenes

from pins_plugin.evaluation.link_scores import reliability
from pins_plugin.pipelines.diarization.rttm import choose_turns
from pins_plugin.pipelines.linking.calibration import (
    fit_weights,
    label_pieces,
    leave_people_out,
    ratio_cost,
)
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=Path, nargs="+", help="folders of scenes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5, help="of people (default: 5)")
    args = parser.parse_args()
    scenes = find_scenes(args.scenes)
    examples = gather(scenes)
    weights, report = {}, {}
    for name, each in examples.items():
        speaks = np.array([example.speaks for example in each])
        ratios = leave_people_out(each, args.folds)
        weights[name] = fit_weights(each)
        report[name] = {
            "examples": len(each),
            "speaking": int(speaks.sum()),
            "people": len({example.person for example in each}),
            "cllr": round(ratio_cost(ratios, speaks), 3),
            "curve": curve(ratios, speaks),
        }
        print(name, weights[name], json.dumps(report[name]))
    about = (
        "Bias and weights of log-likelihood ratios, by source of evidence; fitted by "
        f"recipes/ClipScenes/calibrate.py on {len(scenes)} scenes, and tried on people left out of the fit."
    )
    write_json(args.out, {"about": about, "weights": weights, "people_left_out": report})


def curve(ratios, speaks) -> list[dict]:
    """How often faces speak, by the probability that their ratio gives at even odds."""
    pairs = zip((1 / (1 + np.exp(-ratios))).tolist(), speaks.tolist(), strict=True)
    return [
        {"probability": round(row["confidence"], 3), "speak": round(row["right"], 3)}
        for row in reliability(list(pairs))
    ]


def gather(scenes) -> dict:
    """Examples of each source of evidence."""
    pipeline = SpeakerFaceLinking(evidence=("sync", "motion"))
    examples = {name: [] for name in ("sync", "motion")}
    for path in progress(scenes, "scenes"):
        truth = json.loads(path.read_text(encoding="utf-8"))
        turns = choose_turns(path.with_suffix(".rttm"), truth.get("uri", path.stem))
        seen = pipeline.observe(path.with_suffix(".mp4"), diarization=turns)
        weighed = pipeline.weigh(seen)
        for source in weighed.sources:
            examples[source.name] += label_pieces(source, weighed.pieces, weighed.tracks, truth)
    return examples


if __name__ == "__main__":
    main()
