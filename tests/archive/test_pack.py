"""Packing clips into shards: nothing twice, unreadable clips cost themselves, the same bytes from any worker."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_clips import write_tiny_clips

from pins_plugin.archive.many import Machinery
from pins_plugin.archive.pack import pack_clips
from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.training.tar_shards import ClipForm, read_index, read_shard
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip

FORM = ClipForm(16, 2, 0.5)
SHARD = 10 * (2 * 3 * 16 * 16 + 16_000)  # ten clips
HERE = Machinery(jobs=0)
DEADLY = {"p01c0", "p02c3"}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[TalkingFaceClip]:
    return read_manifest(write_tiny_clips(tmp_path_factory.mktemp("clips")))


def _pack(clips: list[TalkingFaceClip], out: Path, machinery: Machinery = HERE, part: str = ""):
    return pack_clips(clips, out, FORM, machinery, part=part, shard_bytes=SHARD, quiet=True)


def _bytes(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.tar"))}


def test_every_clip_is_packed_once_videos_stay_whole_and_people_are_mixed(
    clips: list[TalkingFaceClip], tmp_path: Path
) -> None:
    totals, skipped = _pack(clips, tmp_path)
    assert (totals.done, totals.failed, skipped) == (6, 0, {})
    found = {}
    for split, number in (("train", 36), ("valid", 12)):
        shards = read_index(str(tmp_path), split)["shards"]
        samples = [s for each in shards for s in read_shard(str(tmp_path), each["name"])]
        assert len(samples) == number
        runs = [video for each in shards for video, _ in each["videos"]]
        assert len(runs) <= len(set(runs)) + len(
            shards
        )  # a video is cut by the end of a shard only
        found |= {sample.key: sample.about["identity"] for sample in samples}
    assert found == {clip.clip_id: clip.identity for clip in clips}
    first = read_index(str(tmp_path), "train")["shards"][0]["videos"]
    assert (
        len({video[:3] for video, _ in first}) > 3
    )  # people of a shard, of whom each has two videos


def test_a_second_run_packs_what_is_new_or_lost(
    clips: list[TalkingFaceClip], tmp_path: Path
) -> None:
    _pack(clips, tmp_path)
    state = _bytes(tmp_path)
    (tmp_path / "train-000001.tar").unlink()
    totals, _ = _pack(clips, tmp_path)
    assert (totals.done, totals.already) == (1, 5)
    assert _bytes(tmp_path) == state


def _deadly_faces(path: Path, size: int, num_frames: int) -> np.ndarray:
    """As a decoder that crashes on two of the clips, and one that was killed once from outside."""
    once = Path(os.environ["PINS_KILLED_ONCE"])
    if path.name in DEADLY:
        os.kill(os.getpid(), signal.SIGSEGV)
    if not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return load_faces(path, size, num_frames=num_frames)


def test_clips_that_crash_the_decoder_cost_themselves(
    clips: list[TalkingFaceClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *sys.path]))
    monkeypatch.setenv("PINS_KILLED_ONCE", str(tmp_path / "once"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    form = FORM._replace(read_faces=_deadly_faces)
    chosen = [clip for clip in clips if clip.split == "train"][:16]
    totals, skipped = pack_clips(chosen, tmp_path / "out", form, Machinery(jobs=1, cpus=1), quiet=True)  # fmt: skip
    assert totals.failed == 0 and skipped.keys() == DEADLY
    assert all("killed, crashed or hung at it twice" in why for why in skipped.values())
    (shard,) = read_index(str(tmp_path / "out"))["shards"]
    assert shard["samples"] == 14
    assert not list((tmp_path / "out").glob("*.at"))


def test_workers_and_parts_give_the_same_bytes(
    clips: list[TalkingFaceClip], tmp_path: Path
) -> None:
    _pack(clips, tmp_path / "here")
    _pack(clips, tmp_path / "jobs", Machinery(jobs=2, cpus=1))
    assert _bytes(tmp_path / "here") == _bytes(tmp_path / "jobs")
    for number in (1, 2):
        _pack(clips[number - 1 :: 2], tmp_path / "parts", part=f"-{number}-of-2")
    shards = read_index(str(tmp_path / "parts"))["shards"]
    assert sum(shard["samples"] for shard in shards) == len(clips)


def test_clips_that_cannot_be_read_cost_themselves(
    clips: list[TalkingFaceClip], tmp_path: Path
) -> None:
    gone = replace(clips[0], faces=tmp_path / "nothing.mp4")
    totals, skipped = _pack([gone, *clips[1:]], tmp_path / "out")
    assert list(skipped) == [clips[0].clip_id] and totals.failed == 0
    shards = read_index(str(tmp_path / "out"))["shards"]
    assert sum(shard["samples"] for shard in shards) == len(clips) - 1
    with pytest.raises(ManifestError, match="no clip of split"):
        _pack([replace(clip, split="") for clip in clips], tmp_path / "none")
