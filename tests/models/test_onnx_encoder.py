"""Encoders by their ONNX file: fed as their YAML says, saved whole, wrong files refused."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder.model_folder import load_model_folder, save_model_folder
from pins_plugin.models.onnx_encoder import OnnxFaceEncoder, OnnxVoiceEncoder

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


class _Linear(nn.Module):
    """A linear map of all that comes in, flattened: the simplest published encoder."""

    def __init__(self, size: int, dim: int = 6) -> None:
        super().__init__()
        self.linear = nn.Linear(size, dim)

    def forward(self, batch: Tensor) -> Tensor:
        return self.linear(batch.flatten(1))


class _Mean(nn.Module):
    """The mean over time of any number of frames (batch, num_frames, num_bins)."""

    def forward(self, batch: Tensor) -> Tensor:
        return batch.mean(dim=1)


def _write(module: nn.Module, example: Tensor, path: Path, settings: str = "") -> nn.Module:
    axes = {"x": {0: "batch"}} | ({"x": {0: "batch", 1: "time"}} if example.shape[1] > 64 else {})
    options = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": axes, "dynamo": False}
    torch.onnx.export(module.eval(), (example,), str(path), **options)
    if settings:
        path.with_suffix(".yaml").write_text(settings)
    return module


@pytest.mark.filterwarnings("ignore")
def test_pictures_are_prepared_as_the_yaml_says(tmp_path: Path) -> None:
    settings = "{layout: NHWC, channels: BGR, mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7]}"
    network = _write(_Linear(8 * 8 * 3), torch.rand(1, 8, 8, 3), tmp_path / "f.onnx", settings)
    encoder = OnnxFaceEncoder.from_file(tmp_path / "f.onnx")
    faces = torch.rand(5, 3, 8, 8)
    prepared = faces.numpy()[:, ::-1]
    prepared = (prepared - np.array([0.1, 0.2, 0.3])[:, None, None]) / np.array([0.5, 0.6, 0.7])[
        :, None, None
    ]
    prepared = torch.from_numpy(prepared.transpose(0, 2, 3, 1).astype(np.float32).copy())
    expected = nn.functional.normalize(network(prepared), dim=-1)
    torch.testing.assert_close(encoder(faces), expected, atol=1e-5, rtol=0)
    assert encoder.image_size == 8 and encoder.embedding_dim == 6


@pytest.mark.filterwarnings("ignore")
def test_other_sizes_of_pictures_are_brought_to_that_of_the_network(tmp_path: Path) -> None:
    _write(_Linear(3 * 64), torch.rand(1, 3, 8, 8), tmp_path / "f.onnx")
    encoder = OnnxFaceEncoder.from_file(tmp_path / "f.onnx")
    assert encoder(torch.rand(2, 3, 50, 50)).shape == (2, 6)


@pytest.mark.filterwarnings("ignore")
def test_a_window_of_the_picture_is_what_the_network_sees(tmp_path: Path) -> None:
    settings = "{window: [0.25, 0, 0.75, 0.5], same_person_similarity: 0.3}"
    network = _write(_Linear(3 * 64), torch.rand(1, 3, 8, 8), tmp_path / "f.onnx", settings)
    encoder = OnnxFaceEncoder.from_file(tmp_path / "f.onnx")
    faces = torch.rand(2, 3, 16, 16)
    expected = nn.functional.normalize(network(faces[:, :, :8, 4:12]), dim=-1)
    torch.testing.assert_close(encoder(faces), expected, atol=1e-5, rtol=0)
    assert encoder.same_person_similarity == 0.3
    (tmp_path / "f.yaml").write_text("{window: [0, 1]}")
    with pytest.raises(ModelFolderError, match=r"window: expected 4 numbers of 0.0 to 1.0"):
        OnnxFaceEncoder.from_file(tmp_path / "f.onnx")


@pytest.mark.filterwarnings("ignore")
def test_mel_bands_are_those_of_kaldi_without_their_mean(tmp_path: Path) -> None:
    from torchaudio.compliance.kaldi import fbank

    settings = "{features: fbank, num_bins: 24, scale: 32768}"
    _write(_Mean(), torch.rand(1, 100, 24), tmp_path / "v.onnx", settings)
    encoder = OnnxVoiceEncoder.from_file(tmp_path / "v.onnx")
    sound = 0.1 * torch.randn(1, 9000)
    bands = fbank(32768 * sound, num_mel_bins=24, window_type="hamming")
    features = encoder.features(sound[0])
    np.testing.assert_allclose(features, (bands - bands.mean(0)).mean(0)[None], atol=1e-3)
    assert encoder(sound).shape == (1, 24)


@pytest.mark.filterwarnings("ignore")
def test_padding_is_cut_off_before_the_network_hears_it(tmp_path: Path) -> None:
    class Loudness(nn.Module):
        def forward(self, batch: Tensor) -> Tensor:
            return torch.stack([batch.abs().mean(1), torch.ones_like(batch[:, 0])], 1)

    _write(Loudness(), torch.rand(1, 4000), tmp_path / "v.onnx")
    encoder = OnnxVoiceEncoder.from_file(tmp_path / "v.onnx")
    sound = torch.rand(2, 8000)
    sound[0, 4000:] = 0
    both = encoder(sound, torch.tensor([0.5, 1.0]))
    torch.testing.assert_close(both[0], encoder(sound[:1, :4000])[0])
    short = encoder(torch.rand(1, 5))  # repeated up to the least length
    assert short.isfinite().all()


@pytest.mark.filterwarnings("ignore")
def test_a_model_folder_holds_the_network_itself(tmp_path: Path) -> None:
    _write(_Linear(3 * 64), torch.rand(1, 3, 8, 8), tmp_path / "f.onnx")
    encoder = OnnxFaceEncoder.from_file(tmp_path / "f.onnx", embedding_dim=4).eval()
    save_model_folder(tmp_path / "model", {"face_encoder": encoder}, {}, "# Card\n")
    (tmp_path / "f.onnx").unlink()
    loaded = load_model_folder(tmp_path / "model").modules["face_encoder"]
    faces = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(loaded(faces), encoder(faces))
    torch.testing.assert_close(copy.deepcopy(loaded)(faces), encoder(faces))


def test_a_model_folder_says_how_to_feed_it_in_the_same_bounds() -> None:
    for arguments in ({"std": [0, 0, 0]}, {"window": [0.5, 0, 0.2, 1]}, {"layout": "CHW"}):
        with pytest.raises(ModelFolderError, match="expected"):
            OnnxFaceEncoder(6, 8, **arguments)


@pytest.mark.filterwarnings("ignore")
def test_only_the_head_is_trained(tmp_path: Path) -> None:
    _write(_Linear(3 * 64), torch.rand(1, 3, 8, 8), tmp_path / "f.onnx")
    encoder = OnnxFaceEncoder.from_file(tmp_path / "f.onnx", embedding_dim=4)
    encoder(torch.rand(4, 3, 8, 8))[:, 0].sum().backward()
    gradients = {name: value.grad for name, value in encoder.named_parameters()}
    assert list(gradients) == ["head.linear.weight"] and gradients["head.linear.weight"].any()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{size: 8}", "expected only image_size"),
        ("{channels: GRB}", "expected RGB or BGR"),
        ("[1, 2]", "expected only image_size"),
        ("{image_size: 9}", "check the YAML"),
        ("{image_size: 8.5}", "image_size: expected a number of 1 to 4096"),
        ("{mean: [0, 0]}", "mean: expected 3 numbers"),
        ("{std: [0, 0, 0]}", "std: expected 3 numbers of 1e-06"),
        ("{window: [0.5, 0, 0.2, 1]}", "window: expected x1 < x2"),
        ("{a: [}", "not YAML"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
    ],
)
def test_a_yaml_that_does_not_fit_is_one_line(tmp_path: Path, settings: str, message: str) -> None:
    _write(_Linear(3 * 64), torch.rand(1, 3, 8, 8), tmp_path / "f.onnx", settings)
    with pytest.raises(ModelFolderError, match=message) as error:
        OnnxFaceEncoder.from_file(tmp_path / "f.onnx")
    assert "\n" not in str(error.value)


def test_files_that_are_no_networks_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "f.onnx").write_text("this is text")
    for kind in (OnnxFaceEncoder, OnnxVoiceEncoder):
        with pytest.raises(ModelFolderError, match="not a usable ONNX network"):
            kind.from_file(tmp_path / "f.onnx")
        with pytest.raises(ModelFolderError, match="no such file"):
            kind.from_file(tmp_path / "none.onnx")


@pytest.mark.filterwarnings("ignore")
def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    _write(_Mean(), torch.rand(1, 100, 24), tmp_path / "v.onnx")
    with pytest.raises(ModelFolderError, match="network of pictures"):
        OnnxFaceEncoder.from_file(tmp_path / "v.onnx")
