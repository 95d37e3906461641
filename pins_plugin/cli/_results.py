"""The folder of results of one video: which video it is of, what is in it, its pages, other names for its people."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pins_plugin.data.links.links_file import (
    add_words,
    find_video,
    read_links,
    rename_links,
    write_links_table,
)
from pins_plugin.errors import LinksError, PinsError
from pins_plugin.pipelines.diarization.rttm import read_rttm, write_rttm
from pins_plugin.pipelines.linking.result import people_of
from pins_plugin.report.annotate import write_annotated_video
from pins_plugin.report.page.video_page import write_page
from pins_plugin.types import TranscriptWord
from pins_plugin.utils.batch import Batch
from pins_plugin.utils.explain import explain
from pins_plugin.utils.files import atomic_contents, write_json_rows
from pins_plugin.utils.text import one_word

if TYPE_CHECKING:
    from pins_plugin.pipelines.people.registry import Cast

LINKS, PAGE, VIDEO = "links.json", "page.html", "annotated.mp4"
TABLES = ("speakers.rttm", "people.rttm", "links.csv")
REPORTS = (PAGE, "page.mp4", VIDEO)
VECTORS = "vectors.safetensors"
ALL = (LINKS, *TABLES, *REPORTS, VECTORS)


def read_result(folder: Path) -> dict[str, Any] | None:
    """Read the links of a folder; None where there are none that can be read."""
    try:
        return read_links(folder / LINKS)
    except (LinksError, OSError):
        return None


def check_owner(folder: Path, source: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """Refuse to put results into a folder that holds those of another video, or the video itself as one of them.

    Parameters
    ----------
    source : mapping
        The video, as `describe_file` has it.
    before : mapping or None
        The links that are there.
    """
    video = Path(source["path"])
    if video.parent == folder.resolve() and video.name in ALL:
        raise PinsError(
            f"{video}: would be replaced by a result of that name; use another folder for --out"
        )
    if before is None:
        return
    other = before.get("source")
    if isinstance(other, Mapping):
        same = other.get("path") == source["path"] or other.get("content") == source["content"]
        named = other.get("path")
    else:  # of an older version, which did not note it
        same = Path(before["video"]).name == video.name
        named = before["video"]
    if not same:
        raise PinsError(
            f"{folder}: holds the results of {named}, which is another video than {video}; "
            "use another folder for --out (or rename one of them, where several videos are linked into one folder)"
        )


def check_names(out: Path, name: str) -> None:
    """Refuse a video whose name in tables and among people is that of another video of the same set."""
    for folder in linked_folders(out):
        other = name_of(out, folder)
        if other != name and one_word(other) == one_word(name):
            raise PinsError(
                f"{name}: is called {one_word(name)} in tables, as {other} is, which was linked before; "
                "rename one of the videos, or use another folder for --out"
            )


def linked_folders(out: Path) -> list[Path]:
    """Find the folders of all videos that were linked into `out`, however deep; hidden ones are not meant."""
    found = (path.parent for path in out.glob(f"*/**/{LINKS}"))
    return sorted(
        folder
        for folder in found
        if not any(part.startswith(".") for part in folder.relative_to(out).parts)
    )


def name_of(out: Path, folder: Path) -> str:
    """What a video of `out` is called: the path of its folder from there."""
    return folder.relative_to(out).as_posix()


def write_reports(
    video: Path, links: dict[str, Any], folder: Path, *, with_video: bool, quiet: bool
) -> dict[str, Any]:
    """Write the page and the annotated video; one that fails costs itself only, and leaves a note in the links."""
    jobs: dict[str, Callable[..., None]] = {VIDEO: write_annotated_video} if with_video else {}
    kept = [
        note for note in links["notes"] if not note.startswith(tuple(f"{n}: " for n in REPORTS))
    ]
    links = {**links, "notes": kept}
    for name, write in {**jobs, PAGE: write_page}.items():  # the page last: it shows the notes
        try:
            write(video, links, folder / name, quiet=quiet)
        except BrokenPipeError:
            raise
        except Exception as error:
            note = f"{name}: was not made, all else was ({explain(error)})"
            links = {**links, "notes": [*links["notes"], note]}
            print(note, file=sys.stderr)
    return links


def complete_reports(
    video: Path, links: dict[str, Any], folder: Path, *, with_video: bool, quiet: bool
) -> None:
    """Make the page and the annotated video of a finished folder where they are missing."""
    wanted = [PAGE, VIDEO] if with_video else [PAGE]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        _report_again(video, links, folder, with_video=VIDEO in missing, quiet=quiet)


def put_words(video: Path, folder: Path, words: Sequence[TranscriptWord], quiet: bool) -> bool:
    """Put a transcript into a finished folder, and make its page again; whether anything changed."""
    before = read_links(folder / LINKS)
    links = add_words(before, words)
    if links == before:
        return False
    _report_again(video, links, folder, with_video=False, quiet=quiet)
    return True


def _report_again(
    video: Path, links: dict[str, Any], folder: Path, *, with_video: bool, quiet: bool
) -> None:
    with atomic_contents(folder, last=LINKS) as temporary:
        links = write_reports(video, links, temporary, with_video=with_video, quiet=quiet)
        write_json_rows(temporary / LINKS, links)


def disown(folder: Path) -> None:
    """Let the links that are there no longer count as done, as the last thing before others take their place."""
    before = read_result(folder)
    if before is not None and before.get("run"):
        write_json_rows(folder / LINKS, {**before, "run": ""})


def rename_in_folder(
    folder: Path,
    names: Mapping[str, str],
    renames: int | None = None,
    quiet: bool = False,
    joined: Mapping[str, str] | None = None,
) -> None:
    """Give people other labels in everything that `pins link` wrote of one video.

    The page and the annotated video are made again where the video is still where it was.

    Parameters
    ----------
    names : mapping of str to str
        Old labels to new ones.
    renames : int, optional
        How many renames of the people of all videos are in the folder afterwards.
    joined : mapping of str to str, optional
        Label at the time of linking to the label that it is to have now, of a video of an archive.
    """
    before = read_links(folder / LINKS)
    now = before.get("joined")
    if joined is not None:
        now = now if isinstance(now, Mapping) else {}
        names = {now.get(label, label): label_now for label, label_now in joined.items()}
    links = rename_links(before, names)
    changed = links != before
    if joined is not None:
        links["joined"] = dict(joined)
    elif isinstance(now, Mapping):
        links["joined"] = {label: names.get(each, each) for label, each in now.items()}
    if renames is not None:
        links["renames"] = renames
    if links == before:
        return
    with atomic_contents(folder, last=LINKS) as temporary:
        if changed:
            links = _write_renamed(folder, temporary, links, names, quiet)
        write_json_rows(temporary / LINKS, links)


def _write_renamed(
    folder: Path, temporary: Path, links: dict[str, Any], names: Mapping[str, str], quiet: bool
) -> dict[str, Any]:
    """Write all but the links themselves, which are given with the notes that belong to them."""
    given = set(links.get("given_speakers") or ())
    of_speakers = {old: new for old, new in names.items() if old not in given}
    speakers, people = (
        list(read_rttm(path).values()) if path.is_file() else []
        for path in (folder / "speakers.rttm", folder / "people.rttm")
    )
    uri = next((each.uri for each in [*speakers, *people]), folder.name)
    if (folder / "speakers.rttm").is_file():
        write_rttm(
            temporary / "speakers.rttm", [each.rename_labels(of_speakers) for each in speakers]
        )
    write_rttm(temporary / "people.rttm", [people_of(links, uri)])
    write_links_table(temporary / "links.csv", links)
    video = find_video(links)
    if video is None:
        gone = f"{links['video']} is gone, or another file now"
        print(f"{folder}: {gone}; page and video keep the old names", file=sys.stderr)
        return links
    with_video = (folder / VIDEO).is_file()
    return write_reports(video, links, temporary, with_video=with_video, quiet=quiet)


def catch_up(out: Path, cast: "Cast", quiet: bool = False) -> None:
    """Bring the folders of all videos up to the names that people have now; one that fails costs itself only.

    Each folder notes how many renames it has seen, so that whatever a stopped or another process left over is done.
    """
    folders = linked_folders(out)
    batch = Batch("people", max(2, len(folders)), "folders")
    for folder in folders:
        with batch.costs_only(str(folder)):
            catch_up_folder(folder, cast, quiet)


def catch_up_folder(folder: Path, cast: "Cast", quiet: bool = False) -> None:
    """Bring one folder up to the names that people have now."""
    links = read_links(folder / LINKS)
    if "joined" in links and links["joined"] is None:
        return  # its labels are its own
    seen = links.get("renames")
    count = seen if isinstance(seen, int) and seen >= 0 else 0
    if count < len(cast.renames):
        rename_in_folder(folder, cast.renamed_since(count), len(cast.renames), quiet)
