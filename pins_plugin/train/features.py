"""Training on recognition embeddings: two heads that bring faces and voices into one space."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from pins_plugin.data.features import (
    FeatureRows,
    load_features,
    read_feature_clips,
    select_rows,
)
from pins_plugin.errors import ManifestError
from pins_plugin.models.folder import save_model_folder
from pins_plugin.models.heads import apply_head
from pins_plugin.train.head_choice import (
    HeadSettings,
    Pairs,
    build_heads,
    choose_settings,
    draw_pairs,
)
from pins_plugin.train.people_table import PeopleTable, make_table
from pins_plugin.train.refine import Heads, HeldOut, RefineSettings, refine_heads
from pins_plugin.utils.files import write_json, write_text

FEWEST_PEOPLE = 10
HEADS = ("face_head", "voice_head")
CARVED_SHARE = 0.15
VALIDATION_PAIRS = 20_000


def train_features(hparams: Mapping[str, Any], run_opts: Mapping[str, Any]) -> None:
    """Carry out `hparams/features.yaml`: train, save OUT/model, score people of the test split.

    Parameters
    ----------
    hparams : mapping
        The entries of the YAML, see there.
    run_opts : mapping
        SpeechBrain's run options; not used, heads train in seconds on a CPU.
    """
    output_folder = Path(hparams["output_folder"])
    splits = read_splits(
        hparams["face_embeddings"], hparams["voice_embeddings"], hparams["manifest"]
    )
    table = make_table(*splits["train"], supervised=hparams["supervised"])
    settings, report = choose_head(table, hparams["seed"])
    heads, more = fit_heads(
        table,
        splits.get("valid"),
        settings,
        hparams["objective"],
        hparams["refine"],
        hidden_dim=hparams["hidden_dim"],
        seed=hparams["seed"],
    )
    report |= more
    save_heads(output_folder / "model", heads, report)
    lines = [f"{name}: {value}" for name, value in report.items()]
    if "test" in splits:
        faces, voices = splits["test"]
        scores = hparams["evaluate"](
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
        write_json(output_folder / "results.json", {"unseen": scores, "training": report})
        lines += ["", hparams["format_table"](scores)]
    write_text(output_folder / "train_log.txt", "\n".join(lines) + "\n")
    print("\n".join(lines))
    print(f"model: {output_folder / 'model'}")


def read_splits(
    face_path: str | Path, voice_path: str | Path, manifest: str | Path
) -> dict[str, tuple[FeatureRows, FeatureRows]]:
    """Read both files; faces and voices of each split (an empty split counts as train).

    Raises
    ------
    ManifestError
        When a file cannot be used, a row's clip is not in the manifest, or there is nothing to train on.
    """
    clips = read_feature_clips(manifest)
    tables = [(Path(path).name, load_features(path)) for path in (face_path, voice_path)]
    found = {}
    for split, names in (("train", ("train", "")), ("valid", ("valid",)), ("test", ("test",))):
        faces, voices = (select_rows(rows, clips, names, name) for name, rows in tables)
        if faces.clips and voices.clips:
            found[split] = (faces, voices)
    if "train" not in found:
        raise ManifestError(
            f"{manifest}: no clip of split train has a face and a voice embedding; "
            f"splits with both: {', '.join(found) or 'none'}"
        )
    return found


def choose_head(
    table: PeopleTable, seed: int = 0, quiet: bool = False
) -> tuple[HeadSettings, dict[str, Any]]:
    """Choose the closed form by cross-validation over people; what was found goes into the report.

    Raises
    ------
    ManifestError
        When there are fewer than `FEWEST_PEOPLE`.
    """
    if table.num_people < FEWEST_PEOPLE:
        raise ManifestError(
            f"split train: expected at least {FEWEST_PEOPLE} people (groups of videos with a face and a voice), "
            f"got {table.num_people}"
        )
    settings, score = next(iter(choose_settings(table, seed, quiet=quiet).items()))
    report = {
        "num_people_found": table.num_people,
        "num_faces": len(table.faces),
        "num_voices": len(table.voices),
        **asdict(settings),
        "cross_validation_score": round(score, 4),
    }
    return settings, report


def fit_heads(
    table: PeopleTable,
    valid: tuple[FeatureRows, FeatureRows] | None,
    settings: HeadSettings,
    objective: nn.Module,
    refine: RefineSettings,
    hidden_dim: int = 256,
    seed: int = 0,
    quiet: bool = False,
) -> tuple[Heads, dict[str, Any]]:
    """Solve the closed form, then refine it by a network if that helps people held out.

    Parameters
    ----------
    table : PeopleTable
        To train on.
    valid : pair of FeatureRows, optional
        Faces and voices of other people, whose identities decide when to stop. Without it, a share of the
        training people takes that part, and then trains with the others for as many steps.
    settings : HeadSettings
        Of the closed form.
    objective : Module
    refine : RefineSettings
    hidden_dim : int
        Of the networks; 0 leaves them out.
    seed : int
    quiet : bool

    Returns
    -------
    heads : pair of FeatureHead
    report : dict
        Whether the networks were kept, and how they did.
    """
    plain = build_heads(table, settings)
    if hidden_dim == 0 or refine.num_steps == 0:
        return plain, {"refined": False}
    heads, curve = _refined(table, valid, settings, objective, refine, hidden_dim, seed, quiet)
    rounded = [[step, round(value, 4)] for step, value in curve]
    return heads or plain, {"refined": heads is not None, "validation_curve": rounded}


def save_heads(folder: str | Path, heads: Heads, report: Mapping[str, Any]) -> None:
    """Write two heads as a model folder."""
    config = {
        name: (
            "pins_plugin.models.heads.FeatureHead",
            {
                "input_dim": head.input_dim,
                "embedding_dim": head.embedding_dim,
                "hidden_dim": head.hidden_dim,
            },
        )
        for name, head in zip(HEADS, heads, strict=True)
    }
    settings = {"kind": "feature heads", "training": dict(report)}
    save_model_folder(
        folder, dict(zip(HEADS, heads, strict=True)), config, settings, _card(heads, report)
    )


def _card(heads: Heads, report: Mapping[str, Any]) -> str:
    chosen = "\n".join(f"| {name} | {value} |" for name, value in report.items())
    return f"""# Heads over face and voice embeddings

