"""Run the whole path on simulated people, in a few minutes on two CPU cores.

  pins demo                          simulate, train, score on unseen people, link a scene, compare with the truth
  pins demo --video interview.mp4    link footage of your own as well, and show it on the page
  pins demo --quick                  a minute instead: too short to learn much

Ends with DIR/index.html to look at and DIR/results.json. What it trains is described in hparams/demo.yaml, which comes with the
package.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pins_plugin.cli._options import add_options

if TYPE_CHECKING:
    from pins_plugin.report.page.demo_page import LinkedScene

HELP = "train, score and link on simulated people; ends with a page to look at"
APART = ("verification", "same_track", "other_video")  # scores that are told for both groups
PARTS = ("clips", "training", "scores", "scenes")  # folders that each run makes anew
CURVES = {
    "roc.png": "How often the right pair is accepted, against how often a wrong one is",
    "matching.png": "How often the right one of N is chosen",
    "map.png": "Some unseen people: faces and voices in one space",
}
PACKAGES = ("torch", "speechbrain", "pyannote.audio", "facenet-pytorch", "av", "numpy")


@dataclass(frozen=True)
class Size:
    """How much the demo does: people and their clips, epochs, seconds of the scene, people known from training."""

    people: int
    clips_per_person: int
    num_epochs: int | None
    seconds: float
    seen_heard: int


FULL = Size(people=2600, clips_per_person=1, num_epochs=None, seconds=40.0, seen_heard=200)
QUICK = Size(people=100, clips_per_person=1, num_epochs=1, seconds=10.0, seen_heard=10)
SPLIT_SHARES = (0.8, 0.05, 0.15)  # of the people: train, valid, test
TEST_CLIPS = 2  # recordings of each person, so that a face and a voice of two can be compared
SEEN, HEARD_ONLY = 3, 1  # people of the scene


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument(
        "--out", type=Path, default=Path("demo"), metavar="DIR", help="folder (default: demo)"
    )
    parser.add_argument("--quick", action="store_true", help="a minute, to see that it runs")
    parser.add_argument(
        "--video", type=Path, nargs="+", default=[], metavar="FILE", help="link these videos too"
    )
    add_options(parser, "seed", "quiet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.report.page.demo_page import write_demo_page
    from pins_plugin.utils.files import write_json
    from pins_plugin.utils.memory import PeakMemory
    from pins_plugin.utils.writable import try_folder

    size = QUICK if args.quick else FULL
    try_folder(args.out)
    _start_afresh(args.out)
    start = time.monotonic()
    with PeakMemory() as peak:
        manifest = _simulate(args, size)
        model = _train(args, size, manifest)
        report = _evaluate(args, model, manifest)
        scenes = _link(args, size)
    unseen = report["unseen"]
    results = {
        "unseen": {name: unseen[name] for name in (*APART, "matching", "retrieval", "groups")},
        "seen": {name: report["seen"][name] for name in APART},
        "link": {"speech_time_correct": scenes[0].correct},
        "people": _count_people(manifest),
        "seconds": round(time.monotonic() - start, 1),
        "peak_rss_mb": round(peak.megabytes, 1),
        "seed": args.seed,
        "quick": args.quick,
        "versions": _versions(),
    }
    write_json(args.out / "results.json", results)
    curves = {caption: args.out / "scores" / name for name, caption in CURVES.items()}
    write_demo_page(results, report, scenes, curves, args.out / "index.html")
    print(_summary(results))
    print(f"\nOpen {(args.out / 'index.html').resolve()}")


def _start_afresh(out: Path) -> None:
    """Remove what a former run made, so that times and scores are of this run."""
    import shutil

    for part in PARTS:
        shutil.rmtree(out / part, ignore_errors=True)
    for name in ("index.html", "results.json"):
        (out / name).unlink(missing_ok=True)


def _simulate(args: argparse.Namespace, size: Size) -> Path:
    from pins_plugin.simulation.corpus import CorpusSettings, write_corpus

    print(f"[1/5] simulating {size.people} people who talk", flush=True)
    settings = CorpusSettings(
        people=size.people,
        clips_per_person=size.clips_per_person,
        seed=args.seed,
        splits=SPLIT_SHARES,
        test_clips=TEST_CLIPS,
        seen_heard=size.seen_heard,
    )
    return write_corpus(args.out / "clips", settings, quiet=args.quiet)


def _train(args: argparse.Namespace, size: Size, manifest: Path) -> Path:
    from pins_plugin.train.experiment import experiments_folder, run_experiment

    print("[2/5] training on who is seen while who is heard, without names", flush=True)
    output = args.out / "training"
    files = ["--manifest", str(manifest), "--output_folder", str(output)]
    epochs = [] if size.num_epochs is None else ["--num_epochs", str(size.num_epochs)]
    experiment = str(experiments_folder() / "demo.yaml")
    run_experiment([experiment, *files, "--seed", str(args.seed), *epochs])
    return output / "model"


def _evaluate(args: argparse.Namespace, model: Path, manifest: Path) -> dict[str, Any]:
    from pins_plugin.cli._scoring import evaluate_model, write_card, write_report
    from pins_plugin.inference.embedder import FaceVoiceEmbedder

    print("[3/5] scoring on people never seen or heard", flush=True)
    out = args.out / "scores"
    embedder = FaceVoiceEmbedder.from_hparams(model)
    report = evaluate_model(embedder, manifest, out=out, seed=args.seed, quiet=args.quiet)
    write_report(report, out)
    write_card(model, {"manifest": str(manifest), "split": "test"} | report)
    return report


def _link(args: argparse.Namespace, size: Size) -> "list[LinkedScene]":
    from pins_plugin.cli._link_video import LinkOptions, link_video
    from pins_plugin.data.links.links_file import read_links
    from pins_plugin.evaluation.linking import speech_time_correct
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
    from pins_plugin.pipelines.pyannote_host.pipeline_folder import EVIDENCE
    from pins_plugin.simulation.scenes import SceneSettings, write_scenes
    from pins_plugin.utils.batch import Batch

    print("[4/5] filming a scene", flush=True)
    settings = SceneSettings(
        people=SEEN, off_screen=HEARD_ONLY, seconds=size.seconds, seed=args.seed
    )
    [video] = write_scenes(args.out / "scenes", settings, quiet=args.quiet)
    print("[5/5] linking who speaks to who is seen", flush=True)
    pipeline = SpeakerFaceLinking(quiet=args.quiet)
    options = LinkOptions(EVIDENCE, quiet=args.quiet)
    link_video(pipeline, video, video.parent, options)
    links = read_links(video.parent / "links.json")
    truth = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    text = "Three people talk in turn, a fourth is heard but never seen, and the camera cuts as it likes."
    correct = speech_time_correct(links, truth)["speech_time_correct"]
    scenes = [_scene(args, video.parent, "A scene, linked", text, correct)]
    batch = Batch("demo", max(2, len(args.video)), "videos", args.traceback)
    for own in args.video:
        with batch.costs_only(str(own)):
            folder = args.out / "scenes" / own.stem
            link_video(pipeline, own, folder.parent, replace(options, several=True))
            text = "Footage of yours; its truth is not known."
            scenes.append(_scene(args, folder, own.name, text))
    return scenes


def _scene(
    args: argparse.Namespace, folder: Path, title: str, text: str, correct: float | None = None
) -> "LinkedScene":
    from pins_plugin.report.page.demo_page import LinkedScene

    page = (folder / "page.html").relative_to(args.out).as_posix()
    return LinkedScene(title, text, folder / "annotated.mp4", page, correct)


def _count_people(manifest: Path) -> dict[str, int]:
    from pins_plugin.data.corpora.manifest import read_manifest

    people: dict[str, set[str]] = {}
    for clip in read_manifest(manifest):
        people.setdefault(clip.split, set()).add(clip.identity)
    people["test"] -= people["train"]  # seen-heard people are counted once
    return {split: len(names) for split, names in people.items()}


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import version

    from pins_plugin import __version__

    found = {package: version(package) for package in PACKAGES}
    return {"pins_plugin": __version__, "python": platform.python_version(), **found}


def _summary(results: dict[str, Any]) -> str:
    """The short table at the end."""
    from pins_plugin.report.tables import format_table, score_row, seen_rows

    unseen, link = results["unseen"], results["link"]["speech_time_correct"]
    verification = unseen["verification"]
    parts = [("same person or not, ROC AUC", verification["roc_auc"], verification)]
    parts += [
        (f"which of {ways}", unseen["matching"][ways]["accuracy"], unseen["matching"][ways])
        for ways in (min(unseen["matching"], key=int), max(unseen["matching"], key=int))
    ]
    rows = [score_row(title, score, part)[:5] for title, score, part in parts]
    rows += [row[:5] for row in seen_rows(results["seen"])]
    rows.append(["scene: speech linked rightly", f"{link:.3f}", "", "", ""])
    table = format_table(["unseen people", "score", "95 % interval", "chance", "oracle"], rows)
    minutes = results["seconds"] / 60
    return f"\n{table}\n\n{minutes:.1f} minutes, at most {results['peak_rss_mb'] / 1000:.1f} GB of memory, seed {results['seed']}"
