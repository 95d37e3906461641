"""One HTML page per video: watch it, see who speaks, review what is doubtful, export corrections.

The page is a single file without anything from outside; a video too large to carry inside lies beside it.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.formats.boxes import Picture
from pins_plugin.report.page.parts import (
    export_data,
    gallery,
    rows,
    summary,
    ticks,
    tracks,
    turns,
)
from pins_plugin.report.page.pictures import browser_video, face_pictures
from pins_plugin.report.style import NOBODY, PALETTE, format_time, hex_color
from pins_plugin.utils.explain import explain
from pins_plugin.utils.files import write_text
from pins_plugin.utils.unfinished import final_folder

TEMPLATES = Path(__file__).with_name("templates")
EMBED_BYTES = 24_000_000  # a larger video lies beside the page; chosen, not measured
MAX_PICTURED = 80  # people: bounds the size of a page; chosen, not measured
PICTURES_OF_SPEAKERS = 3  # faces shown of each; chosen, not measured
# Turns below this confidence are what `n` and `p` step through; chosen, not measured
DOUBTFUL = 0.75


def write_page(
    video: str | Path,
    links: Mapping[str, Any],
    out: str | Path,
    *,
    embed_bytes: int = EMBED_BYTES,
    quiet: bool = False,
) -> None:
    """Write the page of one video.

    Parameters
    ----------
    links : dict
        The value of `links.json`.
    out : str or Path
        An html file. A video of more than `embed_bytes` is put beside it, under the same name.
    quiet : bool
        Show no progress bar.

    Raises
    ------
    LinksError
        When `links` is not of the expected form.
    MediaError
        When the video cannot be read.
    """
    video, out = Path(video), Path(out)
    linked = LinkedVideo.from_links(links)
    info = probe_video(video)
    beside = out.with_suffix(".mp4")
    if beside.resolve() == video.resolve():
        beside = out.with_suffix(".page.mp4")  # never in the place of the video itself
    faces, linked = _try_pictures(video, linked)
    first = next(iter_frames(video, max_side=64)).time
    picture = Picture.of(info.width, info.height, info.frame_rate, first)
    exported = replace(linked, video=str(video.absolute()))
    with browser_video(video, beside, embed_bytes, quiet) as playable:
        embedded = playable.stat().st_size <= embed_bytes
        write_text(
            out,
            render(
                "page.html",
                title=Path(linked.video).name or video.name,
                linked=linked,
                summary=summary(linked, DOUBTFUL),
                turns=turns(linked, DOUBTFUL),
                rows=rows(linked),
                ticks=ticks(linked.duration),
                gallery=gallery(linked, faces),
                video=base64.b64encode(playable.read_bytes()).decode() if embedded else "",
                data={
                    "video": linked.video,
                    "content": _content_of(links),
                    "source": "" if embedded else playable.name,
                    "width": info.width,
                    "height": info.height,
                    "duration": linked.duration,
                    "doubtful": DOUBTFUL,
                    "people": linked.person_labels,
                    "tracks": tracks(linked),
                    **export_data(exported, picture, final_folder(out.parent)),
                },
            ),
        )


def _try_pictures(video: Path, linked: LinkedVideo) -> tuple[Mapping[str, list[str]], LinkedVideo]:
    """Cut out faces; where that fails, the page goes without them, and says so."""
    try:
        return face_pictures(video, linked, _picture_counts(linked)), linked
    except Exception as error:  # foreseen or not, a picture is no reason to have no page
        note = f"pictures of faces were not made ({explain(error)})"
        return {}, replace(linked, notes=(*linked.notes, note))


def _content_of(links: Mapping[str, Any]) -> str:
    """Key of the video's content, by which corrections are told to be of it; empty where it is not known."""
    source = links.get("source")
    return str(source.get("content") or "") if isinstance(source, Mapping) else ""


def render(template: str, **values: Any) -> str:
    """Fill a template of this package; every value is escaped.

    The template's style sheet and scripts lie beside it, the scripts under its name and under `<name>_....js`. They are
    put inside, and the page's Content-Security-Policy names their hashes, so that no other script or style can ever run in it.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = format_time
    path = TEMPLATES / template
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    scripts = [path.with_suffix(".js"), *sorted(TEMPLATES.glob(f"{path.stem}_*.js"))]
    script = "".join(each.read_text(encoding="utf-8") for each in scripts if each.exists())
    colors = "".join(f".c{index}{{--c:{hex_color(color)}}}" for index, color in enumerate(PALETTE))
    style += f"\n{colors}.nobody{{--c:{hex_color(NOBODY)}}}\n"
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "media-src blob: data: file: 'self'; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(
        style=style, script=script, policy=policy, **values
    )


def _picture_counts(linked: LinkedVideo) -> dict[str, int]:
    """More pictures of those who speak; none of the last of a crowd."""
    speaking = {turn.person for turn in linked.turns}
    people = sorted(linked.person_labels, key=lambda person: person not in speaking)[:MAX_PICTURED]
    return {person: PICTURES_OF_SPEAKERS if person in speaking else 1 for person in people}


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
