"""Conversations composed of voices: turns, pauses, overlap, backchannels, one room, noise; who speaks when is known.

  python recipes/Diarization/conversations.py VOICES --out conversations --number 20 [--seed 0] [--share learn|held_out]

VOICES is a folder with manifest.csv (file, speaker, source). Writes WAV and RTTM, as benchmarks/diarization.py reads them.
Speakers of the AMI corpus are left out: its meetings are what diarization is judged on. Of the others, every second one is
there to learn from, the rest to judge by.
"""

import argparse
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment
from scipy.signal import butter, fftconvolve, sosfilt

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio, save_audio
from pins_plugin.errors import ManifestError
from pins_plugin.utils.files import read_table
from pins_plugin.utils.script import run_script, script_parser

FRAME = 160  # samples by which speech is found
QUIET = 10 ** (-35 / 20)  # of the loudest frames: what is less is a pause
SHORTEST = 0.3  # seconds of a piece
SHORTEST_PAUSE = 0.3  # seconds; what is shorter belongs to the turn
SHARES = ("learn", "held_out")


@dataclass(frozen=True)
class Conversation:
    """A waveform (num_samples,) at 16 kHz and who speaks when."""

    waveform: NDArray[np.float32]
    turns: Annotation


def read_speech(folder: Path, share: str) -> dict[str, list[NDArray[np.float32]]]:
    """Speech of each speaker of a share, in pieces without pauses, of equal loudness."""
    speech: dict[str, list[NDArray[np.float32]]] = {}
    for speaker, waveform in read_recordings(folder, share):
        speech.setdefault(speaker, []).extend(cut_at_pauses(waveform))
    return {speaker: pieces for speaker, pieces in speech.items() if pieces}


