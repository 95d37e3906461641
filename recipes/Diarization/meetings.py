"""Meetings composed of voices: turns, overlap and pauses as in real meetings, speech of others.

  python recipes/Diarization/meetings.py VOICES RTTM... --out meetings [--number 20] [--seed 0] [--share learn|held_out]

VOICES is a folder with manifest.csv, as for conversations.py, whose speakers are split in the same way. RTTM are files of real
meetings, as https://github.com/BUTSpeechFIT/AMI-diarization-setup has them (only_words); of each meeting composed half a minute
of one of them is taken. Each of its turns is filled with as much of one voice's speech, which starts with a phrase and pauses
within as it was read: so a turn goes on through short pauses, as annotators have it. Writes WAV and RTTM, as
benchmarks/diarization.py and learn_settings.py read them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from conversations import (
    FRAME,
    QUIET,
    Conversation,
    composing_parser,
    put_in_room,
    read_recordings,
    record,
    write_conversations,
)
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.pipelines.diarization.rttm import read_rttm
from pins_plugin.utils.script import run_script

SECONDS = 30.0  # of a meeting
GAP = 25  # frames of silence between recordings of one speaker
PAUSE = 15  # frames: where it was quiet for so long a phrase begins
SHORTEST = 0.1  # seconds of a turn; of one cut at the border of the half minute 0.3
LEAST_SPEECH = 0.5  # part of the half minute, summed over speakers
PER_SECOND = SAMPLE_RATE // FRAME


class Voice(NamedTuple):
    """All speech of one speaker, at one loudness."""

    waveform: NDArray[np.float32]  # (num_frames * FRAME,)
    spoken: NDArray[np.bool_]  # (num_frames,)

    def phrases(self) -> NDArray[np.int64]:
        """Frames at which a phrase begins."""
        padded = np.concatenate([np.zeros(PAUSE, bool), self.spoken])
        recent = np.convolve(padded, np.ones(PAUSE, int))[PAUSE - 1 : PAUSE - 1 + len(self.spoken)]
        return np.flatnonzero(self.spoken & (recent == 0))


def read_voices(folder: Path, share: str) -> dict[str, Voice]:
    """Speech of each speaker of a share, pauses included."""
    parts: dict[str, list[Voice]] = {}
    for speaker, waveform in read_recordings(folder, share):
        parts.setdefault(speaker, []).append(_trim(waveform))
    return {
        name: Voice(*(np.concatenate(each) for each in zip(*own, strict=True)))
        for name, own in parts.items()
    }


def _trim(waveform: NDArray[np.float32]) -> Voice:
    """One recording from its first to its last speech, with a gap at its end."""
    frames = waveform[: len(waveform) // FRAME * FRAME].reshape(-1, FRAME)
    levels = frames.std(axis=1)
    spoken = levels > QUIET * np.quantile(levels, 0.99)
    inside = slice(spoken.argmax(), len(spoken) - spoken[::-1].argmax())
    loud = max(float(frames[spoken].std()), 1e-6)
    sound = np.pad(0.05 * frames[inside].ravel() / loud, (0, GAP * FRAME))
    return Voice(sound.astype(np.float32), np.pad(spoken[inside], (0, GAP)))


def choose_turns(
    meetings: Sequence[Annotation], generator: np.random.Generator
) -> list[tuple[float, float, str]]:
    """Start, end and speaker of the turns of half a minute of one meeting, in which several speak enough."""
    while True:
        meeting = meetings[int(generator.integers(len(meetings)))]
        start = float(generator.uniform(0, meeting.get_timeline().extent().end - SECONDS))
        window = Segment(start, start + SECONDS)
        turns = [
            (inside.start - start, inside.end - start, str(label))
            for turn, _, label in meeting.itertracks(yield_label=True)
            if (inside := turn & window).duration > min(turn.duration, 0.3) - 1e-6
        ]
        spoken = sum(end - begin for begin, end, _ in turns)
        if len({label for *_, label in turns}) > 1 and spoken > LEAST_SPEECH * SECONDS:
            return turns


def compose(
    voices: Mapping[str, Voice],
    turns: Sequence[tuple[float, float, str]],
    generator: np.random.Generator,
) -> Conversation:
    """Let voices speak at given turns (start, end, speaker), each speaker in a place of its own."""
    speakers = sorted({label for *_, label in turns})
    names = generator.choice(sorted(voices), len(speakers), replace=False)
    size = round(SECONDS * SAMPLE_RATE)
    truth, sound = Annotation(), np.zeros(size, np.float32)
    for speaker, name in zip(speakers, names, strict=True):
        voice, phrases = voices[name], voices[name].phrases()
        waveform, spoken = np.tile(voice.waveform, 9), np.tile(voice.spoken, 9)
        dry, phrase = np.zeros(size, np.float32), int(generator.integers(len(phrases)))
        for start, end, _ in (turn for turn in turns if turn[2] == speaker):
            first = phrases[phrase % len(phrases)]
            heard = np.flatnonzero(spoken[first : first + round((end - start) * PER_SECOND)])
            last = first + heard[-1] + 1  # a phrase begins with speech
            phrase = int(np.searchsorted(phrases, last % len(voice.spoken)))
            at = round(start * SAMPLE_RATE)
            piece = waveform[first * FRAME : last * FRAME][: size - at]
            dry[at : at + len(piece)] += piece
            turn = Segment(start, start + len(piece) / SAMPLE_RATE)
            if turn.duration >= SHORTEST:
                truth[turn, len(truth)] = str(name)
        sound += put_in_room(dry, generator) * np.float32(10 ** (generator.uniform(-5, 5) / 20))
    return Conversation(record(sound, generator, (15.0, 40.0)), truth)


def compose_many(
    folder: Path, rttm: Sequence[Path], share: str, number: int, seed: int
) -> Iterator[Conversation]:
    """Compose meetings of a share of the speakers."""
    voices = read_voices(folder, share)
    meetings = [each for path in rttm for each in read_rttm(path).values()]
    for index in range(number):
        generator = np.random.default_rng([seed, index])
        yield compose(voices, choose_turns(meetings, generator), generator)


def main() -> None:
    """Compose and write."""
    parser = composing_parser(__doc__)
    parser.add_argument("rttm", type=Path, nargs="+", help="who speaks when in real meetings")
    args = parser.parse_args()
    found = compose_many(args.voices, args.rttm, args.share, args.number, args.seed)
    write_conversations(found, args.out, f"meeting_{args.share}_{args.seed}")


if __name__ == "__main__":
    run_script(main)
