"""Trial lists: read by hand, and every mistake explained."""

from pathlib import Path

import pytest

from pins_plugin.data.corpora.trial_list import read_trial_list
from pins_plugin.errors import ManifestError


def test_list_by_hand(tmp_path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("1 id2/v/1.wav id2/w/1.wav\n0 id2/v/1.wav id1/x/1.wav\n\n")
    trials = read_trial_list(path)
    assert trials.paths == ["id1/x/1.wav", "id2/v/1.wav", "id2/w/1.wav"]
    assert trials.identities() == ["id1", "id2", "id2"]
    assert trials.same.tolist() == [True, False]
    assert (trials.first.tolist(), trials.second.tolist()) == ([1, 1], [2, 0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 a\n", "trial 1: expected '0 path1 path2'"),
        ("1 a b\n2 a c\n", "trial 2"),
        ("1 a b\n", "expected trials of both kinds, got 1 of 1"),
        ("", "got 0 of 0"),
    ],
)
def test_mistakes_are_explained(tmp_path, text: str, message: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(ManifestError, match=message):
        read_trial_list(path)


def test_a_missing_list_is_explained(tmp_path) -> None:
    with pytest.raises(ManifestError, match="no such file"):
        read_trial_list(tmp_path / "list.txt")


def test_a_list_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("1 id1/é.wav id1/b.wav\n".encode("latin-1"))
    with pytest.raises(ManifestError, match="UTF-8"):
        read_trial_list(path)
