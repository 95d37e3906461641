"""The decoded pictures of a file on its media clock, from any moment on."""

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import av.error

from pins_plugin.data.media.clock import MediaClock, read_clock
from pins_plugin.data.media.container import (
    choose_stream,
    decode_packet,
    demux_leniently,
    knows_decoding_only,
    open_media,
)
from pins_plugin.data.media.deinterlace import deinterlace

SHORT = 1.0  # seconds; up to there decoding from the beginning is as good as seeking
# Seconds; tried in turn where a seek lands too late; chosen, not measured
STEPS_BACK = (0.0, 2.0, 10.0, 60.0)
LEAST_STEP = 1e-4  # seconds between pictures


@contextmanager
def open_pictures(
    path: str | Path, start: float = 0.0
) -> Iterator[tuple[Any, Iterator[tuple[float, Any]]]]:
    """Open a video, and decode its pictures in the order in which they are shown.

    Yields the stream, and an iterator of times (seconds on the media clock, always increasing) and whole pictures
    (av.VideoFrame). They begin somewhat before `start`, with the first of all where the file cannot be entered later.
    """
    clock = read_clock(path)
    if start > SHORT:
        with open_media(path) as container:
            stream = _stream(container, path)
            frames = _landed(container, stream, clock, start)
            if frames is not None:
                yield stream, _increasing(deinterlace(frames), stream)
                return
    with open_media(path) as container:
        stream = _stream(container, path)
        yield stream, _increasing(deinterlace(_timed(container, stream, clock)), stream)


def _stream(container: Any, path: str | Path) -> Any:
    stream = choose_stream(container, path, "video")
    stream.thread_type = "AUTO"
    return stream


def _increasing(frames: Iterator[Any], stream: Any) -> Iterator[tuple[float, Any]]:
    """Pair pictures with their times; a step back is not shown."""
    usual = 1.0 / float(stream.average_rate or stream.guessed_rate or 25)
    last = None
    for frame in frames:
        time = frame.time
        if time is None:  # the file says nothing: a picture after the other
            time = 0.0 if last is None else last + usual
        if last is None or time >= last + LEAST_STEP:
            last = time
            yield time, frame


def _landed(container: Any, stream: Any, clock: MediaClock, start: float) -> Iterator[Any] | None:
    """Enter the file at the key picture before a moment, and see whether that was reached; None where it never is."""
    for back in STEPS_BACK:
        frames = _entered(container, stream, clock, start - back) if start - back > SHORT else None
        first = next(frames, None) if frames is not None else None
        if frames is None or first is None or first.time is None:
            continue
        if first.time <= start + LEAST_STEP:
            return chain([first], frames)
    return None


def _entered(container: Any, stream: Any, clock: MediaClock, time: float) -> Iterator[Any] | None:
    """Go to a moment and decode from the next key picture on; None where the file cannot be entered."""
    try:
        if clock.is_joined:  # its time stamps name no place
            place = clock.place_before(time)
            if place is None:
                return None
            container.seek(place, unsupported_byte_offset=True)
        else:
            container.seek(int((time + clock.origin) / stream.time_base), stream=stream)
    except (av.error.FFmpegError, OverflowError):
        return None
    # where only decoding is known, the first may have been given a wrong time
    keys = 2 if knows_decoding_only(container) else 1
    return _from_key(_timed(container, stream, clock), keys)


def _from_key(frames: Iterator[Any], number: int) -> Iterator[Any]:
    """Begin with the key picture of a number: leave out what was decoded without what it refers to."""
    for frame in frames:
        number -= bool(frame.key_frame and not frame.is_corrupt)
        if number <= 0:
            yield frame


def _timed(container: Any, stream: Any, clock: MediaClock) -> Iterator[Any]:
    """Decode pictures with the time stamps of the clock."""
    packets = clock.corrected(demux_leniently(container, stream))
    if knows_decoding_only(container):
        yield from _in_order_of_decoding(stream, packets)
        return
    for packet in packets:
        if packet.size:
            yield from decode_packet(stream, packet)
    yield from decode_packet(stream, None)


def _in_order_of_decoding(stream: Any, packets: Iterator[Any]) -> Iterator[Any]:
    """Decode pictures of a container that knows only when each is decoded, not when it is shown.

    Pictures leave the decoder in the order in which they are shown: each takes the earliest time that is free. Times
    of pictures that were lost are found at the next key picture: by then, all packets before it and the B-frames
    that overtook it have taken theirs.
    """
    stream.codec_context.copy_opaque = True
    free: list[int] = []  # time stamps
    taken = 0
    shown: list[int] = []  # numbers of the packets since the last key picture
    fed = 0

    def timed(packet: Any) -> Iterator[Any]:
        nonlocal taken, shown
        for frame in decode_packet(stream, packet):
            number = frame.opaque
            if isinstance(number, int):
                if frame.key_frame:
                    before = number + sum(other > number for other in shown)
                    while taken < before and free:
                        heapq.heappop(free)
                        taken += 1
                    shown = []
                shown.append(number)
            if free:
                frame.pts = heapq.heappop(free)
                frame.time_base = stream.time_base
                taken += 1
            yield frame

    for packet in packets:
        if not packet.size:
            continue
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            heapq.heappush(free, stamp)
            packet.opaque = fed
            fed += 1
        yield from timed(packet)
    yield from timed(None)
