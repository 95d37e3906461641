"""Tell whether a face and a voice are one person's.

  pins verify photo.jpg voice.wav [--model results/demo/model]

FACE is a photo or a video that shows one face; VOICE is any file with speech. Prints the similarity (cosine, -1 to 1)
and, where the model is calibrated, the probability that they are one person's if half of all such pairs were, and the
decision: one person, two people, or cannot tell. The model that comes with the package, face_voice, can rule pairs out;
it never knows enough to say "one person".
"""

import argparse
import json
from dataclasses import asdict

from pins_plugin.cli._options import add_options

HELP = "tell whether a face and a voice are one person's"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("face", help="image or video")
    parser.add_argument("voice", help="any file with sound")
    parser.add_argument(
        "--model", default="face_voice", help="model folder, name, or hub id (default: %(default)s)"
    )
    add_options(parser, "device", "json")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.inference.embedder import FaceVoiceEmbedder

    embedder = FaceVoiceEmbedder.from_hparams(args.model, run_opts={"device": args.device})
    result = embedder.verify_files(args.face, args.voice)
    if args.json:
        print(json.dumps({**asdict(result), "decision": result.decision}))
        return
    print(f"similarity  {result.similarity:+.3f}")
    if result.probability is not None:
        print(
            f"probability {result.probability:.3f} (this model gives {result.largest_probability:.2f} at most)"
        )
    print(f"decision    {result.decision}: {result.reason}")
