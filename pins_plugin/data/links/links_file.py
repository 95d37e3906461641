"""The file `links.json` as a whole: read, found again with its video, given a transcript or other names, made a table."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pins_plugin.data.links.link_rows import plain_track, plain_turn, read_turn, word_row
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.errors import LinksError
from pins_plugin.types import TranscriptWord
from pins_plugin.utils.content import describe_file
from pins_plugin.utils.explain import naming
from pins_plugin.utils.files import read_json, write_text
from pins_plugin.utils.text import csv_table, table_cell

LIPS = "The lips of {} do not fit the sound: dubbed, or out of sync"  # a note, of people by label
COLUMNS = ("start", "end", "speaker", "person", "status", "confidence", "x1", "y1", "x2", "y2")


def read_links(path: str | Path) -> dict[str, Any]:
    """Read a `links.json` file; entries that are known are of the kind that they should be.

    Raises
    ------
    LinksError
        When the file is missing, no JSON, or of another form.
    """
    links: dict[str, Any] = read_json(
        path, LinksError, "the links.json that `pins link` writes", finite=True
    )
    with naming(path, LinksError, TypeError):
        LinkedVideo.from_links(links)
        given = list(map(str, links.get("given_speakers") or ()))
        return {
            **links,
            "video": str(links["video"]),
            "duration": float(links["duration"]),
            "notes": [str(note) for note in links.get("notes") or ()],
            "links": [{**row, **plain_turn(read_turn(row))} for row in links["links"]],
            "tracks": [{**row, **plain_track(row)} for row in links["tracks"]],
            **({"given_speakers": given} if given else {}),
        }


def read_linked(given: Path) -> tuple[Path, dict[str, Any], Path | None]:
    """Read the links of a folder of `pins link`, or a file: its path, its value, its video as far as that is found."""
    path = given / "links.json" if given.is_dir() else given
    links = read_links(path)
    return path, links, find_video(links)


def find_video(links: Mapping[str, Any]) -> Path | None:
    """Find the video that links are of; None where it is gone, or another file is there now."""
    source = links.get("source")
    if not isinstance(source, Mapping):
        video = Path(links["video"])
        return video if video.is_absolute() and video.is_file() else None
    video = Path(str(source.get("path")))
    return video if video.is_file() and is_video_of(links, video) else None


def is_video_of(links: Mapping[str, Any], video: Path) -> bool:
    """Tell whether links are of a video, as far as they say of which they are."""
    source = links.get("source")
    if not isinstance(source, Mapping):
        return True
    return bool(describe_file(video, source)["content"] == source.get("content"))


def add_words(links: Mapping[str, Any], words: Sequence[TranscriptWord]) -> dict[str, Any]:
    """Put a transcript into the value of a `links.json`, in place of the one that is there."""
    return {**links, "words": list(map(word_row, words))}


def rename_links(links: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Give people and speakers of a `links.json` other labels, also in notes; `names` maps old to new."""

    given = set(links.get("given_speakers") or ())

    def renamed(row: Mapping[str, Any]) -> dict[str, Any]:
        labels = {key: row[key] for key in ("person", "speaker") if row.get(key) is not None}
        if labels.get("speaker") in given:
            del labels["speaker"]
        return {**row, **{key: names.get(label, label) for key, label in labels.items()}}

    def told(note: str) -> str:
        before, after = LIPS.split("{}")
        if not names or not (note.startswith(before) and note.endswith(after)):
            return note
        people = note.removeprefix(before).removesuffix(after)
        labels = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        whole = rf"(?:^|(?<=, ))(?:{labels})(?=, |$)"
        return LIPS.format(re.sub(whole, lambda found: names[found[0]], people))

    return {
        **links,
        **({"notes": [told(note) for note in links["notes"]]} if "notes" in links else {}),
        "links": [renamed(row) for row in links["links"]],
        "tracks": [renamed(row) for row in links["tracks"]],
    }


def write_links_table(path: str | Path, links: Mapping[str, Any]) -> None:
    """Write the links of a `links.json` as CSV, one row each."""
    rows = []
    for link in links["links"]:
        numbers = [f"{link[name]:.3f}" for name in ("start", "end", "confidence")]
        box = [f"{value:.1f}" for value in link["box"]] if link["box"] else [""] * 4
        labels = [table_cell(link[name] or "") for name in ("speaker", "person", "status")]
        rows.append([*numbers[:2], *labels, numbers[2], *box])
    write_text(path, csv_table(COLUMNS, rows))
