"""Fit the weights that turn measurements of evidence into log-likelihood ratios.

    python recipes/ClipScenes/calibrate.py SCENES --out calibration.json

SCENES is a folder that prepare.py wrote, of people whom no model involved was trained on. Each face on screen
during a true turn is one example: it speaks, or it does not. Logistic regression with both classes weighing the
same, so that the result is a log-likelihood ratio. Use the file by `SpeakerFaceLinking(calibration=...)`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from pins_plugin.pipelines.evidence import label_pieces
from pins_plugin.pipelines.linking import EVIDENCE, SpeakerFaceLinking
from pins_plugin.pipelines.rttm import choose_turns
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=Path, help="folder that prepare.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    pipeline = SpeakerFaceLinking(evidence=EVIDENCE)
    examples = {name: ([], []) for name in EVIDENCE}
    for path in progress(sorted(args.scenes.glob("*.json")), "scenes"):
        truth = json.loads(path.read_text(encoding="utf-8"))
        turns = choose_turns(path.with_suffix(".rttm"), path.stem)
        seen = pipeline.observe(path.with_suffix(".mp4"), diarization=turns)
        _, _, pieces, tracks, sources, _ = pipeline.weigh(seen)
        for source in sources:
            measures, speaks = label_pieces(source, pieces, tracks, truth["panels"])
            examples[source.name][0].extend(measures)
            examples[source.name][1].extend(speaks)
    weights = {}
    for name, (measures, speaks) in examples.items():
        model = LogisticRegression(class_weight="balanced").fit(np.array(measures), speaks)
        weights[name] = [round(float(w), 3) for w in (*model.intercept_, *model.coef_[0])]
        print(name, weights[name], f"from {len(speaks)} examples, {np.mean(speaks):.0%} speak")
    write_json(args.out, {"about": f"Fitted on {args.scenes.name}", "weights": weights})


if __name__ == "__main__":
    main()
