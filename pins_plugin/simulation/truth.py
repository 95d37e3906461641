"""The truth about a scene: who talks when, who is seen where, and which words are said."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pins_plugin.simulation.scene import Scene
from pins_plugin.simulation.script import FRAME_RATE, Script, Turn


def scene_rttm(script: Script, uri: str) -> str:
    """Return the speaker turns as RTTM, one line each."""
    lines = []
    for turn in script.turns:
        start, end = turn.speech
        lines.append(
            f"SPEAKER {uri} 1 {start:.3f} {end - start:.3f} <NA> <NA> {script.labels[turn.person]} <NA> <NA>"
        )
    return "\n".join(lines) + "\n"


def scene_truth(scene: Scene, uri: str) -> dict[str, Any]:
    """Return everything that is true of a scene, as plain JSON values.

    `people` (who is who), `shots`, `words`, `faces` (the track of each face in each shot, with its box per frame),
    and `turns`: speech cut at the shots, each piece with `on_screen` and the `person` seen (null when not seen).
    """
    script = scene.script
    seen = {person for shot in script.shots for person in shot.framed}
    return {
        "version": 1,
        "uri": uri,
        "video": "scene.mp4",
        "duration": scene.num_frames / FRAME_RATE,
        "frame_rate": FRAME_RATE,
        "width": scene.width,
        "height": scene.height,
        "people": [
            {
                "person": script.labels[i],
                "identity": person.identity,
                "gender": person.gender,
                "age": person.age,
                "nationality": person.accent,
                "on_screen": i in seen,
                "speaks": any(turn.person == i for turn in script.turns),
            }
            for i, person in enumerate(script.cast)
        ],
        "shots": [
            {"start": s.start, "end": s.end, "people": [script.labels[i] for i in s.framed]}
            for s in script.shots
        ],
        "turns": [piece for turn in script.turns for piece in _pieces(script, turn)],
        "words": [
            {
                "word": word.text,
                "start": round(word.start, 3),
                "end": round(word.end, 3),
                "speaker": script.labels[turn.person],
            }
            for turn in script.turns
            for word in turn.words
        ],
        "faces": list(_face_tracks(scene)),
    }


def _pieces(script: Script, turn: Turn) -> list[dict[str, Any]]:
    """Cut a turn wherever its speaker comes into or goes out of the picture."""
    start, end = turn.speech
    label = script.labels[turn.person]
    pieces: list[dict[str, Any]] = []
    for shot in script.shots:
        first, last = max(start, shot.start), min(end, shot.end)
        if first >= last:
            continue
        visible = turn.person in shot.framed
        if pieces and pieces[-1]["on_screen"] == visible:
            pieces[-1]["end"] = round(last, 3)
        else:
            pieces.append(
                {
                    "start": round(first, 3),
                    "end": round(last, 3),
                    "speaker": label,
                    "on_screen": visible,
                    "person": label if visible else None,
                }
            )
    return pieces


def _face_tracks(scene: Scene) -> Iterator[dict[str, Any]]:
    for number, shot in enumerate(scene.script.shots):
        frames = np.flatnonzero(scene.shot_numbers == number).tolist()
        for person in shot.framed:
            boxes = [
                [frame / FRAME_RATE, *(round(side, 1) for side in scene.box(person, frame))]
                for frame in frames
            ]
            yield {
                "person": scene.script.labels[person],
                "shot": number,
                "start": boxes[0][0],
                "end": boxes[-1][0],
                "boxes": boxes,
            }
