"""Who is who in a simulated archive: time, memory, false merges and false splits against the truth.

    python benchmarks/archive_people.py [--videos 10000] [--appearances 100000] [--people 8000] [--seed 0]
        [--face_dim 256] [--unguarded] [--folder DIR]

Faces and voices are vectors with the spread of real recognizers: two pictures of one person have a cosine similarity of about
0.75 (voices 0.7), two people of about 0.1 +- 0.13, since people of one group (16 of them) are alike; some people are in
hundreds of videos, most in a few; 3 of 10 appearances are silent; one in ten faces is seen badly. People of one video are in one picture.

Only the grouping is measured; with --folder, a folder of results for each video is written there, and the whole command is:
`pins people DIR join`, which reads them all and brings them up to the labels (pages and videos are not made: there are none).
"""

import argparse
import contextlib
import io
import json
import resource
import time
from pathlib import Path

import numpy as np
from pyannote.core import Annotation

from pins_plugin.pipelines.linking.result import LinkingResult
from pins_plugin.pipelines.people import joining
from pins_plugin.pipelines.people.joining import Sightings, join_sightings
from pins_plugin.pipelines.people.vector_file import Appearance
from pins_plugin.pipelines.people.video_people import VideoPeople
from pins_plugin.types import FaceTrack, SpeakerFaceLink
from pins_plugin.utils.files import write_json_rows
from pins_plugin.utils.vectors import unit

SAME_FACE = 0.62  # of the face recognizer that comes with the package
FACE_DIM, VOICE_DIM = 256, 192


def simulate(
    videos: int, appearances: int, people: int, seed: int, face_dim: int = FACE_DIM
) -> tuple[Sightings, np.ndarray]:
    """Vectors of an archive, and who everybody is."""
    generator = np.random.default_rng(seed)
    per_video = appearances // videos
    popularity = 1 / np.arange(1, people + 1) ** 0.7
    popularity /= popularity.sum()
    true = np.concatenate(
        [generator.choice(people, per_video, replace=False, p=popularity) for _ in range(videos)]
    )
    groups = generator.integers(0, 16, people)

    def vectors(dim: int, noise: np.ndarray) -> np.ndarray:
        center = unit(generator.standard_normal((1, dim)))
        group = unit(generator.standard_normal((16, dim)))
        own = unit(generator.standard_normal((people, dim)))
        person = unit(0.3 * center + 0.4 * group[groups] + own)
        result = np.empty((len(true), dim), np.float32)
        for start in range(0, len(true), 10_000):
            part = slice(start, start + 10_000)
            rows = true[part]
            errors = unit(generator.standard_normal((len(rows), dim)))
            result[part] = unit(person[rows] + noise[part, None] * errors)
        return result

    bad = generator.random(len(true)) < 0.1
    faces = vectors(face_dim, np.where(bad, 0.9, 0.5) + 0.1 * generator.random(len(true)))
    voices = vectors(VOICE_DIM, 0.6 + 0.1 * generator.random(len(true)))
    voices[generator.random(len(true)) < 0.3] = 0
    rows = np.arange(len(true)).reshape(videos, per_video)
    first, second = np.triu_indices(per_video, 1)
    apart = np.stack([rows[:, first].ravel(), rows[:, second].ravel()], axis=1)
    labels = [None] * len(true)
    seen = Sightings(
        faces,
        voices,
        np.repeat(np.arange(videos), per_video),
        labels,
        [*map(tuple, apart.tolist())],
    )
    return seen, true


