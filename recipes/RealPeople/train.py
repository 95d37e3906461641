"""Train the heads of `face_voice` on what prepare.py wrote.

  python recipes/RealPeople/train.py hparams/face_voice.yaml --prepared_folder prepared --output_folder results/face_voice

The same as `pins train`; the YAML's entry `run` names the function that does the work.
"""

import sys

from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script

if __name__ == "__main__":
    run_script(lambda: run_experiment(sys.argv[1:]))
