"""The clips of 33 people of GRID and HDTF (CC BY 4.0) that lie in public repositories, besides those of DATA/clips.

`sync_clips.csv` says in which repository, as which object (`git -C REPOSITORY cat-file blob OBJECT > DATA/found/FILE`), where in the picture (left, top,
width and height; the whole of it where empty) and how many frames late the sound is, by `pins sync` with a model that did not know them.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av

from pins_plugin.errors import PinsError

TABLE = Path(__file__).with_name("sync_clips.csv")


class FoundClip(NamedTuple):
    """A clip that shows one person: `file`, whose it is, and how many frames late its sound is."""

    file: Path
    person: str
    late_frames: int


def read_found(data: Path, cropped: Path) -> Iterator[FoundClip]:
    """Read the clips of DATA/found, in the order of the table.

    Parameters
    ----------
    data : Path
        The folder that holds `found`.
    cropped : Path
        An existing folder; what must be cut out of a picture that shows several people is written there.

    Raises
    ------
    PinsError
        When a file is missing.
    """
    with TABLE.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            file = data / "found" / row["file"]
            if not file.is_file():
                raise PinsError(
                    f"{file}: no such file; expected object {row['object']} of github.com/{row['repository']} there"
                )
            if row["crop"]:
                whole, file = file, cropped / f"{file.stem}.mkv"
                crop_video(whole, file, *map(int, row["crop"].split()))
            yield FoundClip(file, row["person"], int(row["late_frames"]))


def crop_video(source: Path, target: Path, left: int, top: int, width: int, height: int) -> None:
    """Cut a rectangle of pixels out of a video that shows several side by side; the sound is copied."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        shown, heard = read.streams.video[0], read.streams.audio[0]
        video = written.add_stream("ffv1", rate=shown.average_rate, width=width, height=height, pix_fmt="bgr0")  # fmt: skip
        video.time_base = shown.time_base
        sound = written.add_stream_from_template(heard)
        for packet in read.demux(shown, heard):
            if packet.dts is None:
                continue
            if packet.stream is heard:
                packet.stream = sound
                written.mux(packet)
                continue
            for frame in packet.decode():
                pixels = frame.to_ndarray(format="rgb24")[top : top + height, left : left + width]
                cut = av.VideoFrame.from_ndarray(pixels.copy(), format="rgb24")
                cut.pts, cut.time_base = frame.pts, frame.time_base
                written.mux(video.encode(cut))
        written.mux(video.encode(None))
