"""What a person who looked at the page of a video says: who speaks in which turn, and who is called what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from pins_plugin.errors import LinksError
from pins_plugin.utils.files import read_json
from pins_plugin.utils.text import printable

VERSION = 1  # of the file format; readers refuse others


@dataclass(frozen=True)
class Correction:
    """Who really speaks in one turn; `person` is None for nobody on screen."""

    start: float
    end: float
    speaker: str
    person: str | None


@dataclass(frozen=True)
class Corrections:
    """All that was said of one video.

    Parameters
    ----------
    names : dict of str to str
        Labels that people were given, to the names that they are to have.
    video : str
        Of which video, as `links.json` calls it; empty where the file does not say.
    content : str
        Key of that video's content; empty where the file does not say.
    """

    turns: list[Correction] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    video: str = ""
    content: str = ""


def read_corrections(path: str | Path) -> Corrections:
    """Read a file of corrections.

    Raises
    ------
    LinksError
        When the file is missing, no JSON, or of another form.
    """
    value: Any = read_json(
        path, LinksError, "corrections, exported from the page of the video", finite=True
    )
    try:
        if value["version"] != VERSION:
            raise LinksError(f"{path}: expected version {VERSION}, got {value['version']!r}")
        names = {str(old): printable(str(new)) for old, new in (value.get("names") or {}).items()}
        of = [str(value.get(name) or "") for name in ("video", "content")]
        return Corrections([_correction(row) for row in value["corrections"]], names, *of)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise LinksError(
            f"{path}: no file of corrections ({type(error).__name__}: {error}); export it from the page of the video"
        ) from error


def _correction(row: Mapping[str, Any]) -> Correction:
    person = row["person"]
    name = None if person is None else str(person)
    start, end = float(row["start"]), float(row["end"])
    if not (isfinite(start) and start <= end < inf):
        raise ValueError(f"expected a turn that ends after it starts, got {start} to {end}")
    return Correction(start, end, str(row["speaker"]), name)