def read_recordings(folder: Path, share: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Speaker and waveform of each recording of a share of the speakers."""
    table = read_table(folder / "manifest.csv", ManifestError, "voices: file, speaker, source")
    rows = [row for row in table if not row["source"].startswith("AMI")]
    speakers = sorted({row["speaker"] for row in rows})[SHARES.index(share) :: 2]
    for row in rows:
        if row["speaker"] in speakers:
            yield row["speaker"], load_audio(folder / row["file"])


def cut_at_pauses(
    waveform: NDArray[np.float32], pause: float = 0.25, shortest: float = SHORTEST
) -> Iterator[NDArray[np.float32]]:
    """Cut where it is quiet for `pause` seconds; give pieces of at least `shortest` seconds, at one loudness."""
    levels = waveform[: len(waveform) // FRAME * FRAME].reshape(-1, FRAME).std(axis=1)
    spoken = np.flatnonzero(levels > QUIET * np.quantile(levels, 0.99))
    for run in np.split(spoken, np.flatnonzero(np.diff(spoken) * FRAME > pause * SAMPLE_RATE) + 1):
        piece = waveform[run[0] * FRAME : (run[-1] + 1) * FRAME]
        if len(piece) >= shortest * SAMPLE_RATE:
            yield 0.05 * piece / max(float(piece.std()), 1e-6)


def compose(
    speech: dict[str, list[NDArray[np.float32]]], generator: np.random.Generator, seconds: float
) -> Conversation:
    """Let two to five people talk in whole phrases, some more than others."""
    people = generator.choice(sorted(speech), int(generator.integers(2, 6)), replace=False)
    loudness = {person: 10 ** (generator.uniform(-4, 4) / 20) for person in people}
    shares = dict(zip(people, generator.dirichlet(np.full(len(people), 2.0)), strict=True))
    overlapping = generator.uniform(0, 0.5)  # how many turns start before the last one ends
    mean_turn = generator.uniform(1.0, 5.0)
    dry = {person: np.zeros(round(seconds * SAMPLE_RATE), np.float32) for person in people}
    supply = {
        person: deque(speech[person][k] for k in generator.permutation(len(speech[person])))
        for person in people
    }
    turns = Annotation()
    time, speaker = float(generator.uniform(0, 1)), None
    while time < seconds - 0.5:
        weights = np.array([shares[each] * (each != speaker) for each in people])
        speaker, end = generator.choice(people, p=weights / weights.sum()), time
        length = float(np.clip(generator.gamma(2, mean_turn / 2), 0.5, 12.0))
        while end - time < length and end < seconds:
            end = _say(supply, speaker, end, max(length - (end - time) + 1.0, 1.0), dry, turns)
            end += float(generator.uniform(0.05, 0.3))
        if generator.random() < overlapping and end - time > 1.5:  # a backchannel
            other = generator.choice([each for each in people if each != speaker])
            at = float(generator.uniform(time + 0.3, end - 0.6))
            _say(supply, other, at, float(generator.uniform(0.5, 1.2)), dry, turns)
        early = generator.random() < overlapping
        wait = generator.uniform(-1.2, 0) if early else generator.exponential(0.35)
        time = max(time + 0.5, end + float(wait))
    sound = sum(put_in_room(dry[person], generator) * loudness[person] for person in people)
    return Conversation(
        record(np.asarray(sound), generator, (15.0, 40.0)), turns.support(SHORTEST_PAUSE)
    )


def _say(
    supply: dict[str, deque[NDArray[np.float32]]],
    speaker: str,
    start: float,
    longest: float,
    dry: dict[str, NDArray[np.float32]],
    turns: Annotation,
) -> float:
    """Put the next phrase of a speaker that is no longer than `longest` seconds at `start`; say when it ends."""
    size = round(longest * SAMPLE_RATE)
    for _ in range(len(supply[speaker])):
        phrase = supply[speaker].popleft()
        supply[speaker].append(phrase)
        if len(phrase) <= size:
            break
    at = round(start * SAMPLE_RATE)
    place = dry[speaker][at : at + min(len(phrase), size)]
    place += phrase[: len(place)]
    turn = Segment(start, start + len(place) / SAMPLE_RATE)
    if turn:
        turns[turn, turns.new_track(turn)] = speaker
    return turn.end


def put_in_room(
    waveform: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Echo of a room: exponentially decaying noise, 0 to 15 dB below the speech."""
    decay, ratio = generator.uniform(0.15, 0.6), generator.uniform(0, 15)
    times = np.arange(round(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    response = generator.standard_normal(len(times)) * np.exp(-6.9 * times / decay)
    response[:32] = 0
    response *= 10 ** (-ratio / 20) / np.sqrt((response**2).sum())
    response[0] = 1
    return fftconvolve(waveform, response)[: len(waveform)].astype(np.float32)


def reverberate(
    waveform: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.float32]:
    """An echo of exponentially decaying noise, for some."""
    decay, strength = (
        generator.uniform(0.1, 0.6),
        generator.uniform(0, 0.15) * generator.integers(0, 2),
    )
    times = np.arange(round(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    response = strength * generator.standard_normal(len(times)) * np.exp(-6.9 * times / decay)
    response[0] = 1
    return fftconvolve(waveform, response)[: len(waveform)].astype(np.float32)


def record(
    waveform: NDArray[np.float32],
    generator: np.random.Generator,
    quieter: tuple[float, float] = (8.0, 35.0),
) -> NDArray[np.float32]:
    """One microphone (a band), noise that is so many dB below the speech, full scale at 0.5."""
    low, high = generator.uniform(30, 200), generator.uniform(3500, 7800)
    white = generator.standard_normal(len(waveform))
    color = sosfilt(butter(1, generator.uniform(200, 6000), fs=SAMPLE_RATE, output="sos"), white)
    level = 10 ** (-generator.uniform(*quieter) / 20) * waveform.std()
    mixed = waveform + level * color / color.std()
    mixed = sosfilt(butter(2, [low, high], "bandpass", fs=SAMPLE_RATE, output="sos"), mixed)
    return (0.5 * mixed / np.abs(mixed).max()).astype(np.float32)


def compose_many(
    folder: Path, share: str, number: int, seed: int, seconds: tuple[float, float] = (20.0, 45.0)
) -> Iterator[Conversation]:
    """Compose conversations of a share of the speakers, of different length."""
    speech = read_speech(folder, share)
    for index in range(number):
        generator = np.random.default_rng([seed, index])
        yield compose(speech, generator, float(generator.uniform(*seconds)))


def composing_parser(doc: str | None) -> argparse.ArgumentParser:
    """Parser of a script that composes files of voices."""
    parser = script_parser(doc)
    parser.add_argument("voices", type=Path, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--number", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", choices=SHARES, default="held_out")
    return parser


def write_conversations(found: Iterable[Conversation], out: Path, name: str) -> None:
    """Write WAV and RTTM of each, `name` with a number."""
    out.mkdir(parents=True, exist_ok=True)
    for index, conversation in enumerate(found):
        uri = f"{name}_{index:03d}"
        conversation.turns.uri = uri
        save_audio(out / f"{uri}.wav", conversation.waveform, SAMPLE_RATE)
        (out / f"{uri}.rttm").write_text(conversation.turns.to_rttm(), encoding="utf-8")
    print(out)


def main() -> None:
    """Compose and write."""
    args = composing_parser(__doc__).parse_args()
    found = compose_many(args.voices, args.share, args.number, args.seed)
    write_conversations(found, args.out, f"{args.share}_{args.seed}")


if __name__ == "__main__":
    run_script(main)
