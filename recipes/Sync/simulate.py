"""Make clips of simulated people for synchronization and for lip reading: lips, mouths, sound and words.

  python recipes/Sync/simulate.py OUT --people 300 [--words 8] [--seed 0]

  python recipes/Sync/simulate.py OUT --people 300 --truth        # what could be known at best

The same as `pins simulate clips --form video` and prepare.py, without the video between: each face is drawn at
a random size and its lips are read off by the face mesh as in real footage. Writes OUT/train, OUT/valid and
OUT/test (other people in each) with one npz per clip, OUT/words.csv and OUT/people.csv. A run that was stopped goes on.
With --truth no face is drawn: the lips are the contours that would have been drawn.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.training.sync_clips import SyncClip, cut_sound, save_sync_clip
from pins_plugin.simulation.clip import ClipPlan, frame_times, plan_clip, render_faces, render_sound
from pins_plugin.simulation.corpus import CorpusSettings, assign_splits
from pins_plugin.simulation.look import look_of
from pins_plugin.simulation.mouth import JAW_DROP, LipShape, lip_contours
from pins_plugin.simulation.phones import Mouth
from pins_plugin.simulation.utterance import mouth_track
from pins_plugin.simulation.voice import voice_quality
from pins_plugin.tracking.crops import MeshReader
from pins_plugin.utils.files import write_text
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

CHIN_Y = 1.3  # in half head widths
SIZES = (112, 224)  # pixels: smallest and largest picture of a face
# Eyes, nose and corners of the mouth in a picture of unit size, as the simulation frames a face that looks ahead.
LANDMARKS = np.array([[0.38, 0.47], [0.62, 0.47], [0.5, 0.59], [0.41, 0.70], [0.59, 0.70]])


def simulate_clip(name: str, plan: ClipPlan) -> SyncClip:
    """Draw the face, read its lips, make the sound."""
    size = int(np.random.default_rng([*plan.seed, 2]).integers(*SIZES))
    reader = MeshReader()
    for face in render_faces(plan, frame_times(plan), size):
        reader.add(face, size * LANDMARKS)
    lips, _, mouths = reader.finish()
    sound = cut_sound(render_sound(plan), 0.0, len(lips))
    return SyncClip(name, plan.person.identity, np.nan_to_num(lips), mouths, sound)


def true_clip(name: str, plan: ClipPlan) -> SyncClip:
    """Take the contours of the lips as they are, in half head widths, in place of a drawn face."""
    times = frame_times(plan)
    lips, articulation = look_of(plan.person).lips, voice_quality(plan.person).articulation
    frames = [
        true_lips(lips, Mouth(*row)) for row in mouth_track(plan.utterance, times, articulation)
    ]
    sound = cut_sound(render_sound(plan), 0.0, len(times))
    mouths = np.zeros((len(times), 1, 1), np.uint8)
    return SyncClip(name, plan.person.identity, np.stack(frames), mouths, sound)


def true_lips(lips: LipShape, mouth: Mouth) -> NDArray[np.float32]:
    """Four rims of 20 points from the outer to the inner edge of the lips, and 8 of the chin: (88, 2)."""
    upper_inner, lower_inner, upper_outer, lower_outer = lip_contours(lips, mouth)
    places = np.linspace(0, len(upper_inner) - 1, 11).round().astype(int)
    rims = []
    for share in (0.0, 1.0, 0.33, 0.67):  # in the order of the face mesh
        lower = lower_outer + share * (lower_inner - lower_outer)
        upper = upper_outer + share * (upper_inner - upper_outer)
        rims += [lower[places], upper[places[1:-1]]]
    chin = np.tile([0.0, CHIN_Y + JAW_DROP * mouth.jaw], (8, 1))
    return np.concatenate([*rims, chin]).astype(np.float32)


def main() -> None:
    """Simulate all clips."""
    parser = script_parser(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--words", type=int, default=8, help="per person, about 0.5 s each")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other people")
    parser.add_argument("--truth", action="store_true", help="true contours, no face mesh")
    parser.add_argument(
        "--splits", type=float, nargs=3, default=(0.8, 0.06, 0.14), help="train valid test"
    )
    args = parser.parse_args()
    splits = assign_splits(
        CorpusSettings(people=args.people, seed=args.seed, splits=tuple(args.splits))
    )
    lines = ["clip,start_s,end_s,word,split"]
    people = ["person,gender,age,accent"]
    for index, split in enumerate(progress(splits, "simulated clips")):
        plan = plan_clip(args.seed, index, 0, args.words)
        name, who = f"sim{args.seed}_{index:04d}", plan.person
        people.append(f"{who.identity},{who.gender},{who.age},{who.accent}")
        lines += [
            f"{name},{word.start:.3f},{word.end:.3f},{word.text},{split}"
            for word in plan.utterance.words
        ]
        path = args.out / split / f"{name}.npz"
        if not path.exists():
            save_sync_clip(path, (true_clip if args.truth else simulate_clip)(name, plan))
    write_text(args.out / "words.csv", "\n".join(lines) + "\n")
    write_text(args.out / "people.csv", "\n".join(people) + "\n")


if __name__ == "__main__":
    run_script(main)
