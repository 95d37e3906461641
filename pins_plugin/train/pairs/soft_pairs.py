"""Training on pairs of which nobody knows whether they are one person's, but how often such pairs are.

Faces and voices of different people, each with the probability of an attribute that faces and voices share, stand in for
the pairs that are missing: any face goes with any voice as far as their attributes agree. Real pairs, few, may be
added. Only the heads learn, from what the frozen trunks made of the material (`recipes/RealPeople/prepare.py`).
"""

import copy
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from pins_plugin.data.training.stretches import OneLongRun
from pins_plugin.errors import ManifestError
from pins_plugin.losses.likelihood_ratio import LikelihoodRatioLoss, agreement_weights
from pins_plugin.metrics.verification import roc_auc
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.train.learning_rate import Triangle
from pins_plugin.train.loop import TrainingBrain, train_steps
from pins_plugin.train.run_record import begin_run, data_key
from pins_plugin.utils.arrays import read_named_arrays
from pins_plugin.utils.seeding import seed_everything
from pins_plugin.utils.threads import one_thread

logger = logging.getLogger(__name__)
KEYS = ("features", "person", "split", "probability", "changed")
ENCODERS = ("face_encoder", "voice_encoder")
WARM_UP, STEPS_PER_EPOCH = 30, 100  # steps
GAINS = tuple(round(0.5 + 0.01 * step, 2) for step in range(49))  # 0.5 to 0.98
CARD = """# Face and voice embeddings from soft pairs

Made by `pins train hparams/face_voice.yaml`; intended use, data, limits: the card of the shipped model `face_voice`.
"""


class SoftRows(NamedTuple):
    """Pictures or stretches of sound of one split.

    Parameters
    ----------
    features : (num_rows, num_features) Tensor
    probability : (num_rows,) Tensor
        Of the shared attribute.
    person : (num_rows,) str array
    """

    features: Tensor
    probability: Tensor
    person: np.ndarray

    @classmethod
    def load(cls, path: str | Path, split: str) -> "SoftRows":
        """Read the rows of one split.

        Raises
        ------
        ManifestError
            When the file is missing or not of this kind, or has no such rows.
        """
        expected = "what recipes/RealPeople/prepare.py writes"
        table = read_named_arrays(path, KEYS, ManifestError, expected)
        chosen = table["split"] == split
        if not chosen.any():
            raise ManifestError(
                f"{path}: expected rows of split {split!r}, got {set(table['split'])}"
            )
        probability = torch.from_numpy(table["probability"][chosen]).float()
        return cls(
            torch.from_numpy(table["features"][chosen]), probability, table["person"][chosen]
        )

    def pick(self, chosen: Tensor) -> "SoftRows":
        """Some rows, by their positions."""
        return SoftRows(
            self.features[chosen], self.probability[chosen], self.person[chosen.numpy()]
        )

    def take(self, kept: np.ndarray) -> "SoftRows":
        """Some rows, by a mask (num_rows,)."""
        return self.pick(torch.from_numpy(np.flatnonzero(kept)))

    def join(self, other: "SoftRows") -> "SoftRows":
        """These rows, then others."""
        return SoftRows(
            torch.cat([self.features, other.features]),
            torch.cat([self.probability, other.probability]),
            np.concatenate([self.person, other.person]),
        )

    def shares(self, also: set[str], weight: float) -> Tensor:
        """How often each row is drawn: both values alike, then people alike, those in `also` `weight` times as often."""
        _, number, count = np.unique(self.person, return_inverse=True, return_counts=True)
        shares = torch.from_numpy(1 / count[number])
        shares[torch.from_numpy(np.isin(self.person, sorted(also)))] *= weight
        for side in (self.probability > 0.5, self.probability <= 0.5):
            shares[side] /= shares[side].sum().clamp(min=1e-12)
        return shares


