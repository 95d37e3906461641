"""Checkpoints that are whole or do not count, even when the process is killed while writing one."""

import logging
import shutil
from pathlib import Path
from typing import Any

from speechbrain.utils.checkpoints import (
    CKPT_PREFIX,
    METAFNAME,
    PARAMFILE_EXT,
    Checkpoint,
    Checkpointer,
)
from speechbrain.utils.distributed import ddp_barrier, if_main_process

UNFINISHED = "unfinished.yaml"


class WholeCheckpointer(Checkpointer):
    """SpeechBrain's Checkpointer, with the file that makes a folder a checkpoint written last.

    SpeechBrain writes that file first, so that a killed process leaves a folder which counts as the newest
    checkpoint and cannot be loaded.
    """

    def _save_checkpoint_metafile(
        self, fpath: Path, meta_to_include: Any = None, end_of_epoch: bool = True
    ) -> Any:
        unfinished = Path(fpath).with_name(UNFINISHED)
        return super()._save_checkpoint_metafile(unfinished, meta_to_include or {}, end_of_epoch)

    def save_checkpoint(
        self,
        meta: Any = None,
        end_of_epoch: bool = True,
        name: str | None = None,
        verbosity: int = logging.INFO,
    ) -> Checkpoint | None:
        """Save everything, then make it count."""
        saved = super().save_checkpoint(meta or {}, end_of_epoch, name, verbosity)
        if saved is not None:
            (saved.path / UNFINISHED).replace(saved.path / METAFNAME)
        ddp_barrier()  # all processes must see the same checkpoints when they choose what to delete
        return saved

    def recover_whole(self, max_key: str | None = None) -> Checkpoint | None:
        """Load the newest checkpoint (or the best by `max_key`) that nothing is missing from.

        What a killed process left half-written is deleted.
        """
        if if_main_process():
            for folder in Path(self.checkpoints_dir).glob(f"{CKPT_PREFIX}*"):
                if (folder / UNFINISHED).exists():
                    shutil.rmtree(folder)
        return self.recover_if_possible(max_key=max_key, ckpt_predicate=self._is_whole)

    def _is_whole(self, checkpoint: Checkpoint) -> bool:
        """Tell whether a checkpoint was not killed halfway through its deletion."""
        return all(
            (checkpoint.path / f"{name}{PARAMFILE_EXT}").exists() for name in self.recoverables
        )
