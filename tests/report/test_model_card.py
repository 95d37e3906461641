"""The measured part of a card comes from a report, and a newer one takes the place of an older."""

from pathlib import Path

import pytest

from pins_plugin.errors import ModelFolderError
from pins_plugin.report.model_card import group_rows, measured_section, write_measured

PART = {"roc_auc": 0.8, "ci95": [0.7, 0.9], "chance": 0.5, "eer": 0.25, "num_identities": 30}
WORSE = PART | {"roc_auc": 0.65}
REPORT = {
    "verification": PART | {"oracle": None, "eer_ci95": [0.2, 0.3], "oracle_eer": None},
    "matching": {},
    "retrieval": {},
    "groups": {"G": {"female": PART, "male": WORSE}, "A": {"20s": PART}},
}


def test_groups_stand_in_the_card_with_their_gap() -> None:
    section = measured_section(REPORT, "Thirty people.")
    assert "Thirty people." in section and "verification AUC" in section
    assert "Largest gap: gender, male 0.150 below female." in section
    assert group_rows(REPORT)[1] == ["gender: male", "30", "0.650", "0.700 - 0.900", "0.250"]


def test_a_card_without_groups_says_so() -> None:
    assert "Not measured" in measured_section({**REPORT, "groups": {}}, "")


def test_a_newer_section_replaces_the_older(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Model\n\nText.\n")
    write_measured(tmp_path, "first")
    write_measured(tmp_path, "second")
    card = (tmp_path / "README.md").read_text()
    assert card.startswith("# Model\n\nText.\n\n<!--") and card.endswith("-->\n")
    assert "second" in card and "first" not in card


def test_a_folder_without_a_card_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="card"):
        write_measured(tmp_path, "x")
