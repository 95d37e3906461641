"""Score the linking of composed scenes, beside simple ways to link.

    python recipes/ClipScenes/evaluate.py SCENES... [--out RESULTS] [--without sync ...] [--model FOLDER]

SCENES are folders that prepare.py or `pins simulate scenes` wrote, such as one for each seed. For each kind of
scene: the share of speech time that is linked to the right face, or rightly to nobody, with its 95 % interval
(bootstrap over scenes), and what the rest is lost to; the identification error rate of the people's labels, and the
diarization error rate before and after faces were looked at (pyannote.metrics, no collar); and how often links of each
confidence are right. Turns are those of the truth (`given`) or of the built-in diarization (`found`). Writes
RESULTS/results.json and RESULTS/results.md.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from pins_plugin.cli.link import choose_evidence
from pins_plugin.evaluation.link_scores import Tally
from pins_plugin.evaluation.linking import CAUSES
from pins_plugin.pipelines.diarization.rttm import choose_turns
from pins_plugin.pipelines.linking.baselines import BASELINES
from pins_plugin.pipelines.linking.pipeline import DEFAULT_EVIDENCE, SpeakerFaceLinking
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.progress import progress


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=Path, nargs="+", help="folders of scenes")
    parser.add_argument("--out", type=Path, help="folder for results.json and results.md")
    parser.add_argument("--without", nargs="+", default=[], help="evidence not to use")
    parser.add_argument("--model", help="joint embedding of faces and voices, as evidence")
    args = parser.parse_args()
    evidence = choose_evidence(DEFAULT_EVIDENCE, args.without)
    report = evaluate(args.scenes, SpeakerFaceLinking(evidence=evidence, model=args.model))
    text = "\n\n".join(f"Turns {name}:\n\n{format_table(each)}" for name, each in report.items())
    print(text)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        settings = {"scenes": [folder.name for folder in args.scenes], "evidence": evidence}
        write_json(args.out / "results.json", {**settings, **report})
        title = f"# Composed scenes: {', '.join(settings['scenes'])}"
        write_text(args.out / "results.md", f"{title}\n\n{text}\n")


def evaluate(folders: list[Path], pipeline: SpeakerFaceLinking) -> dict:
    """Link every scene in every way, with given and with found turns, and score it."""
    tallies = {"given": Tally(), "found": Tally()}
    for path in progress(find_scenes(folders), "scenes"):
        truth = json.loads(path.read_text(encoding="utf-8"))
        given = choose_turns(path.with_suffix(".rttm"), truth.get("uri", path.stem))
        seen = pipeline.observe(path.with_suffix(".mp4"), diarization=given, keep_crops=True)
        found = pipeline.diarizer.find_turns({"video": str(seen.path)}, seen.waveform)
        truth.setdefault("kind", "simulated")
        score(pipeline, seen, given, truth, tallies["given"])
        heard = replace(seen, turns=found, from_sound=True)
        score(pipeline, heard, given, truth, tallies["found"])
    return {name: tally.report() for name, tally in tallies.items()}


def find_scenes(folders: list[Path]) -> list[Path]:
    """The truth of each scene."""
    return sorted(
        path
        for folder in folders
        for path in [*folder.glob("*.json"), *folder.glob("*/scene.json")]
        if path.with_suffix(".mp4").is_file()
    )


def score(pipeline, seen, reference, truth, tally) -> None:
    """Add one scene to a tally."""
    result = pipeline.link(seen)
    links = {"pins": result.to_json()}
    weighed = pipeline.weigh(seen)
    for name, choose in BASELINES.items():
        links[name] = pipeline.decide(seen, weighed, choose).to_json()
    tally.add(reference, seen.turns, result.speakers, links, truth)


def format_table(scores: dict) -> str:
    """Markdown tables of one evaluation."""
    names = ["pins", *BASELINES]
    head = ["scenes", "number", *names, "identification error", "DER before", "DER after"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for kind, by_name in scores["speech_time_correct"].items():
        low, high = scores["intervals"][kind]["pins"]
        cells = [f"{100 * by_name['pins']:.1f} ({100 * low:.1f}-{100 * high:.1f})"]
        cells += [f"{100 * by_name[name]:.1f}" for name in BASELINES]
        errors = scores["errors"][kind]
        cells += [f"{100 * errors[name]:.1f}" for name in ("identification", "before", "after")]
        lines.append(f"| {kind} | {scores['num_scenes'][kind]} | " + " | ".join(cells) + " |")
    lines += ["", "| % lost to | " + " | ".join(CAUSES) + " |", "|---" * (1 + len(CAUSES)) + "|"]
    for kind, lost in scores["lost"].items():
        lines.append(
            f"| {kind} | " + " | ".join(f"{100 * lost[cause]:.1f}" for cause in CAUSES) + " |"
        )
    lines += ["", "| confidence of links | right | seconds |", "|---|---|---|"]
    for row in scores["reliability"]:
        lines.append(f"| {row['confidence']:.2f} | {row['right']:.2f} | {row['seconds']:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
