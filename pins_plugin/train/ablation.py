"""Several variants of one experiment under one budget: the same clips and epochs, several seeds each."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import speechbrain

from pins_plugin.errors import ExperimentError
from pins_plugin.train.experiment import YAML, load_experiment

History = list[dict[str, float]]
"""Scores after each epoch: "epoch", "seconds", "loss", "roc_auc"."""


def run_ablation(
    hparams: Path,
    variants: Path,
    manifest: Path,
    out: Path,
    num_seeds: int,
    options: Sequence[str] = (),
    only_finished: bool = False,
) -> dict[str, dict[int, History]]:
    """Train every variant with every seed; a run that is finished is not repeated.

    Parameters
    ----------
    hparams : Path
        The experiment that all runs share.
    variants : Path
        YAML: name -> the entries that it replaces.
    out : Path
        Folder for the runs and the decoded clips.
    options : sequence of str
        ``--key value`` for every run.
    only_finished : bool
        Train nothing; return what former runs left.

    Returns
    -------
    histories : dict of str to (dict of seed to History)
        Variants without any finished run are left out.
    """
    changes_of = YAML.load(variants.read_text(encoding="utf-8"))
    if not changes_of or not all(isinstance(changes, dict) for changes in changes_of.values()):
        raise ExperimentError(
            f"{variants}: expected 'name: {{entry: value, ...}}' for each variant"
        )
    _, run_opts, overrides = speechbrain.parse_arguments([str(hparams), *options])
    histories: dict[str, dict[int, History]] = {name: {} for name in changes_of}
    for seed in range(num_seeds):
        for name, changes in changes_of.items():
            folder = out / "runs" / f"{re.sub('[^a-z0-9]+', '_', name.lower())}-{seed}"
            if not (folder / "history.json").exists():
                if only_finished:
                    continue
                print(f"-- {name}, seed {seed}", flush=True)
                entries: dict[str, Any] = {
                    **(YAML.load(overrides) or {}),
                    **changes,
                    "seed": seed,
                    "manifest": str(manifest),
                    "output_folder": str(folder),
                    "cache_folder": str(out / "cache"),
                }
                experiment = load_experiment(hparams, entries)
                experiment["run"](experiment, run_opts)
            history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
            histories[name][seed] = history
    return {name: runs for name, runs in histories.items() if runs}
