"""Exported branches compute what torch computes, for any batch and length."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pins_plugin.cli import main
from pins_plugin.errors import ModelFolderError, PinsError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.export import export_branch
from pins_plugin.inference.pretrained import load_pretrained

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def exported(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("onnx")
    assert main(["onnx", str(model_folder), "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize("batch", [1, 2, 7])
@pytest.mark.parametrize("num_samples", [4000, 16001, 50000])
def test_voices_of_any_batch_and_length(
    model_folder, exported, batch: int, num_samples: int
) -> None:
    session = onnxruntime.InferenceSession(exported / "voice_encoder.onnx")
    waveforms = 0.1 * torch.randn(batch, num_samples, generator=torch.Generator().manual_seed(1))
    (found,) = session.run(["voice_embeddings"], {"waveforms": waveforms.numpy()})
    expected = FaceVoiceEmbedder.from_hparams(model_folder).encode_voices(waveforms)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_exported_branches_serve_as_encoders_by_file(model_folder: Path, exported: Path) -> None:
    embedder = FaceVoiceEmbedder.from_hparams(model_folder)
    faces = torch.rand(3, 3, 32, 32)
    for name, encode, batch in (
        ("face_encoder", embedder.encode_faces, faces),
        ("voice_encoder", embedder.encode_voices, 0.1 * torch.randn(2, 16000)),
    ):
        encoder = load_pretrained(exported / f"{name}.onnx", needs=[name]).modules[name]
        torch.testing.assert_close(encoder(batch), encode(batch), atol=1e-4, rtol=0)


def test_one_encoder_is_no_whole_model(exported: Path) -> None:
    with pytest.raises(ModelFolderError, match="one encoder"):
        FaceVoiceEmbedder.from_hparams(exported / "face_encoder.onnx")


def test_a_branch_that_computes_something_else_is_not_written(tmp_path: Path) -> None:
    class Moody(nn.Module):
        image_size = 8

        def forward(self, faces: Tensor) -> Tensor:
            moody = 1.0 if torch.onnx.is_in_onnx_export() else 2.0
            return moody * faces.flatten(1)[:, :4]

    with pytest.raises(PinsError, match="expected ONNX to agree"):
        export_branch("face_encoder", Moody(), tmp_path / "f.onnx")
    assert not list(tmp_path.iterdir())


def test_what_has_no_branch_is_one_line(tmp_path: Path, capsys) -> None:
    assert main(["onnx", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name", ["voice_campplus", "face_recognition", "sync", "face_voice"])
def test_models_that_ship_are_exported(name: str, tmp_path: Path, capsys) -> None:
    assert main(["onnx", name, "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("agrees with torch") == len(list(tmp_path.glob("*.onnx")))


def test_features_of_a_synchronizer_for_any_batch_and_length(tmp_path: Path) -> None:
    assert main(["onnx", "sync", "--out", str(tmp_path)]) == 0
    modules = load_pretrained("sync", needs=["lip_encoder"]).modules
    generator = torch.Generator().manual_seed(1)
    for batch, num_frames in ((2, 9), (5, 60)):
        lips = torch.rand(batch, num_frames, 88, 2, generator=generator)
        sound = 0.1 * torch.randn(batch, 640 * num_frames + 100, generator=generator)
        for part, values in (("lip_encoder", lips), ("sound_encoder", sound)):
            session = onnxruntime.InferenceSession(tmp_path / f"{part}.onnx")
            (found,) = session.run(None, {session.get_inputs()[0].name: values.numpy()})
            with torch.no_grad():
                expected = modules[part](values)
            assert found.shape == (batch, num_frames, 48)
            np.testing.assert_allclose(found, expected, atol=1e-4)