def count_errors(groups: np.ndarray, true: np.ndarray) -> dict:
    """Merges: found people who are several true ones. Splits: true people who are several found ones."""
    _, found = np.unique(groups, return_inverse=True)
    _, real = np.unique(true, return_inverse=True)
    pairs, counts = np.unique(np.stack([found, real], axis=1), axis=0, return_counts=True)

    def choose(values: np.ndarray) -> float:
        return float((values * (values - 1) // 2).sum())

    together, joined, same = choose(counts), choose(np.bincount(found)), choose(np.bincount(real))
    mixed = np.bincount(pairs[:, 0]) > 1
    parts = np.bincount(pairs[:, 1])
    return {
        "people_found": int(found.max()) + 1,
        "people_true": int(real.max()) + 1,
        "found_people_who_are_several": int(mixed.sum()),
        "appearances_under_a_wrong_person": sum_of_minorities(pairs[:, 0], counts),
        "true_people_who_are_split": int((parts > 1).sum()),
        "splits": int((parts - 1).sum()),
        "false_merge_share_of_joined_pairs": round(1 - together / max(1, joined), 6),
        "false_split_share_of_same_pairs": round(1 - together / max(1, same), 6),
    }


def sum_of_minorities(groups: np.ndarray, counts: np.ndarray) -> int:
    """How many are not of the largest part of their group."""
    largest = np.zeros(groups.max() + 1, np.int64)
    np.maximum.at(largest, groups, counts)
    return int(counts.sum() - largest.sum())


def describe(joined: joining.JoinedPeople) -> dict:
    """What the grouping says of itself."""
    return {
        "threshold": round(joined.threshold, 4),
        "joins": joined.joined,
        "false_joins_expected": round(joined.false_joins, 1),
        "known_pairs": joined.known_pairs,
        "known_pairs_alike": joined.known_pairs_alike,
    }


def write_archive(out: Path, seen: Sightings) -> None:
    """Write what `pins link --jobs` leaves of each video, as far as joining reads it."""
    per_video = len(seen.faces) // (int(seen.videos[-1]) + 1)
    labels = [f"PERSON_{place + 1:02d}" for place in range(per_video)]
    pairs = np.argwhere(np.triu(np.ones((per_video, per_video)), 1)).tolist()
    tracks, links = [], []
    times, detected = np.array([0.0, 1.0]), np.ones(2, bool)
    for place, label in enumerate(labels):
        box = (10 * place, 0, 10 * place + 9, 9)
        boxes, points = np.float32([box, box]), np.zeros((2, 5, 2), np.float32)
        tracks.append(FaceTrack(f"T{place:03d}", times, boxes, points, detected, person=label))
        links.append(SpeakerFaceLink(place, place + 1, f"SPEAKER_{place:02d}", label, box, 0.9))
    for number, start in enumerate(range(0, len(seen.faces), per_video)):
        uri, rows = f"v{number:06d}", slice(start, start + per_video)
        folder = out / uri
        folder.mkdir(parents=True)
        result = LinkingResult(
            f"{uri}.mp4", 10.0, Annotation(uri=uri), Annotation(uri=uri), tracks, links
        )
        about = {**result.to_json(), "run": "simulated", "joined": None}
        write_json_rows(folder / "links.json", about)
        pairs_of = [tuple(pair) for pair in pairs]
        met = [
            Appearance(label, uri, 1.0, face, voice)
            for label, face, voice in zip(labels, seen.faces[rows], seen.voices[rows], strict=True)
        ]
        people = VideoPeople("face_recognition", uri, met, pairs_of, SAME_FACE)
        people.save(folder / "vectors.safetensors")


def join_folder(out: Path, per_video: int) -> tuple[np.ndarray, dict]:
    """Run the command; gives everybody's label, and what it says of itself."""
    from pins_plugin.cli import main as pins

    said = io.StringIO()
    with contextlib.redirect_stderr(said):  # a line for each video that is gone
        if pins(["people", str(out), "join"]) != 0:
            raise SystemExit(said.getvalue()[-1000:])
    report = json.loads((out / "joined.json").read_text())
    given = []
    for folder in sorted(path.parent for path in out.glob("*/links.json")):
        links = json.loads((folder / "links.json").read_text())
        given += [track["person"] for track in links["tracks"]]
    assert len(given) == per_video * report["videos_joined"]
    keys = ("joins", "false_joins_expected", "known_pairs", "known_pairs_alike")
    return np.unique(given, return_inverse=True)[1], {key: report[key] for key in keys}


def main() -> None:
    """Print one row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--appearances", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=8_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--face_dim", type=int, default=FACE_DIM, help="fewer: a coarser recognizer"
    )
    parser.add_argument("--unguarded", action="store_true", help="ask no more of many than of few")
    parser.add_argument("--folder", type=Path, help="empty, or not there yet")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.unguarded:
        joining.MIN_SIGHTINGS = args.appearances + 1
    seen, true = simulate(args.videos, args.appearances, args.people, args.seed, args.face_dim)
    if args.folder:
        write_archive(args.folder, seen)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    if args.folder:
        groups, about = join_folder(args.folder, len(true) // args.videos)
    else:
        joined = join_sightings(seen, SAME_FACE)
        groups, about = joined.groups, describe(joined)
    after = resource.getrusage(resource.RUSAGE_SELF)
    row = {
        "videos": args.videos,
        "appearances": len(true),
        "seed": args.seed,
        "face_dim": args.face_dim,
        "guarded": not args.unguarded,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1
        ),
        "peak_megabytes": round(after.ru_maxrss / 1000),
        "vectors_megabytes": round((seen.faces.nbytes + seen.voices.nbytes) / 1e6),
        **about,
        **count_errors(groups, true),
    }
    print(json.dumps(row, indent=2))
    if args.json:
        rows = json.loads(args.json.read_text()) if args.json.is_file() else []
        args.json.write_text(json.dumps([*rows, row], indent=2) + "\n")


if __name__ == "__main__":
    main()
