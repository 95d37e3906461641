"""Embed faces and voices: of the clips of a manifest into one file, or of many files into a folder.

  pins embed results/demo/model --manifest clips/manifest.csv --out embeddings.npz
  pins embed results/demo/model archive "more/*.mp4" list.txt --out DIR --jobs 8    DIR/<name>.npz for each: the largest face
                                  and the voice of a whole video of one person, the face of a picture, the voice of a sound file
  pins embed results/demo/model --manifest parts --out DIR --jobs 8                 DIR/<name>.npz for each manifest of a folder

A model that was trained on recognition embeddings (hparams/features.yaml) takes those instead of media:

  pins embed results/features/model --face_embeddings face.npz --voice_embeddings voice.npz --out emb.npz

Each file holds the arrays face_embeddings, face_clip_id, voice_embeddings, voice_clip_id (unit length, float32).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pins_plugin.cli._many import add_many_arguments, find_inputs, is_many, run_files
from pins_plugin.cli._options import add_options
from pins_plugin.errors import PinsError

if TYPE_CHECKING:
    from pins_plugin.inference.embedder import FaceVoiceEmbedder

HELP = "embed faces and voices into one space"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument(
        "media",
        nargs="*",
        metavar="FILE",
        help="videos, pictures, sounds: files, folders, patterns, lists",
    )
    parser.add_argument(
        "--manifest", type=Path, nargs="+", help="CSV file of clips; many of them with --jobs"
    )
    parser.add_argument("--split", help="rows to embed (default: all)")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="NPZ|DIR",
        help="NumPy file for one manifest or --face_embeddings; else a folder",
    )
    add_options(parser, "face_embeddings", "voice_embeddings", "num_frames", "device", "quiet")
    add_many_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from pins_plugin.utils.writable import try_file

    many = args.manifest and (is_many(args) or len(args.manifest) > 1)
    if args.media or many:
        from pins_plugin.cli._each_video import media_length, open_embedder

        if bool(args.media) + bool(args.manifest) + bool(args.face_embeddings) > 1:
            raise PinsError("expected media files, --manifest or --face_embeddings, got several")
        kinds = media_endings() if args.media else (".csv",)
        files, args.names = find_inputs(args.media or args.manifest, args, kinds)
        return run_files("embed", files, open_embedder, args, duration=media_length)
    try_file(args.out)
    given = [args.face_embeddings is not None, args.voice_embeddings is not None]
    if all(given) and args.manifest is None:
        from pins_plugin.inference.feature_embedder import embed_feature_files

        num_faces, num_voices = embed_feature_files(
            args.model, args.face_embeddings, args.voice_embeddings, args.out
        )
        print(f"{num_faces} faces, {num_voices} voices: {args.out}")
        return 0
    if any(given) or args.manifest is None:
        raise PinsError(
            "expected media files, or --manifest, or both --face_embeddings and --voice_embeddings"
        )
    from pins_plugin.inference.embedder import FaceVoiceEmbedder
    from pins_plugin.utils.batch import Batch

    embedder = FaceVoiceEmbedder.from_hparams(args.model, run_opts={"device": args.device})
    count, dims, skipped = embed_manifest(
        embedder, args.manifest[0], args.split, args.out, args.num_frames, args.quiet
    )
    batch = Batch("embed", count + len(skipped), "clips", args.traceback)
    for clip_id, error in skipped.items():
        batch.note(clip_id, error)
    print(f"{count} clips, {dims} dimensions: {args.out}")
    batch.finish()
    return 0


def embed_manifest(
    embedder: "FaceVoiceEmbedder",
    manifest: Path,
    split: str | None,
    out: Path,
    num_frames: int,
    quiet: bool,
) -> tuple[int, int, dict[str, Exception]]:
    """Embed the clips of one manifest; gives how many, of how many dimensions, and which were left out."""
    from pins_plugin.data.corpora.manifest import read_manifest
    from pins_plugin.inference.clips import embed_clips
    from pins_plugin.inference.feature_embedder import write_embeddings

    clips = read_manifest(manifest, split)
    skipped: dict[str, Exception] = {}
    faces, voices = embed_clips(
        embedder, clips, num_frames=num_frames, quiet=quiet, skipped=skipped
    )
    clip_ids = [clip.clip_id for clip in clips if clip.clip_id not in skipped]
    write_embeddings(out, face=(faces, clip_ids), voice=(voices, clip_ids))
    return len(clip_ids), faces.shape[1], skipped


def media_endings() -> tuple[str, ...]:
    """Of the files that a face or a voice can be found in."""
    from pins_plugin.archive.inputs import AUDIO_SUFFIXES, VIDEOS
    from pins_plugin.data.media.images import IMAGE_SUFFIXES

    return (*VIDEOS, *AUDIO_SUFFIXES, *sorted(IMAGE_SUFFIXES))


def embed_media(
    embedder: "FaceVoiceEmbedder", source: Path, out: Path, num_frames: int, name: str
) -> str:
    """Embed the face and the voice of one file, as far as it has them; gives what was found."""
    from pins_plugin.archive.inputs import AUDIO_SUFFIXES
    from pins_plugin.data.media.audio import load_audio
    from pins_plugin.data.media.images import is_image
    from pins_plugin.data.media.video import probe_video
    from pins_plugin.inference.clips import embed_pictures, embed_waveforms
    from pins_plugin.inference.feature_embedder import write_embeddings
    from pins_plugin.inference.portraits import load_clip_faces

    arrays = {}
    is_sound = source.suffix.lower() in AUDIO_SUFFIXES
    if not is_sound:
        size, aligned = embedder.image_size, embedder.wants_aligned
        pictures = load_clip_faces(source, size, num_frames, aligned=aligned)
        arrays["face"] = embed_pictures(embedder, [pictures])
    if is_sound or (not is_image(source) and probe_video(source).has_audio):
        arrays["voice"] = embed_waveforms(embedder, [load_audio(source, embedder.sample_rate)])
    write_embeddings(out, **{kind: (value, [name]) for kind, value in arrays.items()})
    return f"{' and '.join(arrays)}, {embedder.embedding_dim} dimensions"
