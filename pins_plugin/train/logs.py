"""What a training run tells: a text file, TensorBoard, a line per epoch on the screen."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from speechbrain.utils.distributed import if_main_process, main_process_only
from speechbrain.utils.train_logger import FileTrainLogger, TensorboardLogger, TrainLogger
from tqdm import tqdm


class ScreenLogger(TrainLogger):
    """One line per epoch."""

    def __init__(self, num_epochs: int) -> None:
        self.num_epochs = num_epochs

    @main_process_only
    def log_stats(
        self,
        stats_meta: dict[str, Any],
        train_stats: dict[str, float] | None = None,
        valid_stats: dict[str, float] | None = None,
        test_stats: dict[str, float] | None = None,
        verbose: bool = False,
    ) -> None:
        """Print the epoch, the time, the loss and the scores."""
        parts = [f"epoch {stats_meta['epoch']}/{self.num_epochs}", f"{stats_meta['seconds']:.0f} s"]
        parts += [f"{name} {value:.3f}" for name, value in (train_stats or {}).items()]
        parts += [f"valid {name} {value:.3f}" for name, value in (valid_stats or {}).items()]
        tqdm.write("  ".join(parts))


def make_loggers(
    output_folder: Path, num_epochs: int, quiet: bool = False
) -> Sequence[TrainLogger]:
    """Log to `train_log.txt`, on the screen unless `quiet`, and to `tensorboard/` where TensorBoard is installed."""
    loggers = [FileTrainLogger(str(output_folder / "train_log.txt"), precision=3)]
    if not quiet:
        loggers.append(ScreenLogger(num_epochs))
    if find_spec("tensorboard") is not None:
        return [*loggers, TensorboardLogger(str(output_folder / "tensorboard"))]
    if if_main_process() and not quiet:
        tqdm.write(
            "TensorBoard is not installed, its curves are left out; pip install 'pins_plugin[train]'"
        )
    return loggers
