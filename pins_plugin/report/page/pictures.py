"""What a page carries inside: a video that browsers play, and pictures of faces."""

import base64
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pins_plugin.data.links.link_rows import LinkedTrack
from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.media.container import plays_in_browsers
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.utils.progress import progress

PREVIEW_SIDE = 854  # pixels; chosen, not measured
FACE_SIDE = 160  # pixels; chosen, not measured
MARGIN = 0.22  # of the box, on every side of a face; chosen, not measured


@contextmanager
def browser_video(video: Path, out: Path, embed_bytes: int, quiet: bool) -> Iterator[Path]:
    """Yield a file that browsers play: `video` itself when it is small, otherwise a preview at `out`.

    A large video that browsers play as it is becomes another name of the same file, which takes neither time nor
    room; anything else is encoded anew and smaller. A preview small enough to be embedded is gone afterwards; a larger
    one stays, for the page to refer to.
    """
    if plays_in_browsers(video):
        small = video.stat().st_size <= embed_bytes
        if small or _link(video, out):
            yield video if small else out
            return
    info = probe_video(video)
    scale = min(1.0, PREVIEW_SIDE / max(info.width, info.height))
    width, height = round(info.width * scale), round(info.height * scale)
    total = round(info.duration * info.frame_rate)
    with VideoWriter(out, width, height, info.frame_rate, quality=27, sound_of=video) as writer:
        frames = iter_frames(video, max_side=PREVIEW_SIDE)
        for frame in progress(frames, "video of the page", total=total, quiet=quiet):
            writer.add_image(frame.image, frame.time)
    try:
        yield out
    finally:
        if out.stat().st_size <= embed_bytes:
            out.unlink()


def _link(video: Path, out: Path) -> bool:
    """Give a file a second name; False where that cannot be, as on another file system."""
    try:
        out.unlink(missing_ok=True)
        out.hardlink_to(video.resolve())
    except OSError:
        return False
    return True


def face_pictures(
    video: Path, linked: LinkedVideo, counts: Mapping[str, int]
) -> dict[str, list[str]]:
    """Cut out faces of each person, as JPEG data URIs, the largest first.

    Parameters
    ----------
    counts : mapping of str to int
        How many pictures of which person.
    """
    pictures: dict[str, list[str]] = {person: [] for person in counts}
    for person, count in counts.items():
        for time, box in _best_moments(linked.tracks, person, count):
            frame = next(iter_frames(video, start=max(0.0, time - 1e-3)), None)
            if frame is not None:
                pictures[person].append(_jpeg_uri(_crop(frame.image, box)))
    return pictures


def data_uri(kind: str, content: bytes) -> str:
    """Write bytes as a data URI of the MIME type `kind`."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _best_moments(
    tracks: list[LinkedTrack], person: str, count: int
) -> list[tuple[float, NDArray[np.float64]]]:
    """Times and boxes at which a face is seen best: one per track, more from the longest when they are few."""
    own = [track for track in tracks if track.person == person]
    own.sort(
        key=lambda track: float(np.median(track.boxes[:, 2] - track.boxes[:, 0])), reverse=True
    )
    if not own:
        return []
    moments = []
    for turn in range(count):
        track = own[turn % len(own)]
        share = (0.5, 0.2, 0.8)[turn // len(own) % 3]
        index = round(share * (len(track.times) - 1))
        moments.append((float(track.times[index]), track.boxes[index]))
    return moments


def _crop(image: NDArray[np.uint8], box: NDArray[np.float64]) -> Image.Image:
    x1, y1, x2, y2 = box
    half = (0.5 + MARGIN) * max(x2 - x1, y2 - y1, 2.0)
    half = min(half, image.shape[0] / 2, image.shape[1] / 2)
    center_x = float(np.clip((x1 + x2) / 2, half, image.shape[1] - half))
    center_y = float(np.clip((y1 + y2) / 2, half, image.shape[0] - half))
    square = (center_x - half, center_y - half, center_x + half, center_y + half)
    size = (FACE_SIDE, FACE_SIDE)
    return Image.fromarray(image).resize(size, Image.Resampling.LANCZOS, box=square)


def _jpeg_uri(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=82)
    return data_uri("image/jpeg", content.getvalue())
