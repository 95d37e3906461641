"""Miniature trees with VoxCeleb's exact layouts."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pins_plugin.data.corpora.voxceleb_clips import (
    find_voxceleb1,
    find_voxceleb2,
    read_splits,
    split_by_checksum,
)
from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import ManifestError, MediaError

IDS = {"A.J._Buckley": "id10001", "A.R._Rahman": "id10002", "Zack_Snyder": "id11251"}
SPLITS = {"A.J._Buckley": "train", "A.R._Rahman": "test", "Zack_Snyder": "valid"}


def write_face(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), 100, np.uint8)).save(path)


def write_voice(path: Path) -> None:
    save_audio(path, np.zeros(800, np.float32))


@pytest.fixture
def vox1(tmp_path: Path) -> Path:
    """Second release of the sound (ids), faces by name, tracks for one video."""
    root = tmp_path / "vox1"
    for number in (1, 2):
        write_voice(root / f"vox1_dev_wav/wav/id10001/1zcIwhmdeo4/{number:05d}.wav")
    write_voice(root / "vox1_test_wav/wav/id10002/QanuGhOhb9A/00001.wav")
    write_voice(root / "vox1_dev_wav/wav/id11251/ZE54Jrjcj8I/00007.wav")
    for frame in (25, 50, 1000):
        write_face(root / f"unzippedFaces/A.J._Buckley/1.6/1zcIwhmdeo4/{frame:07d}.jpg")
    write_face(root / "unzippedFaces/A.R._Rahman/1.6/QanuGhOhb9A/0035550.jpg")
    tracks = root / "vox1_dev_txt/txt/id10001/1zcIwhmdeo4"
    tracks.mkdir(parents=True)
    header = "Identity : \tid10001\nReference : \t1zcIwhmdeo4\n\nFRAME \tX \tY \tW \tH \n"
    rows = "".join(f"{frame:06d} \t1 \t1 \t9 \t9 \n" for frame in range(20, 60))
    (tracks / "00001.txt").write_text(header + rows)
    (root / "README.txt").write_text("not a track")
    return root


def test_seen_heard_videos_are_held_out(vox1: Path, tmp_path: Path) -> None:
    clips, _ = find_voxceleb1(
        vox1, SPLITS, IDS, tmp_path / "out", held_out={("id10001", "1zcIwhmdeo4")}
    )
    assert {clip.split for clip in clips if clip.identity == "A.J._Buckley"} == {"test"}


def test_voxceleb1_pairs_tracks_with_their_pictures(vox1: Path, tmp_path: Path) -> None:
    clips, skipped = find_voxceleb1(vox1, SPLITS, IDS, tmp_path / "out")
    found = {clip.clip_id: clip for clip in clips}
    assert set(found) == {
        "id10001-1zcIwhmdeo4-00001",
        "id10001-1zcIwhmdeo4-00002",
        "id10002-QanuGhOhb9A-00001",
    }
    tracked = found["id10001-1zcIwhmdeo4-00001"]
    assert sorted(path.name for path in tracked.faces.iterdir()) == ["0000025.jpg", "0000050.jpg"]
    assert (tracked.identity, tracked.split) == ("A.J._Buckley", "train")
    assert tracked.video == "id10001/1zcIwhmdeo4"
    untracked = found["id10001-1zcIwhmdeo4-00002"]
    assert len(list(untracked.faces.iterdir())) == 3  # no track: the whole video
    assert found["id10002-QanuGhOhb9A-00001"].split == "test"
    assert list(skipped.values()) == ["no pictures of this video"]
    assert find_voxceleb1(vox1, SPLITS, IDS, tmp_path / "out")[0] == clips  # again


def test_first_release_is_understood(tmp_path: Path) -> None:
    write_voice(tmp_path / "voxceleb1_wav/A.J._Buckley/1zcIwhmdeo4_0000003.wav")
    write_face(tmp_path / "unzippedFaces/A.J._Buckley/1.6/1zcIwhmdeo4/0000025.jpg")
    clips, skipped = find_voxceleb1(tmp_path, SPLITS, IDS, tmp_path / "out")
    assert [clip.clip_id for clip in clips] == ["id10001-1zcIwhmdeo4-00003"]
    assert not skipped


def test_face_videos_stand_for_pictures_and_ids_for_names(tmp_path: Path) -> None:
    write_voice(tmp_path / "wav/id10001/1zcIwhmdeo4/00001.wav")
    (tmp_path / "mp4/id10001/1zcIwhmdeo4").mkdir(parents=True)
    (tmp_path / "mp4/id10001/1zcIwhmdeo4/00001.mp4").touch()
    clips, skipped = find_voxceleb1(tmp_path, {"id10001": "valid"}, IDS, tmp_path / "out")
    assert [(clip.identity, clip.split, clip.faces.suffix) for clip in clips] == [
        ("A.J._Buckley", "valid", ".mp4")
    ]
    assert not skipped


def test_what_pairs_with_nothing_is_named(vox1: Path, tmp_path: Path) -> None:
    alone = vox1 / "unzippedFaces/Zack_Snyder/1.6/abcdefghijk"
    write_face(alone / "0000025.jpg")
    write_voice(vox1 / "wav/id10001/1zcIwhmdeo4/noise.wav")
    skipped = find_voxceleb1(vox1, SPLITS, IDS, tmp_path / "out")[1]
    assert skipped[str(alone)] == "no utterance of this video"
    assert any(path.endswith("noise.wav") for path in skipped)


def test_people_outside_the_splits_are_named(vox1: Path, tmp_path: Path) -> None:
    clips, skipped = find_voxceleb1(vox1, {"A.R._Rahman": "test"}, IDS, tmp_path / "out")
    assert len(clips) == 1
    assert "A.J._Buckley is not in the splits" in skipped.values()


def test_voxceleb2_pairs_video_with_sound(tmp_path: Path) -> None:
    for part, person in (("dev", "id00012"), ("test", "id00017")):
        for number in (1, 2):
            path = tmp_path / part / f"mp4/{person}/21Uxsk56VDQ/{number:05d}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            with VideoWriter(path, 16, 16, 25) as writer:
                writer.add_image(np.zeros((16, 16, 3), np.uint8))
        sound = tmp_path / part / f"aac/{person}/21Uxsk56VDQ/00001.m4a"
        sound.parent.mkdir(parents=True)
        sound.write_bytes(b"")
    (sound.parent / "00009.m4a").write_bytes(b"")
    clips, skipped = find_voxceleb2(tmp_path)
    assert [(clip.identity, clip.split) for clip in clips] == 2 * [("id00012", "train")] + 2 * [
        ("id00017", "test")
    ]
    assert [clip.audio.suffix for clip in clips[:2]] == [".m4a", ".mp4"]  # its own sound, if any
    assert skipped == {str(sound.parent / "00009.m4a"): "no video of this clip"}


def test_official_splits_are_read(tmp_path: Path) -> None:
    (tmp_path / "splits.txt").write_text("A.J._Buckley 1 \nA.R._Rahman 4 \nZack_Snyder 2\n")
    assert read_splits(tmp_path / "splits.txt") == SPLITS


def test_real_splits_have_the_published_sizes(real_data: Path) -> None:
    splits = list(read_splits(real_data / "pins_lists" / "identity_splits.txt").values())
    counts = {name: splits.count(name) for name in ("train", "valid", "test")}
    assert counts == {"train": 901, "valid": 100, "test": 250}


@pytest.mark.parametrize("text", ["", "A.J._Buckley\n", "A.J._Buckley 7\n"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "splits.txt").write_text(text)
    with pytest.raises(ManifestError, match="expected lines"):
        read_splits(tmp_path / "splits.txt")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="absent"):
        find_voxceleb2(tmp_path / "absent")


def test_checksum_splits_have_their_share() -> None:
    splits = [split_by_checksum(f"id{number:05d}", 0.1) for number in range(2000)]
    assert abs(splits.count("valid") / 2000 - 0.1) < 0.03


def test_splits_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "splits.txt").write_bytes("Bjö_rk 1\n".encode("latin-1"))
    with pytest.raises(ManifestError, match="UTF-8"):
        read_splits(tmp_path / "splits.txt")
