"""Train heads over face and voice embeddings that are already there.

  python recipes/Features/train.py hparams/features.yaml --face_embeddings face.npz --voice_embeddings voice.npz
      --manifest manifest.csv --output_folder results/features

The same as `pins train`; the YAML's entry `run` names the function that does the work.
"""

import sys

from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script

if __name__ == "__main__":
    run_script(lambda: run_experiment(sys.argv[1:]))
