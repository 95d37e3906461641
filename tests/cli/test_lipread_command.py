"""pins lipread: the shipped reader on a real sentence, and options that are wrong."""

import json

import pytest

from pins_plugin.cli import main


def test_a_real_sentence_is_mostly_read(real_data, capsys) -> None:
    video = real_data / "grid_s1" / "bbaf2n.mp4"
    words = str(real_data / "grid_s1" / "words.csv")
    assert main(["lipread", str(video), "--words", words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["said"] for row in rows] == ["bin", "blue", "at", "f", "two", "now"]
    assert sum(row["said"] in row["words"] for row in rows) >= 4
    assert all(len(row["words"]) == len(row["probabilities"]) == 3 for row in rows)


@pytest.mark.parametrize("option", ["0.5", "b-a", "0.9-0.5"])
def test_wrong_stretches_are_one_line(tmp_path, capsys, option: str) -> None:
    assert main(["lipread", str(tmp_path / "none.mp4"), "--at", option]) == 2
    assert "expected START-END" in capsys.readouterr().err


def test_words_of_another_clip_are_explained(tmp_path, capsys) -> None:
    (tmp_path / "words.csv").write_text("clip,start_s,end_s,word\nother,0,1,a\n")
    command = ["lipread", str(tmp_path / "a.mp4"), "--words", str(tmp_path / "words.csv")]
    assert main(command) == 2
    assert "rows of clip a, got none" in capsys.readouterr().err
