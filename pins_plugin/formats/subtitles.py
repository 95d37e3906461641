"""Subtitles and transcripts with names: SRT, WebVTT, ASS, plain text, a table.

Names and words are those of strangers: what a format would take for markup is escaped, or, where it has no escape, replaced by a
letter that looks alike. Without a transcript each turn reads `SPEAKS`.
"""

import html
import re
import textwrap
from collections.abc import Sequence

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.cues import Cue, make_cues, make_stretches
from pins_plugin.utils.text import csv_table, table_cell

SPEAKS = "[speaks]"
LINE = 42  # letters
ASS_LETTERS = str.maketrans("\\{}", "⧵｛｝")
STYLES = "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding"
STYLE = (
    "Arial,48,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,1,2,40,40,30,1"
)


def to_srt(linked: LinkedVideo) -> str:
    """SubRip; each subtitle begins with the name."""
    blocks = (
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_wrap(_srt_text(f'{cue.name}: {cue.text or SPEAKS}'))}\n"
        for number, cue in enumerate(make_cues(linked), start=1)
    )
    return "\n".join(blocks)


def to_vtt(linked: LinkedVideo) -> str:
    """WebVTT; the name stands in the voice tag `<v Name>` of each cue."""
    blocks = (
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n<v {_vtt_text(cue.name)}>{_wrap(_vtt_text(cue.text or SPEAKS))}</v>\n"
        for cue in make_cues(linked)
    )
    return "\n".join(("WEBVTT\n", *blocks))


def to_ass(linked: LinkedVideo) -> str:
    """Advanced SubStation Alpha; the name is the actor of each line (a comma in it becomes a semicolon)."""
    head = (
        "[Script Info]",
        "ScriptType: v4.00+",
        "WrapStyle: 0",
        "PlayResX: 1280",
        "PlayResY: 720",
        "ScaledBorderAndShadow: yes",
        "",
        "[V4+ Styles]",
        f"Format: {STYLES}",
        f"Style: Default,{STYLE}",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    )
    lines = (
        f"Dialogue: 0,{_ass_clock(cue.start)},{_ass_clock(cue.end, up=True)},Default,{cue.name.replace(',', ';')},0,0,0,,{(cue.text or SPEAKS).translate(ASS_LETTERS)}"
        for cue in make_cues(linked)
    )
    return "\n".join((*head, *lines, ""))


def to_text(linked: LinkedVideo) -> str:
    """Blocks of plain text: time and name, then what is said until somebody else speaks."""
    blocks: list[list[Cue]] = []
    for cue in make_cues(linked):
        if blocks and blocks[-1][-1].name == cue.name:
            blocks[-1].append(cue)
        else:
            blocks.append([cue])
    return "\n".join(map(_block, blocks))


def to_table(linked: LinkedVideo) -> str:
    """CSV: start, end, name and what is said, one row for each turn."""
    rows = (
        (f"{cue.start:.3f}", f"{cue.end:.3f}", table_cell(cue.name), table_cell(cue.text))
        for cue in make_stretches(linked)
    )
    return csv_table(("start", "end", "name", "text"), rows)


def _block(cues: Sequence[Cue]) -> str:
    seconds = int(cues[0].start)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    said = " ".join(cue.text for cue in cues if cue.text) or SPEAKS
    return f"[{clock}] {cues[0].name}\n{said}\n"


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


def _ass_clock(seconds: float, up: bool = False) -> str:
    """ASS knows hundredths; ends are rounded up so that the shortest subtitle lasts."""
    hundredths = -int(-round(1000 * seconds) // 10) if up else round(1000 * seconds) // 10
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _wrap(text: str) -> str:
    """At most two lines of `LINE` letters, or more where the text is longer."""
    lines = textwrap.wrap(text, LINE, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) if lines else text


def _srt_text(text: str) -> str:
    """SRT has no escape: what looks like a tag gets other brackets."""
    text = text.replace("-->", "→")
    text = re.sub(r"<(?=[/a-zA-Z])", "‹", text)
    return text.replace("{", "(").replace("}", ")") if re.search(r"\{\\", text) else text


def _vtt_text(text: str) -> str:
    return html.escape(text, quote=False)
