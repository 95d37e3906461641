"""Training on recognition embeddings: two heads that bring faces and voices into one space."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from pins_plugin.data.training.features import (
    FeatureRows,
    load_features,
    read_feature_clips,
    select_rows,
)
from pins_plugin.errors import ManifestError, PinsError
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.models.layers.heads import FeatureHead, apply_head
from pins_plugin.train.features.closed_form import ClosedForm, rank_settings
from pins_plugin.train.features.feature_networks import Networks, NetworkSettings, train_networks
from pins_plugin.train.features.held_out import HeldOut, draw_folds
from pins_plugin.train.features.mixture import Mixture
from pins_plugin.train.features.people_table import Axes, make_table
from pins_plugin.train.run_record import begin_run, data_key
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json, write_text

logger = logging.getLogger(__name__)
Heads = tuple[FeatureHead, FeatureHead]
FEWEST_PEOPLE = 10
NUM_FOLDS = 5
FEW_PEOPLE = 200  # folds are dealt out several times over
HEADS = ("face_head", "voice_head")
SPLIT_NAMES = {  # what each is called
    "train": ("train", ""),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test",),
}


@dataclass(frozen=True)
class FitSettings:
    """What two heads are put together from.

    Parameters
    ----------
    num_closed_forms : int
        1, or 0 for networks only.
    num_networks : int
        How many networks, each leaves another fold of the people out; 0 to 5.
    num_pairs : int
        Pairs of each kind that a part held out is judged by.
    """

    num_closed_forms: int = 1
    num_networks: int = 5
    num_pairs: int = 1500
    network: NetworkSettings = field(default_factory=NetworkSettings)


def train_features(hparams: Mapping[str, Any], run_opts: Mapping[str, Any]) -> None:
    """Carry out `hparams/features.yaml`: train, save OUT/model, score people of the test split."""
    output_folder = Path(hparams["output_folder"])
    splits = read_splits(
        hparams["face_embeddings"], hparams["voice_embeddings"], hparams["manifest"]
    )
    files = [(n, Path(hparams[n])) for n in ("face_embeddings", "voice_embeddings", "manifest")]
    begin_run(output_folder, hparams, data_key(files))
    mixture, report = fit_heads(
        splits,
        hparams["objective"],
        hparams["fit"],
        supervised=hparams["supervised"],
        seed=hparams["seed"],
        run_opts=run_opts,
        folder=output_folder,
    )
    heads = mixture.build()
    settings = {"kind": "feature heads", "training": report}
    modules = dict(zip(HEADS, heads, strict=True))
    save_model_folder(output_folder / "model", modules, settings, _card(heads, report))
    lines = [f"{name}: {value}" for name, value in report.items()]
    if "test" in splits and _has_two_people(*splits["test"]):
        scores = _score_test(heads, *splits["test"], hparams)
        write_json(output_folder / "results.json", {"unseen": scores, "training": report})
        lines += ["", hparams["format_table"](scores)]
    write_text(output_folder / "report.txt", "\n".join(lines) + "\n")
    print("\n".join(lines))
    print(f"model: {output_folder / 'model'}")


def read_splits(
    face_path: str | Path, voice_path: str | Path, manifest: str | Path
) -> dict[str, tuple[FeatureRows, FeatureRows]]:
    """Read both files; faces and voices of each split (an empty split counts as train).

    Raises
    ------
    ManifestError
        When a file cannot be used, a row's clip is not in the manifest, a person is in two splits, or there is
        nothing to train on.
    """
    clips = read_feature_clips(manifest)
    _check_splits(clips.values(), manifest)
    tables = [(Path(path).name, load_features(path)) for path in (face_path, voice_path)]
    found = {}
    for split, names in SPLIT_NAMES.items():
        faces, voices = (select_rows(rows, clips, names, name) for name, rows in tables)
        if faces.clips and voices.clips:
            found[split] = (faces, voices)
    if "train" not in found:
        raise ManifestError(
            f"{manifest}: no clip of split train has a face and a voice embedding; "
            f"splits with both: {', '.join(found) or 'none'}"
        )
    return found


def _check_splits(clips: Collection[TalkingFaceClip], manifest: str | Path) -> None:
    """Nobody in two splits: a score or a choice by people seen in training would say nothing."""
    split_of = {name: split for split, names in SPLIT_NAMES.items() for name in names}
    others = Counter(clip.split for clip in clips if clip.split not in split_of)
    for name, number in others.items():
        logger.warning(
            "%s: %d clips of split %r are not used; expected %s",
            manifest, number, name, ", ".join(SPLIT_NAMES),
        )  # fmt: skip
    splits: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = {}
    for clip in clips:
        if clip.identity and clip.split in split_of:
            splits.setdefault(clip.identity, set()).add(split_of[clip.split])
        if clip.identity and clip.video:
            owners.setdefault(clip.video, set()).add(clip.identity)
    both = sorted(person for person, names in splits.items() if len(names) > 1)
    if both:
        raise ManifestError(
            f"{manifest}: {len(both)} people are in more than one split, such as {both[0]!r} in "
            f"{' and '.join(sorted(splits[both[0]]))}; "
            "expected splits by identity: move all clips of a person to one of them"
        )
    repeated = sum(len(people) > 1 for people in owners.values())
    if repeated:
        logger.warning(
            "%s: %d of %d video names are of several people; taken as another recording for each",
            manifest, repeated, len(owners),
        )  # fmt: skip


def fit_heads(
    splits: Mapping[str, tuple[FeatureRows, FeatureRows]],
    objective: nn.Module,
    settings: FitSettings,
    supervised: bool = False,
    seed: int = 0,
    quiet: bool = False,
    run_opts: Any = None,
    folder: Path | None = None,
) -> tuple[Mixture, dict[str, Any]]:
    """Find the closed form and the networks that do best on people held out.

    Parameters
    ----------
    splits : mapping of str to pair of FeatureRows
        Faces and voices of the people in "train", and of others in "valid" (may be absent), whose identities count in
        every choice.
    objective : Module
        Of the networks.
    supervised : bool
        Take the training people from the manifest; else they are told apart by `group_people`.
    quiet, run_opts, folder
        As in `run_training`.

    Returns
    -------
    mixture : Mixture
        Of both; ``mixture.build()`` makes the heads.
    report : dict
        What was found and chosen.

    Raises
    ------
    ManifestError
        When there are fewer than `FEWEST_PEOPLE`.
    """
    parts = settings.num_closed_forms, settings.num_networks
    if parts not in product((0, 1), range(NUM_FOLDS + 1)) or parts == (0, 0):
        raise PinsError(
            f"closed_forms and networks: expected 0 or 1, and 0 to {NUM_FOLDS}, not both 0, got {parts}"
        )
    table = make_table(*splits["train"], supervised=supervised)
    axes = table.axes()
    table = table.project(axes)
    if table.num_people < FEWEST_PEOPLE:
        raise ManifestError(
            f"split train: expected at least {FEWEST_PEOPLE} people (groups of videos with a face and a voice), "
            f"got {table.num_people}"
        )
    valid = _held_out_people(splits.get("valid"), axes, settings.num_pairs, seed)
    num_repeats = 3 if table.num_people < FEW_PEOPLE else 1
    folds = draw_folds(table, NUM_FOLDS, num_repeats, settings.num_pairs, seed)
    closed_form = ClosedForm(table)
    chosen, score = None, 0.0
    if settings.num_closed_forms:
        judges = folds if valid is None else [*folds, valid]
        chosen, score = next(iter(rank_settings(closed_form, judges, quiet).items()))
    folds = folds[: settings.num_networks or NUM_FOLDS]
    networks: list[Networks] = []
    curve: list[tuple[int, float]] = []
    if settings.num_networks:
        networks, curve = train_networks(
            table,
            folds,
            valid,
            objective,
            settings.network,
            seed,
            quiet=quiet,
            run_opts=run_opts,
            folder=folder,
        )
    mixture = Mixture(closed_form, chosen, networks, folds, valid, axes)
    report = {
        "num_people_found": table.num_people,
        "num_faces": len(table.faces),
        "num_voices": len(table.voices),
        "num_people_valid": 0 if valid is None else round(valid.weight),
        "closed_form": chosen and {**asdict(chosen), "auc": round(score, 4)},
        "network_curve": [[step, round(score, 4)] for step, score in curve],
        "auc_by_share_of_networks": [[one, round(x, 4)] for one, x in mixture.scores.items()],
        "share_of_networks": mixture.share,
    }
    return mixture, report


def _card(heads: Heads, report: Mapping[str, Any]) -> str:
    chosen = "\n".join(f"| {name} | {value} |" for name, value in report.items())
    return f"""# Heads over face and voice embeddings

