"""Read real faces and voices, change them as video does, and keep what the frozen trunks make of them.

  python recipes/RealPeople/prepare.py DATA TEACHERS --out prepared

DATA is the folder that holds `portraits`, `voices`, `clips` and `found` (recipes/Pretrained/found_clips.py); TEACHERS the one with the two wheels of `teachers.py`. Writes
faces.npz and voices.npz, one row for each changed picture or stretch of sound: `features`, `person`, `split` (learn or choose),
`probability` (of "male": the recorded value, softened by the teacher's; for people of clips both teachers'), and `changed`. Nobody
of `reporting` in split.yaml is opened.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import yaml
from safetensors.torch import save_file
from teachers import read_face_teacher, read_voice_teacher
from torch import Generator, Tensor

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.training.augmentation import FaceAugmentation, VoiceAugmentation
from pins_plugin.data.training.recording_conditions import RecordingConditions
from pins_plugin.errors import ManifestError, MediaError
from pins_plugin.inference.portraits import load_portraits
from pins_plugin.utils.files import read_table
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.threads import one_thread

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Pretrained"))
from found_clips import read_found

SPLIT = Path(__file__).with_name("split.yaml")
FACE_CHANGES = FaceAugmentation(brightness=0.3, contrast=0.3, saturation=0.6, shift=0.03, zoom=0.08)
VOICE_CHANGES = VoiceAugmentation(noise=0.5, snr=(3.0, 30.0), reverberation=0.4, decay=(0.1, 0.6))
CONDITIONS = RecordingConditions()
VIEWS = 8  # of each portrait, one of them unchanged; pictures of each clip
SECONDS = 4.0  # of the unchanged stretch of a voice
STRETCHES = ((4, 1.2), (4, 2.5))  # changed stretches of each voice: how many, of how many seconds
RECORDED, OPINION = 0.9, 0.1  # what the record and the teacher weigh
SURE = 0.98
# What the teachers' log odds are divided by: both are too sure.
FACE_SOFTNESS, VOICE_SOFTNESS = 4.0, 3.0


class Source(NamedTuple):
    """One file: where, whose, what for, and the recorded value (1 male, 0 female) where there is one."""

    path: Path
    person: str
    split: str
    recorded: float | None


def list_sources(data: Path, kind: str, cropped: Path) -> Iterator[Source]:
    """List the files of `portraits` or `voices`, then those of `clips` that may be used, then those of `found`, cropped into a folder."""
    split = yaml.safe_load(SPLIT.read_text(encoding="utf-8"))
    expected = "a manifest; is DATA the right folder?"
    for row in read_table(data / kind / "manifest.csv", ManifestError, expected):
        person = row.get("speaker") or Path(row["file"]).stem
        choosing = int(person[1:]) % split["held_out_every"] == 0
        role = "choose" if choosing else "learn"
        yield Source(data / kind / row["file"], person, role, float(row["sex"] == "m"))
    for row in read_table(data / "clips" / "manifest.csv", ManifestError, expected):
        path = data / "clips" / row["file"]
        if row["person"] in split["choosing"]:
            yield Source(path, row["person"], "choose", None)
        elif row["person"] in split["learning"] and "CC-BY-4.0" in row["licence"]:
            yield Source(path, row["person"], "learn", None)
    for clip in read_found(data, cropped):
        if clip.person in split["learning"]:
            yield Source(clip.file, clip.person, "learn", None)


@torch.inference_mode()
def prepare_faces(data: Path, teachers: Path, cropped: Path) -> dict[str, np.ndarray]:
    """Rows of all faces."""
    teacher = read_face_teacher(teachers)
    generator = torch.Generator().manual_seed(0)
    rows = []
    for source in progress(list(list_sources(data, "portraits", cropped)), "faces"):
        try:
            pictures = load_portraits(source.path, 112, num_frames=VIEWS)
        except MediaError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        faces = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
        if source.recorded is not None:
            faces = torch.cat([faces, FACE_CHANGES(faces.repeat(VIEWS - 1, 1, 1, 1), generator)])
            faces[2::2] = _blur(faces[2::2], generator)
        features = teacher.trunk(faces)
        opinion = torch.sigmoid(teacher.judge(features) / FACE_SOFTNESS)
        rows.append(make_rows(source, features, opinion))
    return stack(rows)


@torch.inference_mode()
def prepare_voices(data: Path, teachers: Path, cropped: Path) -> dict[str, np.ndarray]:
    """Rows of all voices."""
    teacher = read_voice_teacher(teachers)
    generator = torch.Generator().manual_seed(0)
    rows = []
    for source in progress(list(list_sources(data, "voices", cropped)), "voices"):
        waveform = torch.from_numpy(load_audio(source.path, SAMPLE_RATE))
        unchanged = waveform[None, : round(SECONDS * SAMPLE_RATE)]
        batches = [unchanged]
        for count, seconds in STRETCHES:
            stretches = _cut(waveform, count, round(seconds * SAMPLE_RATE), generator)
            batches.append(VOICE_CHANGES(CONDITIONS(stretches, generator), generator))
        features = torch.cat([teacher.trunk(batch) for batch in batches])
        opinion = torch.sigmoid(teacher.judge(features) / VOICE_SOFTNESS)
        rows.append(make_rows(source, features, opinion))
    return stack(rows)


def make_rows(source: Source, features: Tensor, opinion: Tensor) -> dict[str, np.ndarray]:
    """Rows of one file, of which the first is unchanged."""
    values = opinion.numpy().astype(np.float64)
    if source.recorded is not None:
        values = (RECORDED * source.recorded + OPINION * values).clip(1 - SURE, SURE)
    return {
        "features": features.numpy().astype(np.float32),
        "person": np.full(len(features), source.person),
        "split": np.full(len(features), source.split),
        "probability": values,
        "changed": np.arange(len(features)) > 0,
    }


def stack(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Rows of all files."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def agree_on_people(faces: dict[str, np.ndarray], voices: dict[str, np.ndarray]) -> None:
    """Give everybody who is seen and heard one value: what both teachers say of all that is unchanged, together."""
    for person in sorted(set(faces["person"]) & set(voices["person"])):
        seen, heard = faces["person"] == person, voices["person"] == person
        heard_well = heard & ~voices["changed"]
        odds = [
            _odds(faces["probability"][seen]).mean(),
            _odds(voices["probability"][heard_well]).mean(),
        ]
        value = 1 / (1 + np.exp(-sum(odds)))
        faces["probability"][seen] = voices["probability"][heard] = np.clip(value, 1 - SURE, SURE)


def _odds(probability: np.ndarray) -> np.ndarray:
    probability = probability.clip(1e-4, 1 - 1e-4)
    return np.asarray(np.log(probability / (1 - probability)))


def _cut(waveform: Tensor, count: int, length: int, generator: Generator) -> Tensor:
    if len(waveform) < length:
        waveform = waveform.repeat(-(-length // len(waveform)))
    starts = torch.randint(len(waveform) - length + 1, (count,), generator=generator)
    return torch.stack([waveform[start : start + length] for start in starts])


def _blur(faces: Tensor, generator: Generator) -> Tensor:
    """Make pictures as coarse as small faces are: 24 to 80 pixels."""
    resized = []
    for face in faces.split(1):
        side = int(torch.randint(24, 80, (), generator=generator))
        small = torch.nn.functional.interpolate(face, (side, side), mode="bilinear", antialias=True)
        resized.append(torch.nn.functional.interpolate(small, face.shape[2:], mode="bilinear"))
    return torch.cat(resized)


@one_thread()  # the last bits depend on how many there are
def main() -> None:
    """Run the command."""
    parser = script_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("teachers", type=Path)
    parser.add_argument("--out", type=Path, default=Path("prepared"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as cropped:
        faces, voices = (
            prepare(args.data, args.teachers, Path(cropped))
            for prepare in (prepare_faces, prepare_voices)
        )
    agree_on_people(faces, voices)
    args.out.mkdir(parents=True, exist_ok=True)
    np.savez(args.out / "faces.npz", **faces)
    np.savez(args.out / "voices.npz", **voices)
    trunks = {
        "face_encoder": read_face_teacher(args.teachers),
        "voice_encoder": read_voice_teacher(args.teachers),
    }
    weights = {
        f"{name}.{key}": value.contiguous()
        for name, teacher in trunks.items()
        for key, value in teacher.trunk.state_dict().items()
    }
    save_file(weights, args.out / "trunks.safetensors")


if __name__ == "__main__":
    run_script(main)
