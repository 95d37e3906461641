"""Subtitles, opened by FFmpeg (PyAV) and pysubs2."""

import html
from pathlib import Path

import av
import pysubs2
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.links.transcripts import read_transcript
from pins_plugin.formats.cues import UNKNOWN, make_cues
from pins_plugin.formats.subtitles import SPEAKS, to_ass, to_srt, to_text, to_vtt

WRITERS = {"srt": to_srt, "vtt": to_vtt, "ass": to_ass}


def _ffmpeg(path: Path) -> list[tuple[float, float, str]]:
    """Start, end and text of each subtitle as FFmpeg decodes it (as a line of ASS)."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            for subtitle in packet.decode():
                text = getattr(subtitle, "ass", b"") or getattr(subtitle, "dialogue", b"")
                text = text.decode() if isinstance(text, bytes) else text
                start = float(packet.pts * packet.time_base)
                found.append((start, start + float(packet.duration * packet.time_base), text))
    return found


@pytest.mark.parametrize("kind", WRITERS)
def test_ffmpeg_reads_every_subtitle_at_its_time(told: LinkedVideo, tmp_path: Path, kind: str) -> None:  # fmt: skip
    path = tmp_path / f"a.{kind}"
    path.write_text(WRITERS[kind](told), encoding="utf-8")
    cues, read = make_cues(told), _ffmpeg(path)
    assert len(read) == len(cues)
    for cue, (start, end, text) in zip(cues, read, strict=True):
        assert start == pytest.approx(cue.start, abs=0.011)
        assert end == pytest.approx(cue.end, abs=0.011)
        assert cue.text.split()[-1] in text


@pytest.mark.parametrize("kind", WRITERS)
def test_pysubs2_reads_times_names_and_text(told: LinkedVideo, names: tuple, kind: str) -> None:
    read = pysubs2.SSAFile.from_string(WRITERS[kind](told), format_=kind, **({"keep_unknown_html_tags": True} if kind != "ass" else {}))  # fmt: skip
    cues = make_cues(told)
    assert [round(event.start / 10) for event in read] == [round(cue.start * 100) for cue in cues]
    shown = [html.unescape(event.plaintext.replace("\n", " ")) for event in read]
    if kind == "srt":
        assert shown[-1] == f"{names[2]}: שלום"
        assert shown[0] == f"{names[0].replace('<', '‹')}: Good evening, ‹b>all‹/b> you."
    elif kind == "vtt":
        assert shown[0] == f"<v {names[0]}>Good evening, <b>all</b> you.</v>"
        assert sum(event.text.startswith("<v ") for event in read) == len(cues)
    else:
        assert [event.name for event in read] == [cue.name.replace(",", ";") for cue in cues]
        assert shown[0] == "Good evening, <b>all</b> you."


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_what_is_written_comes_back_as_a_transcript(told: LinkedVideo, tmp_path: Path, kind: str) -> None:  # fmt: skip
    path = tmp_path / f"a.{kind}"
    path.write_text(WRITERS[kind](told), encoding="utf-8")
    back = " ".join(word.text for word in read_transcript(path).words)
    for word in ("Good", "Thanks!", "Hm.", "שלום"):
        assert word in back.split()


@pytest.mark.parametrize("write", [*WRITERS.values(), to_text])
def test_nobody_speaks(empty: LinkedVideo, write: object) -> None:
    text = write(empty)  # type: ignore[operator]
    assert "-->" not in text and "Dialogue" not in text
    if write is to_vtt:
        assert text.startswith("WEBVTT")


def test_names_without_a_transcript(linked: LinkedVideo) -> None:
    assert to_srt(linked).count(SPEAKS) == to_vtt(linked).count(SPEAKS) == len(linked.turns)


def test_text_blocks_join_what_one_person_says(told: LinkedVideo, names: tuple) -> None:
    blocks = to_text(told).split("\n\n")
    assert blocks[0] == f"[0:00:01] {names[0]}\nGood evening, <b>all</b> you."
    assert blocks[3] == f"[0:00:07] {UNKNOWN}\nHm."


def test_braces_and_line_breaks_do_no_harm(make: object) -> None:
    words = [{"start": 1.0, "end": 1.5, "text": "{\\an8}a\n\nb-->"}]
    linked = make(words=words)  # type: ignore[operator]
    read = pysubs2.SSAFile.from_string(to_ass(linked), format_="ass")
    assert read[0].plaintext == "｛⧵an8｝a b-->"
    assert len(pysubs2.SSAFile.from_string(to_srt(linked), format_="srt")) == 1
