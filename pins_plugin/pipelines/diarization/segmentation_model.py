"""The network of the speaker segmentation, pyannote's own class, built from a folder of plain data.

config.yaml                  arguments of the network, its task, checksum of the weights
segmentation.safetensors     weights, large ones in 8 bits, packed
README.md                    the model card

Nothing is downloaded and no code of the folder is run.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.pretrained import load_strictly, read_weights
from pins_plugin.pipelines.pyannote_host.host import Model
from pins_plugin.utils.explain import one_line
from pins_plugin.utils.plain_yaml import PlainLoader

FOLDER = Path(__file__).resolve().parents[2] / "pretrained" / "segmentation"
CONFIG = "config.yaml"
WEIGHTS = "segmentation.safetensors"


def build_segmentation_model(
    network: Mapping[str, Any], specifications: Mapping[str, Any]
) -> Model:
    """Build pyannote's PyanNet with fresh weights.

    Parameters
    ----------
    network : mapping
        Keyword arguments of `pyannote.audio.models.segmentation.PyanNet`.
    specifications : mapping
        `classes`, `powerset_max_classes` and `duration` (s) of its task.

    Returns
    -------
    model : Model
        Maps (batch, 1, num_samples) waveforms to (batch, num_frames, num_classes) log-posteriors.
    """
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet

    model = PyanNet(**network)
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        permutation_invariant=True,
        **specifications,
    )
    model.build()
    return model


@cache
def load_segmentation_model(folder: Path = FOLDER) -> Model:
    """Open a segmentation folder, as `recipes/Pretrained/segmentation.py` writes it, strictly.

    Raises
    ------
    ModelFolderError
        When a file is missing, damaged, or not the one that the other was written with.
    """
    try:
        config = yaml.load((folder / CONFIG).read_text(encoding="utf-8"), Loader=PlainLoader)
        model = build_segmentation_model(config["network"], config["specifications"])
        checksum = str(config["sha256"])
    except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise ModelFolderError(
            f"{folder / CONFIG}: expected network, specifications and sha256 of a segmentation model, "
            f"got {one_line(error, 160)}; copy it again"
        ) from error
    path = folder / WEIGHTS
    load_strictly(model, read_weights(path, checksum, CONFIG), path)
    return model.requires_grad_(False).to(torch.device("cpu")).eval()
