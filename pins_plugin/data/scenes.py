"""Scenes with known truth, composed from clips that show one person each.

A scene is a list of *segments*. A segment shows one or more panels side by side, each playing a stretch of
somebody's clip. *Voices* begin in a segment and may go on over the next ones: that of a panel (its person speaks),
or of a clip that is not shown (a voice off screen), or several at once. So who speaks, and where, is known exactly.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.video import VideoFrame, VideoWriter, iter_frames
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import write_json, write_text

FRAME_RATE = 25.0  # Hz, of composed scenes
PANEL_HEIGHT = 360  # pixels
PANEL_WIDTHS = {1: 480, 2: 360, 3: 300, 4: 270}  # pixels, by the largest number of panels
FADE = 0.01  # seconds, where a voice is cut into another or into silence
NO_SEEK = 10.0  # seconds: up to there pictures are counted from the start; to seek in MPEG-1 may land late
MIN_TURN = 0.1  # seconds: shorter rests of speech at the edge of a stretch are nobody's turn


@dataclass(frozen=True)
class Stretch:
    """Part of a one-person clip.

    Parameters
    ----------
    person : str
    path : Path
    start : float
        Where in the clip it begins, in seconds.
    end : float, optional
        Play from `start` to `end`, back to `start`, and so on: how a short silence becomes a long one.
    speed : float
        1 as filmed, less is slower.
    phase : float
        Seconds of the clip that a stretch with an `end` has already played.
    silent : bool
        Whether the person listens: rests the mouth.
    scale : float, optional
        Pixels for each pixel of the clip; as large as the panel allows when not given.
    """

    person: str
    path: Path
    start: float
    end: float | None = None
    speed: float = 1.0
    phase: float = 0.0
    silent: bool = False
    scale: float | None = None

    def later(self, seconds: float) -> "Stretch":
        """The same stretch from `seconds` of playing time on."""
        if self.end is None:
            return replace(self, start=self.start + seconds * self.speed)
        return replace(self, phase=self.phase + seconds * self.speed)

    def time_at(self, seconds: float) -> float:
        """Time in the clip, in seconds, after `seconds` of playing."""
        if self.end is None:
            return self.start + seconds * self.speed
        length = self.end - self.start
        played = (self.phase + seconds * self.speed) % (2 * length)
        return self.start + min(played, 2 * length - played)


@dataclass(frozen=True)
class Voice:
    """The sound of a stretch.

    Parameters
    ----------
    stretch : Stretch
    duration : float
        In seconds.
    begin : float
        Seconds after the start of its segment.
    speaker : str, optional
        Who is said to speak, where it is not the person of the clip: dubbed.
    speech : tuple of (start, end), optional
        When there is speech, in seconds from the voice's begin; found in the sound when not given.
    gain : float
    fade : float
        In seconds, at both ends.
    """

    stretch: Stretch
    duration: float
    begin: float = 0.0
    speaker: str | None = None
    speech: tuple[tuple[float, float], ...] | None = None
    gain: float = 1.0
    fade: float = 0.0


@dataclass(frozen=True)
class Segment:
    """What is shown for `duration` seconds, and the voices that begin meanwhile.

    Parameters
    ----------
    duration : float
    panels : tuple of Stretch
        From left to right.
    voices : tuple of Voice
    """

    duration: float
    panels: tuple[Stretch, ...]
    voices: tuple[Voice, ...]

    @classmethod
    def of_one(cls, duration: float, panels: tuple[Stretch, ...], sound: Stretch) -> "Segment":
        """A segment in which one voice is heard from its start to its end."""
        return cls(duration, panels, (Voice(sound, duration),))


@dataclass(frozen=True)
class Recording:
    """How a scene is filmed and recorded.

    Parameters
    ----------
    frame_rate : float
        In Hz.
    quality : int
        x264's constant rate factor, 18 (large files) to 45 (hardly to be recognized).
    blur : float
        Standard deviation of a Gaussian over each panel, in pixels.
    sound_shift : float
        Seconds by which the sound comes later than the picture.
    add_noise : callable, optional
        Takes the waveform of all voices and gives it with noise under it.
    """

    frame_rate: float = FRAME_RATE
    quality: int = 23
    blur: float = 0.0
    sound_shift: float = 0.0
    add_noise: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None


Turn = tuple[float, float, str]  # start and end in seconds, speaker


def compose_scene(
    path: str | Path,
    segments: Sequence[Segment],
    *,
    find_speech: Callable[[NDArray[np.float32]], list[tuple[float, float]]],
    recording: Recording = Recording(),
    kind: str = "",
    notes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a scene (`path`, mp4), its turns (`.rttm`) and its truth (`.json`).

    Parameters
    ----------
    path : str or Path
    segments : sequence of Segment
    find_speech : callable
        Turns a 16 kHz waveform into (start, end) of speech, so that pauses are nobody's turn.
    recording : Recording
    kind : str
        Noted in the truth.
    notes : dict, optional
        Further entries of the truth.

    Returns
    -------
    truth : dict
        `{"video", "kind", "duration", "sound_shift", "turns": [{"start", "end", "speaker"}],
        "panels": [{"start", "end", "person", "box": [x1, y1, x2, y2], "silent"}]}`; turns may overlap; a speaker
        without a panel at that time is off screen; a silent person listens, others move their lips.
    """
    path = Path(path)
    durations = [
        round(segment.duration * recording.frame_rate) / recording.frame_rate
        for segment in segments
    ]
    begins = [0.0, *accumulate(durations)]
    waveform, turns = _record_voices(segments, begins, recording.frame_rate, find_speech)
    if recording.add_noise is not None:
        waveform = recording.add_noise(waveform)
    peak = float(np.abs(waveform).max(initial=0.0))
    if len(waveform) and peak > 1.0 and _mixed(segments, recording):
        waveform = waveform / peak
    num_panels = max(len(segment.panels) for segment in segments)
    width = PANEL_WIDTHS[num_panels] * num_panels
    panels = []
    with VideoWriter(
        path, width, PANEL_HEIGHT, recording.frame_rate, SAMPLE_RATE, recording.quality
    ) as writer:
        for begin, end, segment in zip(begins, begins[1:], segments, strict=False):
            panels += _film(writer, segment, begin, end, width, recording)
        writer.add_sound(_shift(waveform, recording.sound_shift))
    shift, total = recording.sound_shift, begins[-1]
    turns = [(max(0.0, start + shift), min(total, end + shift), who) for start, end, who in turns]
    turns = [turn for turn in turns if turn[1] > turn[0]]
    truth = {
        "video": path.name,
        "kind": kind,
        "duration": round(total, 3),
        "sound_shift": shift,
        **(notes or {}),
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


def _record_voices(
    segments: Sequence[Segment],
    begins: Sequence[float],
    frame_rate: float,
    find_speech: Callable[[NDArray[np.float32]], list[tuple[float, float]]],
) -> tuple[NDArray[np.float32], list[Turn]]:
    """Add up all voices; who speaks when, in order of time."""
    voices = [
        (begin + voice.begin, voice)
        for begin, segment in zip(begins, segments, strict=False)
        for voice in segment.voices
    ]
    sounds = {voice.stretch.path: load_audio(voice.stretch.path) for _, voice in voices}
    waveform = np.zeros(round(begins[-1] * SAMPLE_RATE), np.float32)
    turns: list[Turn] = []
    for begin, voice in voices:
        duration = round(voice.duration * frame_rate) / frame_rate
        piece = _cut(sounds[voice.stretch.path], voice.stretch.start, duration)
        speech = find_speech(piece) if voice.speech is None else voice.speech
        who = voice.speaker or voice.stretch.person
        turns += [(begin + start, begin + min(end, duration), who) for start, end in speech]
        first = round(begin * SAMPLE_RATE)
        target = waveform[first : first + len(piece)]
        target += (voice.gain * _fade(piece, voice.fade))[: len(target)]
    return waveform, sorted(turns, key=lambda turn: turn[0])


def _mixed(segments: Sequence[Segment], recording: Recording) -> bool:
    """Whether sounds are added up, so that they may get too loud."""
    return recording.add_noise is not None or any(
        len(segment.voices) != 1 or segment.voices[0].gain != 1.0 for segment in segments
    )


def _film(
    writer: VideoWriter,
    segment: Segment,
    begin: float,
    end: float,
    total_width: int,
    recording: Recording,
) -> list[dict[str, Any]]:
    """Write the pictures of a segment; where its people are seen."""
    width = total_width // len(segment.panels) // 2 * 2
    num_frames = round((end - begin) * recording.frame_rate)
    players = [
        play(stretch, num_frames, width, PANEL_HEIGHT, recording.frame_rate, recording.blur)
        for stretch in segment.panels
    ]
    canvas = np.zeros((PANEL_HEIGHT, total_width, 3), np.uint8)
    for images in zip(*players, strict=True):
        for column, image in enumerate(images):
            canvas[:, column * width : (column + 1) * width] = image
        writer.add_image(canvas)
    return [
        {
            "start": round(begin, 3),
            "end": round(end, 3),
            "person": stretch.person,
            "box": [column * width, 0, (column + 1) * width, PANEL_HEIGHT],
            "silent": stretch.silent,
        }
        for column, stretch in enumerate(segment.panels)
    ]


def play(
    stretch: Stretch,
    num_frames: int,
    width: int,
    height: int,
    frame_rate: float = FRAME_RATE,
    blur: float = 0.0,
) -> Iterator[NDArray[np.uint8]]:
    """Yield `num_frames` pictures (height, width, 3) of a stretch, letterboxed; the clip's last one is held."""
    first = stretch.start - 0.5 / FRAME_RATE
    last = float("inf") if stretch.end is None else stretch.end
    decoded = iter_frames(stretch.path, start=first if first > NO_SEEK else 0.0, end=last)
    frames = (frame for frame in decoded if frame.time >= first)
    times = [stretch.time_at((index + 0.5) / frame_rate) for index in range(num_frames)]
    shown: tuple[VideoFrame | None, NDArray[np.uint8] | None] = (None, None)
    for frame in _frames_at(frames, times, stretch):
        if frame is not shown[0]:
            shown = frame, _blur(letterbox(frame.image, width, height, stretch.scale), blur)
        assert shown[1] is not None
        yield shown[1]


def _frames_at(
    frames: Iterator[VideoFrame], times: Sequence[float], stretch: Stretch
) -> Iterator[VideoFrame]:
    """The picture that stands at each time."""
    current = next(frames, None)
    if current is None:
        raise MediaError(
            f"{stretch.path}: shows no picture after {stretch.start:.2f} s; expected a longer clip"
        )
    if stretch.end is not None:  # times go back and forth
        kept = [current, *frames]
        starts = [frame.time for frame in kept]
        for index in np.searchsorted(starts, times, side="right"):
            yield kept[max(0, int(index) - 1)]
        return
    following = next(frames, None)
    for time in times:
        while following is not None and following.time <= time:
            current, following = following, next(frames, None)
        yield current


def letterbox(
    image: NDArray[np.uint8], width: int, height: int, scale: float | None = None
) -> NDArray[np.uint8]:
    """Scale a picture (rows, columns, 3) into (height, width, 3), centered, with black bars.

    `scale` is as large as fits, or the one given where that is smaller.
    """
    import cv2

    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows, *([] if scale is None else [scale]))
    size = (min(width, round(columns * scale)), min(height, round(rows * scale)))
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    canvas[top : top + size[1], left : left + size[0]] = scaled
    return canvas


