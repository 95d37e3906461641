"""Scenes with known truth, composed from clips that show one person each.

A scene is a list of *segments*. A segment shows one or more panels side by side, each playing a stretch of
somebody's clip, while the sound of one stretch is heard: that of a panel (its person speaks) or of a clip
that is not shown (a voice off screen). So who speaks, and where, is known exactly.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.video import VideoWriter, iter_frames
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import write_json, write_text

FRAME_RATE = 25.0  # Hz, of composed scenes
PANEL_HEIGHT = 360  # pixels
PANEL_WIDTHS = {1: 480, 2: 360, 3: 300, 4: 270}  # pixels, by number of panels


@dataclass(frozen=True)
class Stretch:
    """Part of a one-person clip: `person` as seen and heard in `path` from `start` seconds on."""

    person: str
    path: Path
    start: float


@dataclass(frozen=True)
class Segment:
    """What is shown and heard for `duration` seconds.

    Parameters
    ----------
    duration : float
    panels : tuple of Stretch
        From left to right.
    sound : Stretch
        The one voice that is heard.
    """

    duration: float
    panels: tuple[Stretch, ...]
    sound: Stretch


def compose_scene(
    path: str | Path,
    segments: Sequence[Segment],
    *,
    find_speech: Callable[[NDArray[np.float32]], list[tuple[float, float]]],
    sound_shift: float = 0.0,
    kind: str = "",
) -> dict[str, Any]:
    """Write a scene (`path`, mp4), its turns (`.rttm`) and its truth (`.json`).

    Parameters
    ----------
    path : str or Path
    segments : sequence of Segment
    find_speech : callable
        Turns a 16 kHz waveform into (start, end) of speech, so that pauses are nobody's turn.
    sound_shift : float
        Seconds by which the sound comes later than the picture.
    kind : str
        Noted in the truth.

    Returns
    -------
    truth : dict
        `{"video", "kind", "duration", "sound_shift", "turns": [{"start", "end", "speaker"}],
        "panels": [{"start", "end", "person", "box": [x1, y1, x2, y2]}]}`; a speaker without a panel at that
        time is off screen.
    """
    path = Path(path)
    num_panels = max(len(segment.panels) for segment in segments)
    width = PANEL_WIDTHS[num_panels]
    sounds = {stretch.path: load_audio(stretch.path) for stretch in _sounds(segments)}
    turns: list[tuple[float, float, str]] = []
    panels: list[dict[str, Any]] = []
    waveforms: list[NDArray[np.float32]] = []
    begin = 0.0
    with VideoWriter(path, width * num_panels, PANEL_HEIGHT, FRAME_RATE, SAMPLE_RATE) as writer:
        for segment in segments:
            num_frames = round(segment.duration * FRAME_RATE)
            duration = num_frames / FRAME_RATE
            waveform = _cut(sounds[segment.sound.path], segment.sound.start, duration)
            waveforms.append(waveform)
            for start, end in find_speech(waveform):
                shifted = (begin + start + sound_shift, begin + min(end, duration) + sound_shift)
                turns.append((*shifted, segment.sound.person))
            for column, stretch in enumerate(segment.panels):
                panels.append(
                    {
                        "start": round(begin, 3),
                        "end": round(begin + duration, 3),
                        "person": stretch.person,
                        "box": [column * width, 0, (column + 1) * width, PANEL_HEIGHT],
                    }
                )
            players = [play(stretch, num_frames, width, PANEL_HEIGHT) for stretch in segment.panels]
            for images in zip(*players, strict=True):
                canvas = np.zeros((PANEL_HEIGHT, width * num_panels, 3), np.uint8)
                for column, image in enumerate(images):
                    canvas[:, column * width : (column + 1) * width] = image
                writer.add_image(canvas)
            begin += duration
        writer.add_sound(_shift(np.concatenate(waveforms), sound_shift))
    turns = [(max(0.0, start), min(begin, end), person) for start, end, person in turns]
    turns = [turn for turn in turns if turn[1] > turn[0]]
    truth = {
        "video": path.name,
        "kind": kind,
        "duration": round(begin, 3),
        "sound_shift": sound_shift,
        "turns": [
            {"start": round(start, 3), "end": round(end, 3), "speaker": person}
            for start, end, person in turns
        ],
        "panels": panels,
    }
    write_json(path.with_suffix(".json"), truth)
    lines = [
        f"SPEAKER {path.stem} 1 {start:.3f} {end - start:.3f} <NA> <NA> {person} <NA> <NA>\n"
        for start, end, person in turns
    ]
    write_text(path.with_suffix(".rttm"), "".join(lines))
    return truth


def play(stretch: Stretch, num_frames: int, width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Yield `num_frames` pictures (height, width, 3) of a stretch at `FRAME_RATE`, letterboxed; the last one is held."""
    frames = iter_frames(stretch.path, start=max(0.0, stretch.start - 0.5 / FRAME_RATE))
    current = next(frames, None)
    if current is None:
        raise MediaError(
            f"{stretch.path}: shows no picture after {stretch.start:.2f} s; expected a longer clip"
        )
    following = next(frames, None)
    for index in range(num_frames):
        time = stretch.start + (index + 0.5) / FRAME_RATE
        while following is not None and following.time <= time:
            current, following = following, next(frames, None)
        yield letterbox(current.image, width, height)


