"""Active-speaker networks by file: what they are fed with, in which order, and which files are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pins_plugin.data.media.mfcc import mfcc
from pins_plugin.errors import ModelFolderError, ShapeError
from pins_plugin.inference.active_speaker_network import (
    ActiveSpeakerNetwork,
    grey_faces,
)
from pins_plugin.tracking.crops import Crops

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytestmark = pytest.mark.filterwarnings("ignore")
WHOLE = "window: [0, 0, 1, 1]"


class _Toy(nn.Module):
    """Mean brightness of each face, plus a tenth of the energy of its four steps of sound."""

    def __init__(self, columns: int = 0) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, faces: Tensor, sound: Tensor) -> Tensor:
        energy = sound[..., 0].reshape(1, -1, 4).mean(dim=2)
        scores = (faces.mean(dim=(2, 3)) + 0.1 * energy)[0]
        return torch.stack([-scores, scores], dim=1) if self.columns else scores


class _SoundFirst(_Toy):
    def forward(self, sound: Tensor, faces: Tensor) -> Tensor:
        return super().forward(faces, sound)


def write(path: Path, module: nn.Module, *shapes: tuple[int, ...], settings: str = WHOLE) -> Path:
    names = [f"in{index}" for index in range(len(shapes))]
    torch.onnx.export(
        module.eval(), tuple(torch.rand(shape) for shape in shapes), str(path), input_names=names,
        output_names=["out"], dynamic_axes={name: {1: f"t{name}"} for name in names}, dynamo=False,
    )  # fmt: skip
    path.with_suffix(".yaml").write_text(settings)
    return path


def make_crops(num_frames: int, rate: float = 25.0, start: float = 0.5) -> Crops:
    """Faces that get brighter by one level each 1/25 s."""
    times = start + np.arange(num_frames) / rate
    levels = np.round((times - start) * 25).astype(np.uint8)
    faces = np.tile(levels[:, None, None, None], (1, 112, 112, 3))
    empty = np.zeros((0, 1, 1), np.uint8)
    return Crops(times, faces, empty, np.zeros((0, 88, 2), np.float32), np.zeros(0, np.float32))


SOUND = (0.1 * np.random.default_rng(0).normal(size=16000 * 12)).astype(np.float32)
FACES, MFCC = (1, 8, 112, 112), (1, 32, 13)


@pytest.mark.parametrize(
    ("module", "shapes"),
    [(_Toy(), (FACES, MFCC)), (_SoundFirst(), (MFCC, FACES)), (_Toy(2), (FACES, MFCC))],
)
def test_scores_are_those_of_the_network(tmp_path: Path, module: nn.Module, shapes) -> None:
    network = ActiveSpeakerNetwork.from_file(write(tmp_path / "n.onnx", module, *shapes))
    found = network(make_crops(230), SOUND)  # more than one block
    energy = mfcc(SOUND[8000:])[: 4 * 230, 0].reshape(230, 4).mean(axis=1)
    np.testing.assert_allclose(found.times, 0.5 + np.arange(230) / 25)
    np.testing.assert_allclose(found.scores[:200], np.arange(200) + 0.1 * energy[:200], atol=0.02)
    np.testing.assert_allclose(
        found.scores[201:], np.arange(201, 230) + 0.1 * energy[201:], atol=0.02
    )


def test_other_frame_rates_are_brought_to_25(tmp_path: Path) -> None:
    network = ActiveSpeakerNetwork.from_file(write(tmp_path / "n.onnx", _Toy(), FACES, MFCC))
    found = network(make_crops(61, rate=60.0), np.zeros(32000, np.float32))
    assert len(found.times) == 26
    np.testing.assert_allclose(np.diff(found.scores), 1.0, atol=0.01)


def test_no_frames_give_no_scores(tmp_path: Path) -> None:
    network = ActiveSpeakerNetwork.from_file(write(tmp_path / "n.onnx", _Toy(), FACES, MFCC))
    found = network(make_crops(0), SOUND)
    assert len(found.times) == len(found.scores) == 0


def test_window_is_cut_out_and_scaled() -> None:
    faces = np.zeros((1, 100, 100, 3), np.uint8)
    faces[:, 20:60, 50:90] = (200, 100, 50)
    grey = grey_faces(faces, (0.5, 0.2, 0.9, 0.6))
    assert grey.shape == (1, 112, 112)
    inside = grey[0, 3:-3, 3:-3]
    np.testing.assert_allclose(inside, 0.299 * 200 + 0.587 * 100 + 0.114 * 50, atol=0.1)


def test_networks_with_other_inputs_are_refused(tmp_path: Path) -> None:
    color = write(tmp_path / "a.onnx", _Toy(), FACES, (1, 32, 80))
    with pytest.raises(ModelFolderError, match="cepstral coefficients"):
        ActiveSpeakerNetwork.from_file(color)
    one = write(tmp_path / "b.onnx", nn.Identity(), FACES)
    with pytest.raises(ModelFolderError, match="expected two inputs"):
        ActiveSpeakerNetwork.from_file(one)
    with pytest.raises(ModelFolderError, match="no such file"):
        ActiveSpeakerNetwork.from_file(tmp_path / "c.onnx")


class _Pooled(_Toy):
    def forward(self, faces: Tensor, sound: Tensor) -> Tensor:
        return super().forward(faces, sound).mean()[None]


def test_a_network_without_a_score_per_frame_is_refused(tmp_path: Path) -> None:
    network = ActiveSpeakerNetwork.from_file(write(tmp_path / "n.onnx", _Pooled(), FACES, MFCC))
    with pytest.raises(ModelFolderError, match="expected a first output"):
        network(make_crops(10), SOUND)


@pytest.mark.parametrize("settings", ["window: [0.5, 0, 0.2, 1]", "window: [0, 1]", "window: high"])
def test_windows_that_are_none_are_refused(tmp_path: Path, settings: str) -> None:
    path = write(tmp_path / "n.onnx", _Toy(), FACES, MFCC, settings=settings)
    with pytest.raises(ModelFolderError, match="window: expected"):
        ActiveSpeakerNetwork.from_file(path)


def test_crops_without_all_faces_are_refused(tmp_path: Path) -> None:
    network = ActiveSpeakerNetwork.from_file(write(tmp_path / "n.onnx", _Toy(), FACES, MFCC))
    crops = make_crops(10)
    fewer = Crops(crops.times, crops.faces[:3], crops.mouths, crops.lips, crops.presence)
    with pytest.raises(ShapeError, match="one face at each"):
        network(fewer, SOUND)
