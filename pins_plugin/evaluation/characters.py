"""Are the characters of an episode called by their names? Faces and voices separately, against the truth.

Source: the labeling of TV characters in Nagrani, Albanie, Zisserman, "Learnable PINs" (ECCV 2018, section 6): one
labeled example of each character, then every other face track and voice segment of the episode gets a name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.scene_truth import TRUTH_STEP, faces_at, moments, owner_of, true_faces


def score_faces(links: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the names of face tracks with whom they show.

    Parameters
    ----------
    links : dict
        The value of `links.json`.
    truth : dict
        With `faces`; see `evaluation.scene_truth`.

    Returns
    -------
    report : dict
        `tracks` (how many show somebody), `right_tracks` (share of them with the right name), `found` (share of
        the time of true faces that a track covers), `right` (share of the time of true faces that a track of the
        right name covers), `bound` (the same if every track were named by whom it mostly shows), `chance` (if one name
        were given to all).
    """
    linked = LinkedVideo.from_links(links)
    faces = true_faces(truth)
    shown = [_shown(track, faces) for track in linked.tracks]
    owners = [max(seconds, key=lambda name: seconds[name], default=None) for seconds in shown]
    total: dict[str, float] = {}
    for person, rows in faces:
        total[person] = total.get(person, 0.0) + float(rows[-1, 0] - rows[0, 0])
    everything = max(sum(total.values()), TRUTH_STEP)
    labeled = zip(linked.tracks, shown, strict=True)
    judged = [
        track.person == owner
        for track, owner in zip(linked.tracks, owners, strict=True)
        if owner is not None
    ]
    return {
        "tracks": len(judged),
        "right_tracks": float(np.mean(judged)) if judged else 0.0,
        "found": min(1.0, sum(sum(seconds.values()) for seconds in shown) / everything),
        "right": min(1.0, sum(seconds.get(t.person, 0.0) for t, seconds in labeled) / everything),
        "bound": min(1.0, sum(max(s.values(), default=0.0) for s in shown) / everything),
        "chance": max(total.values(), default=0.0) / everything,
    }


def score_voices(links: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the names of turns with who speaks, by time.

    Parameters
    ----------
    links : dict
        The value of `links.json`: a turn is named by the person on screen, else by the speaker.
    truth : dict
        With `turns`.

    Returns
    -------
    report : dict
        `found` (share of the time of true speech in which a turn stands), `right` (share in which one of the right
        name stands), `on_screen` and `off_screen` (the same for speech of those who are seen, and who are not; None
        where there is none), `bound` (if each turn were named after who mostly speaks in it), `chance` (if one
        name were given to all).
    """
    linked = LinkedVideo.from_links(links)
    faces = true_faces(truth)
    heard: dict[int, Counter[str]] = {}
    total, named, found = Counter[str](), list[tuple[bool, bool]](), list[bool]()
    for turn in truth["turns"]:
        for time in moments(turn["start"], turn["end"]):
            then = linked.turns_at(time)
            total[turn["speaker"]] += 1
            seen = any(person == turn["speaker"] for person, _ in faces_at(faces, time))
            found.append(bool(then))
            named.append(
                (seen, any((each.person or each.speaker) == turn["speaker"] for each in then))
            )
            for each in then[:1]:
                heard.setdefault(id(each), Counter())[turn["speaker"]] += 1
    number = max(1, sum(total.values()))
    return {
        "seconds": number * TRUTH_STEP,
        "found": sum(found) / number,
        "right": sum(right for _, right in named) / number,
        "on_screen": _mean([right for seen, right in named if seen]),
        "off_screen": _mean([right for seen, right in named if not seen]),
        "bound": sum(max(counts.values()) for counts in heard.values()) / number,
        "chance": max(total.values(), default=0) / number,
    }


def _shown(track: LinkedTrack, faces: Sequence[tuple[str, Any]]) -> dict[str, float]:
    """Seconds of true faces that a track covers, by person."""
    seconds: dict[str, float] = {}
    for time in moments(track.start, track.end):
        person = owner_of(track.box_at(time), dict(faces_at(faces, time)))
        if person is not None:
            seconds[person] = seconds.get(person, 0.0) + TRUTH_STEP
    return seconds


def _mean(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if values else None
