"""What a page needs to show and search what is said, and to write files in the browser."""

from typing import Any

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.cues import Cue, make_cues, make_stretches
from pins_plugin.formats.timecode import as_rate


def transcript(linked: LinkedVideo) -> list[dict[str, Any]]:
    """Subtitles with their words, in order of time; empty without a transcript.

    Names are not in there: the page takes them from the turns, which a reviewer may correct.
    """
    return [_plain(cue) for cue in make_cues(linked)] if linked.words else []


def stretches(linked: LinkedVideo) -> list[dict[str, Any]]:
    """Turns, and runs of words outside of all turns, each with all that is said in it."""
    return [_plain(cue) for cue in make_stretches(linked)]


def frame_rate(hertz: float) -> list[int]:
    """Numerator and denominator of a frame rate."""
    rate = as_rate(hertz)
    return [rate.numerator, rate.denominator]


def _plain(cue: Cue) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "start": round(cue.start, 3),
        "end": round(cue.end, 3),
        "text": cue.text,
        "turn": cue.turn,
    }
    if cue.words:
        plain["words"] = [[round(word.start, 3), word.text] for word in cue.words]
    return plain
