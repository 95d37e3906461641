"""ELAN read by pympi, TextGrid by praatio, Audacity labels as its manual describes them."""

import csv
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from praatio import textgrid
from pympi import Eaf

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.annotation import to_audacity, to_elan, to_textgrid
from pins_plugin.formats.cues import UNKNOWN, make_stretches, make_tiers


@pytest.mark.parametrize("kind", ["linked", "told"])
def test_pympi_reads_elan_tiers(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    linked: LinkedVideo = request.getfixturevalue(kind)
    path = tmp_path / "a.eaf"
    path.write_text(to_elan(linked, tmp_path), encoding="utf-8")
    eaf = Eaf(str(path))
    tiers = make_tiers(linked)
    assert list(eaf.get_tier_names()) == list(tiers)
    for name, cues in tiers.items():
        wanted = [(round(1000 * cue.start), round(1000 * cue.end), cue.text) for cue in cues]
        assert [row[:3] for row in eaf.get_annotation_data_for_tier(name)] == wanted
    [media] = eaf.get_linked_files()
    assert (tmp_path / unquote(media["RELATIVE_MEDIA_URL"])).resolve() == Path(linked.video).resolve()  # fmt: skip


@pytest.mark.parametrize("kind", ["linked", "told"])
def test_praatio_reads_textgrid_without_gaps(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:  # fmt: skip
    linked: LinkedVideo = request.getfixturevalue(kind)
    path = tmp_path / "a.TextGrid"
    path.write_text(to_textgrid(linked), encoding="utf-8")
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True)
    tiers = make_tiers(linked)
    assert grid.tierNames == tuple(tiers)
    for name, cues in tiers.items():
        entries = grid.getTier(name).entries
        assert entries[0].start == 0 and entries[-1].end == pytest.approx(12.0)
        assert all(first.end == second.start for first, second in pairwise(entries))  # fmt: skip
        said = [(entry.start, entry.end, entry.label) for entry in entries if entry.label]
        assert said == [
            (pytest.approx(cue.start), pytest.approx(cue.end), cue.text or name) for cue in cues
        ]


def test_audacity_labels_are_three_columns(told: LinkedVideo) -> None:
    rows = [line.split("\t") for line in to_audacity(told).splitlines()]
    assert [(row[0], row[1]) for row in rows] == [
        (f"{cue.start:.6f}", f"{cue.end:.6f}") for cue in make_stretches(told)
    ]
    assert rows[0][2].endswith(": Good evening, <b>all</b> you.")
    assert any(row[2] == f"{UNKNOWN}: Hm." for row in rows)
    assert all(len(row) == 3 for row in rows)


def test_nobody_speaks_is_a_file_too(empty: LinkedVideo, tmp_path: Path) -> None:
    (tmp_path / "a.eaf").write_text(to_elan(empty), encoding="utf-8")
    assert list(Eaf(str(tmp_path / "a.eaf")).get_tier_names()) == []
    (tmp_path / "a.TextGrid").write_text(to_textgrid(empty), encoding="utf-8")
    grid = textgrid.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=True)
    assert grid.maxTimestamp == pytest.approx(12.0)
    assert to_audacity(empty) == ""


def test_control_characters_in_a_name_do_no_harm(make: object, tmp_path: Path) -> None:
    base = make().turns[0].__dict__  # type: ignore[operator]
    linked = make(links=[base | {"person": "a\x0b\x1b\tb\nc"}])  # type: ignore[operator]
    (tmp_path / "a.eaf").write_text(to_elan(linked), encoding="utf-8")
    assert len(Eaf(str(tmp_path / "a.eaf")).get_tier_names()) == 1
    [row] = csv.reader(to_audacity(linked).splitlines(), delimiter="\t")
    assert len(row) == 3
