"""Are faces found and grouped as the truth says? On scenes whose truth is known.

    python benchmarks/people.py SCENE.json ... [--model face_recognition]

Takes the truth beside simulated scenes (`pins simulate scenes`) or composed ones (recipes/ClipScenes). Prints, per scene:
seconds of true faces that a track covers; purity (share of the tracked time of a found person that belongs to one true
person) and coverage (share of the tracked time of a true person that one found person has).
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

from pins_plugin.cli.tracks import load_grouping
from pins_plugin.tracking.tracks import track_faces
from pins_plugin.types import FaceTrack


def true_boxes(truth: dict) -> list[tuple[float, str, np.ndarray]]:
    """Time, person and box (of the face, or of the panel that it is in) at 25 moments per second."""
    rows = []
    for face in truth.get("faces", []):
        rows += [(row[0], face["person"], np.array(row[1:])) for row in face["boxes"]]
    for panel in truth.get("panels", []):
        for time in np.arange(panel["start"], panel["end"] - 0.02, 0.04):
            rows.append((float(time), panel["person"], np.array(panel["box"], float)))
    return rows


def count_pairs(truth: dict, tracks: list[FaceTrack]) -> tuple[Counter, int]:
    """Moments by (found person, true person), and how many moments of true faces there are."""
    pairs: Counter = Counter()
    rows = true_boxes(truth)
    for time, person, box in rows:
        for track in tracks:
            index = int(np.searchsorted(track.times, time - 0.02))
            if index < len(track.times) and abs(track.times[index] - time) < 0.02:
                center = (track.boxes[index, :2] + track.boxes[index, 2:]) / 2
                if (center >= box[:2]).all() and (center <= box[2:]).all():
                    pairs[track.person, person] += 1
                    break
    return pairs, len(rows)


def share_of_largest(pairs: Counter, side: int) -> float:
    """Mean over the found (0) or true (1) people of the share that their main partner has, by time."""
    names = {pair[side] for pair in pairs}
    best = [max(count for pair, count in pairs.items() if pair[side] == name) for name in names]
    return sum(best) / max(1, sum(pairs.values()))


def main() -> None:
    """Print one line per scene."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("truths", nargs="+", type=Path)
    parser.add_argument("--model", default="face_recognition")
    args = parser.parse_args()
    group = load_grouping(args.model)
    print(f"{'scene':20} {'faces':>7} {'tracks':>6} {'people':>9} {'purity':>7} {'coverage':>8}")
    for path in args.truths:
        truth = json.loads(path.read_text())
        video = path.parent / truth["video"]
        tracks = group(str(video), track_faces(video, quiet=True), True)
        pairs, num_faces = count_pairs(truth, tracks)
        found, true = len({p for p, _ in pairs}), len({row[1] for row in true_boxes(truth)})
        print(
            f"{path.parent.name[-9:] + '/' + path.stem:20.20} {100 * sum(pairs.values()) / num_faces:6.1f}% "
            f"{len(tracks):6d} {found:3d} of {true:2d} {100 * share_of_largest(pairs, 0):6.1f}% "
            f"{100 * share_of_largest(pairs, 1):7.1f}%",
            flush=True,
        )


if __name__ == "__main__":
    main()
