"""Clips in public repositories: each is found under its name, cut out where the table says so, and missed aloud."""

from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest
import yaml
from recipe_scripts import load_recipe

from pins_plugin.errors import PinsError

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
HEADER = "file,person,corpus,repository,object,late_frames,crop\n"


@pytest.fixture
def found_clips() -> ModuleType:
    return load_recipe("Pretrained/found_clips.py")


def _write_two_side_by_side(path: Path) -> None:
    """Left half black, right half white; half a second of sound."""
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:, 64:] = 255
    with av.open(str(path), "w") as file:
        video = file.add_stream("ffv1", rate=25, width=128, height=64, pix_fmt="bgr0")
        sound = file.add_stream("pcm_s16le", rate=16000, layout="mono")
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            file.mux(video.encode(frame))
        heard = av.AudioFrame.from_ndarray(np.ones((1, 8000), np.int16), "s16", "mono")
        heard.sample_rate = 16000
        file.mux(sound.encode(heard))
        file.mux(video.encode(None))
        file.mux(sound.encode(None))


def test_a_clip_is_given_as_it_is_and_a_crop_is_cut_out(
    found_clips: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cropped = tmp_path / "cropped"
    for folder in (tmp_path / "found", cropped):
        folder.mkdir()
    for name in ("a.mkv", "b.mkv"):
        _write_two_side_by_side(tmp_path / "found" / name)
    table = tmp_path / "table.csv"
    table.write_text(HEADER + "a.mkv,h01,HDTF,o/n,1,-1,\nb.mkv,h02,HDTF,o/n,2,3,64 0 64 64\n")
    monkeypatch.setattr(found_clips, "TABLE", table)
    whole, cut = found_clips.read_found(tmp_path, cropped)
    assert whole == (tmp_path / "found" / "a.mkv", "h01", -1)
    assert cut == (cropped / "b.mkv", "h02", 3)
    with av.open(str(cut.file)) as file:
        pictures = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    with av.open(str(cut.file)) as file:
        num_samples = sum(frame.samples for frame in file.decode(audio=0))
    assert len(pictures) == 12 and pictures[0].shape == (64, 64, 3) and pictures[0].min() > 250
    assert num_samples == 8000


def test_a_missing_clip_is_named_with_where_it_comes_from(
    found_clips: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(PinsError, match=r"h01.*expected object [0-9a-f]{40} of github.com/.+/"):
        list(found_clips.read_found(tmp_path, tmp_path))


def test_who_learns_is_in_the_table_or_in_clips_and_nobody_who_chooses_learns(
    found_clips: ModuleType,
) -> None:
    split = yaml.safe_load((RECIPES / "RealPeople" / "split.yaml").read_text())
    listed = {line.split(",")[1] for line in found_clips.TABLE.read_text().splitlines()[1:]}
    learning = set(split["learning"])
    assert len(learning) == len(split["learning"]) == 45
    assert {person for person in learning if person[0] != "p"} == listed
    assert not learning & set(split["choosing"])
