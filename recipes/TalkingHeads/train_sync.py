"""Train a synchronization model on clips of talking faces.

  python recipes/Sync/prepare.py VIDEOS... --out clips
  python recipes/TalkingHeads/train_sync.py hparams/sync.yaml --clips clips --output_folder results/sync

The same as `pins train hparams/sync.yaml ...`. The result, results/sync/model, opens with
`Synchronizer.from_hparams("results/sync/model")`; recipes/Sync/files.py makes its confidences honest.
"""

import sys

from pins_plugin.train.experiment import run_experiment
from pins_plugin.utils.script import run_script

if __name__ == "__main__":
    run_script(lambda: run_experiment(sys.argv[1:]))
