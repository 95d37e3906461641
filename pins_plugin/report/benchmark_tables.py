"""Tables of the PINs benchmark: our scores beside published ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from pins_plugin.report.tables import format_table

CONDITIONS = {
    "seenheard": "people of the training (seen-heard)",
    "unseenunheard": "people never seen (unseen-unheard)",
}
MARKS = {"read": "", "remembered": "*"}
NOTE = "* remembered, not read in the source: check before citing"


def pins_tables(report: Mapping[str, Any], *, markdown: bool = False) -> str:
    """Lay out verification, matching and retrieval.

    Parameters
    ----------
    report : mapping
        As `evaluation.pins_benchmark.run_pins_benchmark` returns it.

    Returns
    -------
    text : str
        Percentages; published numbers are marked where they are only remembered.
    """
    parts = []
    for condition, strata in report["verification"].items():
        rows = [row for stratum, part in strata.items() for row in _verification(stratum, part)]
        headers = ["negatives", "AUC", "95 % interval", "EER", "pairs scored"]
        parts.append((f"Verification, {CONDITIONS[condition]}", headers, rows))
    rows = [
        [f"{_plain(direction)}, {stratum}", *_share(part, "accuracy"), _counts(part, "num_trials")]
        for direction, strata in report["matching"].items()
        for stratum, part in strata.items()
    ]
    if rows:
        headers = ["", "right", "95 % interval", "trials scored"]
        parts.append(("Matching, 1 of 2", headers, rows))
    rows = [
        [_plain(direction), *_share(part["map"], "value"), f"{100 * part['map']['chance']:.2f}"]
        for direction, part in (report["retrieval"] or {}).items()
    ]
    if rows:
        parts.append(("Retrieval", ["", "mAP", "95 % interval", "chance"], rows))
    hashes = "## " if markdown else ""
    tables = [
        f"{hashes}{title} (%)\n\n{format_table(headers, rows, markdown=markdown)}"
        for title, headers, rows in parts
    ]
    return "\n\n".join([*tables, NOTE])


def _verification(stratum: str, part: Mapping[str, Any]) -> Iterator[list[str]]:
    for title, scores in (
        (stratum, part),
        ("  same video", part["same_video"]),
        ("  other video", part["other_video"]),
    ):
        if scores:
            yield [
                title,
                *_share(scores, "roc_auc"),
                f"{100 * scores['eer']:.1f}" if "eer" in scores else "-",
                _counts(scores, "num_pairs"),
            ]
    for row in part["published"]:
        numbers = [
            "-" if row[name] is None else f"{row[name]:.1f}{MARKS[row['known']]}"
            for name in ("roc_auc", "eer")
        ]
        yield [f"  {row['work']}", numbers[0], "", numbers[1], ""]


def _plain(direction: str) -> str:
    return direction.replace("_", " ")


def _share(part: Mapping[str, Any] | None, name: str) -> list[str]:
    if part is None or name not in part:
        return ["-", "-"]
    low, high = part["ci95"]
    return [f"{100 * part[name]:.1f}", f"{100 * low:.1f} - {100 * high:.1f}"]


def _counts(part: Mapping[str, Any] | None, name: str) -> str:
    if part is None:
        return "0"
    listed = part.get("num_listed")
    return f"{part[name]} of {listed}" if listed else str(part[name])
