"""The parts of a page as plain values for its template and scripts: turns, rows of the time line, the gallery, what is said."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.formats.annotation import to_elan
from pins_plugin.formats.boxes import Picture
from pins_plugin.formats.cues import Cue, make_cues, make_stretches
from pins_plugin.formats.editors import to_edl, to_fcp7_xml
from pins_plugin.formats.subtitles import to_ass, to_table, to_vtt
from pins_plugin.report.style import PALETTE
from pins_plugin.types import SpeakerFaceLink

# Seconds between the boxes that a page carries; it interpolates; chosen, not measured
BOX_STEP = 0.12
EVIDENCE = {
    "sync": ("lips", "The lips of this face fit the sound, compared with other times"),
    "talking": ("mouth", "This mouth moves as mouths do that talk"),
    "voice": ("voice", "This voice is like that of the person elsewhere in the file"),
    "joint": ("likeness", "The voice fits the face, in the space that both share"),
    "presence": ("on screen", "This face is in the picture when somebody begins to speak"),
    "review": ("reviewed", "Somebody looked, and said so"),
}
TICK_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds


def color_class(linked: LinkedVideo, person: str | None) -> str:
    """Name of the style class that colors a person."""
    if person is None or person not in linked.person_labels:
        return "nobody"
    return f"c{linked.person_labels.index(person) % len(PALETTE)}"


def summary(linked: LinkedVideo, doubtful: float) -> dict[str, Any]:
    """Count what the head of the page tells."""
    speech = sum(turn.end - turn.start for turn in linked.turns)
    shown = sum(
        turn.end - turn.start
        for turn in linked.turns
        if turn.person is not None and turn.status != "off screen"
    )
    return {
        "duration": linked.duration,
        "speech": speech,
        "on_screen": shown / speech if speech else 0.0,
        "turns": len(linked.turns),
        "doubtful": sum(is_doubtful(turn, doubtful) for turn in linked.turns),
        "speakers": len(linked.speaker_labels),
        "people": len(linked.person_labels),
    }


def is_doubtful(turn: SpeakerFaceLink, doubtful: float) -> bool:
    """Whether a person should look at a turn."""
    return turn.status == "uncertain" or turn.confidence < doubtful


def turns(linked: LinkedVideo, doubtful: float) -> list[dict[str, Any]]:
    """Describe each turn for review, the most doubtful first."""
    largest = max(
        (abs(llr) for turn in linked.turns for llr in turn.evidence.values()), default=0.0
    )
    described = [
        {
            "index": index,
            "start": turn.start,
            "end": turn.end,
            "speaker": turn.speaker,
            "person": turn.person,
            "status": turn.status,
            "confidence": turn.confidence,
            "doubtful": is_doubtful(turn, doubtful),
            "reviewed": "review" in turn.evidence,
            "color": color_class(linked, turn.person),
            "evidence": [
                {**_evidence(name), "llr": llr, **_bar(llr, max(3.0, largest))}
                for name, llr in sorted(turn.evidence.items(), key=lambda pair: -abs(pair[1]))
            ],
        }
        for index, turn in enumerate(linked.turns)
    ]
    return sorted(described, key=lambda turn: (turn["status"] != "uncertain", turn["confidence"]))


def _evidence(name: str) -> dict[str, str]:
    plain = name.replace("_", " ")
    title, meaning = EVIDENCE.get(name, (plain, plain))
    return {"name": title, "meaning": meaning}


def _bar(llr: float, largest: float) -> dict[str, float]:
    """Place a bar, in percent, that grows from the middle to the right (for the link) or left (against)."""
    width = 50 * min(1.0, abs(llr) / largest)
    return {"x": round(50 - width if llr < 0 else 50.0, 2), "width": round(width, 2)}


def rows(linked: LinkedVideo) -> dict[str, list[dict[str, Any]]]:
    """Lay out the time line: a row for each voice, for each face that speaks, and for each other face."""
    speaking = {turn.person for turn in linked.turns}
    faces = [_face_row(linked, person) for person in linked.person_labels]
    return {
        "voices": [_voice_row(linked, speaker) for speaker in linked.speaker_labels],
        "speaking": [row for row in faces if row["name"] in speaking],
        "silent": [row for row in faces if row["name"] not in speaking],
    }


def _voice_row(linked: LinkedVideo, speaker: str) -> dict[str, Any]:
    blocks = [
        {
            **_block(linked, turn.start, turn.end),
            "turn": index,
            "color": color_class(linked, turn.person),
            "person": turn.person,
            "status": turn.status,
            "confidence": turn.confidence,
        }
        for index, turn in enumerate(linked.turns)
        if turn.speaker == speaker
    ]
    return {"name": speaker, "blocks": blocks}


def _face_row(linked: LinkedVideo, person: str) -> dict[str, Any]:
    seen = [
        _block(linked, track.start, track.end) for track in linked.tracks if track.person == person
    ]
    heard = [
        {**_block(linked, turn.start, turn.end), "turn": index}
        for index, turn in enumerate(linked.turns)
        if turn.person == person
    ]
    return {"name": person, "color": color_class(linked, person), "seen": seen, "heard": heard}


def _block(linked: LinkedVideo, start: float, end: float) -> dict[str, float]:
    """Place a stretch of time, in percent of the duration."""
    percent = 100 / max(linked.duration, 1e-3)
    width = max(0.15, (end - start) * percent)
    return {"start": start, "end": end, "x": round(start * percent, 3), "width": round(width, 3)}


def ticks(duration: float) -> list[dict[str, Any]]:
    """Mark times along the time line, about ten."""
    step = next((step for step in TICK_STEPS if duration / step <= 12), TICK_STEPS[-1])
    marks = [index * step for index in range(int(duration / step) + 1)]
    label = "{:.1f} s" if step < 1 else "{:.0f} s"
    return [
        {
            "x": round(100 * time / max(duration, 1e-3), 3),
            "label": label.format(time) if duration < 60 else _minutes(time),
        }
        for time in marks
        if time < 0.97 * duration or time == 0
    ]


def _minutes(time: float) -> str:
    minutes, seconds = divmod(round(time), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def gallery(linked: LinkedVideo, faces: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Describe everyone seen or heard: those who speak most first, voices without a face last."""
    cards = [_face_card(linked, person, faces.get(person, [])) for person in linked.person_labels]
    cards.sort(key=lambda card: (-card["spoken"], -card["seen"]))
    voices = [
        speaker
        for speaker in linked.speaker_labels
        if linked.name_of_speaker(speaker) is None and speaker not in linked.person_labels
    ]
    said = {name: [turn for turn in linked.turns if turn.speaker == name] for name in voices}
    return cards + [_voice_card(name, said[name], said[name]) for name in voices]