They bring face embeddings ({heads[0].input_dim} numbers) and voice embeddings ({heads[1].input_dim} numbers) of the
recognition networks they were trained on into one space of {heads[0].embedding_dim} dimensions; the cosine
there says how well a face and a voice go together. Trained by `pins_plugin.train.features.training` (recipes/Features).

    pins embed FOLDER --face_embeddings face.npz --voice_embeddings voice.npz --out emb.npz

Limits: they know nothing of embeddings from other networks, and what they find is what faces and voices
share (gender above all): evidence, never proof of identity.

| setting | value |
|---|---|
{chosen}
"""


def _held_out_people(
    rows: tuple[FeatureRows, FeatureRows] | None, axes: Axes, num_pairs: int, seed: int
) -> HeldOut | None:
    """Pairs of the people of split valid; None where there are fewer than two."""
    if rows is None:
        return None
    table = make_table(*rows, supervised=True).project(axes)
    if table.num_people < 2:
        return None
    everyone = np.ones(table.num_people, dtype=bool)
    return HeldOut.from_table(table, everyone, num_pairs, np.random.default_rng([seed, 99]))


def _has_two_people(faces: FeatureRows, voices: FeatureRows) -> bool:
    """Tell whether there is anyone to tell apart: two named people with a face and a voice."""
    return len((set(faces.identities) & set(voices.identities)) - {""}) >= 2


def _score_test(
    heads: Heads, faces: FeatureRows, voices: FeatureRows, hparams: Mapping[str, Any]
) -> dict[str, Any]:
    """Score the people of split test."""
    scores: dict[str, Any] = hparams["evaluate"](
        apply_head(heads[0], faces.embeddings),
        apply_head(heads[1], voices.embeddings),
        faces.identities,
        voices.identities,
        face_clips=[clip.clip_id for clip in faces.clips],
        voice_clips=[clip.clip_id for clip in voices.clips],
        face_videos=faces.videos,
        voice_videos=voices.videos,
        strata=hparams["strata"]([*faces.clips, *voices.clips]),
        seed=hparams["seed"],
    )
    return scores
