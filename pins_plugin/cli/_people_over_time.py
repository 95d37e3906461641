"""What `pins people DIR` does with people met in videos."""

import argparse
import html
import json
import time
from collections.abc import Callable
from pathlib import Path

from pins_plugin.cli import _results as results
from pins_plugin.data.links.links_file import find_video, read_links
from pins_plugin.errors import PinsError
from pins_plugin.pipelines.people.likeness import find_nearest, suggest_merges
from pins_plugin.pipelines.people.registry import Cast
from pins_plugin.utils.text import one_word

DAY = 86_400.0  # seconds


def change(args: argparse.Namespace) -> None:
    """Do to those met in videos what the command line asks for."""
    out, name, cast = args.folder, args.name, Cast.of_folder(args.folder)
    actions: dict[str, Callable[[], None]] = {
        "list": lambda: show(cast),
        "rename": lambda: rename(out, cast, name, args.files),
        "remove": lambda: remove(out, cast, name),
        "suggest": lambda: suggest(cast),
        "why": lambda: why(cast, name, Path(args.files[0]) if args.files else None),
        "split": lambda: split(out, cast, name, args.files),
        "undo": lambda: undo(out, cast),
        "forget": lambda: forget(out, cast, name),
        "expire": lambda: expire(out, cast, name or ""),
    }
    actions[args.action]()


def show(cast: Cast) -> None:
    """Print everybody: label, seconds, videos."""
    for label in cast.labels:
        seen = [each for each in cast.appearances if each.person == label]
        seconds = sum(each.seconds for each in seen)
        print(f"{label:12} {seconds:7.1f} s in {', '.join(each.video for each in seen)}")


def rename(out: Path, cast: Cast, name: str, names: list[str]) -> None:
    """Give somebody one new name, in all folders too."""
    new = names[0].strip() if len(names) == 1 else ""
    if not new:
        raise PinsError("rename: expected the old and the new name")
    with cast.held():
        if cast.renamed_since(0).get(name) != new:
            check_known(cast, name)
        if name in cast.labels:
            cast.rename({name: new})
    with cast.held():  # the name is in the people's file now, whatever happens here
        results.catch_up(out, cast, quiet=True)
    videos = {each.video for each in cast.appearances if each.person == new}
    print(f"{name} is called {new} now; videos: {len(videos)}")


def remove(out: Path, cast: Cast, name: str) -> None:
    """Forget somebody's face and voice."""
    with cast.held():
        check_known(cast, name)
        count = cast.remove(name)
    with cast.held():
        results.catch_up(out, cast, quiet=True)
    print(f"{name} is no longer recognized; videos: {count}")


def suggest(cast: Cast) -> None:
    """Print pairs of labels that may be one person, with the evidence."""
    found = suggest_merges(cast, _same_face(cast))
    for pair in found:
        print(f"{pair.first} = {pair.second}?  {pair}")
    if not found:
        print("no two are alike enough to be one person")


def why(cast: Cast, label: str, examples: Path | None) -> None:
    """Print whom somebody is most like, how much, and how much was needed."""
    check_known(cast, label)
    others = cast.people()
    if examples is not None:
        from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

        others = SpeakerFaceLinking(evidence=(), people=examples).known
    found = find_nearest(cast, label, others, _same_face(cast))
    for each in found[:5]:
        verdict = "alike enough" if each.lead >= 0 else "not matched"
        print(f"{each.second}: {verdict}: {each}")
    if not found:
        print(f"{label}: there is nobody to compare with")


def split(out: Path, cast: Cast, label: str, videos: list[str]) -> None:
    """Give somebody a number of their own in some videos, where another was taken for them."""
    check_known(cast, label)
    if not videos:
        raise PinsError("split: expected the person and the videos in which it is somebody else")
    with cast.held():
        seen = {each.video for each in cast.appearances if each.person == label}
        for video in videos:
            if video not in seen:
                raise PinsError(f"{video}: expected one of {', '.join(sorted(seen))}")
        results.catch_up(out, cast, quiet=True)
        new = cast.new_label()
        cast.relabel(label, new, videos)
        cast.note({label: new}, {label: sorted(videos)})
        _relabel_folders(out, cast, {video: {label: new} for video in videos})
    print(f"{label} is {new} in {', '.join(videos)}")


