"""Tar shards: the naming others read, the same bytes again, read in part, from any address."""

import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from tiny_shards import tiny_samples, write_tiny_shards

from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.data.training.tar_shards import (
    ClipForm,
    HeldClips,
    read_index,
    read_shard,
    write_index,
    write_shard,
)
from pins_plugin.errors import ManifestError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards") / "train"
    write_tiny_shards(path, tiny_samples(50))
    return path


def test_samples_come_back_as_they_were_in_the_naming_of_webdataset(folder: Path) -> None:
    index = read_index(str(folder))
    assert [each["samples"] for each in index["shards"]] == [7] * 7 + [1]
    assert index["shards"][0]["videos"] == [("v0", 3), ("v1", 3), ("v2", 1)]
    found = [s for each in index["shards"] for s in read_shard(str(folder), each["name"])]
    for sample, expected in zip(found, tiny_samples(50), strict=True):
        assert (sample.key, sample.about) == (expected.key, expected.about)
        np.testing.assert_array_equal(sample.faces, expected.faces)
        np.testing.assert_array_equal(sample.sound, expected.sound)
    with tarfile.open(folder / "train-000000.tar") as tar:
        assert tar.getnames()[:3] == ["00000.faces.npy", "00000.sound.npy", "00000.json"]


def test_the_same_samples_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_tiny_shards(tmp_path, tiny_samples(50))
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_what_nobody_wants_is_not_decoded(folder: Path) -> None:
    wanted = [False, True, False, False, True, False, False]
    found = list(read_shard(str(folder), "train-000001.tar", wanted=wanted))
    assert [sample and sample.key for sample in found] == [None, "00008", None, None, "00011"]


def test_indexes_of_several_machines_are_one(folder: Path, tmp_path: Path) -> None:
    samples = tiny_samples(50)
    write_tiny_shards(tmp_path, samples[:20], part="-1-of-2")
    write_tiny_shards(tmp_path, samples[20:], part="-2-of-2")
    index = read_index(str(tmp_path))
    assert sum(each["samples"] for each in index["shards"]) == 50
    found = [s.key for each in index["shards"] for s in read_shard(str(tmp_path), each["name"])]
    assert found == [sample.key for sample in samples]
    write_index(tmp_path, index["shards"], {"image_size": 16}, "-2-of-2")
    with pytest.raises(
        ManifestError, match=r"one image_size and read_faces, got \['16 None', '8 None'\]"
    ):
        read_index(str(tmp_path))


def test_any_address_of_fsspec_is_read(folder: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in folder.iterdir():
        memory.pipe(f"/bucket/train/{path.name}", path.read_bytes())
    assert read_index("memory://bucket/train") == read_index(str(folder))
    found = [each.key for each in read_shard("memory://bucket/train", "train-000002.tar")]
    assert found == [f"{number:05d}" for number in range(14, 21)]


def test_clips_that_are_held_are_spread_over_all_shards(folder: Path) -> None:
    held = HeldClips(str(folder), "train", ClipForm(8), most=10)
    assert [clip.clip_id for clip in held.clips] == [f"{number:05d}" for number in range(0, 50, 5)]
    samples = tiny_samples(50)
    np.testing.assert_array_equal(held.faces(3), samples[15].faces)
    np.testing.assert_array_equal(held.sound(9), samples[45].sound)
    assert held.clips[3].video == "v5"


def test_media_are_decoded_as_the_training_wants_them(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 32, 32, 10.0) as writer:
        for number in range(20):
            writer.add_image(np.full((32, 32, 3), 10 * number, np.uint8))
    save_audio(tmp_path / "a.wav", np.linspace(0, 0.5, 32000, dtype=np.float32))
    files = {
        "face.mp4": (tmp_path / "a.mp4").read_bytes(),
        "wav": (tmp_path / "a.wav").read_bytes(),
    }
    write_shard([("a", {**files, "json": b'{"video": "v"}'})], tmp_path / "train-000000.tar")
    (sample,) = read_shard(str(tmp_path), "train-000000.tar", ClipForm(16, 2, 1.5))
    assert sample.faces.shape == (2, 3, 16, 16) and sample.sound.shape == (24000,)
    assert sample.faces[0].mean() == pytest.approx(50, abs=8)  # a quarter through
    assert sample.faces[1].mean() == pytest.approx(150, abs=8)
    assert sample.sound[-1] == pytest.approx(0.375 * 32767, abs=40)


@pytest.mark.parametrize("keys", [["a", "a"], ["a.b"], ["a/b"], []])
def test_keys_that_cannot_be_told_apart_are_refused(tmp_path: Path, keys: list[str]) -> None:
    samples = [(key, sample.files()) for key, sample in zip(keys, tiny_samples(2), strict=False)]
    with pytest.raises(ManifestError):
        write_shard(samples, tmp_path / "out.tar")
    assert not (tmp_path / "out.tar").exists()


def test_a_folder_of_something_else_and_a_damaged_shard_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    for address in (str(tmp_path), "memory://nothing", "nosuch://bucket/a"):
        with pytest.raises(ManifestError, match="expected a folder of training shards"):
            read_index(address)
    with pytest.raises(ManifestError, match=r"of split 'valid'; splits found: \['train'\]"):
        read_index(str(folder), "valid")
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("00000.json"))
    with pytest.raises(ManifestError, match="damaged sample"):
        list(read_shard(str(tmp_path), "bad.tar"))
    whole = (folder / "train-000001.tar").read_bytes()
    for content in (b"", whole[:700], whole[:3000], b"x" * 5000):
        (tmp_path / "bad.tar").write_bytes(content)
        with pytest.raises(ManifestError, match=r"bad\.tar: "):
            list(read_shard(str(tmp_path), "bad.tar"))
    sample = tiny_samples(1)[0]
    whole_head = sample.files()["faces.npy"].replace(b"'shape': (", b"'shape': \0")
    for change in (
        {"faces": sample.faces[:0]},
        {"faces": sample.faces.transpose(0, 2, 3, 1)},
        {"sound": sample.sound.astype(np.float32)},
        {"about": [1]},
        {},
    ):
        damaged = sample._replace(**change).files() | ({} if change else {"faces.npy": whole_head})
        with tarfile.open(tmp_path / "b.tar", "w") as tar:
            for ending, content in damaged.items():
                (info := tarfile.TarInfo(f"a.{ending}")).size = len(content)
                tar.addfile(info, io.BytesIO(content))
        with pytest.raises(ManifestError, match=r"b\.tar: a: damaged sample"):
            list(read_shard(str(tmp_path), "b.tar"))
    rows = read_index(str(folder))["shards"]
    shutil.copytree(folder, tmp_path / "lies")
    write_index(tmp_path / "lies", [{**rows[0], "samples": 9}])
    with pytest.raises(ManifestError, match="9 samples, 7 by video"):
        read_index(str(tmp_path / "lies"))
