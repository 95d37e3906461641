"""Train what a YAML file describes.

  pins train hparams/demo.yaml --manifest clips/manifest.csv --output_folder results/demo

Any entry of the YAML can be given as --key value. SpeechBrain's run options work too, such as
--device cuda, --precision bf16, --ckpt_interval_minutes 10. A run that was stopped goes on where it was when
it is started again with the same output folder. On several GPUs:

  torchrun --nproc_per_node=4 recipes/TalkingHeads/train.py hparams/demo.yaml --manifest ...
"""

import argparse

HELP = "train what a YAML file describes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("hparams", help="YAML of the experiment, see hparams/")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        metavar="--key value ...",
        help="entries of the YAML to replace, and SpeechBrain's run options",
    )


def run(args: argparse.Namespace) -> None:
    """Run the experiment."""
    from pins_plugin.train.experiment import run_experiment

    run_experiment([args.hparams, *args.options])
