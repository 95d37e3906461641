"""Make clips of simulated people for synchronization and for lip reading: lips, mouths, sound and words.

  python recipes/Sync/simulate.py OUT --people 300 [--words 8] [--seed 0]

The same as `pins simulate clips --form video` and prepare.py, without the video between: each face is drawn at
a random size and its lips are read off by the face mesh as in real footage. Writes OUT/train, OUT/valid and
OUT/test (other people in each) with one npz per clip, and OUT/words.csv. A run that was stopped goes on.
"""

import argparse
from pathlib import Path

import numpy as np

from pins_plugin.data.sync import SyncClip, cut_sound, save_sync_clip
from pins_plugin.simulation.clip import ClipPlan, frame_times, plan_clip, render_faces, render_sound
from pins_plugin.simulation.corpus import CorpusSettings, assign_splits
from pins_plugin.tracking.crops import MeshReader
from pins_plugin.utils.files import write_text
from pins_plugin.utils.progress import progress

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


def main() -> None:
    """Simulate all clips."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--words", type=int, default=8, help="per person, about 0.5 s each")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other people")
    parser.add_argument(
        "--splits", type=float, nargs=3, default=(0.8, 0.06, 0.14), help="train valid test"
    )
    args = parser.parse_args()
    splits = assign_splits(
        CorpusSettings(people=args.people, seed=args.seed, splits=tuple(args.splits))
    )
    lines = ["clip,start_s,end_s,word,split"]
    for index, split in enumerate(progress(splits, "simulated clips")):
        plan = plan_clip(args.seed, index, 0, args.words)
        name = f"sim{args.seed}_{index:04d}"
        lines += [
            f"{name},{word.start:.3f},{word.end:.3f},{word.text},{split}"
            for word in plan.utterance.words
        ]
        path = args.out / split / f"{name}.npz"
        if not path.exists():
            save_sync_clip(path, simulate_clip(name, plan))
    write_text(args.out / "words.csv", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
