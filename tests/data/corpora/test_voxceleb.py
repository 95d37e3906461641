"""Paths of VoxCeleb1's releases."""

from pathlib import Path

import pytest

from pins_plugin.data.corpora.voxceleb import MediaKey, VoxCelebFolder, parse_key, read_ids
from pins_plugin.errors import ManifestError

IDS = {"A.J._Buckley": "id10001"}


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("A.J._Buckley/Y8h_VOBuels_0000003.wav", 3),
        ("id10001/Y8h_VOBuels/00003.wav", 3),
        ("A.J._Buckley/Y8h_VOBuels/0002275.jpg", 2275),
        ("A.J._Buckley/1.6/Y8h_VOBuels/0002275.jpg", 2275),
    ],
)
def test_every_spelling_is_the_same_key(path: str, number: int) -> None:
    assert parse_key(path, IDS) == MediaKey("id10001", "Y8h_VOBuels", number)


@pytest.mark.parametrize("path", ["x", "a/b", "a/b/c/d/e.wav", "a/b/c.wav"])
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ManifestError, match="expected person/video"):
        parse_key(path, IDS)


@pytest.mark.parametrize("folder", ["", "wav", "vox1_dev_wav/wav", "x/y/z"])
@pytest.mark.parametrize(
    "file", ["id10001/vid/00003.wav", "A.J._Buckley/vid_0000003.wav", "id10001/vid/00003.m4a"]
)
def test_an_utterance_is_found_wherever_it_lies(tmp_path: Path, folder: str, file: str) -> None:
    path = tmp_path / folder / file
    path.parent.mkdir(parents=True)
    path.touch()
    found = VoxCelebFolder(tmp_path, IDS)
    assert found.voice(MediaKey("id10001", "vid", 3)) == path
    assert found.voice(MediaKey("id10001", "vid", 4)) is None
    assert found.face(MediaKey("id10001", "vid", 3)) is None


def test_a_meta_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "meta.csv").write_text("a,b,c\n")
    with pytest.raises(ManifestError, match="tab-separated"):
        read_ids(tmp_path / "meta.csv")
