"""Tables of text, for the terminal and for Markdown pages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pins_plugin.metrics.bootstrap import mean_interval

SCORE_HEADERS = ("", "score", "95 % interval", "chance", "oracle", "of the way")
TITLES = {
    "map": "mAP",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_10": "recall@10",
}
STRATUM_TITLES = {
    "G": "same gender",
    "N": "same nationality",
    "A": "same age",
    "GNA": "all three same",
}


def format_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False
) -> str:
    """Align columns: the first to the left, the others to the right.

    Parameters
    ----------
    rows : sequence of sequences of str
        Each as long as `headers`.
    markdown : bool
        Write a Markdown table instead of plain text.

    Returns
    -------
    table : str
        Lines without a final line break.

    Examples
    --------
    >>> print(format_table(["", "AUC"], [["model", "0.812"]]))
             AUC
    -----  -----
    model  0.812
    """
    columns = list(zip(headers, *rows, strict=True))
    widths = [max(3, *(len(cell) for cell in column)) for column in columns]

    def line(cells: Sequence[str]) -> str:
        aligned = [
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(aligned)} |" if markdown else "  ".join(aligned).rstrip()

    if markdown:
        rule = [
            "-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)
        ]
    else:
        rule = ["-" * width for width in widths]
    return "\n".join(line(cells) for cells in (headers, rule, *rows))


def share_cell(shares: Sequence[float]) -> str:
    """Mean of one share per person with its 95 % interval over people (bootstrap, seed 0), in percent.

    Examples
    --------
    >>> share_cell([0.5, 0.5]), share_cell([])
    ('50.0 (50.0 - 50.0)', '-')
    """
    if not shares:
        return "-"
    values = 100 * np.asarray(shares)
    low, high = mean_interval(
        values, np.arange(len(values)), len(values), generator=np.random.default_rng(0)
    )
    return f"{values.mean():.1f} ({low:.1f} - {high:.1f})"


def cross_modal_table(report: Mapping[str, Any], *, markdown: bool = False) -> str:
    """Lay out one part of a cross-modal report ("unseen", say) as a table.

    Parameters
    ----------
    report : mapping
        As `evaluation.cross_modal.evaluate_cross_modal` returns it.

    Returns
    -------
    table : str
        "of the way" is how far the score lies from chance (0 %) to the oracle (100 %).
    """
    return format_table(SCORE_HEADERS, list(score_rows(report)), markdown=markdown)


def way_from_chance(score: float, chance: float, oracle: float | None) -> float | None:
    """Place a score between chance (0) and the oracle (1); None without an oracle above chance.

    Examples
    --------
    >>> way_from_chance(0.8, 0.5, 0.9)
    0.75
    """
    if oracle is None or abs(oracle - chance) < 1e-9:
        return None
    return round((score - chance) / (oracle - chance), 9)


def score_rows(report: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the rows of `cross_modal_table`, each as long as `SCORE_HEADERS`."""
    part = report["verification"]
    yield _auc_row("verification AUC", part)
    error = {"ci95": part["eer_ci95"], "chance": 0.5, "oracle": part["oracle_eer"]}
    yield score_row("verification EER", part["eer"], error)
    for name, title in (("same_track", "same track"), ("other_video", "other video")):
        if report.get(name):
            yield _auc_row(f"verification AUC, {title}", report[name])
    for name, part in (report.get("strata") or {}).items():
        if part:
            yield _auc_row(f"verification AUC, {STRATUM_TITLES.get(name, name)}", part)
    for ways, part in report["matching"].items():
        yield score_row(f"1 of {ways}", part["accuracy"], part)
    for direction, part in report["retrieval"].items():
        for name, title in TITLES.items():
            yield score_row(
                f"{direction.replace('_', ' ')} {title}", part[name]["value"], part[name]
            )


def seen_rows(report: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield rows for the people of the training in recordings that were not: all, same track, other video."""
    title = "seen-heard people: verification AUC"
    yield _auc_row(title, report["verification"])
    for name, condition in (("same_track", "same track"), ("other_video", "other video")):
        if report.get(name):
            yield _auc_row(f"{title}, {condition}", report[name])


def _auc_row(title: str, part: Mapping[str, Any]) -> list[str]:
    return score_row(title, part["roc_auc"], part)


def score_row(title: str, score: float, part: Mapping[str, Any]) -> list[str]:
    """Lay out one score with its interval, chance and oracle."""
    way = way_from_chance(score, part["chance"], part["oracle"])
    return [
        title,
        f"{score:.3f}",
        "{:.3f} - {:.3f}".format(*part["ci95"]),
        f"{part['chance']:.3f}",
        "-" if part["oracle"] is None else f"{part['oracle']:.3f}",
        "-" if way is None else f"{way:.0%}",
    ]
