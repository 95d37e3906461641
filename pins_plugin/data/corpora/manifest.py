"""The manifest: a CSV file that lists talking-face clips, one row each.

Columns `clip_id, identity, video, faces, audio` are needed, `split` is optional, further ones (gender,
nationality, age, ...) become attributes. Paths are relative to the manifest's folder, or absolute.

Where each clip is one file with picture and sound, the columns `file, person` do: faces and audio are that file, and its name, without
the ending, is the clip_id and the video.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pins_plugin.errors import ManifestError
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.files import read_table, write_text
from pins_plugin.utils.text import csv_table

REQUIRED_COLUMNS = ("clip_id", "identity", "video", "faces", "audio")
SHORT_COLUMNS = ("file", "person")


def read_manifest(
    path: str | Path, split: str | None = None, columns: Sequence[str] = REQUIRED_COLUMNS
) -> list[TalkingFaceClip]:
    """Read a manifest.

    Parameters
    ----------
    split : str, optional
        Keep the rows of this split only; "train" is everybody where no row says a split.
    columns : sequence of str
        Those that must be there; without media (`faces`, `audio`) their paths are the manifest's folder.

    Raises
    ------
    ManifestError
        When the file is missing or empty, lacks a column, repeats a clip_id, or has no row of that split.
    """
    path = Path(path)
    wanted = ", ".join(columns)
    rows = read_table(path, ManifestError, f"the manifest, a CSV file with {wanted}")
    if not rows:
        raise ManifestError(f"{path}: the manifest is empty; expected rows with {wanted}")
    missing = [column for column in columns if column not in rows[0]]
    if missing and set(SHORT_COLUMNS) <= set(rows[0]):
        rows = [_lengthen(row) for row in rows]
    elif missing:
        raise ManifestError(
            f"{path}: expected columns {wanted} (or {' and '.join(SHORT_COLUMNS)}, where a clip is one file), "
            f"got {', '.join(map(str, rows[0]))}; add {', '.join(missing)}"
        )
    for number, row in enumerate(rows, start=2):
        if any(row[column] is None for column in columns) or not row["clip_id"]:
            raise ManifestError(
                f"{path}, line {number}: expected {wanted}, got fewer fields, or no clip_id (file)"
            )
    clips = [_clip(row, path.parent) for row in rows]
    (repeated, count), *_ = Counter(clip.clip_id for clip in clips).most_common(1)
    if count > 1:
        raise ManifestError(f"{path}: clip_id {repeated!r} stands twice; expected unique ids")
    if split is not None and not (split == "train" and not any(clip.split for clip in clips)):
        kept = [clip for clip in clips if clip.split == split]
        if not kept:
            found = ", ".join(sorted({clip.split or "(none)" for clip in clips}))
            raise ManifestError(f"{path}: no row of split {split!r}; splits found: {found}")
        clips = kept
    return clips


def write_manifest(path: str | Path, clips: Sequence[TalkingFaceClip]) -> None:
    """Write a manifest in one step; paths below its folder are written relative to it, others absolute."""
    path = Path(path)
    extra = sorted({name for clip in clips for name in clip.attributes})
    rows = []
    for clip in clips:
        media = [_relative(file, path.parent) for file in (clip.faces, clip.audio)]
        more = [clip.attributes.get(name, "") for name in extra]
        rows.append([clip.clip_id, clip.identity, clip.video, *media, clip.split, *more])
    write_text(path, csv_table([*REQUIRED_COLUMNS, "split", *extra], rows))


def _lengthen(row: dict[str, str]) -> dict[str, str]:
    """One file with picture and sound, as a row of `REQUIRED_COLUMNS`."""
    file, person = (row.get(column) for column in SHORT_COLUMNS)
    name = Path(file).with_suffix("").as_posix() if file else ""
    long = {"clip_id": name, "identity": person, "video": name, "faces": file, "audio": file}
    rest = {key: value for key, value in row.items() if key not in SHORT_COLUMNS}
    return rest | long  # type: ignore[operator, return-value]


def _clip(row: dict[str, str], folder: Path) -> TalkingFaceClip:
    known = (*REQUIRED_COLUMNS, "split")
    return TalkingFaceClip(
        clip_id=row["clip_id"],
        identity=row["identity"],
        video=row["video"],
        faces=folder / (row.get("faces") or ""),
        audio=folder / (row.get("audio") or ""),
        split=row.get("split") or "",
        attributes={name: value for name, value in row.items() if name and name not in known},
    )


def _relative(path: Path, folder: Path) -> str:
    path, folder = path.resolve(), folder.resolve()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