def letterbox(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scale a picture (rows, columns, 3) into (height, width, 3), centered, with black bars."""
    import cv2

    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    size = (min(width, round(columns * scale)), min(height, round(rows * scale)))
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    canvas[top : top + size[1], left : left + size[0]] = scaled
    return canvas


def plan_turns(
    clips: Sequence[tuple[str, Path, float]], num_turns: int, generator: np.random.Generator
) -> list[Segment]:
    """Cut from speaker to speaker: each turn shows whoever is heard.

    Parameters
    ----------
    clips : sequence of (person, path, duration)
    num_turns : int
    generator : numpy Generator

    Returns
    -------
    segments : list of Segment
        Neighbors show different people.
    """
    segments: list[Segment] = []
    for _ in range(num_turns):
        previous = segments[-1].sound.person if segments else None
        stretch, duration = _draw(clips, generator, without={previous})
        segments.append(Segment(duration, (stretch,), stretch))
    return segments


def plan_side_by_side(
    clips: Sequence[tuple[str, Path, float]],
    num_panels: int,
    num_turns: int,
    generator: np.random.Generator,
) -> list[Segment]:
    """Show `num_panels` people together, all moving; one is heard at a time."""
    people = _draw_people(clips, num_panels, generator)
    segments: list[Segment] = []
    speaker = None
    for _ in range(num_turns):
        speaker = generator.choice([person for person in people if person != speaker])
        stretches = {
            person: _draw([c for c in clips if c[0] == person], generator) for person in people
        }
        heard, duration = stretches[speaker]
        panels = tuple(
            heard if person == speaker else _fit(stretches[person][0], clips, duration, generator)
            for person in people
        )
        segments.append(Segment(duration, panels, heard))
    return segments


def plan_voice_over(
    clips: Sequence[tuple[str, Path, float]], num_turns: int, generator: np.random.Generator
) -> list[Segment]:
    """One or two people are shown by turns; a third is heard off screen in every second turn."""
    *shown, hidden = _draw_people(clips, min(3, len({c[0] for c in clips})), generator)
    segments = []
    for index in range(num_turns):
        seen, duration = _draw([c for c in clips if c[0] in shown], generator)
        heard = seen
        if index % 2:
            heard, duration = _draw([c for c in clips if c[0] == hidden], generator)
            seen = _fit(seen, clips, duration, generator)
        segments.append(Segment(duration, (seen,), heard))
    return segments


def _draw(
    clips: Sequence[tuple[str, Path, float]],
    generator: np.random.Generator,
    without: set[str | None] | frozenset[str | None] = frozenset(),
    shortest: float = 1.6,
    longest: float = 5.0,
) -> tuple[Stretch, float]:
    """Draw a person, one of the clips, and a stretch of it."""
    people = sorted({person for person, _, _ in clips} - without)
    person = people[generator.integers(len(people))]
    own = [clip for clip in clips if clip[0] == person]
    _, path, length = own[generator.integers(len(own))]
    duration = generator.uniform(min(shortest, length), min(longest, length))
    start = generator.uniform(0.0, length - duration)
    return Stretch(person, path, round(start, 3)), round(duration, 2)


def _fit(
    stretch: Stretch,
    clips: Sequence[tuple[str, Path, float]],
    duration: float,
    generator: np.random.Generator,
) -> Stretch:
    """Move a stretch so that its clip lasts for `duration`, or choose the person's longest clip."""
    own = [clip for clip in clips if clip[0] == stretch.person]
    long = [clip for clip in own if clip[2] >= duration] or [max(own, key=lambda clip: clip[2])]
    _, path, length = long[generator.integers(len(long))]
    start = generator.uniform(0.0, max(0.0, length - duration))
    return Stretch(stretch.person, path, round(start, 3))


def _draw_people(
    clips: Sequence[tuple[str, Path, float]], number: int, generator: np.random.Generator
) -> list[str]:
    people = sorted({person for person, _, _ in clips})
    if len(people) < number:
        raise MediaError(
            f"a scene of {number} people needs clips of as many, got {len(people)}: add clips"
        )
    return [people[i] for i in generator.choice(len(people), number, replace=False)]


def _sounds(segments: Sequence[Segment]) -> list[Stretch]:
    return [segment.sound for segment in segments]


def _cut(waveform: NDArray[np.float32], start: float, duration: float) -> NDArray[np.float32]:
    begin, length = round(start * SAMPLE_RATE), round(duration * SAMPLE_RATE)
    piece = waveform[begin : begin + length]
    return np.pad(piece, (0, length - len(piece)))


def _shift(waveform: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Delay (or, if negative, advance) by some seconds, keeping the length."""
    num = round(abs(seconds) * SAMPLE_RATE)
    if num == 0:
        return waveform
    silence = np.zeros(num, np.float32)
    if seconds > 0:
        return np.concatenate([silence, waveform[:-num]])
    return np.concatenate([waveform[num:], silence])
