"""Transcripts that others made, as words with times: JSON of whisper, faster-whisper and whisperX, SRT, WebVTT.

Nothing that was said is lost: what has no time, or an impossible one, gets the likeliest, and is counted in a warning.
"""

import codecs
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from pins_plugin.data.links.link_rows import LONGEST
from pins_plugin.errors import TranscriptError
from pins_plugin.types import TranscriptWord
from pins_plugin.utils.explain import naming

ENDINGS = (".json", ".srt", ".vtt")
SHORT = 0.005  # seconds; shorter words are counted; chosen, not measured
ARROW = re.compile(
    r"(?:(?<!\d)(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
)
TAG = re.compile(r"</?(?:v|c|b|i|u|s|ruby|rt|lang|font|\d)[^>]*>|\{\\[^}]*\}", re.IGNORECASE)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
Times = tuple[float | None, float | None]
UNTIMED: Times = (None, None)
_Mark = tuple[str, Times, int]
"""A word, or where a segment starts or ends (no text); its times; the number of its segment."""


@dataclass(frozen=True)
class Transcript:
    """What was said, and what had to be put right to read it.

    Parameters
    ----------
    words : tuple of TranscriptWord
        In order of time.
    warnings : tuple of str
        One sentence for each kind of fault, with its count.
    """

    words: tuple[TranscriptWord, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Segment:
    times: Times
    words: tuple[tuple[str, Times], ...]


def read_transcript(
    path: str | Path, *, duration: float | None = None, encoding: str | None = None
) -> Transcript:
    """Read a transcript by its file's ending.

    Parameters
    ----------
    path : str or Path
        .json (whisper, faster-whisper or whisperX), .srt or .vtt.
    duration : float, optional
        Of the video, in seconds: words beyond are counted.
    encoding : str, optional
        Of the text; UTF-8, or what its byte order mark says, when not given.

    Raises
    ------
    TranscriptError
        When the file is missing, of another kind or encoding, or gives no times at all.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise TranscriptError(
            f"{path}: expected a transcript that ends in {', '.join(ENDINGS)}, got {path.suffix!r}"
        )
    text = _read_text(path, encoding)
    with naming(path, TranscriptError):
        if path.suffix.lower() == ".json":
            segments = parse_whisper(text)
        else:
            segments = list(parse_subtitles(text))
            if not segments and text.replace("WEBVTT", "", 1).strip():
                raise TranscriptError(
                    "holds no subtitle; expected lines such as 00:00:01,000 --> 00:00:02,500"
                )
        return _finish(segments, duration)


def parse_whisper(text: str) -> list[_Segment]:
    """Read JSON of whisper, faster-whisper or whisperX.

    An object with `segments`, or a list of them; each with `start`, `end`, `text`, and perhaps `words` with
    `word` (or `text`), `start` and `end`.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TranscriptError(f"not a JSON file ({error}); expected what whisper writes") from error
    rows = value.get("segments") if isinstance(value, Mapping) else value
    if isinstance(value, Mapping) and rows is None and "word_segments" in value:
        rows = [{"words": value["word_segments"]}]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TranscriptError(
            "expected `segments`, each with start, end and text, as whisper, faster-whisper and whisperX write them"
        )
    return [_whisper_segment(row) for row in rows]


def _whisper_segment(row: Mapping[str, Any]) -> _Segment:
    words = []
    listed = row.get("words")
    for word in listed if isinstance(listed, list) else ():
        if not isinstance(word, Mapping):
            raise TranscriptError(f"expected words with word, start and end, got {word!r:.80}")
        parts = str(word.get("word") or word.get("text") or "").split()
        times = _time(word.get("start")), _time(word.get("end"))
        words += [(part, times if len(parts) == 1 else UNTIMED) for part in parts]
    if not words:
        words = [(part, UNTIMED) for part in str(row.get("text") or "").split()]
    return _Segment((_time(row.get("start")), _time(row.get("end"))), tuple(words))


def parse_subtitles(text: str) -> Iterator[_Segment]:
    """Read SRT or WebVTT; notes, styles, identifiers and markup are left out.

    Examples
    --------
    >>> [segment] = parse_subtitles("1\\n00:00:01,000 --> 00:00:02,500\\n<i>Good</i> day\\n")
    >>> segment.times, [word for word, _ in segment.words]
    ((1.0, 2.5), ['Good', 'day'])
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = [(index, match) for index, line in enumerate(lines) if (match := ARROW.search(line))]
    ends = [index for index, _ in found[1:]] + [len(lines)]
    for (here, match), following in zip(found, ends, strict=False):
        body = [line.strip() for line in lines[here + 1 : following]]
        if following < len(lines) and len(body) > 1 and (body[-1].isdecimal() or not body[-2]):
            body = body[:-1]  # the number or name of the next
        # some programs write empty lines inside of a subtitle: what stands there was said, but for notes
        said = re.split(r"\n\n(?:NOTE|STYLE|REGION)", "\n".join(["", *body]))[0]
        words = tuple((word, UNTIMED) for word in html.unescape(TAG.sub("", said)).split())
        groups = match.groups()
        yield _Segment((_seconds(groups[:4]), _seconds(groups[4:])), words)


def _seconds(groups: Sequence[str | None]) -> float | None:
    hours, minutes, seconds, fraction = groups
    whole = 3600 * float(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0)
    return _time(whole + int((fraction or "0").ljust(3, "0")) / 1000)


def _time(value: Any) -> float | None:
    try:
        time = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return time if isfinite(time) and 0 <= time <= LONGEST else None


def _finish(segments: Sequence[_Segment], duration: float | None) -> Transcript:
    """Give every word a time, in order, and count what had none or a wrong one."""
    counts = dict.fromkeys(("untimed", "backward", "short", "unordered", "late"), 0)
    lost = 0
    marks: list[_Mark] = []
    segments = [segment for segment in segments if segment.words]
    for number, (times, said) in enumerate((each.times, each.words) for each in segments):
        untimed = sum(own == UNTIMED for _, own in said)
        start, end = times
        if start is not None and end is not None and end < start:
            counts["backward"] += len(said) if untimed == len(said) else 0
            start, end = end, start
        counts["untimed"] += untimed if untimed < len(said) else 0
        lost += untimed == len(said) and times == UNTIMED
        marks.append(("", (start, start), number))
        marks += [(text, own, number) for text, own in said]
        marks.append(("", (end, end), number))
    if marks and all(times == UNTIMED for _, times, _ in marks):
        raise TranscriptError("gives no times; expected start and end in seconds for segments or words")  # fmt: skip
    words: list[TranscriptWord] = []
    for start, end, text, number, estimated in _timed(marks):
        counts["backward"] += end < start
        start, end = min(start, end), max(start, end)
        counts["short"] += end - start < SHORT and not estimated
        counts["unordered"] += bool(words) and start < words[-1].start - 1e-6
        counts["late"] += duration is not None and start >= duration
        words.append(TranscriptWord(start, end, text, number, estimated))
    words.sort(key=lambda word: word.start)
    told = {
        "untimed": "had no time of their own: it was estimated from their neighbors",
        "backward": "ended before they began: both times were swapped",
        "short": f"are shorter than {1000 * SHORT:.0f} ms: kept as they are",
        "unordered": "came before their forerunners: sorted by time",
        "late": f"lie beyond the end of the video ({duration or 0:.1f} s): kept, without a speaker",
    }
    warnings = [f"{counts[kind]} words {what}" for kind, what in told.items() if counts[kind]]
    if lost:
        warnings.append(f"{lost} segments had no times: put between their neighbors")
    return Transcript(tuple(words), tuple(warnings))


def _timed(marks: Sequence[_Mark]) -> Iterator[tuple[float, float, str, int, bool]]:
    """Start, end, text and segment of each word, and whether its time was estimated.

    Words without a time share what lies between the known times around them, by letters.
    """
    low = 0.0
    waiting: list[tuple[str, int]] = []
    for text, times, number in [*marks, ("", (0.0, 0.0), 0)]:
        known = _known(times)
        if not known and text:
            waiting.append((text, number))
        if not known:
            continue
        span = max(known[0] - low, 0.0)
        whole, passed = sum(len(word) for word, _ in waiting), 0
        for word, segment in waiting:
            start, end = (low + span * part / whole for part in (passed, passed + len(word)))
            yield round(start, 4), round(end, 4), word, segment, True
            passed += len(word)
        waiting, low = [], known[-1]
        if text:
            yield known[0], known[-1], text, number, False


def _known(times: Times) -> list[float]:
    return [time for time in times if time is not None]


def _read_text(path: Path, encoding: str | None) -> str:
    if not path.is_file():
        raise TranscriptError(f"{path}: no such file; expected a transcript ({', '.join(ENDINGS)})")
    content = path.read_bytes()
    if encoding is None:
        marks = (name for mark, name in BYTE_ORDER_MARKS if content.startswith(mark))
        encoding = next(marks, "utf-8")
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise TranscriptError(f"--encoding: no such encoding: {encoding!r}") from error
    except UnicodeDecodeError as error:
        raise TranscriptError(
            f"{path}: not {encoding} ({error.reason} at byte {error.start}); say its encoding, "
            "such as --encoding cp1252, or save it as UTF-8"
        ) from error
