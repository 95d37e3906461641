"""Speaker recognition and face verification with a joint model, on people it has never seen.

  python recipes/SpeakerRecognition/evaluate.py MODEL clips/manifest.csv [--split test] [--out scores]

Every pair of clips of the split is a trial, but those of one recording. Scores are cosines of the embeddings
themselves, and of a linear probe (`evaluation.recognition.fit_probe`) that was fitted with the names of the train
split. EER and minDCF (prior 0.05) with 95 % intervals over people; chance is EER 0.5 and minDCF 1.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from pins_plugin.data.corpora.manifest import read_manifest
from pins_plugin.evaluation.recognition import evaluate_recognition, fit_probe, recognition_trials
from pins_plugin.inference.clips import embed_clips
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import write_json
from pins_plugin.utils.script import run_script, script_parser


def evaluate_model(
    embedder: FaceVoiceEmbedder,
    train: Sequence[TalkingFaceClip],
    test: Sequence[TalkingFaceClip],
    *,
    num_replicates: int = 200,
    quiet: bool = False,
) -> dict[str, dict]:
    """Score voices and faces, by cosine and by a probe fitted on `train`.

    Returns
    -------
    report : dict
        "voice", "voice, probe", "face", "face, probe": see `evaluate_recognition`.
    """
    names = [clip.identity for clip in test]
    trials = recognition_trials(names, [clip.video for clip in test])
    known = [clip.identity for clip in train]
    report = {}
    for part, fitted, judged in zip(
        ("face", "voice"),
        embed_clips(embedder, train, quiet=quiet),
        embed_clips(embedder, test, quiet=quiet),
        strict=True,
    ):
        report[part] = evaluate_recognition(judged, names, *trials, num_replicates=num_replicates)
        probed = fit_probe(fitted, known).transform(judged)
        report[f"{part}, probe"] = evaluate_recognition(
            probed, names, *trials, num_replicates=num_replicates
        )
    return report


def main() -> None:
    """Embed, score, print."""
    parser = script_parser(__doc__)
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    report = evaluate_model(
        FaceVoiceEmbedder.from_hparams(args.model),
        read_manifest(args.manifest, "train"),
        read_manifest(args.manifest, args.split),
        quiet=args.quiet,
    )
    print(json.dumps(report, indent=2))
    if args.out:
        write_json(args.out / "result.json", report)


if __name__ == "__main__":
    run_script(main)