@one_thread()  # layers so small take longer with more; and the last bits would depend on how many
def train_soft_pairs(hparams: Mapping[str, Any], run_opts: Mapping[str, Any]) -> dict[str, float]:
    """Carry out `hparams/face_voice.yaml`: train both heads, save them, score them on the people for choosing (`score_agreement`)."""
    folder = Path(hparams["prepared_folder"])
    learn = [SoftRows.load(folder / f"{side}.npz", "learn") for side in ("faces", "voices")]
    choose = [SoftRows.load(folder / f"{side}.npz", "choose") for side in ("faces", "voices")]
    encoders = (hparams["face_encoder"], hparams["voice_encoder"])
    heads = nn.ModuleList(encoder.head for encoder in encoders)
    output = Path(hparams["output_folder"])
    parts = [(name, folder / name) for name in ("faces.npz", "voices.npz", "trunks.safetensors")]
    begin_run(output, hparams, data_key(parts))
    fit_heads(heads, learn, hparams, run_opts, output)
    scores = score_agreement(heads, choose)
    _save(hparams, scores, calibrate(heads, learn, choose, hparams))
    logger.info("people for choosing: %s", scores)
    return scores


def _save(hparams: Mapping[str, Any], scores: dict[str, float], gain: float) -> None:
    """Put trunks and heads together and save the model folder."""
    trunks = load_file(Path(hparams["prepared_folder"]) / "trunks.safetensors")
    for name in ENCODERS:
        own = {key.removeprefix(f"{name}."): v for key, v in trunks.items() if key.startswith(name)}
        hparams[name].trunk.load_state_dict(own)
    save_model_folder(
        Path(hparams["output_folder"]) / "model",
        {name: hparams[name].eval() for name in ENCODERS},
        {
            "seed": hparams["seed"],
            "faces": "aligned",
            "choosing": scores,
            "calibration": {"gain": gain},
        },
        CARD,
        rounded=True,
    )


def fit_heads(
    heads: nn.ModuleList,
    rows: list[SoftRows],
    settings: Mapping[str, Any],
    run_opts: Any = None,
    folder: Path | None = None,
) -> None:
    """Train a face head and a voice head.

    Parameters
    ----------
    heads : ModuleList of two SharedHead
        With fresh weights.
    rows : list of two SoftRows
        Faces and voices.
    settings : mapping
        `seed`, `num_steps`, `batch_size`, `peak_rate`, `weight_decay`, `gain`, `clip_share` (how much more often people
        who are both seen and heard are drawn), `pair_weight` (of the real pairs' loss; 0 for none).
    run_opts, folder
        As in `run_training`.
    """
    seed_everything(settings["seed"])
    for head, part in zip(heads, rows, strict=True):
        head.standardize(part.features)
    both = sorted(set(rows[0].person) & set(rows[1].person))
    shares = [part.shares(set(both), settings["clip_share"]) for part in rows]

    def draw(generator: Generator) -> list[list[Tensor]]:
        """Rows of faces and voices by their shares; then, where they count, a row of each of those who are both seen and heard."""
        size = settings["batch_size"]
        drawn = [[torch.multinomial(s, size, True, generator=generator) for s in shares]]
        if settings["pair_weight"] and both:
            drawn.append([_draw_people(part, both, generator) for part in rows])
        return drawn

    loss = LikelihoodRatioLoss(settings["gain"])

    def loss_of(brain: TrainingBrain, batch: list[list[Tensor]]) -> Tensor:
        """Soft pairs by how far they agree, and real pairs with their weight."""
        losses = []
        for kind, drawn in enumerate(batch):
            parts = [part.pick(i) for part, i in zip(rows, drawn, strict=True)]
            embedded = [
                head(part.features.to(brain.device))
                for head, part in zip(brain.modules.heads, parts, strict=True)
            ]
            weights = (
                len(drawn[0]) * torch.eye(len(drawn[0]))
                if kind
                else agreement_weights(*(part.probability for part in parts))
            )
            losses.append(loss(*embedded, weights.to(brain.device)))
        return losses[0] + sum(settings["pair_weight"] * real for real in losses[1:])

    num_steps = settings["num_steps"]
    train_steps(
        loss_of,
        {"heads": heads},
        OneLongRun(num_steps, STEPS_PER_EPOCH, settings["seed"], draw),
        num_steps,
        Triangle(settings["peak_rate"], WARM_UP / num_steps),
        settings["weight_decay"],
        generator=Generator(),  # leaves dropout's random numbers alone
        folder=folder,
        run_opts=run_opts,
        quiet=folder is None,
    )
    heads.cpu()


