"""A copy of a video with boxes, names, and who speaks."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.report.style import color_of
from pins_plugin.utils.prefetch import prefetch
from pins_plugin.utils.progress import progress

Picture = NDArray[np.uint8]  # (height, width, 3) RGB
Color = tuple[int, int, int]
SILENT = (228, 231, 236)  # RGB, light lines and letters
INK = (18, 20, 24)  # RGB, dark lines and letters


def write_annotated_video(
    video: str | Path,
    links: Mapping[str, Any],
    out: str | Path,
    *,
    quiet: bool = False,
) -> None:
    """Copy a video, with every face boxed and named and the one who speaks highlighted.

    A bar at the bottom names whoever speaks without being in the picture. The pictures keep their own time
    stamps, the sound is the original's. Streams: memory does not grow with the length of the video; nothing
    is left behind when it fails.

    Parameters
    ----------
    links : dict
        The value of `links.json`.
    out : str or Path
        An mp4 file.
    quiet : bool
        Show no progress bar.
    """
    video = Path(video)
    info = probe_video(video)
    linked = LinkedVideo.from_links(links)
    frames = prefetch(iter_frames(video))
    total = round(info.duration * info.frame_rate)
    with VideoWriter(out, info.width, info.height, info.frame_rate, sound_of=video) as writer:
        for frame in progress(frames, "annotated video", total=total, quiet=quiet):
            image = frame.image if frame.image.flags.writeable else frame.image.copy()
            annotate_image(image, linked, frame.time)
            writer.add_image(image, frame.time)


def annotate_image(image: Picture, linked: LinkedVideo, time: float) -> None:
    """Draw the faces and speakers of one moment into a picture.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        RGB; changed in place.
    time : float
        Seconds on the media clock.
    """
    unit = max(1.0, min(image.shape[:2]) / 240)  # pixels; a line that is thin but seen
    turns = linked.turns_at(time)
    speaking = {turn.person for turn in turns if turn.person is not None}
    visible = linked.boxes_at(time)
    for person, box in sorted(visible, key=lambda pair: pair[0] in speaking):
        _draw_face(image, box, person, color_of(linked, person), person in speaking, unit)
    seen = {person for person, _ in visible}
    captions = [
        (_caption(turn.person, turn.speaker, turn.status), color_of(linked, turn.person))
        for turn in turns
        if turn.person not in seen
    ]
    for row, (text, color) in enumerate(dict.fromkeys(captions)):
        _draw_caption(image, text, color, row, unit)


def _caption(person: str | None, speaker: str, status: str) -> str:
    if person is not None:
        return f"{person}, out of the picture"
    return f"{speaker}, " + ("uncertain who" if status == "uncertain" else "not on screen")


def _draw_face(
    image: Picture, box: NDArray[np.float64], name: str, color: Color, speaks: bool, unit: float
) -> None:
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    radius = max(2, round(0.12 * min(x2 - x1, y2 - y1)))
    if speaks:
        _rounded_rectangle(image, (x1, y1, x2, y2), radius, INK, round(3.6 * unit))
        _rounded_rectangle(image, (x1, y1, x2, y2), radius, color, round(2 * unit))
    else:
        _rounded_rectangle(image, (x1, y1, x2, y2), radius, INK, max(2, round(1.8 * unit)))
        _rounded_rectangle(image, (x1, y1, x2, y2), radius, SILENT, max(1, round(0.8 * unit)))
    label = _label(name, round(9.5 * unit), color if speaks else (52, 56, 64), speaks)
    height, width = label.shape[:2]
    top = y1 - height - round(3 * unit)
    if top < 0:
        top = y2 + round(3 * unit)
    _paste(image, label, round((x1 + x2 - width) / 2), top)


def _draw_caption(image: Picture, text: str, color: Color, row: int, unit: float) -> None:
    label = _label(text, round(10.5 * unit), color, True)
    height, width = label.shape[:2]
    margin = round(5 * unit)
    top = image.shape[0] - (row + 1) * (height + margin)
    _paste(image, label, (image.shape[1] - width) // 2, top)


def _rounded_rectangle(
    image: Picture, box: tuple[int, int, int, int], radius: int, color: Color, thickness: int
) -> None:
    x1, y1, x2, y2 = box
    for start, end in (
        ((x1 + radius, y1), (x2 - radius, y1)),
        ((x1 + radius, y2), (x2 - radius, y2)),
        ((x1, y1 + radius), (x1, y2 - radius)),
        ((x2, y1 + radius), (x2, y2 - radius)),
    ):
        cv2.line(image, start, end, color, thickness, cv2.LINE_AA)
    for center, angle in (
        ((x1 + radius, y1 + radius), 180),
        ((x2 - radius, y1 + radius), 270),
        ((x2 - radius, y2 - radius), 0),
        ((x1 + radius, y2 - radius), 90),
    ):
        cv2.ellipse(image, center, (radius, radius), angle, 0, 90, color, thickness, cv2.LINE_AA)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans of matplotlib, for names in many scripts, without importing that; else Pillow's own, for Latin ones."""
    found = find_spec("matplotlib")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), max(8, size))
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(8, size)))


@cache
def _label(text: str, size: int, color: Color, filled: bool) -> NDArray[np.uint8]:
    """Draw a name tag (height, width, 4) RGBA, once."""
    font = _font(size)
    text = " ".join(filter(str.isprintable, text.split()))
    text = text if len(text) <= 40 else text[:39] + "…"
    left, _, right, _ = font.getbbox(text)
    ascent, descent = font.getmetrics()
    padding = round(0.45 * size)
    width, height = round(right - left) + 2 * padding, ascent + descent + padding // 2
    tag = Image.new("RGBA", (4 * width, 4 * height))
    opacity = 255 if filled else 170
    ImageDraw.Draw(tag).rounded_rectangle(
        (0, 0, 4 * width - 1, 4 * height - 1), 4 * (height // 4), fill=(*color, opacity)
    )
    tag = tag.resize((width, height), Image.Resampling.LANCZOS)
    ink = INK if filled else SILENT
    ImageDraw.Draw(tag).text((padding - left, padding // 4), text, font=font, fill=(*ink, 255))
    return np.asarray(tag)


def _paste(image: Picture, label: NDArray[np.uint8], x: int, y: int) -> None:
    """Blend a tag into the picture, moved inside where it would stick out."""
    height, width = min(label.shape[0], image.shape[0]), min(label.shape[1], image.shape[1])
    x = min(max(x, 0), image.shape[1] - width)
    y = min(max(y, 0), image.shape[0] - height)
    target = image[y : y + height, x : x + width]
    colors, alpha = label[:height, :width, :3], label[:height, :width, 3:] / np.float32(255)
    target[:] = (alpha * colors + (1 - alpha) * target + 0.5).astype(np.uint8)
