"""What `verify_files` says of every face and voice of people in clips: whether its probabilities hold, and who is refused.

  python recipes/RealPeople/verify.py MANIFEST... [--model face_voice] [--labels labels.csv] [--out results/verify]

The first clip of each person of the manifests (file, person) counts, as it comes; files that `verify_files` refuses are listed with its reason.
Half of all pairs count as one person's. With `--labels` (person, label) answers are shown by group as well; labels are used for nothing else, and
are not written down.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from reliability import EDGES, format_bins
from torch import Tensor

from pins_plugin.errors import ManifestError, MediaError
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.verification import judge, load_speech
from pins_plugin.metrics.bootstrap import bootstrap_interval, pair_weights
from pins_plugin.metrics.calibration import reliability
from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import read_table, write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser


class Answers(NamedTuple):
    """Of every face (row) and every voice (column).

    Parameters
    ----------
    people : (num_people,) str array
    probability : (num_people, num_people) float64 array
    ruled_out : (num_people, num_people) bool array
        The answer is "two people".
    refused : list of str
        Why files were refused.
    """

    people: NDArray[np.str_]
    probability: NDArray[np.float64]
    ruled_out: NDArray[np.bool_]
    refused: list[str]


def embed_file(embedder: FaceVoiceEmbedder, path: Path) -> tuple[Tensor, Tensor]:
    """Face and voice of a clip, as `verify_files` embeds them."""
    face = embedder.encode_face_file(path, alone=True)
    return face, embedder.encode_long_voice(load_speech(path, embedder.sample_rate))


def ask(embedder: FaceVoiceEmbedder, manifests: list[Path], chosen: set[str]) -> Answers:
    """Ask for every pair; `chosen` are the people, all where it is empty."""
    files: dict[str, Path] = {}
    for manifest in manifests:
        for row in read_table(manifest, ManifestError, "a table file,person"):
            if not chosen or row["person"] in chosen:
                files.setdefault(row["person"], manifest.parent / row["file"])
    embedded, refused = {}, []
    for person, path in progress(sorted(files.items()), "people"):
        try:
            embedded[person] = embed_file(embedder, path)
        except MediaError as error:
            refused.append(str(error))
    faces, voices = (torch.stack(side) for side in zip(*embedded.values(), strict=True))
    told = [[judge(cosine, embedder.calibration) for cosine in row] for row in faces @ voices.T]
    return Answers(
        np.array(list(embedded)),
        np.array([[each.probability for each in row] for row in told], dtype=np.float64),
        np.array([[each.same_person is False for each in row] for row in told]),
        refused,
    )


def bound_share(
    said: NDArray[np.float64], faces: NDArray[np.int64], voices: NDArray[np.int64], num_people: int
) -> tuple[float, float]:
    """Bound a mean over pairs by the bootstrap over people."""

    def share(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = pair_weights(counts, faces, voices)
        with np.errstate(invalid="ignore"):
            return np.asarray((weights @ said) / weights.sum(axis=1))

    low, high = bootstrap_interval(share, num_people, generator=np.random.default_rng(0))
    return float(low), float(high)


def describe(answers: Answers, labels: dict[str, str]) -> tuple[str, dict]:
    """Tables, and what stands in them."""
    own = np.eye(len(answers.people), dtype=bool)
    bins = reliability(
        answers.probability.ravel(), own.ravel().astype(float), (~own).ravel().astype(float), EDGES
    )
    text = format_bins(bins)
    kinds = {"one person's": own, "two people's": ~own}
    group = np.array([labels.get(person, "") for person in answers.people])
    for one in sorted(set(group) - {""}):
        kinds[f"one person's, {one}"] = own & (group == one)
    for one in sorted(set(group) - {""}):
        for other in sorted(set(group) - {""}):
            kinds[f"two people's, face {one}, voice {other}"] = (
                ~own & (group[:, None] == one) & (group[None] == other)
            )
    report, rows = {}, []
    for name, mask in kinds.items():
        if not mask.any():
            continue
        said = answers.ruled_out[mask].astype(np.float64)
        low, high = bound_share(said, *np.nonzero(mask), len(own))
        report[name] = {"pairs": len(said), "two people": float(said.mean()), "ci95": [low, high]}
        rows.append(
            [name, str(len(said)), f"{100 * said.mean():.1f} ({100 * low:.0f} - {100 * high:.0f})"]
        )
    text += "\n\n" + format_table(("pairs", "", 'answered "two people", %'), rows, markdown=True)
    values = {
        "num_people": len(own),
        "bins": [b._asdict() for b in bins if b.share],
        "answers": report,
    }
    return text, values | {"refused": answers.refused}


def main() -> None:
    """Run the command."""
    parser = script_parser(__doc__)
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--model", default="face_voice")
    parser.add_argument("--labels", type=Path, metavar="CSV")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows = read_table(args.labels, ManifestError, "a table person,label") if args.labels else []
    labels = {row["person"]: row["label"] for row in rows}
    answers = ask(FaceVoiceEmbedder.from_hparams(args.model), args.manifests, set(labels))
    text, values = describe(answers, labels)
    refused = "".join(f"\nrefused: {reason}" for reason in answers.refused)
    print(f"{len(answers.people)} people\n\n{text}\n{refused}")
    if args.out:
        write_json(args.out / "verify.json", values)
        write_text(args.out / "verify.md", text + "\n")


if __name__ == "__main__":
    run_script(main)
