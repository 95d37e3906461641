"""Score a trial list of speaker (or face) verification with any model folder: EER and minDCF.

  python recipes/SpeakerRecognition/score_list.py MODEL veri_test2.txt --root VOX1/wav [--out scores]

The list has `label path1 path2` per line, label 1 for the same person, as VoxCeleb1-O (veri_test.txt or its
cleaned version veri_test2.txt), -E (list_test_all2.txt) and -H (list_test_hard2.txt) have it; paths are below
--root and begin with the person. With --faces the paths are pictures of faces. Files are embedded once each;
--cache keeps the embeddings, and a run that was stopped goes on. Scores are cosines; intervals are 95 %,
over people. With --out, every trial's score goes to OUT/scores.txt as `score label path1 path2`.
"""

import json
from pathlib import Path

import numpy as np

from pins_plugin.data.corpora.trial_list import TrialList, read_trial_list
from pins_plugin.errors import MediaError
from pins_plugin.evaluation.recognition import evaluate_recognition
from pins_plugin.inference.clips import embed_files
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.vectors import unit


def embed_list(
    model: str, trials: TrialList, root: Path, *, faces: bool, cache: Path | None, quiet: bool
) -> np.ndarray:
    """Embed every file of the list once: (num_files, embedding_dim)."""
    embedder = FaceVoiceEmbedder.from_hparams(model)
    paths, modality = [root / path for path in trials.paths], "face" if faces else "voice"
    embeddings = embed_files(embedder, paths, modality, cache=cache, quiet=quiet)
    missing = [
        path
        for path, row in zip(trials.paths, embeddings, strict=True)
        if not np.isfinite(row).all()
    ]
    if missing:
        raise MediaError(
            f"{root}: {len(missing)} of {len(trials.paths)} files of the list could not be read, such as {missing[0]}; "
            "a list is scored whole or not at all"
        )
    return embeddings


def main() -> None:
    """Embed, score, print."""
    parser = script_parser(__doc__)
    parser.add_argument("model", help="model folder, name of a shipped model, or hub id")
    parser.add_argument("list", type=Path)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--faces", action="store_true", help="the list names pictures of faces")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--replicates", type=int, default=200, help="of the bootstrap; 0: none")
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    trials = read_trial_list(args.list)
    embeddings = embed_list(
        args.model, trials, args.root, faces=args.faces, cache=args.cache, quiet=args.quiet
    )
    result = evaluate_recognition(
        embeddings,
        trials.identities(),
        trials.first,
        trials.second,
        trials.same,
        num_replicates=args.replicates,
    )
    print(json.dumps(result, indent=2))
    if args.out:
        units = unit(np.asarray(embeddings, np.float64))
        scores = np.einsum("td,td->t", units[trials.first], units[trials.second])
        lines = [
            f"{score:.6f} {int(same)} {trials.paths[a]} {trials.paths[b]}"
            for score, same, a, b in zip(
                scores, trials.same, trials.first, trials.second, strict=True
            )
        ]
        write_text(args.out / "scores.txt", "\n".join(lines) + "\n")
        write_json(args.out / "result.json", result)


if __name__ == "__main__":
    run_script(main)
