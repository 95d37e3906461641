"""Train a lip reader on clips with word times.

  python recipes/Sync/prepare.py grid_s1 --out clips/grid
  python recipes/LipReading/train.py hparams/lip_reading.yaml --clips clips/grid --words grid_s1/words.csv --output_folder results/lip_reading
  ... --end_to_end True        the same network from scratch, for comparison

The same as `pins train hparams/lip_reading.yaml ...`; results are in result.json and model/.
"""

import sys

from pins_plugin.errors import PinsError
from pins_plugin.train.experiment import run_experiment

if __name__ == "__main__":
    try:
        run_experiment(sys.argv[1:])
    except PinsError as error:
        sys.exit(f"train.py: {error}")
