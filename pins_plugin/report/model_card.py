"""The measured part of a model card: how well, on whom, and how evenly over groups of people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pins_plugin.errors import ModelFolderError
from pins_plugin.report.tables import cross_modal_table, format_table
from pins_plugin.utils.files import read_text, write_text

BEGIN, END = "<!-- measured: written by a command -->", "<!-- end of measured -->"
ATTRIBUTES = {"G": "gender", "N": "nationality", "A": "age"}
HEADERS = ("voices of", "people", "AUC", "95 % interval", "EER")


def measured_section(report: Mapping[str, Any], about: str) -> str:
    """Lay out one part of a cross-modal report ("unseen", say) for a model card.

    Parameters
    ----------
    report : mapping
        As `evaluation.cross_modal.evaluate_cross_modal` returns it.
    about : str
        Who was scored, and by which command.

    Returns
    -------
    section : str
        Markdown.
    """
    parts = ["## Measured", about, cross_modal_table(report, markdown=True), "### By group"]
    rows = group_rows(report)
    if not rows:
        return "\n\n".join(
            [*parts, "Not measured: the manifest says nothing of gender, age or nationality."]
        )
    text = (
        "Verification as above, with the voices of one group at a time against faces of everybody; groups of five "
        f"people or more. {_largest_gap(report)}"
    )
    return "\n\n".join([*parts, text, format_table(HEADERS, rows, markdown=True)])


def group_rows(report: Mapping[str, Any]) -> list[list[str]]:
    """One row for each group."""
    return [
        [
            f"{ATTRIBUTES.get(name, name)}: {value}",
            str(part["num_identities"]),
            f"{part['roc_auc']:.3f}",
            "{:.3f} - {:.3f}".format(*part["ci95"]),
            f"{part['eer']:.3f}",
        ]
        for name, groups in (report.get("groups") or {}).items()
        for value, part in groups.items()
    ]


def write_measured(folder: str | Path, section: str) -> None:
    """Put the section into the README.md of a model folder, in place of an older one.

    Raises
    ------
    ModelFolderError
        When the folder has no card.
    """
    path = Path(folder) / "README.md"
    card = read_text(path, ModelFolderError, "the card of a model folder")
    if BEGIN in card and END in card:
        before, rest = card.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
    else:
        before, after = f"{card.rstrip()}\n\n", "\n"
    write_text(path, f"{before}{BEGIN}\n\n{section}\n\n{END}{after}")


def _largest_gap(report: Mapping[str, Any]) -> str:
    """Say where groups of one attribute differ most."""
    gaps = {}
    for name, groups in (report.get("groups") or {}).items():
        scores = {value: part["roc_auc"] for value, part in groups.items()}
        if len(scores) > 1:
            best, worst = max(scores, key=scores.__getitem__), min(scores, key=scores.__getitem__)
            gaps[name] = (scores[best] - scores[worst], worst, best)
    if not gaps:
        return ""
    name = max(gaps, key=lambda name: gaps[name][0])
    gap, worst, best = gaps[name]
    return f"Largest gap: {ATTRIBUTES.get(name, name)}, {worst} {gap:.3f} below {best}."
