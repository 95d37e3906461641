"""What an ablation shows: a table with intervals over seeds, and the score over time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.metrics.seeds import mean_over_seeds
from pins_plugin.report.plots import CHANCE_COLOR, ORACLE_COLOR, PERSON_COLORS, make_figure
from pins_plugin.utils.files import atomic_path
from pins_plugin.utils.text import csv_table

History = Sequence[Mapping[str, float]]
Histories = Mapping[str, Mapping[int, History]]
HEADERS = (
    "variant",
    "ROC AUC",
    "95 % interval",
    "of the way",
    "ahead of random",
    "costly negatives",
    "same in epoch 1",
    "runs",
)


def ablation_rows(histories: Histories, *, oracle: float | None) -> list[list[str]]:
    """Lay out the ROC AUC of each variant at its last epoch, and how many of its negatives taught something.

    Parameters
    ----------
    histories : mapping of str to (mapping of seed to (list over epochs) of dict)
        With "roc_auc", and "costly_share" where a margin decides which negatives count. "group: variant" is
        compared, seed by seed, with "group: random".
    oracle : float or None
        The best possible ROC AUC.

    Returns
    -------
    rows : list of lists of str
        As `HEADERS`.
    """
    scores = {
        name: {seed: run[-1]["roc_auc"] for seed, run in runs.items()}
        for name, runs in histories.items()
    }
    rows = []
    for name, of_seed in scores.items():
        mean, half = mean_over_seeds([*of_seed.values()])
        way = "-" if oracle is None else f"{100 * (mean - 0.5) / (oracle - 0.5):.0f} %"
        rival = {} if name.endswith(": random") else scores.get(f"{_group(name)}: random", {})
        gains = [of_seed[seed] - rival[seed] for seed in of_seed.keys() & rival.keys()]
        costly = [_costly([*histories[name].values()], epoch) for epoch in (-1, 0)]
        between, ahead = _interval(mean, half), "-"
        if gains:
            gain, gain_half = mean_over_seeds(gains)
            ahead = f"{gain:+.3f} ({_interval(gain, gain_half)})"
        rows.append((mean, [name, f"{mean:.3f}", between, way, ahead, *costly, str(len(of_seed))]))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def _group(name: str) -> str:
    return name.partition(": ")[0]


def _interval(mean: float, half: float) -> str:
    return "-" if np.isnan(half) else f"{mean - half:.3f} - {mean + half:.3f}"


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
        rows.insert(0, ["oracle", f"{oracle:.3f}", "-", "100 %", "-", "-", "-", "-"])
    rows.append(["chance", "0.500", "-", "0 %", "-", "-", "-", "-"])
    return {
        "title": title,
        "about": about,
        "command": command,
        "headers": list(HEADERS),
        "rows": rows,
    }


def ablation_curve(histories: Histories) -> str:
    """List the scores over time as CSV: variant, seed, epoch, seconds, loss, roc_auc."""
    columns = ("epoch", "seconds", "loss", "roc_auc")
    rows = (
        (name, seed, *(epoch[key] for key in columns))
        for name, runs in histories.items()
        for seed, run in runs.items()
        for epoch in run
    )
    return csv_table(("variant", "seed", *columns), rows)


def plot_ablation(histories: Histories, path: str | Path, *, oracle: float | None) -> None:
    """Draw ROC AUC over epochs: the mean of each variant, and what its seeds span.

    Parameters
    ----------
    histories : as in `ablation_rows`
        Variants named "group: variant" are drawn group by group, one panel each.
    path : str or Path
        PNG file, written in one step.
    """
    groups = list(dict.fromkeys(map(_group, histories)))
    figure = make_figure(4.6 * len(groups), 4.2)
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    for group, axes in zip(groups, panels, strict=True):
        members = [name for name in histories if _group(name) == group]
        for name, color in zip(members, 2 * PERSON_COLORS, strict=False):
            runs = [*histories[name].values()]
            shortest = min(runs, key=len)
            scores = np.array([[e["roc_auc"] for e in run[: len(shortest)]] for run in runs])
            epochs = [epoch["epoch"] for epoch in shortest]
            label = name.partition(": ")[2] or name
            axes.fill_between(
                epochs, scores.min(axis=0), scores.max(axis=0), color=color, alpha=0.2, linewidth=0
            )
            axes.plot(epochs, scores.mean(axis=0), color=color, linewidth=1.8, label=label)
        if oracle is not None:
            axes.axhline(oracle, color=ORACLE_COLOR, linestyle="--", linewidth=1)
        axes.axhline(0.5, color=CHANCE_COLOR, linestyle=":", linewidth=1)
        axes.set(title=group, xlabel="epoch", ylim=(0.48, 1.0 if oracle is None else oracle + 0.02))
        axes.legend(fontsize=7, frameon=False)
    panels[0].set_ylabel("ROC AUC, unseen people")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=75, format="png")
