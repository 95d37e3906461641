"""Embedding what a user hands over: tensors, arrays, batches with relative lengths, files of any kind."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from pins_plugin.errors import MediaError, ModelFolderError, ShapeError
from pins_plugin.inference import portraits
from pins_plugin.inference.embedder import FaceVoiceEmbedder


@pytest.fixture(scope="module")
def embedder(model_folder: Path) -> FaceVoiceEmbedder:
    return FaceVoiceEmbedder.from_hparams(source=model_folder, run_opts={"device": "cpu"})


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "face.png")
    return tmp_path / "face.png"


def _tone(seconds: float, rate: int = 16000, seed: int = 0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(size=len(time))
    return (0.3 * np.sin(2 * np.pi * 220 * time) + 0.02 * noise).astype(np.float32)


def test_embeddings_have_unit_length_and_are_comparable(embedder: FaceVoiceEmbedder) -> None:
    faces = embedder.encode_faces(torch.rand(3, 3, 50, 40))
    voices = embedder.encode_voices(np.stack([_tone(1, seed=s) for s in range(2)]))
    torch.testing.assert_close(faces.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(voices.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(embedder.similarity(faces, voices), faces @ voices.T)
    assert faces.shape[1] == embedder.embedding_dim


def test_bytes_and_floats_are_the_same_picture(embedder: FaceVoiceEmbedder) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    floats = embedder.encode_faces(faces.astype(np.float32) / 255)
    torch.testing.assert_close(embedder.encode_faces(faces), floats)
    torch.testing.assert_close(embedder.encode_faces(faces[0]), floats[:1])


def test_a_classifier_can_be_trained_on_embeddings(embedder: FaceVoiceEmbedder) -> None:
    """Inference tensors cannot be saved for the way back."""
    classifier = torch.nn.Linear(embedder.embedding_dim, 2)
    faces, voices = (
        embedder.encode_faces(torch.rand(4, 3, 32, 32)),
        embedder.encode_voices(_tone(1)),
    )
    for embeddings in (faces, voices):
        assert not (embeddings.is_inference() or embeddings.requires_grad)
        classifier(embeddings).sum().backward()
        assert classifier.weight.grad.abs().sum() > 0


def test_sound_as_soundfile_reads_it_is_refused(embedder: FaceVoiceEmbedder) -> None:
    """(num_samples, 2) used to be taken for thousands of short rows."""
    stereo = np.stack([_tone(1), _tone(1)], axis=1)
    with pytest.raises(ShapeError, match="mean"):
        embedder.encode_voices(stereo)
    with pytest.raises(ShapeError, match="mix channels"):
        embedder.encode_long_voice(stereo)


def test_padding_does_not_change_a_voice(embedder: FaceVoiceEmbedder) -> None:
    short = torch.from_numpy(_tone(1.0))
    padded = torch.zeros(2, 32000)
    padded[0, :16000] = short
    padded[1] = torch.from_numpy(_tone(2.0, seed=1))
    both = embedder.encode_voices(padded, wav_lens=torch.tensor([0.5, 1.0]))
    similarity = torch.nn.functional.cosine_similarity(
        both[0], embedder.encode_voices(short)[0], dim=0
    )
    assert similarity > 0.999


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (torch.rand(2, 1, 32, 32), "expected .batch, 3"),
        (torch.rand(32, 32), "expected .batch, 3"),
        (torch.rand(1, 3, 32, 32) * 255, "divide by 255"),
        (torch.full((1, 3, 32, 32), torch.nan), "in .0, 1."),
    ],
)
def test_wrong_pictures_are_refused(embedder, faces, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        embedder.encode_faces(faces)


@pytest.mark.parametrize(
    ("waveforms", "lengths", "message"),
    [
        (torch.zeros(2, 3, 4), None, "num_samples"),
        (torch.zeros(2, 0), None, "num_samples"),
        (torch.full((1, 9000), torch.inf), None, "finite"),
        (torch.zeros(2, 9000), [1.0], "wav_lens"),
        (torch.zeros(2, 9000), [1.0, 9000.0], "in .0, 1."),
    ],
)
def test_wrong_sound_is_refused(embedder, waveforms, lengths, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        embedder.encode_voices(waveforms, lengths)


def test_sound_shorter_than_a_window_is_embedded(embedder: FaceVoiceEmbedder) -> None:
    assert embedder.encode_voices(torch.rand(1, 10)).isfinite().all()


def test_long_sound_is_embedded_piece_by_piece(embedder: FaceVoiceEmbedder) -> None:
    period = _tone(8.0)
    long = embedder.encode_long_voice(np.tile(period, 5))
    assert torch.dot(long, embedder.encode_long_voice(period)) > 0.99
    torch.testing.assert_close(long.norm(), torch.tensor(1.0))


def test_a_stereo_wav_at_8_khz_is_the_same_voice(embedder, photo: Path, tmp_path: Path) -> None:
    """Both channels are averaged and the rate is converted."""
    tone = _tone(2.0, rate=8000)
    soundfile.write(tmp_path / "mono.wav", tone, 8000)
    soundfile.write(tmp_path / "stereo.wav", np.stack([1.5 * tone, 0.5 * tone], axis=1), 8000)
    mono = embedder.encode_voice_file(tmp_path / "mono.wav")
    stereo = embedder.encode_voice_file(tmp_path / "stereo.wav")
    assert torch.dot(mono, stereo) > 0.999


@pytest.mark.parametrize("size", [(640, 480), (5000, 3)])
def test_a_large_picture_without_a_face_is_refused(embedder, tmp_path: Path, size) -> None:
    Image.new("RGB", size, "gray").save(tmp_path / "wall.jpg")
    with pytest.raises(MediaError, match="no face found"):
        embedder.encode_face_file(tmp_path / "wall.jpg")


def test_a_real_video_shows_its_face(embedder, real_data: Path) -> None:
    faces = portraits.load_portraits(real_data / "clips" / "p01_02.mp4", 64, num_frames=2)
    assert faces.shape == (2, 64, 64, 3)


@pytest.mark.parametrize("name", ["missing.jpg", "missing.mp4", "text.jpg", "text.mp4"])
def test_files_that_are_no_media_are_one_line_errors(embedder, tmp_path: Path, name: str) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "text.mp4").write_text("not a video")
    for encode in (embedder.encode_face_file, embedder.encode_voice_file):
        with pytest.raises(MediaError) as error:
            encode(tmp_path / name)
        assert "\n" not in str(error.value) and name in str(error.value)


def test_a_truncated_checkpoint_is_refused(model_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    weights = tmp_path / "model" / "voice_encoder.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelFolderError, match="truncated"):
        FaceVoiceEmbedder.from_hparams(tmp_path / "model")


def test_loading_moves_no_global_state(model_folder: Path) -> None:
    state = json.dumps([torch.is_grad_enabled(), torch.get_num_threads()])
    FaceVoiceEmbedder.from_hparams(str(model_folder))
    assert state == json.dumps([torch.is_grad_enabled(), torch.get_num_threads()])
