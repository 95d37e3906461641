"""The sound of one file carried into another while that is being written."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av.error

from pins_plugin.data.media import clock_origin, open_media

COPIED_CODECS = (
    "aac",
    "mp3",
)  # what an mp4 file holds and every player plays, taken over bit by bit


class SoundCopy:
    """Carry the first sound stream of `source` into an opened mp4 file, on the media clock.

    AAC and MP3 are taken over packet by packet, anything else becomes AAC at the same rate, mono or
    stereo. Streams: memory does not grow with the length of the sound. A source without sound copies nothing.

    Parameters
    ----------
    source : Path
    container : av.OutputContainer
        No packet may have been written to it yet.
    """

    def __init__(self, source: Path, container: Any) -> None:
        self._stack = ExitStack()
        opened = self._stack.enter_context(open_media(source))
        self._container = container
        self._pending: tuple[float, Any] | None = None
        self._packets: Iterator[tuple[float, Any]] = iter(())
        if opened.streams.audio:
            stream = opened.streams.audio[0]
            copies = stream.codec_context.name in COPIED_CODECS
            packets = self._copied if copies else self._encoded
            self._packets = packets(opened, stream, clock_origin(opened))

    def copy_until(self, time: float) -> None:
        """Write the packets that start before `time`, in seconds on the media clock."""
        while True:
            if self._pending is None:
                self._pending = next(self._packets, None)
            if self._pending is None or self._pending[0] >= time:
                return
            self._container.mux(self._pending[1])
            self._pending = None

    def close(self) -> None:
        """Close the source."""
        self._stack.close()

    def _copied(self, opened: Any, stream: Any, origin: float) -> Iterator[tuple[float, Any]]:
        output = self._container.add_stream_from_template(stream)
        return _shifted_packets(opened, stream, output, origin)

    def _encoded(self, opened: Any, stream: Any, origin: float) -> Iterator[tuple[float, Any]]:
        layout = "mono" if stream.channels == 1 else "stereo"
        output = self._container.add_stream("aac", rate=stream.rate, layout=layout)
        return _encoded_packets(opened, stream, output, origin)


def _shifted_packets(
    opened: Any, stream: Any, output: Any, origin: float
) -> Iterator[tuple[float, Any]]:
    shift = round(origin / stream.time_base)
    for packet in _demuxed(opened, stream):
        if packet.pts is None:  # the end, or damaged
            continue
        packet.pts -= shift
        packet.dts = packet.pts
        time = float(packet.pts * packet.time_base)
        packet.stream = output
        yield time, packet


def _encoded_packets(
    opened: Any, stream: Any, output: Any, origin: float
) -> Iterator[tuple[float, Any]]:
    time = 0.0
    for packet in _demuxed(opened, stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:  # damaged: passed over
            continue
        for frame in frames:
            if frame.pts is not None:
                frame.pts -= round(origin / frame.time_base)
                time = max(0.0, frame.time)
            for encoded in output.encode(frame):
                yield time, encoded
    for encoded in output.encode(None):
        yield time, encoded


def _demuxed(opened: Any, stream: Any) -> Iterator[Any]:
    packets = opened.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:  # truncated file
            return
        if packet is None:
            return
        yield packet