@torch.inference_mode()
def score_agreement(heads: nn.ModuleList, rows: list[SoftRows]) -> dict[str, float]:
    """How well the cosine tells whether the attributes agree, and whether it is one person, on other people.

    Returns
    -------
    scores : dict
        "agreement_auc" over all rows of faces and voices, both of clear value; "pairs_auc" over people who are seen and heard,
        pooled; NaN where there are none.
    """
    embedded = [normalize(h(part.features), dim=1) for h, part in zip(heads, rows, strict=True)]
    clear = [(part.probability - 0.5).abs() > 0.3 for part in rows]
    values = [(part.probability > 0.5)[keep] for part, keep in zip(rows, clear, strict=True)]
    similarities = embedded[0][clear[0]] @ embedded[1][clear[1]].T
    agree = values[0][:, None] == values[1][None]
    scores = {"agreement_auc": float(roc_auc(similarities.flatten(), agree.flatten()))}
    both = sorted(set(rows[0].person) & set(rows[1].person))
    pooled = [
        torch.stack([normalize(e[torch.from_numpy(part.person == p)].mean(0), dim=0) for p in both])
        for e, part in zip(embedded, rows, strict=True)
        if both
    ]
    if len(both) > 1:
        own = torch.eye(len(both)).bool()
        scores["pairs_auc"] = float(roc_auc((pooled[0] @ pooled[1].T).flatten(), own.flatten()))
    return scores


def calibrate(
    heads: nn.ModuleList, learn: list[SoftRows], choose: list[SoftRows], settings: Mapping[str, Any]
) -> float:
    """Fit the gain on people who are in no training of the heads that judge them.

    People for choosing are few in clips; so those for learning who are seen and heard are judged by heads that are trained anew
    without them, and added.
    """
    both = sorted(set(learn[0].person) & set(learn[1].person))
    if not both:
        return fit_gain(heads, choose)
    inside = [np.isin(part.person, both) for part in learn]
    others = copy.deepcopy(heads)
    for layer in others.modules():
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    fit_heads(others, [p.take(~known) for p, known in zip(learn, inside, strict=True)], settings)
    rows = [p.take(known).join(c) for p, known, c in zip(learn, inside, choose, strict=True)]
    return fit_gain(others, rows)


@torch.inference_mode()
def fit_gain(heads: nn.ModuleList, rows: list[SoftRows]) -> float:
    """Fit the gain that makes the ratio `1 + gain * cosine` likeliest on other people.

    People who are seen and heard in clips and people of whom there are faces or voices only count half each, so that many
    clean rows do not promise too much for video.

    Returns
    -------
    gain : float
        Of `GAINS`.
    """
    both = sorted(set(rows[0].person) & set(rows[1].person))
    in_clips = [torch.from_numpy(np.isin(part.person, both)) for part in rows]
    embedded = [normalize(h(part.features), dim=1) for h, part in zip(heads, rows, strict=True)]
    costs = torch.zeros(len(GAINS), dtype=torch.float64)
    for kept in (in_clips, [~inside for inside in in_clips]):
        if not all(inside.any() for inside in kept):
            continue
        faces, voices = (e[inside] for e, inside in zip(embedded, kept, strict=True))
        known = [part.probability[inside] for part, inside in zip(rows, kept, strict=True)]
        weights = agreement_weights(*known)
        losses = [LikelihoodRatioLoss(gain)(faces, voices, weights) for gain in GAINS]
        costs += torch.stack(losses).double()
    return GAINS[int(costs.argmin())]


def _draw_people(rows: SoftRows, people: list[str], generator: Generator) -> Tensor:
    """One row of each person (num_people,)."""
    drawn = []
    for person in people:
        own = np.flatnonzero(rows.person == person)
        drawn.append(own[int(torch.randint(len(own), (), generator=generator))])
    return torch.tensor(drawn)
