"""A copy of a video whose sound comes earlier or later; nothing is encoded anew, nothing is lost."""

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.stream

from pins_plugin.data.media.clock import read_clock
from pins_plugin.data.media.container import (
    codec_name,
    default_stream,
    demux_leniently,
    knows_decoding_only,
    open_media,
    reason,
)
from pins_plugin.data.media.video import probe_video
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path

LAYERS = ("mp1", "mp2", "mp3")  # which MP4 does not tell apart
FINE = Fraction(1, 14_112_000)  # seconds; holds the usual sample rates


def write_shifted(source: str | Path, target: str | Path, seconds: float) -> None:
    """Copy a video with its sound moved in time.

    Every packet of every track (other sound tracks move along; subtitles, covers, fonts), chapters and titles are
    kept. Sound that comes before the first picture is skipped by players of MP4; elsewhere the picture starts later.

    Parameters
    ----------
    source, target : str or Path
        The target's ending says the container, such as .mp4, .mkv, .mov.
    seconds : float
        How much later the sound shall come; negative for earlier.

    Raises
    ------
    MediaError
        When the source is unreadable or lacks picture or sound, when the target's container cannot hold all of
        it, or when the source does not say when its pictures are shown. Then nothing is written.
    """
    source, target = Path(source), Path(target)
    if target.exists() and target.resolve() == source.resolve():
        raise MediaError(f"{target}: expected another file than the source; choose a new name")
    with open_media(source) as opened:
        video = default_stream(opened, "video")
        if video is None or default_stream(opened, "audio") is None:
            raise MediaError(f"{source}: expected picture and sound, got only one of them")
        if read_clock(source).is_joined:
            raise MediaError(
                f"{source}: its time stamps start anew on the way, as in joined recordings; "
                "convert it to one continuous file first"
            )
        if knows_decoding_only(opened) and video.codec_context.has_b_frames:
            raise MediaError(
                f"{source}: does not say when its pictures are shown (B-frames in AVI); convert it to .mp4 first"
            )
        with atomic_path(target) as temporary:
            try:
                with av.open(f"file:{temporary.absolute()}", "w") as written:
                    _copy(opened, written, seconds)
                _compare(opened, temporary)
            except OSError:  # a full disk, say: no other name helps
                raise
            except (av.error.FFmpegError, ValueError, NotImplementedError) as error:
                raise MediaError(
                    f"{target}: cannot be written with all that {source.name} holds ({reason(error)}); "
                    f"choose a name that ends in .mkv or in {source.suffix}"
                ) from error


def _copy(opened: Any, written: Any, seconds: float) -> None:
    chapters = opened.chapters()
    # MP4 keeps the names of chapters in a track of text, which is made anew with the chapters
    names = {
        stream.index
        for stream in opened.streams
        if chapters and stream.type == "data" and "mp4" in opened.format.name
    }
    tracks = [stream for stream in opened.streams if stream.index not in names]
    outputs = {stream.index: _added(written, stream) for stream in tracks}
    written.metadata.update(opened.metadata)
    if chapters:
        written.set_chapters(chapters)
    counts: Counter[int] = Counter()
    for packet in _with_decoding_times(demux_leniently(opened)):
        index = packet.stream_index
        counts[index] += 1
        if index in names:
            continue
        if packet.stream.type == "audio":
            ticks = round(seconds / FINE)
            packet.dts = round(packet.dts * packet.time_base / FINE) + ticks
            packet.pts = round(packet.pts * packet.time_base / FINE) + ticks
            packet.duration = round((packet.duration or 0) * packet.time_base / FINE)
            packet.time_base = FINE  # that of AVI is as coarse as a packet
        packet.stream = outputs[index]
        written.mux(packet)
    if any(counts[index] > len(chapters) for index in names):
        raise ValueError("a track of data besides sound and picture")


def _added(written: Any, stream: Any) -> Any:
    """Make the track of the copy that takes over a track."""
    try:
        added = written.add_stream_from_template(stream)
    except av.error.FFmpegError:  # there is no encoder of this codec, nor is one needed
        added = written.add_stream_from_template(stream, opaque=True)
    if stream.codec_context is not None:
        added.disposition = stream.disposition
        added.metadata.update(stream.metadata)
    if stream.type == "video" and stream.sample_aspect_ratio:
        added.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio
    return added


def _with_decoding_times(packets: Iterable[Any]) -> Iterator[Any]:
    """Fill in the times of decoding that a container leaves out, as Matroska does before the first B-frames."""
    waiting: dict[int, list[Any]] = {}
    last: dict[int, int] = {}

    def timed(packet: Any, dts: int) -> Any:
        packet.dts = last[packet.stream_index] = dts
        packet.pts = dts if packet.pts is None else packet.pts
        return packet

    for packet in packets:
        if not packet.size:  # the end of a stream
            continue
        index = packet.stream_index
        if packet.dts is None and index not in last:
            waiting.setdefault(index, []).append(packet)
            continue
        if packet.dts is None:
            packet.dts = last[index] + 1
        held = waiting.pop(index, [])
        for place, early in enumerate(held):
            yield timed(early, packet.dts - _step(early) * (len(held) - place))
        yield timed(packet, packet.dts)
    for held in waiting.values():
        for packet in sorted(held, key=lambda one: one.pts or 0):
            yield timed(packet, packet.pts or 0)


def _step(packet: Any) -> int:
    """Ticks from one picture to the next."""
    rate = getattr(packet.stream, "average_rate", None) or 25
    return max(1, packet.duration or round(1 / rate / packet.time_base))


def _compare(opened: Any, copy: Path) -> None:
    """Make sure that the copy has the same tracks and looks the same.

    Raises
    ------
    ValueError
        When something did not survive.
    """
    with open_media(copy) as copied:
        had, has = _tracks(opened), _tracks(copied)
        if had - has:
            raise ValueError(f"lost: {', '.join(sorted(kind for kind, _, _ in had - has))}")
        if len(copied.chapters()) < len(opened.chapters()):
            raise ValueError("lost: chapters")
    videos = probe_video(opened.name.removeprefix("file:")), probe_video(copy)
    if len({(video.width, video.height, video.rotation) for video in videos}) > 1:
        raise ValueError("the shape of the picture")


def _tracks(container: Any) -> Counter[tuple[str, str, bool]]:
    """Count tracks by type, codec, and whether they are covers."""
    cover = av.stream.Disposition.attached_pic
    tracks = [stream for stream in container.streams if stream.type != "data"]
    codecs = ["mpeg audio" if codec_name(each) in LAYERS else codec_name(each) for each in tracks]
    return Counter(
        (each.type, codec, bool(each.disposition & cover))
        for each, codec in zip(tracks, codecs, strict=True)
    )
