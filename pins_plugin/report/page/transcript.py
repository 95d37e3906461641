"""What a page needs to show and search what is said, and to write files in the browser."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.annotation import to_elan
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.cues import Cue, make_cues, make_stretches
from pins_plugin.formats.editors import to_edl, to_fcp7_xml
from pins_plugin.formats.subtitles import to_ass, to_table, to_vtt


def export_data(linked: LinkedVideo, picture: Picture, folder: Path) -> dict[str, Any]:
    """What is said, and the files of a video in which nobody speaks, which the page fills in.

    Names are not in there: the page takes them from the turns, which a reviewer may correct. `cues` are subtitles with
    their words, empty without a transcript; `stretches` are turns with all that is said in them; times in seconds.

    Parameters
    ----------
    linked : LinkedVideo
        With the path of the video.
    folder : Path
        Of the page.
    """
    silent = replace(linked, turns=[], words=())
    return {
        "cues": [_plain(cue) for cue in make_cues(linked)] if linked.words else [],
        "stretches": [_plain(cue) for cue in make_stretches(linked)],
        "stem": Path(linked.video).stem,
        "length": round(linked.duration, 3),
        "rate": [picture.rate.numerator, picture.rate.denominator],
        "first": picture.first,
        "blank": {
            "vtt": to_vtt(silent),
            "ass": to_ass(silent),
            "csv": to_table(silent),
            "elan": to_elan(silent, folder),
            "edl": to_edl(silent, picture),
            "fcp7": to_fcp7_xml(silent, picture),
        },
    }


def _plain(cue: Cue) -> dict[str, Any]:
    plain = {"start": cue.start, "end": cue.end, "text": cue.text, "turn": cue.turn}
    words = [[round(word.start, 3), word.text] for word in cue.words]
    return plain | ({"words": words} if words else {})
