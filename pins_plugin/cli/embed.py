"""Embed the faces and voices of a manifest.

  pins embed results/demo/model --manifest clips/manifest.csv --out embeddings.npz

A model that was trained on recognition embeddings (hparams/features.yaml) takes those instead of media:

  pins embed results/features/model --face_embeddings face.npz --voice_embeddings voice.npz --out emb.npz

The file holds the arrays face_embeddings, face_clip_id, voice_embeddings, voice_clip_id (unit length, float32).
"""

import argparse
from pathlib import Path

from pins_plugin.errors import PinsError

HELP = "embed faces and voices into one space"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument("--manifest", type=Path, help="CSV file of clips")
    parser.add_argument("--face_embeddings", type=Path, help=".npz file: embeddings, clip_id")
    parser.add_argument("--voice_embeddings", type=Path, help=".npz file: embeddings, clip_id")
    parser.add_argument("--split", help="rows to embed (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="NumPy file (.npz) to write")
    parser.add_argument("--num_frames", type=int, default=4, help="pictures per clip (default: 4)")
    parser.add_argument("--device", default="cpu", help="such as cuda:0 (default: cpu)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.utils.writable import try_file

    try_file(args.out)
    given = [args.face_embeddings is not None, args.voice_embeddings is not None]
    if all(given) and args.manifest is None:
        from pins_plugin.inference.feature_embedder import embed_feature_files

        num_faces, num_voices = embed_feature_files(
            args.model, args.face_embeddings, args.voice_embeddings, args.out
        )
        print(f"{num_faces} faces, {num_voices} voices: {args.out}")
        return
    if any(given) or args.manifest is None:
        raise PinsError(
            "expected either --manifest, or both --face_embeddings and --voice_embeddings"
        )
    import numpy as np

    from pins_plugin.data.manifest import read_manifest
    from pins_plugin.inference.clips import embed_clips
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.utils.batch import Batch
    from pins_plugin.utils.files import atomic_path

    clips = read_manifest(args.manifest, args.split)
    embedder = FaceVoiceEmbedder.from_hparams(args.model, run_opts={"device": args.device})
    batch = Batch("embed", len(clips), "clips", args.traceback)
    skipped: dict[str, Exception] = {}
    faces, voices = embed_clips(
        embedder, clips, num_frames=args.num_frames, quiet=args.quiet, skipped=skipped
    )
    for clip_id, error in skipped.items():
        batch.note(clip_id, error)
    clips = [clip for clip in clips if clip.clip_id not in skipped]
    clip_ids = np.array([clip.clip_id for clip in clips])
    with atomic_path(args.out) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            face_embeddings=faces,
            face_clip_id=clip_ids,
            voice_embeddings=voices,
            voice_clip_id=clip_ids,
        )
    print(f"{len(clips)} clips, {faces.shape[1]} dimensions: {args.out}")
    batch.finish()
