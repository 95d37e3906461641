"""The decoded pictures of a file on its media clock, from any moment on."""

import heapq
from collections.abc import Iterator
from itertools import chain, count
from typing import Any

import av.error

from pins_plugin.data.clock import MediaClock
from pins_plugin.data.deinterlace import deinterlace
from pins_plugin.data.media import decode_packet, demux_leniently

SHORT = 1.0  # seconds; up to there decoding from the beginning is as good as seeking
STEPS_BACK = (0.0, 2.0, 10.0, 60.0)  # seconds; tried in turn where a seek lands too late
LEAST_STEP = 1e-4  # seconds between pictures


def decode_pictures(
    container: Any, stream: Any, clock: MediaClock, start: float = 0.0
) -> Iterator[tuple[float, Any]]:
    """Decode pictures in the order in which they are shown, whole and with times that always increase.

    Parameters
    ----------
    container, stream
        As opened, nothing read yet.
    clock : MediaClock
    start : float
        Seconds on the media clock. Pictures from somewhat before may come, too; from the first of all where the
        file cannot be entered later.

    Yields
    ------
    time : float
        Seconds on the media clock.
    frame : av.VideoFrame
    """
    frames = _landed(container, stream, clock, start) if start > SHORT else None
    if frames is None:
        frames = _timed(container, stream, clock)
    usual = 1.0 / float(stream.average_rate or stream.guessed_rate or 25)
    last = None
    for frame in deinterlace(frames):
        time = frame.time
        if time is None:  # the file says nothing: a picture after the other
            time = 0.0 if last is None else last + usual
        if last is None or time >= last + LEAST_STEP:  # a step back is not shown
            last = time
            yield time, frame


def _landed(container: Any, stream: Any, clock: MediaClock, start: float) -> Iterator[Any] | None:
    """Enter the file at the key picture before a moment, and see whether that was reached; None back at its beginning."""
    for back in STEPS_BACK:
        if start - back <= SHORT:
            break
        frames = _entered(container, stream, clock, start - back)
        first = next(frames, None) if frames is not None else None
        if frames is not None and first is not None and first.time is not None:
            if first.time <= start + LEAST_STEP:
                return chain([first], frames)
    try:
        container.seek(0, unsupported_byte_offset=True) if clock.keys else container.seek(
            int(clock.origin * 1_000_000) - 1_000_000
        )
    except av.error.FFmpegError:
        pass
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
    return _from_key(_timed(container, stream, clock))


def _from_key(frames: Iterator[Any]) -> Iterator[Any]:
    """Leave out pictures that were decoded without what they refer to."""
    found = False
    for frame in frames:
        found = found or (frame.key_frame and not frame.is_corrupt)
        if found:
            yield frame


def _timed(container: Any, stream: Any, clock: MediaClock) -> Iterator[Any]:
    """Decode pictures with the time stamps of the clock."""
    packets = clock.corrected(demux_leniently(container, stream))
    if "avi" in container.format.name or "V_MS" in str(stream.codec_context.codec_tag):
        yield from _in_order_of_decoding(stream, packets)
        return
    for packet in packets:
        if packet.size:
            yield from decode_packet(stream, packet)
    yield from decode_packet(stream, None)


def _in_order_of_decoding(stream: Any, packets: Iterator[Any]) -> Iterator[Any]:
    """Decode pictures of a container that knows only when each is decoded, not when it is shown.

    Pictures leave the decoder in the order in which they are shown: each takes the earliest time not taken. Times
    of pictures that were lost are thrown away at the next key picture.
    """
    stream.codec_context.copy_opaque = True
    free: list[tuple[int, int]] = []  # time stamp, number of the packet
    numbers = count()

    def timed(packet: Any) -> Iterator[Any]:
        for frame in decode_packet(stream, packet):
            if frame.key_frame and isinstance(frame.opaque, int):
                while free and free[0][1] < frame.opaque:
                    heapq.heappop(free)
            if free:
                frame.pts = heapq.heappop(free)[0]
                frame.time_base = stream.time_base
            yield frame

    for packet in packets:
        if not packet.size:
            continue
        number = next(numbers)
        packet.opaque = number
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            heapq.heappush(free, (stamp, number))
        yield from timed(packet)
    yield from timed(None)
