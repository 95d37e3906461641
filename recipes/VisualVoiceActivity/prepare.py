"""Cut labeled clips for visual voice activity: lips, and whether they talk.

  python recipes/VisualVoiceActivity/prepare.py VIDEOS... --out clips/real [--people people.csv] [--offsets offsets.csv] [--degraded too]
  python recipes/VisualVoiceActivity/prepare.py --simulate 80 --out clips/simulated [--seed 23]

Each video shows one person, who makes all of its speech; its longest face track is taken. A mouth talks where speech is
heard (silero-vad), rests at least 0.2 s away from it, and is not labeled in between. With --degraded too each face is
seen a second time as it would look small (22 to 64 pixels) or blurred; with --degraded instead four of ten are seen
so only. Simulated people come in pairs: one that talks, and the same one listening (resting, smiling, chewing, yawning),
at any size of picture.

To judge under one condition: --face_width PIXELS, --blur PIXELS (of an aligned face of 192), --every 2 (half the frame rate).
people.csv (name,person) and offsets.csv (name,frames that the sound comes too late) as in recipes/Sync/prepare.py.
"""

import argparse
import csv
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames
from pins_plugin.data.training.sync_clips import FRAME_RATE, resample_frames
from pins_plugin.data.training.talking_clips import TalkingClip, label_frames, save_talking_clip
from pins_plugin.errors import PinsError
from pins_plugin.inference.voice_activity import find_speech
from pins_plugin.simulation.clip import ClipPlan, frame_times, plan_clip, render_faces
from pins_plugin.simulation.listener import listener_track
from pins_plugin.tracking.crops import TEMPLATE, MeshReader, align_face, smooth_landmarks
from pins_plugin.tracking.degrade import Degradation, degrade_face, sample_degradation
from pins_plugin.tracking.face_mesh import INPUT_SIZE
from pins_plugin.tracking.tracks import TrackerSettings, track_faces
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

ENDINGS = (".mp4", ".mpg", ".mov", ".mkv", ".avi", ".webm")
INSIDE = 0.05  # seconds by which `find_speech` widens speech
INSTEAD = 0.4  # share of videos that are only seen degraded, where asked for
NUM_WORDS = 6
SIZES = (40, 224)  # pixels: smallest and largest picture of a simulated face
# Eyes, nose and corners of the mouth in a picture of unit size, as the simulation frames a face that looks ahead.
LANDMARKS = np.array([[0.38, 0.47], [0.62, 0.47], [0.5, 0.59], [0.41, 0.70], [0.59, 0.70]])


def prepare_clip(
    video: Path, name: str, person: str, late: float, how: Degradation, every: int = 1
) -> TalkingClip:
    """Follow the face that is seen longest, as it would look degraded, and label its moments."""
    tracks = track_faces(video, TrackerSettings(detect_every=0.5), quiet=True)
    if not tracks:
        raise PinsError(f"{video}: no face was found; left out")
    track = max(tracks, key=lambda each: each.end - each.start)
    landmarks = smooth_landmarks(track.landmarks)
    reader, times = MeshReader(with_mouths=False), []
    for time, image in iter_frames(video, start=max(0.0, track.start - 1e-3), end=track.end + 1e-3):
        frame = int(np.searchsorted(track.times, time - 1e-4))
        if frame < len(track.times) and abs(track.times[frame] - time) <= 1e-3:
            face = align_face(image, landmarks[frame], INPUT_SIZE)
            reader.add(degrade_face(face, how), INPUT_SIZE * TEMPLATE)
            times.append(time)
    clock, lips = resample_frames(np.array(times)[::every], reader.finish()[0][::every])
    speech = [(start - late, end - late) for start, end in find_speech(load_audio(video))]
    return TalkingClip(name, person, lips, label_frames(clock, speech, inside=INSIDE))


def simulate_pair(
    name: str, plan: ClipPlan, generator: np.random.Generator
) -> Iterator[TalkingClip]:
    """Draw a person who talks, and the same one listening, and read their lips."""
    times, size = frame_times(plan), int(generator.integers(*SIZES))
    words = plan.utterance.words
    for talks in (True, False):
        reader = MeshReader(with_mouths=False)
        unrest = float(np.exp(generator.uniform(0, 2)))
        mouths = None if talks else listener_track(times, generator)
        for face in render_faces(plan, times, size, mouths=mouths, unrest=unrest):
            reader.add(face, size * LANDMARKS)
        speech = [(words[0].start, words[-1].end)] if talks else []
        labels = label_frames(times, speech, away=0.12)
        kind = "talks" if talks else "listens"
        yield TalkingClip(f"{name}_{kind}", plan.person.identity, reader.finish()[0], labels)


def read_table(path: str) -> dict[str, str]:
    """Read a CSV of two columns without a header."""
    return {row[0]: row[1] for row in csv.reader(Path(path).read_text().splitlines()) if row}


def choose_kinds(name: str, degraded: str, asked: Degradation) -> dict[str, Degradation]:
    """How a video is seen, by the folder that its clip goes to; the same whatever else is prepared."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    kinds = {"plain": asked}
    if degraded == "too" or (degraded == "instead" and generator.random() >= 1 - INSTEAD):
        kinds["degraded"] = sample_degradation(generator)
        if degraded == "instead":
            del kinds["plain"]
    return kinds


def prepare_videos(args: argparse.Namespace) -> None:
    """Cut all videos that are not yet cut."""
    videos = [
        file
        for path in args.videos
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.suffix in ENDINGS
    ]
    for video in progress(videos, "clips"):
        name = video.stem
        person = args.people.get(name, video.parent.name)
        late = float(args.offsets.get(name, 0)) / FRAME_RATE
        asked = Degradation(args.face_width, blur=args.blur)
        for kind, how in choose_kinds(name, args.degraded, asked).items():
            target = args.out / kind / f"{name}.npz"
            if target.exists():
                continue
            try:
                save_talking_clip(target, prepare_clip(video, name, person, late, how, args.every))
            except PinsError as error:
                print(f"prepare.py: {error}", file=sys.stderr)


def main() -> None:
    """Prepare all videos, or simulate."""
    parser = script_parser(__doc__)
    parser.add_argument("videos", nargs="*", type=Path, help="video files, or folders of them")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=read_table, default={}, metavar="CSV")
    parser.add_argument("--offsets", type=read_table, default={}, metavar="CSV")
    parser.add_argument("--degraded", choices=("no", "too", "instead"), default="no")
    parser.add_argument("--face_width", type=float)
    parser.add_argument("--blur", type=float, default=0.0)
    parser.add_argument("--every", type=int, default=1, help="take every so many-th picture")
    parser.add_argument("--simulate", type=int, default=0, help="how many people")
    parser.add_argument("--seed", type=int, default=23)
    args = parser.parse_args()
    prepare_videos(args)
    for index in progress(range(args.simulate), "simulated people"):
        name = f"sim{args.seed}_{index:04d}"
        if not (args.out / f"{name}_listens.npz").exists():
            generator = np.random.default_rng([args.seed, 9, index])
            for clip in simulate_pair(name, plan_clip(args.seed, index, 0, NUM_WORDS), generator):
                save_talking_clip(args.out / f"{clip.name}.npz", clip)


if __name__ == "__main__":
    run_script(main)
