"""Train a lip reader on clips with word times.

  python recipes/Sync/prepare.py grid_s1 --out clips/grid
  python recipes/LipReading/train.py hparams/lip_reading.yaml --clips clips/grid --words grid_s1/words.csv --output_folder results/lip_reading
  ... --end_to_end True        the same network from scratch, for comparison

The same as `pins train hparams/lip_reading.yaml ...`; results are in result.json and model/.
"""

import sys

from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script

if __name__ == "__main__":
    run_script(lambda: run_experiment(sys.argv[1:]))
