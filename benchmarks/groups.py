"""How evenly the recognition models that ship serve groups of people; `--write` puts it into their cards.

  pins simulate clips clips --people 120 --clips_per_person 2 --seed 7
  python benchmarks/groups.py clips/manifest.csv --write

Verification within one modality: the first clip of each person against the second clips of everybody, by gender, age
and accent of the first. Any manifest with two clips for each person and the columns gender, age, nationality will do; simulated
people tell whether a model errs where nothing but the group differs, not how it serves real ones.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.faces import load_faces
from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.evaluation.strata import strata_of
from pins_plugin.inference.pretrained import load_pretrained
from pins_plugin.models.folder.model_folder import resolve_source
from pins_plugin.report.model_card import HEADERS, group_rows, write_measured
from pins_plugin.report.tables import format_table
from pins_plugin.utils.progress import progress

MODELS = {"face_recognition": "face_encoder", "voice_campplus": "voice_encoder"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path, help="clips, two for each person")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--write", action="store_true", help="into the cards of the models")
    args = parser.parse_args()
    people: dict[str, list] = {}
    for clip in read_manifest(args.manifest):
        people.setdefault(clip.identity, []).append(clip)
    pairs = [clips[:2] for clips in people.values() if len(clips) > 1]
    for name in args.models:
        report = score(name, pairs)
        section = describe(report, args.manifest)
        print(f"{name}\n\n{section}\n")
        if args.write:
            write_measured(resolve_source(name), section)


@torch.inference_mode()
def score(name: str, pairs: list) -> dict:
    """Embed both clips of each person, and compare first with second ones."""
    encoder = load_pretrained(name, needs=[MODELS[name]]).modules[MODELS[name]]
    embed = embed_face if MODELS[name] == "face_encoder" else embed_voice
    sides = [[], []]
    for pair in progress(pairs, name):
        for side, clip in zip(sides, pair, strict=True):
            side.append(embed(encoder, clip))
    names = [first.identity for first, _ in pairs]
    strata = strata_of([first for first, _ in pairs])
    return evaluate_cross_modal(np.stack(sides[1]), np.stack(sides[0]), names, names, strata=strata)


def embed_face(encoder, clip) -> np.ndarray:
    """Mean of the clip's pictures: (embedding_dim,)."""
    faces = load_faces(clip.faces, encoder.image_size, num_frames=2)
    return encoder(torch.from_numpy(faces).float() / 255).mean(dim=0).numpy()


def embed_voice(encoder, clip) -> np.ndarray:
    """The clip's voice: (embedding_dim,)."""
    return encoder(torch.from_numpy(load_audio(clip.audio, encoder.sample_rate))[None])[0].numpy()


def describe(report: dict, manifest: Path) -> str:
    """The section of a card."""
    whole = report["verification"]
    interval = "{:.3f} - {:.3f}".format(*whole["ci95"])
    rows = [["everybody", str(report["num_identities"]), f"{whole['roc_auc']:.3f}", interval, f"{whole['eer']:.3f}"]]  # fmt: skip
    simulated = (manifest.parent / "people.npz").is_file()
    who = "simulated people (nothing is said of real ones)" if simulated else "people"
    headers = ("first clips of", *HEADERS[1:])
    return (
        "## Measured by group\n\n"
        f"{report['num_identities']} {who}, first against second clip, chance 0.500; groups of five people or more. Written by "
        "`python benchmarks/groups.py MANIFEST --write`.\n\n"
        f"{format_table(headers, rows + group_rows(report), markdown=True)}"
    )


if __name__ == "__main__":
    main()
