"""Train visual voice activity on labeled clips.

  python recipes/VisualVoiceActivity/train.py hparams/visual_voice_activity.yaml --clips clips --output_folder results/vva

The same as `pins train hparams/visual_voice_activity.yaml ...`. The result, results/vva/model, opens with
`VisualVoiceActivity.from_hparams("results/vva/model")`.
"""

import sys

from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script

if __name__ == "__main__":
    run_script(lambda: run_experiment(sys.argv[1:]))
