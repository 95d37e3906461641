"""Train a face encoder and a voice encoder on talking-face clips.

  python recipes/TalkingHeads/train.py hparams/demo.yaml --manifest clips/manifest.csv --output_folder results/demo
  torchrun --nproc_per_node=4 recipes/TalkingHeads/train.py hparams/demo.yaml ... --device cuda

The same as `pins train`; the YAML's entry `run` names the function that does the work.
"""

import sys

from pins_plugin.errors import PinsError
from pins_plugin.train.experiment import run_experiment

if __name__ == "__main__":
    try:
        run_experiment(sys.argv[1:])
    except PinsError as error:
        sys.exit(f"train.py: {error}")
