"""Tune a pipeline with pyannote's own Optimizer on a protocol of pyannote.database, and score it before and after.

    python recipes/Pyannote/tune.py PIPELINE scenes/database.yml --out tuned [--trials 20] [--seed 0]

PIPELINE is a folder with config.yaml, such as pins_plugin/pretrained/speaker_face_linking or
recipes/Pyannote/diarization; database.yml is written by `pins simulate scenes`. Parameters are chosen on one part of the
protocol and judged on another (diarization error rate, no collar). OUT gets the pipeline as a folder again, and results.json.
"""

import argparse
from pathlib import Path

import yaml
from pyannote.database import FileFinder, registry
from pyannote.metrics.diarization import DiarizationErrorRate
from pyannote.pipeline import Optimizer

from pins_plugin.pipelines.pyannote_host.pipeline_folder import open_pipeline
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.seeding import seed_everything

PROTOCOL = "TalkingHeads.SpeakerDiarization.Scenes"


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("pipeline", type=Path, help="folder with config.yaml")
    parser.add_argument("database", type=Path, help="database.yml")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tuned pipeline")
    parser.add_argument("--protocol", default=PROTOCOL)
    parser.add_argument("--tune_on", default="train", choices=("train", "development"))
    parser.add_argument("--judge_on", default="test", choices=("development", "test"))
    parser.add_argument("--trials", type=int, default=20, help="the first one is as it was before")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    report = tune(args)
    print("  ".join(f"{name}: {value:.3f}" for name, value in report["error_rate"].items()))


def tune(args: argparse.Namespace) -> dict:
    """Tune, judge and write."""
    seed_everything(args.seed)
    registry.load_database(str(args.database))
    protocol = registry.get_protocol(args.protocol, preprocessors={"audio": FileFinder()})
    files = {part: list(getattr(protocol, part)()) for part in (args.tune_on, args.judge_on)}
    pipeline = open_pipeline(args.pipeline)
    before = pipeline.default_parameters()
    rates = {f"{part}, before": score(pipeline, before, each) for part, each in files.items()}
    optimizer = Optimizer(pipeline, sampler="TPESampler", seed=args.seed, average_case=True)
    best = optimizer.tune(files[args.tune_on], n_iterations=args.trials, warm_start=before)
    rates |= {
        f"{part}, after": score(pipeline, best["params"], each) for part, each in files.items()
    }
    config = yaml.safe_load((args.pipeline / "config.yaml").read_text(encoding="utf-8"))
    config["params"] = {name: float(value) for name, value in best["params"].items()}
    write_text(args.out / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    report = {
        "pipeline": config["pipeline"]["name"],
        "protocol": args.protocol,
        "files": {part: len(each) for part, each in files.items()},
        "trials": args.trials,
        "seed": args.seed,
        "error_rate": rates,
    }
    write_json(args.out / "results.json", report)
    return report


def score(pipeline, parameters, files) -> float:
    """Diarization error rate over files, with these parameters."""
    pipeline.instantiate(parameters)
    pipeline.training = True  # what was seen once is not looked for again
    metric = DiarizationErrorRate()
    for file in files:
        output = pipeline(file)
        turns = getattr(output, "speaker_diarization", output)
        metric(file["annotation"], turns, uem=file["annotated"])
    return float(abs(metric))


if __name__ == "__main__":
    run_script(main)
