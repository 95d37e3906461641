"""Score a joint model on real people: every face against every voice, beside pitch, sex by label, and other models.

  python recipes/RealPeople/evaluate.py face_voice CLIPS... --teachers TEACHERS [--people p35 p36 ...] [--also demo=FOLDER]
      [--labels labels.csv] [--out results/reporting]

CLIPS are folders with a manifest.csv (file, person), or manifests of other names; the first clip of each person counts. The label that
"sex alone" and "within a sex" go by is what the two teachers of `teachers.py` say of face and voice together, or what `--labels` (person,
label: m or f) says, whose other people are left out; it is used for nothing else and is not written down.
"""

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from teachers import read_face_teacher, read_voice_teacher

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.errors import ManifestError, MediaError
from pins_plugin.evaluation.every_pair import score_every_pair
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.pooled import pool_faces, pool_voice
from pins_plugin.inference.portraits import load_portraits
from pins_plugin.metrics.pitch import median_pitch
from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import read_table, write_json, write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

FACE_SOFTNESS, VOICE_SOFTNESS = 4.0, 3.0  # as in prepare.py
SIZE = 112
MIDDLE_PITCH = 165.0  # Hz; about halfway between the means of men (120) and women (210) who speak


class Person(NamedTuple):
    """Faces (num_faces, 112, 112, 3) uint8, sound at 16 kHz, and the label: log odds."""

    name: str
    faces: NDArray[np.uint8]
    waveform: NDArray[np.float32]
    label: float


@torch.inference_mode()
def read_people(
    sources: list[Path], chosen: Collection[str] | None, teachers: Path, labels: Mapping[str, float]
) -> list[Person]:
    """Read one clip of each person."""
    face_teacher, voice_teacher = read_face_teacher(teachers), read_voice_teacher(teachers)
    rows: dict[str, Path] = {}
    for source in sources:
        manifest = source / "manifest.csv" if source.is_dir() else source
        for row in read_table(manifest, ManifestError, "a table file,person"):
            if chosen is None or row["person"] in chosen:
                rows.setdefault(row["person"], manifest.parent / row["file"])
    people = []
    for name, path in progress(sorted(rows.items()), "people"):
        try:
            faces, waveform = load_portraits(path, SIZE), load_audio(path, SAMPLE_RATE)
        except MediaError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        pictures = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255
        seen = face_teacher.judge(face_teacher.trunk(pictures)).mean() / FACE_SOFTNESS
        sound = torch.from_numpy(waveform)[None, : 10 * SAMPLE_RATE]
        heard = voice_teacher.judge(voice_teacher.trunk(sound)).mean() / VOICE_SOFTNESS
        people.append(Person(name, faces, waveform, labels.get(name, float(seen + heard))))
    return people


def score_model(source: str, people: list[Person]) -> NDArray[np.float64]:
    """Similarities (num_people, num_people) of faces and voices."""
    embedder = FaceVoiceEmbedder.from_hparams(source)
    faces = [pool_faces(embedder, person.faces) for person in people]
    voices = [
        pool_voice(embedder, person.waveform, [(0.0, len(person.waveform) / SAMPLE_RATE)])
        for person in people
    ]
    return np.asarray((torch.stack(faces) @ torch.stack(voices).T).double().numpy())


def score_baselines(people: list[Person]) -> dict[str, NDArray[np.float64]]:
    """Sex alone, by label; and pitch alone: a voice goes with a face that is labelled a man's as far as it is below `MIDDLE_PITCH`."""
    male = np.array([person.label > 0 for person in people])
    pitch = np.array([median_pitch(person.waveform, SAMPLE_RATE) for person in people])
    return {
        "sex alone, by label": (male[:, None] == male[None]).astype(np.float64),
        "pitch alone, sex of the face by label": np.where(male, -1.0, 1.0)[:, None]
        * np.log(pitch / MIDDLE_PITCH)[None],
    }


def describe(reports: dict[str, dict]) -> str:
    """One row for each judge."""
    rows = []
    for name, report in reports.items():
        cells = [name]
        for part, key in (("all", "roc_auc"), ("within", "roc_auc"), ("each group", "roc_auc"), ("1 of 2", "accuracy"), ("1 of 4", "accuracy"), ("1 of 10", "accuracy")):  # fmt: skip
            if part in report:
                low, high = report[part]["ci95"]
                cells.append(f"{report[part][key]:.3f} ({low:.2f} - {high:.2f})")
            else:
                cells.append("")
        rows.append(cells)
    headers = ("", "AUC, all pairs", "within a sex", "within, mean of both", "1 of 2", "1 of 4", "1 of 10")  # fmt: skip
    return format_table(headers, rows, markdown=True)


def main() -> None:
    """Run the command."""
    parser = script_parser(__doc__)
    parser.add_argument("model")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--people", nargs="+")
    parser.add_argument("--labels", type=Path, metavar="CSV")
    parser.add_argument("--also", nargs="+", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows = read_table(args.labels, ManifestError, "a table person,label") if args.labels else []
    labels = {row["person"]: 1.0 if row["label"] == "m" else -1.0 for row in rows}
    people = read_people(args.clips, args.people or labels or None, args.teachers, labels)
    groups = np.array([person.label > 0 for person in people])
    models = {args.model: args.model} | dict(entry.split("=", 1) for entry in args.also)
    scores = {name: score_model(source, people) for name, source in models.items()}
    reports = {
        name: score_every_pair(matrix, groups)
        for name, matrix in (scores | score_baselines(people)).items()
    }
    text = f"{len(people)} people\n\n{describe(reports)}"
    print(text)
    if args.out:
        write_json(args.out / "results.json", {"num_people": len(people), "reports": reports})
        write_text(args.out / "results.md", text + "\n")


if __name__ == "__main__":
    run_script(main)
