"""Every experiment that ships can be read and built."""

from pathlib import Path

import pytest
import torch

from pins_plugin.models.folder.model_folder import load_model_folder, save_model_folder
from pins_plugin.train.experiment import load_experiment

FOLDER = Path(__file__).resolve().parents[2] / "hparams"
JOINT = [
    "talking_heads",
    "demo",
    "many_people",
    "many_people_curriculum",
    "pins_curriculum",
    "pins_vgg_m",
    "pins_pretrained",
]


@pytest.mark.parametrize("name", JOINT)
def test_experiment_is_complete(name: str) -> None:
    hparams = load_experiment(
        FOLDER / f"{name}.yaml", {"manifest": "m.csv", "output_folder": "out"}
    )
    faces, voices = (hparams[encoder] for encoder in ("face_encoder", "voice_encoder"))
    assert faces.image_size == hparams["image_size"]
    assert faces.embedding_dim == voices.embedding_dim == hparams["embedding_dim"]
    embeddings = torch.nn.functional.normalize(torch.randn(2, 8, 16), dim=-1)
    assert hparams["objective"](*embeddings).isfinite()


def test_pretrained_model_can_be_saved_without_its_source(tmp_path: Path) -> None:
    hparams = load_experiment(
        FOLDER / "pins_pretrained.yaml", {"manifest": "m.csv", "output_folder": "out"}
    )
    names = ("face_encoder", "voice_encoder")
    save_model_folder(tmp_path / "model", {name: hparams[name] for name in names}, {}, "")
    assert set(load_model_folder(tmp_path / "model").modules) == set(names)
