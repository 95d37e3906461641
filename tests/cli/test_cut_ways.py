"""`pins cut` writes the same bytes one by one, by workers, on Ray and in parts."""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.cli import main
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.data.training.tar_shards import read_files, read_index

JOBS = ["--jobs", "2", "--cpus_per_worker", "1"]


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos of eight seconds, one of which has the name of another in another folder; a fourth is damaged."""
    folder = tmp_path_factory.mktemp("archive")
    for number, name in enumerate(("day1/talk", "day2/talk", "day2/ü b", "day3/bad")):
        video = folder / "videos" / f"{name}.mp4"
        video.parent.mkdir(parents=True, exist_ok=True)
        with VideoWriter(video, 160, 120, 25, sample_rate=16000) as writer:
            for _ in range(200):
                writer.add_image(np.full((120, 160, 3), 60 + 30 * number, np.uint8))
            writer.add_sound(0.2 * np.sin(np.arange(128000) / (4 + number)).astype(np.float32))
        turns = [(0, 8, "A", 0.95), (4, 4.5, None, 0.9)]
        links = {
            "version": 1, "video": str(video), "duration": 8.0,
            "links": [{"start": a, "end": b, "speaker": f"S{p}", "person": p, "box": None, "confidence": c} for a, b, p, c in turns],
            "tracks": [{"track": "T1", "person": "A", "boxes": [[round(0.04 * k, 2), 20, 10, 110, 110] for k in range(200)]}],
        }  # fmt: skip
        result = folder / "linked" / name / "links.json"
        result.parent.mkdir(parents=True)
        result.write_text(json.dumps(links))
        if number == 3:
            video.write_bytes(b"no video")
    return folder / "linked"


def _cut(linked: Path, out: Path, *options: str) -> dict[str, bytes]:
    """All files but those of a run: its totals, and what failed."""
    main(["cut", str(linked), "--out", str(out), "--any_sync", "--quiet", *options])
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith((".", "summary")) and "failed" not in str(path.relative_to(out))
    }  # fmt: skip


def _samples(out: Path) -> dict[str, dict[str, bytes]]:
    names = [shard["name"] for shard in read_index(str(out))["shards"]]
    return {key: files for name in names for key, files in read_files(out / name)}


@pytest.mark.parametrize("tar", [(), ("--tar",)], ids=["files", "tar"])
def test_each_way_writes_the_same_bytes(
    linked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tar: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    expected = _cut(linked, tmp_path / "one by one", *tar)
    assert sum(name.endswith((".wav", ".tar")) for name in expected) == (1 if tar else 6)
    assert _cut(linked, tmp_path / "here", "--jobs", "0", *tar) == expected
    assert _cut(linked, tmp_path / "jobs", *JOBS, *tar) == expected
    for number in (1, 2):
        parts = _cut(linked, tmp_path / "parts", "--jobs", "0", "--shard", f"{number}/2", *tar)
    if tar:
        assert len(_samples(tmp_path / "here")) == 6
        assert _samples(tmp_path / "parts") == _samples(tmp_path / "here")
    else:
        assert parts == expected


@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray")
def test_ray_writes_the_same_bytes(
    linked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    expected = _cut(linked, tmp_path / "here", "--jobs", "0", "--tar")
    try:
        assert _cut(linked, tmp_path / "ray", *JOBS, "--ray", "local", "--tar") == expected
    finally:
        ray.shutdown()