def undo(out: Path, cast: Cast) -> None:
    """Take back the last name that was given, also where it made two labels one, or the last split."""
    with cast.held():
        if not cast.history:
            raise PinsError("undo: no name was given, and nobody split, that could be taken back")
        last = cast.history[-1]
        results.catch_up(out, cast, quiet=True)
        for old, new in last["names"].items():
            both = sorted(set(last["videos"].get(old, ())) & set(last["videos"].get(new, ())))
            if both:
                raise PinsError(
                    f"undo: {old} and {new} were two people in {', '.join(both)} and are one there now; "
                    "link these videos again (--again) to tell them apart"
                )
        for old, new in last["names"].items():
            videos = last["videos"].get(old, [])
            cast.relabel(new, old, videos)
            _relabel_folders(out, cast, {video: {new: old} for video in videos})
            print(f"{new} is {old} again in {', '.join(videos)}")
        cast.history.pop()


def forget(out: Path, cast: Cast, name: str) -> None:
    """Delete a person: vectors, and the name in everything that was written; the stretches get a number."""
    with cast.held():
        if name not in cast.labels and name not in cast.renamed_since(0):
            check_known(cast, name)
        results.catch_up(out, cast, quiet=True)
        cast.remove(name)
        new = cast.new_label()
        for folder in results.linked_folders(out):
            links = read_links(folder / results.LINKS)
            results.rename_in_folder(folder, {name: new}, None, True)
            if find_video(links) is None and links != read_links(folder / results.LINKS):
                for report in results.REPORTS:  # they cannot be made anew, and show the name
                    (folder / report).unlink(missing_ok=True)
                print(f"{folder}: page and video were deleted, because the video is gone")
        cast.scrub(name, new)
    print(f"{name} is forgotten; where that person is seen or heard, it says {new}")
    for path in _telling(out, name):
        print(f"{path}: still tells the name; `pins convert` writes it anew, delete it otherwise")


def _telling(out: Path, name: str) -> list[Path]:
    """Files in the folders of videos, exported ones above all, that hold a name, as it is or escaped."""
    subtitle = name.replace("<", "‹")
    escaped = (
        name,
        subtitle,
        html.escape(name),
        html.escape(name, quote=False),
        name.replace(",", ";"),
        name.replace('"', '""'),
    )
    told = {text.encode() for text in escaped} | {
        json.dumps(name, ensure_ascii=False)[1:-1].encode()
    }
    media = (".mp4", ".safetensors")
    return [
        path
        for folder in results.linked_folders(out)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in media and any(text in path.read_bytes() for text in told)
    ]  # fmt: skip


def expire(out: Path, cast: Cast, number: str) -> None:
    """Forget vectors of everyone met in videos that were linked longer ago than so many days; labels stay."""
    try:
        days = float(number)
    except ValueError:
        days = -1.0
    if not days >= 0:  # nor nan, of which everybody would be older
        raise PinsError(f"expire: expected a number of days, got {number!r}")
    fresh = {
        one_word(results.name_of(out, folder))
        for folder in results.linked_folders(out)
        if time.time() - (folder / results.LINKS).stat().st_mtime <= days * DAY
    }
    with cast.held():
        before = len(cast.appearances)
        cast.appearances = [each for each in cast.appearances if each.video in fresh]
        print(f"{before - len(cast.appearances)} of {before} appearances forgotten")


def check_known(cast: Cast, label: str) -> None:
    """Raise PinsError when nobody is kept under that label."""
    if label not in cast.labels:
        raise PinsError(
            f"{label}: expected one of {', '.join(cast.labels) or 'nobody, because nobody is kept here'}"
        )


def _relabel_folders(out: Path, cast: Cast, names: dict[str, dict[str, str]]) -> None:
    for folder in results.linked_folders(out):
        mine = names.get(one_word(results.name_of(out, folder)))
        if mine:
            results.rename_in_folder(folder, mine, len(cast.renames), True)


def _same_face(cast: Cast) -> float:
    from pins_plugin.pipelines.people.face_recognizer import FaceRecognizer

    return FaceRecognizer(cast.encoder).same_person