def _face_card(linked: LinkedVideo, person: str, faces: list[str]) -> dict[str, Any]:
    shown = [turn for turn in linked.turns if turn.person == person]
    hidden = [turn for turn in linked.turns if turn.person is None and turn.speaker == person]
    said = shown + hidden
    own = [track for track in linked.tracks if track.person == person]
    return {
        **_voice_card(person, said, shown or hidden),
        "hidden": sum(turn.end - turn.start for turn in hidden),
        "color": color_class(linked, person),
        "faces": faces,
        "seen": sum(track.end - track.start for track in own),
        **({"first": own[0].start} if own else {}),
        "heard_as": tuple(dict.fromkeys(t.speaker for t in said if t.speaker != person)),
    }


def _voice_card(
    name: str, said: list[SpeakerFaceLink], heard: list[SpeakerFaceLink]
) -> dict[str, Any]:
    """How much someone says, and the stretch to hear the voice by: of the surest turns the longest."""
    best = max(
        heard, key=lambda turn: turn.confidence * min(turn.end - turn.start, 5), default=None
    )
    return {
        "name": name,
        "spoken": sum(turn.end - turn.start for turn in said),
        "turns": len(said),
        "sample": None if best is None else (best.start, min(best.end, best.start + 5)),
        "hidden": 0.0,
        "color": "nobody",
        "faces": [],
        "seen": 0.0,
        "first": said[0].start if said else 0.0,
        "heard_as": (),
    }


def tracks(linked: LinkedVideo) -> list[dict[str, Any]]:
    """Thin the boxes out to what an interpolating page needs."""
    return [
        {
            "person": linked.person_labels.index(track.person),
            "boxes": [
                [round(float(track.times[index]), 3), *map(round, track.boxes[index].tolist())]
                for index in _thinned(track.times.tolist())
            ],
        }
        for track in linked.tracks
    ]


def _thinned(times: list[float]) -> list[int]:
    kept = [0]
    for index, time in enumerate(times):
        if time - times[kept[-1]] >= BOX_STEP:
            kept.append(index)
    if kept[-1] != len(times) - 1:
        kept.append(len(times) - 1)
    return kept


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
