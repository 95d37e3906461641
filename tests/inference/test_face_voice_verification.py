"""One person or two: a number that means something, or a clear answer why there is none."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from pins_plugin.errors import MediaError
from pins_plugin.inference import portraits, verification
from pins_plugin.inference.clips import embed_clips
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.joint_calibration import JointCalibration
from pins_plugin.types import TalkingFaceClip


@pytest.fixture(scope="module")
def embedder(model_folder: Path) -> FaceVoiceEmbedder:
    return FaceVoiceEmbedder.from_hparams(source=model_folder)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "face.png")
    return tmp_path / "face.png"


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    time = np.arange(32000) / 16000
    noise = np.random.default_rng(1).normal(size=len(time))
    soundfile.write(tmp_path / "voice.wav", 0.3 * np.sin(1400 * time) + 0.02 * noise, 16000)
    return tmp_path / "voice.wav"


@pytest.fixture
def all_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tones count as speech."""
    monkeypatch.setattr(
        verification, "find_speech", lambda waveform: [(0.0, len(waveform) / 16000)]
    )


@pytest.mark.usefixtures("all_is_speech")
def test_probability_and_decision_follow_from_the_calibration(embedder, photo, voice) -> None:
    result = embedder.verify_files(photo, voice)
    expected = 1 / (1 + np.exp(-(4.0 * result.similarity - 1.0)))
    assert result.probability == pytest.approx(expected, abs=1e-6)
    certain = expected >= 0.8 or expected <= 0.2
    assert result.same_person == (expected >= 0.5 if certain else None)
    assert (result.decision == "cannot tell") == (not certain)


@pytest.mark.usefixtures("all_is_speech")
def test_a_model_without_calibration_cannot_tell(embedder, photo, voice) -> None:
    plain = FaceVoiceEmbedder(embedder.mods["face_encoder"], embedder.mods["voice_encoder"])
    result = plain.verify_files(photo, voice)
    assert result.probability is None and result.same_person is None
    assert result.decision == "cannot tell"


def test_a_pair_that_fits_is_never_more_than_a_pair_that_fits() -> None:
    """A model that knows few traits says so, instead of "not sure enough"."""
    fits = verification.judge(torch.tensor(0.9), JointCalibration(gain=0.9))
    assert fits.decision == "cannot tell" and "never confirm" in fits.reason
    assert fits.largest_probability == pytest.approx(1.9 / 2.9)
    apart = verification.judge(torch.tensor(-0.9), JointCalibration(gain=0.9))
    assert apart.decision == "two people" and "80 %" in apart.reason
    between = verification.judge(torch.tensor(-0.2), JointCalibration(gain=0.9))
    assert between.decision == "cannot tell" and "neither" in between.reason


def test_a_small_picture_without_a_face_is_no_face_for_a_model_of_real_faces(photo: Path) -> None:
    assert len(portraits.load_portraits(photo, 64)) == 1  # a drawn face, perhaps
    with pytest.raises(MediaError, match="no face found"):
        portraits.load_portraits(photo, 64, cut_out=False)
    with pytest.raises(MediaError, match="no face found"):
        FaceVoiceEmbedder.from_hparams("face_voice").encode_face_file(photo)


def test_only_speech_is_listened_to(monkeypatch: pytest.MonkeyPatch, voice: Path) -> None:
    monkeypatch.setattr(verification, "find_speech", lambda waveform: [(0.25, 0.75), (1.0, 1.5)])
    speech = verification.load_speech(voice, 16000)
    whole, _ = soundfile.read(voice, dtype="float32")
    np.testing.assert_allclose(speech, np.concatenate([whole[4000:12000], whole[16000:24000]]))


@pytest.mark.parametrize("seconds", [0.2, 3.0])
def test_sound_without_speech_is_refused(tmp_path: Path, seconds: float) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=round(16000 * seconds))
    soundfile.write(tmp_path / "noise.wav", noise, 16000)
    with pytest.raises(MediaError, match=r"at least 0\.7 seconds of speech, got 0\.0"):
        verification.load_speech(tmp_path / "noise.wav", 16000)


