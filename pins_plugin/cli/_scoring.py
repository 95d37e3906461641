"""How `pins evaluate`, `pins train` and `pins demo` score a model of face and voice, and tell its scores."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.data.training.features import load_features, read_feature_clips, select_rows
from pins_plugin.errors import ManifestError
from pins_plugin.evaluation.unseen import evaluate_clips
from pins_plugin.inference.clips import embed_clips
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.feature_embedder import load_heads
from pins_plugin.models.folder.model_folder import resolve_source
from pins_plugin.models.layers.heads import apply_head
from pins_plugin.report.model_card import measured_section, write_measured
from pins_plugin.report.plots import plot_map, plot_matching, plot_roc
from pins_plugin.report.tables import cross_modal_table
from pins_plugin.simulation.oracle import oracle_similarities
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json, write_text


def evaluate_model(
    embedder: FaceVoiceEmbedder,
    manifest: Path,
    *,
    split: str | None = "test",
    oracle: Path | None = None,
    out: Path | None = None,
    num_frames: int = 4,
    seed: int = 0,
    quiet: bool = False,
    skipped: dict[str, Exception] | None = None,
    load: Callable[[TalkingFaceClip], Any] | None = None,
) -> dict[str, Any]:
    """Embed and score one split of a manifest; with `out`, draw the map of its people there.

    With `skipped`, clips that cannot be read are left out, and noted there. `load` gives what was decoded before.

    Returns
    -------
    report : dict
        See `evaluation.unseen.evaluate_clips`.
    """
    clips = read_manifest(manifest, split)
    faces, voices = embed_clips(
        embedder, clips, num_frames=num_frames, quiet=quiet, skipped=skipped, load=load
    )
    clips = [clip for clip in clips if clip.clip_id not in (skipped or {})]
    embedded = Embedded(faces, voices, clips, clips, _trained(read_manifest(manifest)))
    return score(embedded, manifest, oracle=oracle, out=out, seed=seed)


class Embedded(NamedTuple):
    """Embeddings, the clip of each row, and the people of the training."""

    faces: NDArray
    voices: NDArray
    face_clips: list[TalkingFaceClip]
    voice_clips: list[TalkingFaceClip]
    trained: list[str]


def embed_features(
    model: str, manifest: Path, face_path: Path, voice_path: Path, split: str | None
) -> Embedded:
    """Embed one split of two files of recognition embeddings."""
    face_head, voice_head = load_heads(model)
    clips = read_feature_clips(manifest)
    splits = sorted({clip.split for clip in clips.values()}) if split is None else [split]
    faces = select_rows(load_features(face_path), clips, splits, str(face_path))
    voices = select_rows(load_features(voice_path), clips, splits, str(voice_path))
    if not faces.clips or not voices.clips:
        raise ManifestError(
            f"{manifest}: expected faces and voices of split {split!r}, "
            f"got {len(faces.clips)} and {len(voices.clips)}"
        )
    return Embedded(
        apply_head(face_head, faces.embeddings),
        apply_head(voice_head, voices.embeddings),
        faces.clips,
        voices.clips,
        _trained(clips.values()),
    )


def score(
    embedded: Embedded, manifest: Path, *, oracle: Path | None, out: Path | None, seed: int
) -> dict[str, Any]:
    """Score embedded clips; with `out`, draw the map of their people there."""
    faces, voices, face_clips, voice_clips, trained = embedded
    beside = manifest.parent / "people.npz"
    truth = oracle or (beside if beside.is_file() else None)
    report = evaluate_clips(
        faces,
        voices,
        face_clips,
        voice_clips,
        trained_identities=trained,
        oracle=None if truth is None else partial(oracle_similarities, truth),
        seed=seed,
    )
    if out:
        of_faces = [clip.identity for clip in face_clips]
        of_voices = [clip.identity for clip in voice_clips]
        plot_map(faces, voices, of_faces, of_voices, out / "map.png")
    return report


def _trained(clips: Iterable[TalkingFaceClip]) -> list[str]:
    return sorted({clip.identity for clip in clips if clip.split == "train"})


def write_report(report: dict[str, Any], out: Path) -> None:
    """Write results.json, table.md, roc.png and matching.png."""
    write_json(out / "results.json", report)
    write_text(out / "table.md", describe(report, markdown=True) + "\n")
    plot_roc(report, out / "roc.png")
    plot_matching(report.get("unseen") or report["seen"], out / "matching.png")


def write_card(model: str | Path, report: dict[str, Any]) -> None:
    """Write the scores of people never seen, over all and by group, into the card of a model folder."""
    name = "unseen" if "unseen" in report else "seen"
    part = report[name]
    who = "no training knew" if name == "unseen" else "the training knew"
    about = (
        f"{part['num_identities']} people whom {who}, {part['num_faces']} clips, split "
        f"`{report['split']}` of `{Path(report['manifest']).name}`"
        f"{' (it also chose when to stop)' if report['split'] == 'valid' else ''}; intervals over people. "
        "Written by `pins train`, or `pins evaluate MODEL MANIFEST --card`."
    )
    write_measured(resolve_source(model), measured_section(part, about))


def describe(report: dict[str, Any], *, markdown: bool = False) -> str:
    """Lay out the report as one table for each group of people."""
    titles = {"unseen": "People never seen or heard in training", "seen": "People of the training"}
    return "\n\n".join(
        f"{'## ' if markdown else ''}{title}: {report[name]['num_identities']} people, "
        f"{report[name]['num_faces']} clips\n\n{cross_modal_table(report[name], markdown=markdown)}"
        for name, title in titles.items()
        if name in report
    )
