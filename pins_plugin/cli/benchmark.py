"""Score a model on a published benchmark.

  pins benchmark pins --model M --lists DIR --root VOXCELEB --out DIR

pins: the test lists of Learnable PINs (Nagrani et al. 2018) on VoxCeleb1, as their authors distribute them. DIR
holds the lists and vox1_meta.csv; VOXCELEB holds the unpacked sound and the cut-out faces of VoxCeleb1 (either
release, at any depth). Each file is embedded once; with --out an
interrupted run goes on where it stopped. Missing files are counted and named, their trials are left out.
"""

import argparse
import json
from functools import partial
from pathlib import Path

from pins_plugin.cli._options import add_options

HELP = "score a model on a published benchmark (pins)"
NAMED_ON_SCREEN = 5  # missing files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("benchmark", choices=["pins"], help="which benchmark")
    parser.add_argument("--model", required=True, help="model folder, name, or hub id")
    parser.add_argument("--lists", type=Path, required=True, help="folder of the official lists")
    parser.add_argument("--root", type=Path, required=True, help="folder that holds VoxCeleb1")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for results.json, table.md, missing.txt"
    )
    add_options(parser, "seed", "device", "json", "quiet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.evaluation.items import Bootstrap
    from pins_plugin.evaluation.pins_benchmark import run_pins_benchmark
    from pins_plugin.evaluation.pins_lists import read_pins_lists
    from pins_plugin.inference.clips import embed_files
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.report.benchmark_tables import pins_tables
    from pins_plugin.utils.files import write_json, write_text
    from pins_plugin.utils.writable import try_folder

    if args.out:
        try_folder(args.out)
    lists = read_pins_lists(args.lists)
    embedder = FaceVoiceEmbedder.from_hparams(args.model, run_opts={"device": args.device})
    options = {"cache": args.out / "embeddings" if args.out else None, "quiet": args.quiet}
    report = run_pins_benchmark(
        lists,
        args.root,
        partial(embed_files, embedder, modality="face", **options),
        partial(embed_files, embedder, modality="voice", **options),
        bootstrap=Bootstrap(args.seed),
    )
    report = {"benchmark": args.benchmark, "model": str(args.model), "seed": args.seed} | report
    missing = report["missing"]["files"]
    if args.out:
        write_json(args.out / "results.json", report)
        write_text(args.out / "table.md", pins_tables(report, markdown=True) + "\n")
        write_text(args.out / "missing.txt", "".join(f"{name}\n" for name in missing))
    if args.json:
        print(json.dumps(report, indent=2))
        return
    print(pins_tables(report))
    if missing:
        named = ", ".join(missing[:NAMED_ON_SCREEN]) + " ..." * (len(missing) > NAMED_ON_SCREEN)
        faces, voices = report["missing"]["faces"], report["missing"]["voices"]
        print(f"\nmissing: {faces} faces, {voices} voices:\n{named}")
