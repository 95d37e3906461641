"""The official lists, real and in miniature."""

import gzip
import time
from pathlib import Path

import pytest

from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.pins_lists import read_pins_lists

PAIRS = {"random": 30496, "G": 30496, "N": 28193, "A": 30496, "GNA": 27280}
SEEN_PAIRS = {"random": 18020, "G": 18020, "N": 17840, "A": 18020, "GNA": 17380}


def test_miniature_lists_are_read(miniature) -> None:
    lists = read_pins_lists(miniature.lists)
    assert [(pairs.stratum, len(pairs.same)) for pairs in lists.verification] == [
        ("random", 24), ("G", 24),
    ]  # fmt: skip
    for pairs in lists.verification:
        for voice, face, same in zip(pairs.voices, pairs.faces, pairs.same, strict=True):
            assert (voice.person == face.person) == same
    assert len(lists.faces()) == 12 and len(lists.voices()) == 12  # each file once


def test_official_lists_are_read_whole_within_seconds(real_data: Path) -> None:
    start = time.process_time()
    lists = read_pins_lists(real_data / "pins_lists")
    assert time.process_time() - start < 15
    sizes = {(part.condition, part.stratum): len(part.same) for part in lists.verification}
    for stratum, count in PAIRS.items():
        assert sizes["unseenunheard", stratum] == count
        assert sizes["seenheard", stratum] == SEEN_PAIRS[stratum]
    for part in lists.verification:
        assert all(
            (voice.person == face.person) == same
            for voice, face, same in zip(part.voices, part.faces, part.same, strict=True)
        )
    assert len(lists.matching) == 8
    for trials in lists.matching:
        for query, (right, wrong) in zip(trials.queries, trials.candidates, strict=True):
            assert query.person == right.person != wrong.person
    assert len(lists.retrieval_faces) == len(lists.retrieval_voices) == 20_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("veriflist_test_G_seenheard.txt", "a,b\n", "expected the columns"),
        ("veriflist_test_G_seenheard.txt.gz", "no gzip", "damaged"),
        ("matching_v2f_U.csv", "one two\n", "three paths"),
        ("matching_v2f_U.csv", "one two three\n", "expected person/video"),
    ],
)
def test_damaged_lists_are_named(miniature, tmp_path: Path, name, content, message) -> None:
    (tmp_path / "vox1_meta.csv").write_bytes((miniature.lists / "vox1_meta.csv").read_bytes())
    (tmp_path / name).write_text(content)
    with pytest.raises(ManifestError, match=message):
        read_pins_lists(tmp_path)


def test_a_folder_without_lists_is_refused(miniature, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such folder"):
        read_pins_lists(tmp_path / "none")
    with pytest.raises(ManifestError, match="vox1_meta"):
        read_pins_lists(tmp_path)
    (tmp_path / "vox1_meta.csv").write_bytes((miniature.lists / "vox1_meta.csv").read_bytes())
    with pytest.raises(ManifestError, match="holds none"):
        read_pins_lists(tmp_path)


def test_a_list_with_a_broken_stream_is_named(miniature, tmp_path: Path) -> None:
    (tmp_path / "vox1_meta.csv").write_bytes((miniature.lists / "vox1_meta.csv").read_bytes())
    whole = gzip.compress(b"id,voice-speaker-id\n" * 50)
    broken = whole[:10] + b"\xff" + whole[11:]  # no such kind of block
    (tmp_path / "veriflist_test_G_seenheard.txt.gz").write_bytes(broken)
    with pytest.raises(ManifestError, match="damaged"):
        read_pins_lists(tmp_path)
