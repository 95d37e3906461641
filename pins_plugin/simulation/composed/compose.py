"""Scenes with known truth, composed from clips that show one person each.

What is shown and heard is written down as segments (`scene_script`); so who speaks, and where, is known exactly.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError
from pins_plugin.simulation.composed.clip_pictures import play
from pins_plugin.simulation.composed.script import Recording, Segment
from pins_plugin.utils.files import write_json, write_text
from pins_plugin.utils.text import one_word

PANEL_HEIGHT = 360  # pixels
PANEL_WIDTHS = {1: 480, 2: 360, 3: 300, 4: 270}  # pixels, by the largest number of panels
PLAIN = Recording()
Turn = tuple[float, float, str]  # start and end in seconds, speaker


def compose_scene(
    path: str | Path,
    segments: Sequence[Segment],
    *,
    find_speech: Callable[[NDArray[np.float32]], list[tuple[float, float]]],
    recording: Recording = PLAIN,
    kind: str = "",
    notes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a scene (`path`, mp4), its turns (`.rttm`) and its truth (`.json`).

    Parameters
    ----------
    find_speech : callable
        Turns a 16 kHz waveform into (start, end) of speech, so that pauses are nobody's turn.
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

    Raises
    ------
    MediaError
        When there is no segment, one of no panel or of more than four, or a clip that cannot be used.
    """
    if not segments or any(len(each.panels) not in PANEL_WIDTHS for each in segments):
        raise MediaError(f"segments: expected some, of 1 to {max(PANEL_WIDTHS)} panels each")
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
        f"SPEAKER {one_word(path.stem)} 1 {start:.3f} {end - start:.3f} <NA> <NA> {one_word(person)} <NA> <NA>\n"
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
        (begin, voice)
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
    late = round(seconds * SAMPLE_RATE)
    before, behind = max(late, 0), max(-late, 0)
    return np.pad(waveform, (before, behind))[behind : behind + len(waveform)]
