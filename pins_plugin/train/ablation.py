"""Several objectives under one budget: the same clips, branches and epochs, several seeds each."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import speechbrain

from pins_plugin.train.experiment import YAML, load_experiment
from pins_plugin.utils.files import write_text

History = list[dict[str, float]]


def run_ablation(
    hparams: Path,
    variants: Path,
    manifest: Path,
    out: Path,
    num_seeds: int,
    options: Sequence[str] = (),
) -> str:
    """Train every variant with every seed and write the table and the curve.

    Parameters
    ----------
    hparams : Path
        The experiment that all runs share.
    variants : Path
        YAML: name -> what replaces its entry `objective`.
    manifest : Path
    out : Path
        Folder for `ablation.md`, `curve.csv` and the runs.
    num_seeds : int
    options : sequence of str
        ``--key value`` for every run.

    Returns
    -------
    table : str
        Markdown; best first.
    """
    objectives = YAML.load(variants.read_text(encoding="utf-8"))
    _, run_opts, overrides = speechbrain.parse_arguments([str(hparams), *options])
    histories: dict[str, list[History]] = {name: [] for name in objectives}
    for seed in range(num_seeds):
        for name, objective in objectives.items():
            folder = out / "runs" / f"{re.sub('[^a-z0-9]+', '_', name.lower())}-{seed}"
            if not (folder / "history.json").exists():
                print(f"-- {name}, seed {seed}", flush=True)
                changes: dict[str, Any] = {
                    **(YAML.load(overrides) or {}),
                    "objective": objective,
                    "seed": seed,
                    "manifest": str(manifest),
                    "output_folder": str(folder),
                    "cache_folder": str(out / "cache"),
                }
                experiment = load_experiment(hparams, changes)
                experiment["run"](experiment, run_opts)
            history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
            histories[name].append(history)
        table = format_table(histories)
        write_text(out / "ablation.md", table)
        write_text(out / "curve.csv", format_curve(histories))
    return table


def format_table(histories: Mapping[str, Sequence[History]]) -> str:
    """Compare the last and the best ROC AUC of each variant.

    Parameters
    ----------
    histories : mapping of str to (list over seeds) of (list over epochs) of dict
        With "roc_auc" and "loss".

    Returns
    -------
    table : str
        Markdown; the interval is mean +- 1.96 standard errors over seeds.
    """
    lines = [
        "| objective | last ROC AUC | 95 % interval | best | last loss | seeds |",
        "|---|---|---|---|---|---|",
    ]
    rows = []
    for name, runs in histories.items():
        if not runs:
            continue
        last = np.array([run[-1]["roc_auc"] for run in runs])
        best = np.mean([max(epoch["roc_auc"] for epoch in run) for run in runs])
        loss = np.mean([run[-1]["loss"] for run in runs])
        half = 1.96 * last.std(ddof=1) / len(last) ** 0.5 if len(last) > 1 else np.nan
        interval = f"{last.mean() - half:.3f} - {last.mean() + half:.3f}" if len(last) > 1 else "-"
        row = f"| {name} | {last.mean():.3f} | {interval} | {best:.3f} | {loss:.3f} | {len(runs)} |"
        rows.append((last.mean(), row))
    return "\n".join([*lines, *(row for _, row in sorted(rows, reverse=True))]) + "\n"


def format_curve(histories: Mapping[str, Sequence[History]]) -> str:
    """List ROC AUC over time as CSV: objective, seed, epoch, seconds, loss, roc_auc."""
    text = io.StringIO()
    columns = ("epoch", "seconds", "loss", "roc_auc")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("objective", "seed", *columns))
    for name, runs in histories.items():
        for seed, run in enumerate(runs):
            writer.writerows([name, seed, *(epoch[key] for key in columns)] for epoch in run)
    return text.getvalue()