def _blur(image: NDArray[np.uint8], deviation: float) -> NDArray[np.uint8]:
    import cv2

    if not deviation:
        return image
    blurred: NDArray[np.uint8] = cv2.GaussianBlur(image, (0, 0), deviation).astype(np.uint8)
    return blurred


def _cut(waveform: NDArray[np.float32], start: float, duration: float) -> NDArray[np.float32]:
    begin, length = round(start * SAMPLE_RATE), round(duration * SAMPLE_RATE)
    piece = waveform[begin : begin + length]
    return np.pad(piece, (0, length - len(piece)))


def _fade(waveform: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    num = min(round(seconds * SAMPLE_RATE), len(waveform) // 2)
    if num == 0:
        return waveform
    faded = waveform.copy()
    ramp = np.linspace(0, 1, num, dtype=np.float32)
    faded[:num] *= ramp
    faded[-num:] *= ramp[::-1]
    return faded


def _shift(waveform: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Delay (or, if negative, advance) by some seconds, keeping the length."""
    num = round(abs(seconds) * SAMPLE_RATE)
    if num == 0:
        return waveform
    silence = np.zeros(num, np.float32)
    if seconds > 0:
        return np.concatenate([silence, waveform[:-num]])
    return np.concatenate([waveform[num:], silence])
