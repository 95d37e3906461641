"""Train a face encoder and a voice encoder on talking-face clips.

  python recipes/TalkingHeads/train.py hparams/demo.yaml --manifest clips/manifest.csv --output_folder results/demo
  torchrun --nproc_per_node=4 recipes/TalkingHeads/train.py hparams/demo.yaml ... --device cuda

The same as `pins train`; the YAML's entry `run` names the function that does the work.
"""

import sys

from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script

if __name__ == "__main__":
    run_script(lambda: run_experiment(sys.argv[1:]))
