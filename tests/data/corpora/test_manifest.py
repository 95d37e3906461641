"""A manifest survives a round trip, and says what is wrong with it."""

from pathlib import Path

import pytest

from pins_plugin.data.corpora.manifest import read_manifest, write_manifest
from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip


def _clip(folder: Path, name: str, split: str = "train") -> TalkingFaceClip:
    return TalkingFaceClip(
        name, "p1", "v1", folder / f"{name}.png", folder / f"{name}.wav", split, {"gender": "f"}
    )


def test_round_trip_with_relative_paths(tmp_path: Path) -> None:
    clips = [_clip(tmp_path, "a"), _clip(tmp_path, "b", "test")]
    write_manifest(tmp_path / "manifest.csv", clips)
    assert "a.png" in (tmp_path / "manifest.csv").read_text()
    assert str(tmp_path) not in (tmp_path / "manifest.csv").read_text()
    assert read_manifest(tmp_path / "manifest.csv") == clips
    assert read_manifest(tmp_path / "manifest.csv", split="test") == clips[1:]


def test_files_elsewhere_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_manifest("data/manifest.csv", [_clip(Path("media"), "a")])
    (clip,) = read_manifest("data/manifest.csv")
    assert clip.audio == tmp_path / "media" / "a.wav"


def test_a_clip_of_one_file_needs_a_file_and_a_person(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("file,person,licence\na/01.mp4,anna,free\nb/01.mp4,ben,free\n")
    first, second = read_manifest(tmp_path / "m.csv")
    assert first.faces == first.audio == tmp_path / "a" / "01.mp4"
    assert (first.clip_id, first.identity, first.split) == ("a/01", "anna", "")
    assert first.attributes == {"licence": "free"} and second.video == "b/01"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("clip_id,identity,video,faces,audio\n", "is empty"),
        ("clip_id,identity\na,b\n", "add video, faces, audio"),
        ("clip_id,identity,video,faces,audio\na,p,v,f,s\na,p,v,f,s\n", "'a' stands twice"),
        ("file,person\na.mp4,anna\n,ben\n", "line 3: .*no clip_id"),
        ("clip_id,identity,video,faces,audio\n,p,v,f,s\n", "line 2: .*no clip_id"),
    ],
)
def test_bad_manifest_is_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ManifestError, match=message):
        read_manifest(tmp_path / "m.csv")


def test_missing_manifest_and_split(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file"):
        read_manifest(tmp_path / "m.csv")
    write_manifest(tmp_path / "m.csv", [_clip(tmp_path, "a")])
    with pytest.raises(ManifestError, match="splits found: train"):
        read_manifest(tmp_path / "m.csv", split="test")


def test_where_no_row_says_a_split_all_are_trained_on(tmp_path: Path) -> None:
    """Clips of one's own had to be given a column by hand before `pins train` took them."""
    path = tmp_path / "manifest.csv"
    rows = ["clip_id,identity,video,faces,audio", "a,x,v,f,s", "b,y,w,f,s"]
    path.write_text("\n".join(rows))
    assert len(read_manifest(path, "train")) == 2
    with pytest.raises(ManifestError, match="no row of split 'test'"):
        read_manifest(path, "test")
    path.write_text("\n".join([f"{rows[0]},split", f"{rows[1]},valid", f"{rows[2]},"]))
    with pytest.raises(ManifestError, match="no row of split 'train'"):
        read_manifest(path, "train")


def test_only_line_ends_part_rows(tmp_path: Path) -> None:
    from pins_plugin.data.corpora.manifest import read_manifest

    path = tmp_path / "manifest.csv"
    path.write_text(
        "clip_id,identity,video,faces,audio,quote\na,b,v,x.png,y.wav,one\u2028two\u0085three\n",
        encoding="utf-8",
    )
    (clip,) = read_manifest(path)
    assert clip.attributes["quote"] == "one\u2028two\u0085three"
