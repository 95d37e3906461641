"""Train the heads of `face_voice` on what prepare.py wrote.

  python recipes/RealPeople/train.py hparams/face_voice.yaml --prepared_folder prepared --output_folder results/face_voice

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
