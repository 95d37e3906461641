"""The cache holds what the files hold, goes on where it stopped, and notices changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_clips import write_tiny_clips

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.training import shards as shards_module
from pins_plugin.data.training.shards import ClipForm, prepare_shards
from pins_plugin.errors import ManifestError


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    monkeypatch.setattr(shards_module, "CLIPS_PER_SHARD", 3)
    return read_manifest(write_tiny_clips(tmp_path / "clips", 4, 2))


def prepare(clips: list, tmp_path: Path, **options):
    return prepare_shards(clips, tmp_path / "cache", ClipForm(32, 2), quiet=True)


def test_cache_holds_what_the_files_hold(clips: list, tmp_path: Path) -> None:
    shards = prepare(clips, tmp_path)
    assert len(shards) == len(clips) == 8
    for position, clip in enumerate(clips):
        assert np.array_equal(shards.faces(position), load_faces(clip.faces, 32, num_frames=2))
        assert np.array_equal(shards.sound(position), soundfile.read(clip.audio, dtype="int16")[0])


def test_other_sound_formats_are_converted(clips: list, tmp_path: Path) -> None:
    waveform, rate = soundfile.read(clips[0].audio)
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.repeat(waveform[::2, None], 2, axis=1), rate // 2)
    shards = prepare([replace(clips[0], audio=path)], tmp_path)
    assert abs(len(shards.sound(0)) - len(waveform)) < 200


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE", "PCM_24", "PCM_U8"])
def test_sound_of_other_numbers_is_no_silence(clips: list, tmp_path: Path, subtype: str) -> None:
    """A 16 kHz file of floats, as torchaudio writes, was read as zeros."""
    waveform, rate = soundfile.read(clips[0].audio)
    soundfile.write(tmp_path / "a.wav", waveform, rate, subtype=subtype)
    found = prepare([replace(clips[0], audio=tmp_path / "a.wav")], tmp_path).sound(0)
    np.testing.assert_allclose(found / 32768, waveform, atol=0.01)


def test_stopped_run_goes_on(clips: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def load(path: Path, *args, **kwargs) -> np.ndarray:
        read.append(path.name)
        if len(read) > 4 and not resumed:
            raise KeyboardInterrupt
        return load_faces(path, *args, **kwargs)

    monkeypatch.setattr(shards_module, "load_faces", load)
    resumed = False
    with pytest.raises(KeyboardInterrupt):
        prepare(clips, tmp_path)
    resumed = True
    read.clear()
    assert len(prepare(clips, tmp_path)) == 8
    assert clips[0].faces.name not in read and clips[-1].faces.name in read
    read.clear()
    prepare(clips, tmp_path)
    assert not read


def test_changed_file_is_decoded_again(clips: list, tmp_path: Path) -> None:
    prepare(clips, tmp_path)
    soundfile.write(clips[0].audio, np.zeros(1000), 16000)
    assert len(prepare(clips, tmp_path).sound(0)) == 1000


def test_unreadable_clip_is_skipped_and_named(clips: list, tmp_path: Path) -> None:
    clips[4].audio.write_text("no sound")
    shards = prepare(clips, tmp_path)
    assert list(shards.skipped) == [4]
    assert clips[4].audio.name in shards.skipped[4]


def test_nothing_readable_is_an_error(clips: list, tmp_path: Path) -> None:
    absent = [replace(clip, faces=tmp_path / "absent.mp4") for clip in clips]
    with pytest.raises(ManifestError, match=r"none of 8 clips.*absent\.mp4"):
        prepare(absent, tmp_path)


def test_faces_are_read_as_the_experiment_says(clips: list, tmp_path: Path) -> None:
    def grey(path: Path, size: int, *, num_frames: int) -> np.ndarray:
        return np.full((num_frames, 3, size, size), 7, np.uint8)

    plain = prepare(clips, tmp_path)
    own = prepare_shards(clips, tmp_path / "cache", ClipForm(32, 2, read_faces=grey), quiet=True)
    assert (own.faces(0) == 7).all() and not (plain.faces(0) == 7).all()  # another cache
