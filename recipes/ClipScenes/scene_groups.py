"""Which moments of a scene ask whether a voice goes with a face: by who is heard, who is shown, and whether both are of one group."""

import csv
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

OFF, BESIDE = "off screen", "side by side"


def read_groups(path: Path) -> dict[str, str]:
    """Read a table of people: person,group."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}


def part_turns(truth: Mapping[str, Any], groups: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Part the turns of a scene by whom they can be taken for.

    Parameters
    ----------
    truth : mapping
        Of a composed scene, with `turns` and `panels`.
    groups : mapping of str to str
        Group of each person.

    Returns
    -------
    parts : dict of str to dict
        The truth with some of its turns, cut where the picture changes: the speaker is "off screen" or "side by side" with
        others, and somebody else who is shown is of the "same group", or all are of an "other group".
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for turn in truth["turns"]:
        edges = sorted(
            {float(turn["start"]), float(turn["end"])}
            | {
                float(panel[edge])
                for panel in truth["panels"]
                for edge in ("start", "end")
                if turn["start"] < panel[edge] < turn["end"]
            }
        )
        for start, end in pairwise(edges):
            middle = (start + end) / 2
            shown = {p["person"] for p in truth["panels"] if p["start"] <= middle < p["end"]}
            others = shown - {turn["speaker"]}
            if others:
                own = groups.get(turn["speaker"])
                alike = any(groups.get(person) == own for person in others)
                place = BESIDE if turn["speaker"] in shown else OFF
                name = f"{place}, {'same' if alike else 'other'} group"
                found.setdefault(name, []).append({**turn, "start": start, "end": end})
    return {name: {**truth, "kind": name, "turns": turns} for name, turns in found.items()}
