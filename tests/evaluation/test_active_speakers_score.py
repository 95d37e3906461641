"""Scores of active speakers in files of AVA's layout."""

from pathlib import Path

import pytest

from pins_plugin.cli import main
from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.active_speakers import read_ava, score_active_speakers

TRUTH = """vid,900.00,0.10,0.10,0.30,0.50,SPEAKING_AUDIBLE,vid_0900_0:1
vid,900.00,0.60,0.10,0.80,0.50,NOT_SPEAKING,vid_0900_0:2
vid,900.04,0.10,0.10,0.30,0.50,SPEAKING_AUDIBLE,vid_0900_0:1
vid,900.04,0.60,0.10,0.80,0.50,SPEAKING_NOT_AUDIBLE,vid_0900_0:2
"""
SCORES = (0.9, 0.8, 0.7, 0.6)


def _predicted(scores: tuple = SCORES, entity: str = "vid_0900_0", shift: float = 0.0) -> str:
    rows = []
    for line, score in zip(TRUTH.splitlines(), scores, strict=True):
        video, time, *box, _, name = line.split(",")
        box = [f"{float(value) + shift:.3f}" for value in box]
        name = name.replace("vid_0900_0", entity)
        rows.append(",".join([video, time, *box, "SPEAKING_AUDIBLE", name, str(score)]))
    return "\n".join(rows) + "\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    truth, predictions = tmp_path / "truth.csv", tmp_path / "predictions.csv"
    truth.write_text(TRUTH, encoding="utf-8")
    predictions.write_text(_predicted(), encoding="utf-8")
    return truth, predictions


def test_mean_average_precision_by_hand(files: tuple[Path, Path]) -> None:
    """Ranks: speaks, not, speaks, not; precision 1 and 2/3 at the two that speak."""
    found = score_active_speakers(*map(read_ava, files))
    assert found.mean_average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert (found.num_rows, found.num_speaking, found.num_missed) == (4, 2, 0)


def test_faces_of_another_tracker_are_found_by_their_boxes(files: tuple[Path, Path]) -> None:
    truth = read_ava(files[0])
    files[1].write_text(_predicted(entity="mine", shift=0.02), encoding="utf-8")
    with pytest.raises(ManifestError, match="--by_box"):
        score_active_speakers(truth, read_ava(files[1]))
    found = score_active_speakers(truth, read_ava(files[1]), by_box=True)
    assert found.mean_average_precision == pytest.approx((1 + 2 / 3) / 2)
    files[1].write_text(_predicted(entity="mine", shift=0.4), encoding="utf-8")
    assert score_active_speakers(truth, read_ava(files[1]), by_box=True).num_missed == 2 + 2


def test_lists_with_a_head_are_read_by_its_names(files: tuple[Path, Path], tmp_path: Path) -> None:
    """As training code makes them of AVA's: columns of its own, and predictions that pandas wrote (900.00 becomes 900.0)."""
    import pandas

    names = ["video_id", "frame_timestamp", *(f"entity_box_{side}" for side in ("x1", "y1", "x2", "y2")), "label", "entity_id"]  # fmt: skip
    truth = pandas.read_csv(files[0], header=None, names=names)
    truth.assign(label_id=0, instance_id=truth.entity_id).to_csv(tmp_path / "val_orig.csv", index=False)  # fmt: skip
    found = truth.assign(score=SCORES, label="SPEAKING_AUDIBLE")
    found[["entity_id", *names[:-1], "score"]].to_csv(tmp_path / "val_res.csv", index=False)
    scores = [
        score_active_speakers(read_ava(one), read_ava(other)).mean_average_precision
        for one in (files[0], tmp_path / "val_orig.csv")
        for other in (files[1], tmp_path / "val_res.csv")
    ]
    assert scores == [pytest.approx((1 + 2 / 3) / 2)] * 4


def test_a_head_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("video_id,label\nv,NOT_SPEAKING\n")
    with pytest.raises(ManifestError, match="frame_timestamp"):
        read_ava(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("0.10,0.10", "0.20,0.10"), "differs"),
        (lambda text: "".join(text.splitlines(True)[:3]), "1 are missing"),
        (lambda text: text + text.splitlines(True)[0], "twice"),
    ],
)
def test_what_ava_refuses_is_refused(files: tuple[Path, Path], change: object, message: str) -> None:  # fmt: skip
    files[1].write_text(change(_predicted().replace("0.100", "0.10")), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(ManifestError, match=message):
        score_active_speakers(*map(read_ava, files))


@pytest.mark.parametrize(
    "line",
    [
        "vid,900.0,0,0,1,1,TALKS,e",
        "vid,x,0,0,1,1,NOT_SPEAKING,e",
        "vid,9,0,0,1,1,NOT_SPEAKING,e,nan",
        "a",
    ],
)
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.csv").write_text(TRUTH + line, encoding="utf-8")
    with pytest.raises(ManifestError, match="line 5"):
        read_ava(tmp_path / "a.csv")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a" * 200_000])
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=r"a\.csv"):
        read_ava(tmp_path / "a.csv")


def test_the_command_prints_it(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert main(["score", *map(str, files)]) == 0
    assert capsys.readouterr().out.startswith("mAP 83.33 %")
    assert main(["score", str(files[0]), "nowhere.csv"]) == 2
