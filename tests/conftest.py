"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real clips; tests that ask for it are skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PINS_REAL_DATA", default))
    if not folder.is_dir():
        pytest.skip("real clips are not here; set PINS_REAL_DATA to their folder")
    return folder


FACE = {"image_size": 32, "embedding_dim": 16, "channels": [8, 8, 8, 8], "hidden_dim": 16}
VOICE = {"embedding_dim": 16, "num_bins": 20, "channels": [8, 8], "hidden_dim": 16}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: small face and voice branches with random weights, calibrated."""
    import torch

    from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
    from pins_plugin.models.folder.model_folder import save_model_folder
    from pins_plugin.models.folder.module_registry import make_module

    folder = tmp_path_factory.mktemp("models") / "small"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        modules = {
            "face_encoder": make_module(CompactFaceEncoder, **FACE),
            "voice_encoder": make_module(CompactVoiceEncoder, **VOICE),
        }
    settings = {"calibration": {"scale": 4.0, "offset": -1.0}}
    save_model_folder(folder, modules, settings, "# A model for tests\n")
    return folder


@pytest.fixture(scope="session")
def noise_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of 24 clips of 12 people, 4 of them in training: pictures and sound of noise."""
    import numpy as np
    import soundfile
    from PIL import Image

    from pins_plugin.data.corpora.manifest import write_manifest
    from pins_plugin.types import TalkingFaceClip

    folder = tmp_path_factory.mktemp("clips")
    generator = np.random.default_rng(0)
    clips = []
    for index in range(24):
        face, audio = folder / f"c{index:02d}.png", folder / f"c{index:02d}.wav"
        Image.fromarray(generator.integers(0, 256, (40, 40, 3), np.uint8)).save(face)
        length = 4000 + 400 * index
        soundfile.write(audio, 0.1 * generator.normal(size=length), 16000)
        person = index // 2
        split = "train" if person < 4 else "test"
        attributes = {"gender": "fm"[person % 2]}
        clips.append(
            TalkingFaceClip(
                f"c{index:02d}", f"p{person:02d}", f"v{index:02d}", face, audio, split, attributes
            )
        )
    write_manifest(folder / "manifest.csv", clips)
    return folder / "manifest.csv"
