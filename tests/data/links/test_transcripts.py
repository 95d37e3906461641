"""Transcripts of others: whole, and with what goes wrong in them."""

import json
from pathlib import Path
from typing import Any

import pysubs2
import pytest

from pins_plugin.data.links.transcripts import read_transcript
from pins_plugin.errors import TranscriptError

WHISPER = {
    "text": " Good evening. Thanks!",
    "language": "en",
    "segments": [
        {
            "id": 0, "seek": 0, "start": 0.0, "end": 1.6, "text": " Good evening.", "tokens": [50364], "avg_logprob": -0.3,
            "words": [{"word": " Good", "start": 0.0, "end": 0.42, "probability": 0.9}, {"word": " evening.", "start": 0.42, "end": 1.6, "probability": 0.8}],
        },
        {"id": 1, "start": 2.0, "end": 3.0, "text": " Thanks!"},
    ],
}  # fmt: skip
WHISPERX = {
    "segments": [
        {
            "start": 10.0, "end": 13.0, "text": "In 2014 we won.",
            "words": [{"word": "In", "start": 10.0, "end": 10.2, "score": 0.8}, {"word": "2014"}, {"word": "we", "start": 12.0, "end": 12.2}, {"word": "won.", "start": 12.3, "end": 13.0}],
        }
    ],
    "word_segments": [],
}  # fmt: skip
SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Good</i> evening,\r\nall.\r\n\r\n2\r\n00:01:02,003 --> 00:01:04,000\r\n- 2014 &amp; on\r\n"
VTT = """WEBVTT Kind: captions

STYLE
::cue { color: red }

NOTE not said

intro
00:01.000 --> 00:02.500 align:start position:0%
<v Anna B.>Good <c.loud>evening</c></v>

NOTE also not said

01:02:03.004 --> 01:02:04.000
<00:00:01.200><c> Thanks</c>
"""


def _file(folder: Path, name: str, content: Any, encoding: str = "utf-8") -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode(encoding))
    return path


def _told(path: Path, **options: Any) -> list[tuple]:
    return [(word.start, word.end, word.text, word.segment) for word in read_transcript(path, **options).words]  # fmt: skip


def test_whisper_words_have_their_own_times(tmp_path: Path) -> None:
    transcript = read_transcript(_file(tmp_path, "a.json", WHISPER))
    assert [(word.start, word.end, word.text) for word in transcript.words] == [(0.0, 0.42, "Good"), (0.42, 1.6, "evening."), (2.0, 3.0, "Thanks!")]  # fmt: skip
    assert [word.estimated for word in transcript.words] == [False, False, True]
    assert transcript.warnings == ()


@pytest.mark.parametrize("value", [WHISPER, WHISPER["segments"]], ids=["whisper", "list"])
def test_a_list_of_segments_is_read_alike(tmp_path: Path, value: Any) -> None:
    assert len(_told(_file(tmp_path, "a.json", value))) == 3


def test_whisperx_words_without_times_are_put_between_their_neighbors(tmp_path: Path) -> None:
    transcript = read_transcript(_file(tmp_path, "a.json", WHISPERX))
    assert [(word.start, word.end, word.text) for word in transcript.words][1] == (10.2, 12.0, "2014")  # fmt: skip
    [warning] = transcript.warnings
    assert warning.startswith("1 words had no time")


def test_srt_words_share_the_time_of_their_subtitle(tmp_path: Path) -> None:
    words = _told(_file(tmp_path, "a.srt", SRT))
    assert [word[2] for word in words] == ["Good", "evening,", "all.", "-", "2014", "&", "on"]
    assert (words[0][0], words[2][1]) == (1.0, 2.5)
    assert (words[3][0], words[-1][1]) == (62.003, 64.0)
    assert words[1][1] - words[1][0] == pytest.approx(1.5 * 8 / 16)


def test_vtt_leaves_out_notes_styles_names_of_cues_and_tags(tmp_path: Path) -> None:
    words = _told(_file(tmp_path, "a.vtt", VTT))
    assert [word[2] for word in words] == ["Good", "evening", "Thanks"]
    assert (words[0][0], words[2][0]) == (1.0, 3723.004)


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_what_pysubs2_writes_is_read(tmp_path: Path, kind: str) -> None:
    subtitles = pysubs2.SSAFile()
    for number in range(50):
        subtitles.append(pysubs2.SSAEvent(3000 * number, 3000 * number + 2500, f"line {number}\\Nsecond"))  # fmt: skip
    subtitles.save(str(tmp_path / f"a.{kind}"))
    words = _told(tmp_path / f"a.{kind}")
    assert len(words) == 150
    assert words[3 * 49][:2] == pytest.approx((147.0, 147.0 + 2.5 * 4 / 12))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_say_the_encoding(tmp_path: Path, encoding: str) -> None:
    assert _told(_file(tmp_path, "a.srt", SRT.replace("Good", "Größe"), encoding))[0][2] == "Größe"