def _with_faces(monkeypatch: pytest.MonkeyPatch, areas: list[float]) -> None:
    marks = np.tile(
        np.array([[40, 40], [60, 40], [50, 52], [43, 62], [57, 62]], np.float32), (len(areas), 1, 1)
    )
    monkeypatch.setattr(
        portraits, "find_faces", lambda image, detector: (marks, np.array(areas, np.float32))
    )


def test_a_second_face_of_the_same_size_is_refused(photo: Path, monkeypatch) -> None:
    _with_faces(monkeypatch, [1000.0, 700.0])
    assert len(portraits.load_portraits(photo, 64)) == 1
    with pytest.raises(MediaError, match="several faces"):
        portraits.load_portraits(photo, 64, alone=True)


def test_a_small_face_in_the_background_is_passed_over(photo: Path, monkeypatch) -> None:
    _with_faces(monkeypatch, [1000.0, 200.0])
    assert len(portraits.load_portraits(photo, 64, alone=True)) == 1


def test_real_people_are_told_apart_where_they_can_be(real_data: Path) -> None:
    """One man's and one woman's clip: each fits itself as far as can be told, and not the other."""
    embedder = FaceVoiceEmbedder.from_hparams("face_voice")
    first, second = (real_data / "clips" / name for name in ("p01_02.mp4", "p02_01.mpg"))
    own = embedder.verify_files(first, first)
    other = embedder.verify_files(first, second)
    assert own.decision == "cannot tell" and own.probability > 0.5
    assert other.decision == "two people" and other.probability < 0.25


def test_a_voice_by_telephone_still_means_something(real_data: Path, tmp_path: Path) -> None:
    import av

    embedder = FaceVoiceEmbedder.from_hparams("face_voice")
    clip = real_data / "clips" / "p01_02.mp4"
    waveform = verification.load_audio(clip, 8000)
    soundfile.write(tmp_path / "telephone.wav", waveform, 8000)
    assert av.open(str(tmp_path / "telephone.wav")).streams.audio[0].rate == 8000
    assert embedder.verify_files(clip, tmp_path / "telephone.wav").probability > 0.5


def test_clips_that_mean_nothing_are_left_out_of_scores(real_data: Path, tmp_path: Path) -> None:
    """A real clip is scored; one without speech, and one without a face, are named."""
    good = real_data / "clips" / "p01_02.mp4"
    noise = 0.1 * np.random.default_rng(0).normal(size=48000)
    soundfile.write(tmp_path / "noise.wav", noise, 16000)
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    pairs = {
        "good": (good, good),
        "mute": (good, tmp_path / "noise.wav"),
        "wall": (tmp_path / "wall.png", good),
    }
    clips = [TalkingFaceClip(name, name, name, *paths) for name, paths in pairs.items()]
    skipped: dict[str, Exception] = {}
    found = embed_clips(FaceVoiceEmbedder.from_hparams("face_voice"), clips, skipped=skipped)
    assert len(found.face_embeddings) == 1
    assert "seconds of speech" in str(skipped["mute"]) and "no face found" in str(skipped["wall"])


def test_a_second_of_speech_is_judged_and_less_is_refused(real_data: Path, tmp_path: Path) -> None:
    clip = real_data / "clips" / "p01_02.mp4"
    speech = verification.load_speech(clip, 16000)
    for seconds in (0.5, 1.0):
        soundfile.write(tmp_path / f"{seconds}.wav", speech[: round(16000 * seconds)], 16000)
    embedder = FaceVoiceEmbedder.from_hparams("face_voice")
    assert embedder.verify_files(clip, tmp_path / "1.0.wav").probability > 0.5
    with pytest.raises(MediaError, match="seconds of speech"):
        embedder.verify_files(clip, tmp_path / "0.5.wav")


def test_faces_for_training_are_the_aligned_ones(real_data: Path, tmp_path: Path) -> None:
    """Of a video found and turned upright, as often as asked for; of a folder as they are."""
    clip = real_data / "clips" / "p01_02.mp4"
    faces = portraits.load_aligned_faces(clip, 64, num_frames=2)
    expected = portraits.load_portraits(clip, 64, num_frames=2)
    np.testing.assert_array_equal(faces, expected.transpose(0, 3, 1, 2))
    Image.fromarray(expected[0]).save(tmp_path / "0.png")
    again = portraits.load_aligned_faces(tmp_path, 64, num_frames=3)
    np.testing.assert_array_equal(again[2], faces[0])
