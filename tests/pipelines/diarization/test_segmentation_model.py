"""The shipped segmentation is pyannote's own class, filled strictly from plain data."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pins_plugin.errors import ModelFolderError
from pins_plugin.pipelines.diarization.segmentation_model import (
    CONFIG,
    FOLDER,
    WEIGHTS,
    load_segmentation_model,
)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "segmentation"))


def test_shipped_model_is_pyannotes_and_gives_seven_classes() -> None:
    from pyannote.audio.models.segmentation import PyanNet

    model = load_segmentation_model()
    assert type(model) is PyanNet and not model.training
    assert model.specifications.powerset and model.specifications.num_powerset_classes == 7
    with torch.inference_mode():
        found = model(torch.zeros(2, 1, 160000))
    assert found.shape == (2, 589, 7)
    torch.testing.assert_close(found.exp().sum(dim=-1), torch.ones(2, 589))


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_700_000


def test_other_weights_are_refused(copied: Path) -> None:
    save_file(load_file(copied / WEIGHTS) | {"more": torch.zeros(1)}, copied / WEIGHTS)
    with pytest.raises(ModelFolderError, match=rf"not the file that {CONFIG} was written with"):
        load_segmentation_model(copied)


def test_a_network_that_the_weights_do_not_fit_is_refused(copied: Path) -> None:
    text = (copied / CONFIG).read_text()
    (copied / CONFIG).write_text(text.replace("num_layers: 4", "num_layers: 3"))
    with pytest.raises(ModelFolderError, match="does not fit PyanNet"):
        load_segmentation_model(copied)


def test_a_damaged_file_is_told(copied: Path) -> None:
    weights = load_file(copied / WEIGHTS)
    weights["packed"][1000] += 1
    save_file(weights, copied / WEIGHTS)
    with pytest.raises(ModelFolderError, match="damaged"):
        load_segmentation_model(copied)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_told(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(ModelFolderError, match=r"copy it again|is the folder complete"):
        load_segmentation_model(copied)


def test_yaml_that_would_run_code_is_refused(copied: Path) -> None:
    (copied / CONFIG).write_text("network: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(ModelFolderError):
        load_segmentation_model(copied)
