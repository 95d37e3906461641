"""Join the people of an archive: vectors of all videos in, one label for each person, the folders brought up to it.

What is decided is written to joined.json first, then to the people's file, then to each folder: after a stop anywhere, the
same command ends where an undisturbed one does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from pins_plugin.archive.claims import claimed
from pins_plugin.archive.many import Machinery, run_many
from pins_plugin.cli import _results as results
from pins_plugin.errors import MediaError, PinsError
from pins_plugin.pipelines.people.joining import JoinedPeople, Sightings, join_sightings
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.pipelines.people.vector_file import Appearance, stack
from pins_plugin.pipelines.people.video_people import VideoPeople
from pins_plugin.utils.files import atomic_path, read_json, write_json

JOINED = "joined.json"
NUMBERED = re.compile(r"PERSON_(\d+)")


@dataclass(eq=False)
class _Archive:
    """What the folders hold, person by person."""

    folders: list[Path] = field(default_factory=list)  # of each row, as the next two
    labels: list[str | None] = field(default_factory=list)  # given before
    met: list[Appearance] = field(default_factory=list)  # under the labels of linking
    apart: list[tuple[int, int]] = field(default_factory=list)
    removed: dict[Path, dict[str, str]] = field(default_factory=dict)
    runs: dict[Path, str] = field(default_factory=dict)  # of the folders that have vectors
    now: dict[Path, Mapping[str, str] | None] = field(default_factory=dict)
    others: list[Appearance] = field(default_factory=list)  # of videos that are linked one by one
    same_face: float = 0.0


def join_archive(out: Path, jobs: int = 0) -> int:
    """Say who is who in all videos of a folder; prints what is worth a look.

    Parameters
    ----------
    out : Path
        Of `pins link --jobs`.
    jobs : int
        Processes that bring the folders up to the labels; 0: this one.
    """
    cast = Cast.of_folder(out, _encoder(out))
    with cast.held():
        results.catch_up(out, cast, quiet=False)
        archive = _read(out, cast)
        found = _join(archive)
        plan = _assign(archive, found, cast)
        report = _report(archive, found, cast)
        videos = {
            results.name_of(out, folder): {"run": archive.runs[folder], "labels": labels}
            for folder, labels in plan.items()
        }
        write_json(out / JOINED, {"renames": len(cast.renames), **report, "videos": videos})
    _print(report)
    stale = [folder for folder, labels in plan.items() if archive.now[folder] != labels]
    setup = partial(_open_renamer, str(out), len(cast.renames))
    machinery = Machinery(jobs=jobs, timeout=None)
    totals = run_many("people", stale, out, setup, machinery, bool, lambda _: 0.0, quiet=True)
    return totals.status(strict=True)


def _encoder(out: Path) -> str:
    for folder in results.linked_folders(out):
        if (folder / results.VECTORS).is_file():
            return VideoPeople.load(folder / results.VECTORS).encoder
    raise MediaError(
        f"{out}: holds no vectors of people; expected the folder of `pins link ... --jobs N --out {out}`"
    )


def _read(out: Path, cast: Cast) -> _Archive:
    """Read the vectors of every folder, and the labels that its people have."""
    found, planned = _Archive(), _planned(out, cast)
    known = {(each.video, each.person) for each in cast.appearances}
    from_folders: set[str] = set()
    for folder in results.linked_folders(out):
        links = results.read_result(folder)
        if links is None or "joined" not in links or not (folder / results.VECTORS).is_file():
            continue
        people = VideoPeople.load(folder / results.VECTORS)
        if people.encoder != cast.encoder:
            raise PinsError(
                f"{folder}: expected faces of {cast.encoder}, got those of {people.encoder}; link all videos with one "
                "--face_encoder"
            )
        from_folders.add(people.video)
        run, now = str(links.get("run")), links["joined"]
        found.runs[folder], found.now[folder] = run, now
        found.same_face = max(found.same_face, people.same_face)
        plan = planned.get((results.name_of(out, folder), run), {})
        rows: dict[int, int] = {}
        for place, each in enumerate(people.met):
            label = each.person
            given = now.get(label) if now else plan.get(label)
            if given is None and not NUMBERED.fullmatch(label):
                given = label  # named by an example
            if now and given is not None and (people.video, given) not in known:
                found.removed.setdefault(folder, {})[label] = given
                continue
            rows[place] = len(found.met)
            found.folders.append(folder)
            found.labels.append(given)
            found.met.append(each)
        found.apart += [(rows[a], rows[b]) for a, b in people.apart if a in rows and b in rows]
    found.others = [each for each in cast.appearances if each.video not in from_folders]
    return found


def _planned(out: Path, cast: Cast) -> dict[tuple[str, str], dict[str, str]]:
    """What an earlier join decided, also where it was stopped before it was done."""
    if not (out / JOINED).is_file():
        return {}
    plan = read_json(out / JOINED, MediaError, "what `pins people join` writes")
    names = cast.renamed_since(int(plan.get("renames", 0)))
    return {
        (name, str(video["run"])): {
            label: names.get(given, given) for label, given in video["labels"].items()
        }
        for name, video in plan["videos"].items()
    }


def _join(archive: _Archive) -> JoinedPeople:
    """Group everybody; those of videos that were linked one by one come first, and are told apart within a video."""
    met = [*archive.others, *archive.met]
    shift = len(archive.others)
    by_video: dict[str, list[int]] = {}
    for place, each in enumerate(archive.others):
        by_video.setdefault(each.video, []).append(place)
    apart = [pair for places in by_video.values() for pair in combinations(places, 2)]
    number = {video: place for place, video in enumerate(dict.fromkeys(e.video for e in met))}
    seen = Sightings(
        stack([each.face for each in met]),
        stack([each.voice for each in met]),
        np.array([number[each.video] for each in met], np.int64),
        [*(each.person for each in archive.others), *archive.labels],
        [*apart, *((a + shift, b + shift) for a, b in archive.apart)],
    )
    return join_sightings(seen, archive.same_face)


def _assign(archive: _Archive, found: JoinedPeople, cast: Cast) -> dict[Path, dict[str, str]]:
    """Give each group the label that it has, or the next number; put everybody into the cast."""
    given = [*(each.person for each in archive.others), *archive.labels]
    label_of: dict[int, str] = {}
    for group, label in zip(found.groups.tolist(), given, strict=True):
        if label is not None:
            label_of.setdefault(group, label)
    numbers = [NUMBERED.fullmatch(label) for label in label_of.values()]
    used = max((int(match[1]) for match in numbers if match), default=0)
    cast.next_number = max(cast.next_number, used + 1)
    plan: dict[Path, dict[str, str]] = {folder: {} for folder in archive.runs}
    cast.appearances = list(archive.others)
    groups = found.groups[len(archive.others) :].tolist()
    for folder, each, group in zip(archive.folders, archive.met, groups, strict=True):
        if group not in label_of:
            label_of[group] = cast.new_label()
        plan[folder][each.person] = label_of[group]
        cast.appearances.append(replace(each, person=label_of[group]))
    for folder, labels in archive.removed.items():
        plan[folder] |= labels
    return plan


def _report(archive: _Archive, found: JoinedPeople, cast: Cast) -> dict[str, Any]:
    """Say how many there are, how sure that is, and what to look at first."""
    after = cast.appearances

    def name(row: int) -> str:
        return f"{after[row].person} in {after[row].video}"

    return {
        "videos_joined": len(archive.runs),
        "appearances": len(after),
        "people": len(cast.labels),
        "joins": found.joined,
        "false_joins_expected": round(found.false_joins, 2),
        "known_pairs": found.known_pairs,
        "known_pairs_alike": found.known_pairs_alike,
        "doubtful": [
            {"lead": round(lead, 4), "first": name(a), "second": name(b)}
            for lead, a, b in found.doubtful
        ],
        "perhaps_one": [[one, other, round(score, 4)] for score, one, other in found.perhaps],
    }


def _print(report: Mapping[str, Any]) -> None:
    print(
        f"{report['appearances']} appearances in {report['videos_joined']} videos: {report['people']} people; "
        f"{report['joins']} joins, of which {report['false_joins_expected']} are expected to be wrong; of "
        f"{report['known_pairs']} pairs seen in one picture, {report['known_pairs_alike']} look like one person"
    )
    for row in report["doubtful"][:5]:
        print(f"  least sure: {row['first']} and {row['second']} (lead {row['lead']:.3f})")
    for one, other, _ in report["perhaps_one"][:5]:
        print(f"  perhaps one person: {one} and {other} (`rename` makes them one)")


def shed_vectors(out: Path) -> None:
    """Blank the vectors of everyone who was removed, forgotten or expired, in the folders of all videos."""
    known = {(each.video, each.person) for each in Cast.of_folder(out).appearances}
    for folder in results.linked_folders(out):
        path = folder / results.VECTORS
        links = results.read_result(folder)
        if links is None or not path.is_file() or not isinstance(links.get("joined"), Mapping):
            continue
        people = VideoPeople.load(path)
        gone = {
            each.person
            for each in people.met
            if (people.video, links["joined"].get(each.person)) not in known
            and not (each.face is None and each.voice is None)
        }
        if gone:
            with atomic_path(path) as temporary:
                people.without(gone).save(temporary)
    (out / JOINED).unlink(missing_ok=True)  # it has names; all that was decided is in the folders


def _open_renamer(out: str, renames: int) -> Callable[[str], bool]:
    """Make, in a worker, the function that brings one folder up to the labels."""
    videos = read_json(Path(out) / JOINED, MediaError, "labels")["videos"]
    return partial(_rename, Path(out), videos, renames)


def _rename(out: Path, videos: Mapping[str, Any], renames: int, folder: str) -> bool:
    place = Path(folder)
    name = results.name_of(out, place)
    with claimed(out, name):
        labels = videos[name]["labels"]
        results.rename_in_folder(place, {}, renames, False, joined=labels)
    return False
