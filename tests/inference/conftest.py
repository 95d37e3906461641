"""A small model folder."""

from pathlib import Path

import pytest
import torch

from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
from pins_plugin.models.folder import save_model_folder

FACE = {"image_size": 32, "embedding_dim": 16, "channels": [8, 8, 8, 8], "hidden_dim": 16}
VOICE = {"embedding_dim": 16, "num_bins": 20, "channels": [8, 8], "hidden_dim": 16}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face and a voice branch with random weights, calibrated."""
    folder = tmp_path_factory.mktemp("models") / "small"
    torch.manual_seed(0)
    save_model_folder(
        folder,
        {"face_encoder": CompactFaceEncoder(**FACE), "voice_encoder": CompactVoiceEncoder(**VOICE)},
        {
            "face_encoder": ("pins_plugin.models.compact.CompactFaceEncoder", FACE),
            "voice_encoder": ("pins_plugin.models.compact.CompactVoiceEncoder", VOICE),
        },
        {"calibration": {"scale": 4.0, "offset": -1.0}},
        "# A model for tests\n",
    )
    return folder
