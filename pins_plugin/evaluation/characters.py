"""Are the characters of an episode called by their names? Faces and voices separately, against the truth.

Source: the labeling of TV characters in Nagrani, Albanie, Zisserman, "Learnable PINs" (ECCV 2018, section 6): one
labeled example of each character, then every other face track and voice segment of the episode gets a name.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.evaluation.scene_truth import TRUTH_STEP, SceneTruth, moments, owner_of


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
    known = SceneTruth(truth)
    shown = [(track.person, _shown(track, known)) for track in linked.tracks]
    judged = [person == counts.most_common(1)[0][0] for person, counts in shown if counts]
    total: defaultdict[str, float] = defaultdict(float)  # moments
    for person, rows in known.faces:
        total[person] += float(rows[-1, 0] - rows[0, 0]) / TRUTH_STEP
    everything = max(sum(total.values()), 1.0)
    return {
        "tracks": len(judged),
        "right_tracks": float(np.mean(judged)) if judged else 0.0,
        "found": min(1.0, sum(counts.total() for _, counts in shown) / everything),
        "right": min(1.0, sum(counts[person] for person, counts in shown) / everything),
        "bound": min(1.0, sum(max(each.values(), default=0) for _, each in shown) / everything),
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
    known = SceneTruth(truth)
    heard: dict[int, Counter[str]] = {}
    total, named, found = Counter[str](), list[tuple[bool, bool]](), list[bool]()
    for start, end, speaker in known.turns:
        for time in moments(start, end):
            then = linked.turns_at(time)
            total[speaker] += 1
            found.append(bool(then))
            right = any((each.person or each.speaker) == speaker for each in then)
            named.append((speaker in known.seen_at(time), right))
            for each in then[:1]:
                heard.setdefault(id(each), Counter())[speaker] += 1
    number = max(1, total.total())
    return {
        "seconds": number * TRUTH_STEP,
        "found": sum(found) / number,
        "right": sum(right for _, right in named) / number,
        "on_screen": _mean([right for seen, right in named if seen]),
        "off_screen": _mean([right for seen, right in named if not seen]),
        "bound": sum(max(counts.values()) for counts in heard.values()) / number,
        "chance": max(total.values(), default=0) / number,
    }


def _shown(track: LinkedTrack, truth: SceneTruth) -> Counter[str]:
    """Moments of true faces that a track covers, by person."""
    owners = (owner_of(track.box_at(t), truth.seen_at(t)) for t in moments(track.start, track.end))
    return Counter(person for person in owners if person is not None)


def _mean(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if values else None
