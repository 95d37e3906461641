"""What an ablation shows: a table with intervals over seeds, and the score over time."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t as student

from pins_plugin.report.plots import CHANCE, ORACLE, PERSON_COLORS
from pins_plugin.utils.files import atomic_path

History = Sequence[Mapping[str, float]]
Histories = Mapping[str, Sequence[History]]
HEADERS = (
    "variant",
    "ROC AUC",
    "95 % interval",
    "of the way",
    "costly negatives",
    "same in epoch 1",
    "runs",
)


def interval_over_seeds(scores: Sequence[float]) -> tuple[float, float]:
    """Interval of the mean of few runs: Student's t at 95 %.

    Examples
    --------
    >>> low, high = interval_over_seeds([0.7, 0.8, 0.9])
    >>> round(low, 3), round(high, 3)
    (0.552, 1.048)
    """
    values = np.asarray(scores, np.float64)
    if len(values) < 2:
        return float("nan"), float("nan")
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def ablation_rows(
    histories: Histories, *, oracle: float | None, chance: float = 0.5
) -> list[list[str]]:
    """Lay out the ROC AUC of each variant at its best epoch, and how many of its negatives taught something.

    Parameters
    ----------
    histories : mapping of str to (list over seeds) of (list over epochs) of dict
        With "roc_auc", and "costly_share" where a margin decides which negatives count.
    oracle : float or None
        The best possible ROC AUC.
    chance : float

    Returns
    -------
    rows : list of lists of str
        As `HEADERS`.
    """
    rows = []
    for name, runs in histories.items():
        kept = [max(epoch["roc_auc"] for epoch in run) for run in runs]
        mean = float(np.mean(kept))
        low, high = interval_over_seeds(kept)
        way = "-" if oracle is None else f"{100 * (mean - chance) / (oracle - chance):.0f} %"
        between = f"{low:.3f} - {high:.3f}" if len(runs) > 1 else "-"
        costly = [_costly(runs, epoch) for epoch in (-1, 0)]
        rows.append((mean, [name, f"{mean:.3f}", between, way, *costly, str(len(runs))]))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def _costly(runs: Sequence[History], epoch: int) -> str:
    """Share of the negatives that are nearer than the margin, mean over seeds."""
    shares = [run[epoch]["costly_share"] for run in runs if "costly_share" in run[epoch]]
    return f"{100 * np.mean(shares):.0f} %" if shares else "-"


def ablation_result(
    histories: Histories, *, oracle: float | None, title: str, about: str, command: str
) -> dict[str, Any]:
    """Put the table in the form of the files in `recipes/*/results/`."""
    rows = ablation_rows(histories, oracle=oracle)
    if oracle is not None:
        rows.insert(0, ["oracle", f"{oracle:.3f}", "-", "100 %", "-", "-", "-"])
    rows.append(["chance", "0.500", "-", "0 %", "-", "-", "-"])
    return {
        "title": title,
        "about": about,
        "command": command,
        "headers": list(HEADERS),
        "rows": rows,
    }


def ablation_curve(histories: Histories) -> str:
    """List the scores over time as CSV: variant, seed, epoch, seconds, loss, roc_auc."""
    text = io.StringIO()
    columns = ("epoch", "seconds", "loss", "roc_auc")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("variant", "seed", *columns))
    for name, runs in histories.items():
        for seed, run in enumerate(runs):
            writer.writerows([name, seed, *(epoch[key] for key in columns)] for epoch in run)
    return text.getvalue()


def plot_ablation(histories: Histories, path: str | Path, *, oracle: float | None) -> None:
    """Draw ROC AUC over epochs: the mean of each variant, and what its seeds span.

    Parameters
    ----------
    histories : as in `ablation_rows`
        Variants named "group: variant" are drawn group by group, one panel each.
    path : str or Path
        PNG file, written in one step.
    oracle : float or None
    """
    groups = list(dict.fromkeys(name.partition(": ")[0] for name in histories))
    figure = Figure(figsize=(4.6 * len(groups), 4.2), layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for group, axes in zip(groups, panels, strict=True):
        members = [name for name in histories if name.partition(": ")[0] == group]
        for name, color in zip(members, 2 * PERSON_COLORS, strict=False):
            runs = histories[name]
            shortest = min(runs, key=len)
            scores = np.array([[e["roc_auc"] for e in run[: len(shortest)]] for run in runs])
            epochs = [epoch["epoch"] for epoch in shortest]
            label = name.partition(": ")[2] or name
            axes.fill_between(
                epochs, scores.min(axis=0), scores.max(axis=0), color=color, alpha=0.2, linewidth=0
            )
            axes.plot(epochs, scores.mean(axis=0), color=color, linewidth=1.8, label=label)
        if oracle is not None:
            axes.axhline(oracle, color=ORACLE, linestyle="--", linewidth=1)
        axes.axhline(0.5, color=CHANCE, linestyle=":", linewidth=1)
        axes.set(title=group, xlabel="epoch", ylim=(0.48, 1.0 if oracle is None else oracle + 0.02))
        axes.legend(fontsize=7, frameon=False)
    panels[0].set_ylabel("ROC AUC, unseen people")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=75, format="png")
