"""Compose labelled scenes from a folder of one-person clips.

    python recipes/ClipScenes/prepare.py CLIPS OUT [--people p01 p02 ...] [--licence CC-BY-4.0] [--scenes 4] [--seed 0]

CLIPS holds videos and `manifest.csv` with the columns `file, person` (others are ignored, except that rows
whose `scene` is given and is not "one person" are left out). OUT gets, per scene, an mp4, an RTTM with the
turns, and a JSON file with the truth.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from pins_plugin.data.scenes import (
    compose_scene,
    plan_side_by_side,
    plan_turns,
    plan_voice_over,
)
from pins_plugin.data.video import probe_video
from pins_plugin.errors import ManifestError
from pins_plugin.pipelines.diarization.voice_activity import find_speech
from pins_plugin.utils.progress import progress

KINDS = ("turns", "side_by_side_2", "side_by_side_4", "off_screen", "shifted")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path, help="folder of one-person clips with manifest.csv")
    parser.add_argument("out", type=Path, help="folder for the scenes")
    parser.add_argument("--people", nargs="+", help="use these people only (default: all)")
    parser.add_argument(
        "--licence", help="use clips only whose `licence` holds this text, such as CC-BY-4.0"
    )
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--scenes", type=int, default=4, help="scenes of each kind (default: 4)")
    parser.add_argument("--turns", type=int, default=8, help="turns of each scene (default: 8)")
    parser.add_argument(
        "--sizes", type=int, default=3, help="people in a scene of turns (default: 3)"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    clips = read_clips(args.clips, args.people, args.licence)
    jobs = [(kind, index) for kind in args.kinds for index in range(args.scenes)]
    for kind, index in progress(jobs, "composing scenes"):
        generator = np.random.default_rng([args.seed, KINDS.index(kind), index])
        compose_scene(
            args.out / f"{kind}_{index:02d}.mp4",
            plan(kind, clips, args.turns, args.sizes, generator),
            find_speech=find_speech,
            sound_shift=float(generator.choice([-0.32, -0.2, 0.2, 0.32]))
            if kind == "shifted"
            else 0.0,
            kind=kind,
        )


def plan(kind, clips, num_turns, num_people, generator):
    """Draw the segments of a scene of one kind."""
    if kind.startswith("side_by_side"):
        return plan_side_by_side(clips, int(kind[-1]), num_turns, generator)
    if kind == "off_screen":
        return plan_voice_over(clips, num_turns, generator)
    people = sorted({person for person, _, _ in clips})
    cast = set(generator.choice(people, min(num_people, len(people)), replace=False))
    return plan_turns([clip for clip in clips if clip[0] in cast], num_turns, generator)


def read_clips(
    folder: Path, people: list[str] | None, licence: str | None
) -> list[tuple[str, Path, float]]:
    """List (person, path, duration) of the one-person clips of a folder."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise ManifestError(
            f"{manifest}: no such file; expected a CSV with the columns file, person"
        )
    rows = list(csv.DictReader(manifest.read_text(encoding="utf-8-sig").splitlines()))
    rows = [row for row in rows if row.get("scene") in (None, "", "one person")]
    if people:
        rows = [row for row in rows if row["person"] in people]
    if licence:
        rows = [row for row in rows if licence in row.get("licence", "")]
    if not rows:
        raise ManifestError(f"{manifest}: lists no usable clip; expected rows with file and person")
    return [
        (row["person"], folder / row["file"], probe_video(folder / row["file"]).duration)
        for row in rows
    ]


if __name__ == "__main__":
    main()