They bring face embeddings ({heads[0].input_dim} numbers) and voice embeddings ({heads[1].input_dim} numbers) of the
recognition networks they were trained on into one space of {heads[0].embedding_dim} dimensions; the cosine
there says how well a face and a voice go together. Trained by `pins_plugin.train.features` (recipes/Features).

    pins embed FOLDER --face_embeddings face.npz --voice_embeddings voice.npz --out emb.npz

Limits: they know nothing of embeddings from other networks, and what they find is what faces and voices
share (gender above all): evidence, never proof of identity.

| setting | value |
|---|---|
{chosen}
"""


def _refined(
    table: PeopleTable,
    valid: tuple[FeatureRows, FeatureRows] | None,
    settings: HeadSettings,
    objective: nn.Module,
    refine: RefineSettings,
    hidden_dim: int,
    seed: int,
    quiet: bool,
) -> tuple[Heads | None, list[tuple[int, float]]]:
    """Refined heads (None where the network does not help) and the curve of validation scores."""
    generator = np.random.default_rng(seed)
    if valid is not None:
        held_out = _held_out(make_table(*valid, supervised=True), generator)
        start = build_heads(table, settings, hidden_dim)
        heads, curve = refine_heads(start, table, held_out, objective, refine, seed, quiet)
        return (None if heads is start else heads), curve
    carved = generator.permutation(table.num_people) < CARVED_SHARE * table.num_people
    rest = table.subset(~carved)
    start = build_heads(rest, settings, hidden_dim)
    held_out = _held_out(table.subset(carved), generator)
    heads, curve = refine_heads(start, rest, held_out, objective, refine, seed, quiet)
    if heads is start:
        return None, curve
    num_steps = max(curve, key=lambda point: point[1])[0]
    again = replace(refine, num_steps=num_steps)
    start = build_heads(table, settings, hidden_dim)
    return refine_heads(start, table, None, objective, again, seed, quiet)[0], curve


def _held_out(table: PeopleTable, generator: np.random.Generator) -> HeldOut:
    drawn = draw_pairs(table.face_people, table.voice_people, VALIDATION_PAIRS, generator)
    faces, face_rows = np.unique(drawn.faces, return_inverse=True)
    voices, voice_rows = np.unique(drawn.voices, return_inverse=True)
    return HeldOut(
        table.faces[faces], table.voices[voices], Pairs(face_rows, voice_rows, drawn.same)
    )
