"""Score the linking of composed scenes, beside simple ways to link.

    python recipes/ClipScenes/evaluate.py SCENES [--out results.json] [--turns given|found]

For each kind of scene: the share of speech time that is linked to the right face, or rightly to nobody; the
identification error rate of the people's labels and the diarization error rate before and after linking
(pyannote.metrics); and how often links of each confidence are right. `given` takes the true turns, `found` the
built-in diarization (default: both).
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

from pins_plugin.evaluation.link_scores import TurnScores, reliability
from pins_plugin.evaluation.linking import speech_time_correct
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
    parser.add_argument("--turns", choices=("given", "found"), help="default: both")
    args = parser.parse_args()
    report = {
        turns: evaluate(args.scenes, turns)
        for turns in [args.turns or "given", "found"][: 1 + (args.turns is None)]
    }
    for turns, scores in report.items():
        print(f"\nturns {turns}\n{format_table(scores)}")
    if args.out:
        write_json(args.out, report)


def evaluate(folder: Path, turns: str) -> dict:
    """Link every scene in every way and score it."""
    pipeline = SpeakerFaceLinking()
    shares = defaultdict(lambda: defaultdict(list))
    scores = defaultdict(TurnScores)
    judged = []
    for path in progress(sorted(folder.glob("*.json")), f"scenes, turns {turns}"):
        truth = json.loads(path.read_text(encoding="utf-8"))
        video, kind = path.with_suffix(".mp4"), truth["kind"]
        reference = choose_turns(path.with_suffix(".rttm"), path.stem)
        observation = pipeline.observe(video, diarization=reference if turns == "given" else None)
        result = pipeline.link(observation)
        links = result.to_json()
        shares[kind]["pins"].append(speech_time_correct(links, truth)["speech_time_correct"])
        for name, baseline in BASELINES.items():
            links_of = pipeline.link(observation, baseline).to_json()
            share = speech_time_correct(links_of, truth)["speech_time_correct"]
            shares[kind][name].append(share)
        scores[kind].add(reference, observation.turns, result.speakers, links, truth)
        judged += scores[kind].judged[-1]
    return {
        "speech_time_correct": {
            kind: {name: sum(values) / len(values) for name, values in by_name.items()}
            for kind, by_name in shares.items()
        },
        "errors": {kind: score.report() for kind, score in scores.items()},
        "reliability": reliability(judged),
        "num_scenes": {kind: len(by_name["pins"]) for kind, by_name in shares.items()},
    }


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
