"""Score the linking of composed scenes, beside simple ways to link.

    python recipes/ClipScenes/evaluate.py SCENES [--out results.json]

For each kind of scene: the share of speech time that is linked to the right face, or rightly to nobody; the
identification error rate of the people's labels and the diarization error rate before and after linking
(pyannote.metrics); and how often links of each confidence are right. Turns are
those of the truth (`given`) or of the built-in diarization (`found`).
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from pins_plugin.evaluation.link_scores import Tally
from pins_plugin.pipelines.baselines import BASELINES
from pins_plugin.pipelines.linking import SpeakerFaceLinking
from pins_plugin.pipelines.rttm import choose_turns
from pins_plugin.utils.files import write_json
from pins_plugin.utils.progress import progress


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=Path, help="folder that prepare.py wrote")
    parser.add_argument("--out", type=Path, help="write the scores as JSON")
    args = parser.parse_args()
    report = evaluate(args.scenes)
    for turns, scores in report.items():
        print(f"\nturns {turns}\n{format_table(scores)}")
    if args.out:
        write_json(args.out, report)


def evaluate(folder: Path) -> dict:
    """Link every scene in every way, with given and with found turns, and score it."""
    pipeline = SpeakerFaceLinking()
    tallies = {"given": Tally(), "found": Tally()}
    for path in progress(sorted(folder.glob("*.json")), "scenes"):
        truth = json.loads(path.read_text(encoding="utf-8"))
        given = choose_turns(path.with_suffix(".rttm"), path.stem)
        seen = pipeline.observe(path.with_suffix(".mp4"), diarization=given)
        found = pipeline.find_turns({"video": str(seen.path)}, seen.waveform, None, None)
        for name, turns in (("given", given), ("found", found)):
            score(pipeline, replace(seen, turns=turns), given, truth, tallies[name])
    return {name: tally.report() for name, tally in tallies.items()}


def score(pipeline, seen, reference, truth, tally) -> None:
    """Add one scene to a tally."""
    result = pipeline.link(seen)
    links = {"pins": result.to_json()}
    links |= {name: pipeline.link(seen, choose).to_json() for name, choose in BASELINES.items()}
    tally.add(reference, seen.turns, result.speakers, links, truth)


def format_table(scores: dict) -> str:
    """A Markdown table of one evaluation."""
    names = ["pins", *BASELINES]
    lines = [
        "| scenes | " + " | ".join(names) + " | identification error | DER before | DER after |"
    ]
    lines.append("|---" * (len(names) + 4) + "|")
    for kind, by_name in scores["speech_time_correct"].items():
        cells = [f"{100 * by_name[name]:.1f}" for name in names]
        errors = scores["errors"][kind]
        cells += [f"{100 * errors[name]:.1f}" for name in ("identification", "before", "after")]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    lines.append("\nconfidence  right  seconds")
    for row in scores["reliability"]:
        lines.append(f"{row['confidence']:10.2f} {row['right']:6.2f} {row['seconds']:8.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