def test_another_encoding_is_asked_for_and_then_read(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.srt", SRT.replace("Good", "Größe"), "cp1252")
    with pytest.raises(TranscriptError, match="--encoding cp1252"):
        read_transcript(path)
    assert _told(path, encoding="cp1252")[0][2] == "Größe"
    with pytest.raises(TranscriptError, match="no such encoding"):
        read_transcript(path, encoding="klingon")


def _words(*rows: tuple) -> dict:
    return {"segments": [{"start": 0, "end": 9, "text": "", "words": [{"word": w, "start": a, "end": b} for a, b, w in rows]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        ([(1, 2, "a"), (50, 51, "b")], "1 words lie beyond the end of the video"),
        ([(1, 1.001, "a"), (2, 2, "b")], "2 words are shorter than 5 ms"),
        ([(2, 1, "a"), (3, 4, "b")], "1 words ended before they began"),
        ([(3, 4, "a"), (1, 2, "b")], "1 words came before their forerunners"),
        ([(float("nan"), None, "a"), (3, 4, "b")], "1 words had no time"),
        ([(-1, 2, "a"), (3, 4, "b")], "1 words are shorter than 5 ms"),
        ([(2e9, 3e9, "a"), (3, 4, "b")], "1 words had no time"),
    ],
)
def test_faults_are_counted_and_nothing_is_lost(tmp_path: Path, rows: list, warning: str) -> None:
    transcript = read_transcript(_file(tmp_path, "a.json", _words(*rows)), duration=10.0)
    assert sorted(word.text for word in transcript.words) == ["a", "b"]
    assert all(0 <= word.start <= word.end for word in transcript.words)
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)
    assert [text.startswith(warning) for text in transcript.warnings] == [True]


def test_segments_without_times_stand_between_their_neighbors(tmp_path: Path) -> None:
    value = [{"start": 1, "end": 2, "text": "a"}, {"text": "b c"}, {"start": 6, "end": 7, "text": "d"}]  # fmt: skip
    assert _told(_file(tmp_path, "a.json", value)) == [(1, 2, "a", 0), (2, 4, "b", 1), (4, 6, "c", 1), (6, 7, "d", 2)]  # fmt: skip
    [warning] = read_transcript(_file(tmp_path, "a.json", value)).warnings
    assert warning.startswith("1 segments had no times")


def test_a_subtitle_that_ends_before_it_begins_is_turned_round_and_counted(tmp_path: Path) -> None:
    transcript = read_transcript(_file(tmp_path, "a.srt", "1\n00:00:05,000 --> 00:00:02,000\nHi you\n"))  # fmt: skip
    assert [(word.start, word.end, word.text) for word in transcript.words] == [(2, 3.2, "Hi"), (3.2, 5, "you")]  # fmt: skip
    [warning] = transcript.warnings
    assert warning.startswith("2 words ended before they began")


def test_subtitles_without_numbers_and_empty_lines_are_all_read(tmp_path: Path) -> None:
    rows = "00:00:01,000 --> 00:00:02,000\nHi\n00:00:03,000 --> 00:00:04,000\n2024\n2\n00:00:05,000 --> 00:00:06,000\nlo\n"  # fmt: skip
    assert [word[2] for word in _told(_file(tmp_path, "a.srt", rows))] == ["Hi", "2024", "lo"]


@pytest.mark.parametrize("name", ["a.json", "a.srt", "a.vtt"])
def test_an_empty_transcript_has_no_words(tmp_path: Path, name: str) -> None:
    content: Any = {"segments": []} if name == "a.json" else "WEBVTT\n" if name == "a.vtt" else ""
    assert _told(_file(tmp_path, name, content)) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "not a JSON file"),
        ("a.json", {"results": []}, "segments"),
        ("a.json", {"segments": ["a"]}, "segments"),
        ("a.json", {"segments": [{"text": "a", "words": [3]}]}, "words"),
        ("a.json", {"segments": [{"text": "a"}]}, "gives no times"),
        ("a.srt", "hello", "holds no subtitle"),
        ("a.docx", "hello", "expected a transcript that ends in"),
    ],
)
def test_what_is_no_transcript_is_refused(tmp_path: Path, name: str, content: Any, message: str) -> None:  # fmt: skip
    with pytest.raises(TranscriptError, match=message):
        read_transcript(_file(tmp_path, name, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="no such file"):
        read_transcript(tmp_path / "a.srt")


@pytest.mark.parametrize("start", ["1" + "0" * 400, "null", '"soon"', "[1]"])
def test_a_time_that_is_none_is_estimated(tmp_path: Path, start: str) -> None:
    text = f'[{{"start": {start}, "end": 4, "text": "a"}}, {{"start": 5, "end": 6, "text": null}}]'
    assert _told(_file(tmp_path, "a.json", text)) == [(0, 4, "a", 0)]


@pytest.mark.parametrize("hours", ["9" * 5000, "999999999"])
def test_a_subtitle_of_another_age_stands_between_its_neighbors(tmp_path: Path, hours: str) -> None:
    rows = f"00:00:01,000 --> 00:00:02,000\na\n\n{hours}:00:00,000 --> {hours}:00:01,000\nb\n\n"
    rows += "00:00:03,000 --> 00:00:04,000\nc\n"
    words = _told(_file(tmp_path, "a.srt", rows))
    assert [(word[0], word[1]) for word in words if word[2] == "b"] == [(2, 3)]


@pytest.mark.parametrize("times", [{"start": 1, "end": 2}, {}])
def test_long_transcripts_are_read_in_linear_time(tmp_path: Path, times: dict) -> None:
    value = [{"start": 0, "end": 1, "text": "a"}, *[{**times, "text": "b"} for _ in range(50_000)]]
    assert len(_told(_file(tmp_path, "a.json", value))) == 50_001
    lines = "00:00:01,000 --> 00:00:02,000\n" + "word\n\n" * 50_000
    assert len(_told(_file(tmp_path, "a.srt", lines))) == 50_000
