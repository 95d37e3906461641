"""Write the branches of a trained model as ONNX files.

  pins onnx results/demo/model --out onnx

writes face_encoder.onnx and voice_encoder.onnx (any batch size, any length of sound), each with a small YAML
beside it, after checking that they compute what torch computes to 1e-4. The branches of a synchronizer
(lip_encoder, sound_encoder) are written alike. Needs the extra: pins_plugin[onnx].
"""

import argparse
from pathlib import Path

HELP = "write the branches of a model as ONNX files"
BRANCHES = ("face_encoder", "voice_encoder", "lip_encoder", "sound_encoder")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--branch", choices=BRANCHES, help="only this one (default: all there are)")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.errors import ModelFolderError
    from pins_plugin.inference.export import export_branch
    from pins_plugin.inference.pretrained import load_pretrained
    from pins_plugin.utils.writable import try_folder

    try_folder(args.out)
    model = load_pretrained(args.model, needs=[args.branch] if args.branch else [])
    chosen = [name for name in BRANCHES if name in model.modules and args.branch in (None, name)]
    if not chosen:
        raise ModelFolderError(
            f"{args.model}: expected a model with {' or '.join(BRANCHES)}, got {', '.join(model.modules)}"
        )
    for name in chosen:
        done = export_branch(name, model.modules[name], args.out / f"{name}.onnx")
        print(f"{done.path}: agrees with torch to {done.largest_difference:.1e}")
