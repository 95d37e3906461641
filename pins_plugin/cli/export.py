"""The former name of `pins onnx`, which writes a model's branches as ONNX files. A linked result: `pins convert`."""

import argparse
import sys
from pathlib import Path

from pins_plugin.cli.onnx import add_arguments as add_arguments
from pins_plugin.cli.onnx import run as write_onnx

HELP = "former name of `onnx` (a linked result in other formats: `convert`)"


def run(args: argparse.Namespace) -> None:
    """Say the new name, and do as before."""
    from pins_plugin.errors import ModelFolderError

    given = Path(args.model)
    if given.suffix == ".json" or (given / "links.json").is_file():
        raise ModelFolderError(
            f"{given}: expected a model, got a linked result; `pins convert {given} --to srt vtt ...`"
        )
    print("pins export is now called pins onnx", file=sys.stderr)
    write_onnx(args)
