"""Which face speaks, frame by frame: probabilities, and files that the field's scorers read."""

import csv
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pandas
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import MissingExtraError
from pins_plugin.evaluation.active_speakers import read_ava, score_active_speakers
from pins_plugin.formats.active_speakers import (
    SPEAKER_COLUMNS,
    active_speakers,
    speaking_probability,
    to_active_speakers,
    to_ava,
    to_parquet,
)
from pins_plugin.formats.boxes import Picture

AVA = ["video_id", "frame_timestamp", "x1", "y1", "x2", "y2", "label", "entity_id"]


def _at(linked: LinkedVideo, person: str, time: float) -> float:
    return float(speaking_probability(linked, person, np.array([time]))[0])


def test_probability_of_speaking(linked: LinkedVideo, names: tuple) -> None:
    anna, ben, other = names
    assert _at(linked, anna, 2.0) == pytest.approx(0.9)
    assert _at(linked, other, 2.0) == pytest.approx(
        0.1 / 2
    )  # shared with whoever is out of the picture
    assert _at(linked, anna, 0.7) == 0  # nobody speaks
    assert _at(linked, ben, 4.8) == pytest.approx(
        0.4 / 2
    )  # somebody who is not on screen, surer than not
    assert _at(linked, anna, 3.7) == pytest.approx(1 - 0.1 * (1 - 0.4 / 2))  # overlap


def test_rows_at_the_rate_of_the_video_and_at_one_asked_for(linked: LinkedVideo) -> None:
    own = list(active_speakers(linked))
    assert len(own) == sum(len(track.times) for track in linked.tracks)
    asked = list(active_speakers(linked, rate=10))
    first = [row for row in asked if row.track == "T1"]
    assert [row.time for row in first][:2] == pytest.approx([0.5, 0.6])
    assert len(first) == 40
    assert first[5].box == pytest.approx(tuple(linked.tracks[0].box_at(1.0)))


def test_table_comes_back(linked: LinkedVideo) -> None:
    rows = list(csv.DictReader(StringIO(to_active_speakers(linked))))
    assert tuple(rows[0]) == SPEAKER_COLUMNS
    told = list(active_speakers(linked))
    assert [(row["track"], row["person"]) for row in rows] == [(r.track, r.person) for r in told]
    assert [float(row["speaking"]) for row in rows] == pytest.approx([r.speaking for r in told], abs=1e-4)  # fmt: skip


def test_parquet_is_the_same_table(linked: LinkedVideo, empty: LinkedVideo, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(to_parquet(linked))
    rows, table = pandas.read_parquet(tmp_path / "a.parquet"), pandas.read_csv(StringIO(to_active_speakers(linked)))  # fmt: skip
    assert rows.values.tolist() == table.values.tolist()
    (tmp_path / "b.parquet").write_bytes(to_parquet(empty))
    assert list(pandas.read_parquet(tmp_path / "b.parquet")) == list(SPEAKER_COLUMNS)


def test_parquet_says_what_to_install(linked: LinkedVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in ("fastparquet", "pyarrow"):
        monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pins_plugin\[parquet\]'"):
        to_parquet(linked)


def test_ava_time_stamps_are_told_apart_at_any_rate(linked: LinkedVideo, picture: Picture) -> None:
    for rate, digits in ((60, 2), (240, 4)):
        rows = list(csv.reader(StringIO(to_ava(linked, picture, rate))))
        assert len({(row[1], row[7]) for row in rows}) == len(rows)
        assert {len(row[1].split(".")[1]) for row in rows} == {digits}


def test_ava_files_are_read_as_its_scorer_reads_them(linked: LinkedVideo, picture: Picture) -> None:
    """Columns, unique ids and constant labels as get_ava_active_speaker_evaluation.py asks for them."""
    truth = pandas.read_csv(StringIO(to_ava(linked, picture)), header=None, names=AVA)
    predicted = pandas.read_csv(StringIO(to_ava(linked, picture, scored=True)), header=None, names=[*AVA, "score"])  # fmt: skip
    for frame in (truth, predicted):
        frame["uid"] = frame["frame_timestamp"].map(str) + ":" + frame["entity_id"]
        assert frame["uid"].is_unique
        assert frame[["x1", "y1", "x2", "y2"]].stack().between(0, 1).all()
    assert predicted["label"].unique().tolist() == ["SPEAKING_AUDIBLE"]
    assert predicted["score"].count() == len(truth)
    merged = truth.merge(predicted, on="uid", validate="1:1")
    assert np.allclose(merged["x1_x"], merged["x1_y"])
    assert set(truth["label"]) == {"SPEAKING_AUDIBLE", "NOT_SPEAKING"}


def test_own_labels_score_full_marks(linked: LinkedVideo, picture: Picture, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(to_ava(linked, picture), encoding="utf-8")
    (tmp_path / "b.csv").write_text(to_ava(linked, picture, scored=True), encoding="utf-8")
    truth, predictions = read_ava(tmp_path / "a.csv"), read_ava(tmp_path / "b.csv")
    for by_box in (False, True):
        found = score_active_speakers(truth, predictions, by_box)
        assert (found.mean_average_precision, found.num_missed) == (1.0, 0)


def test_nobody_speaks(empty: LinkedVideo, make: Callable[..., LinkedVideo], picture: Picture) -> None:  # fmt: skip
    assert to_active_speakers(empty).splitlines() == [",".join(SPEAKER_COLUMNS)]
    assert to_ava(empty, picture) == ""
    silent = make(links=[])
    assert {row.speaking for row in active_speakers(silent)} == {0.0}
