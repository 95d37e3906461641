"""The sound of one file carried into another while that is being written."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from pins_plugin.data.media.clock import MediaClock, read_clock
from pins_plugin.data.media.container import codec_name, default_stream, demux_leniently, open_media
from pins_plugin.data.media.sound_stream import decode_sound

COPIED_CODECS = ("aac", "mp3")  # what an mp4 file holds and every player plays
COPIED_FROM = ("mov", "matroska")  # containers that say when each packet is heard
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)  # fmt: skip


class SoundCopy:
    """Carry the default sound stream of `source` into an opened mp4 file, on the media clock.

    AAC and MP3 in MP4 and Matroska are taken over packet by packet, anything else becomes AAC at the same rate, mono
    or stereo. Streams: memory does not grow with the length of the sound. A source without sound copies nothing;
    a packet that cannot be written is passed over.

    Parameters
    ----------
    container : av.OutputContainer
        No packet may have been written to it yet.
    """

    def __init__(self, source: Path, container: Any) -> None:
        self._stack = ExitStack()
        opened = self._stack.enter_context(open_media(source))
        self._container = container
        self._pending: tuple[float, Any] | None = None
        self._packets: Iterator[tuple[float, Any]] = iter(())
        stream = default_stream(opened, "audio")
        if stream is not None:
            clock = read_clock(source)
            copies = (
                codec_name(stream) in COPIED_CODECS
                and opened.format.name.startswith(COPIED_FROM)
                and not clock.is_joined
            )
            if copies:
                output = container.add_stream_from_template(stream)
                self._packets = _shifted_packets(opened, stream, output, clock)
            else:
                layout = "mono" if stream.channels == 1 else "stereo"
                rate = stream.rate if stream.rate in AAC_RATES else 48000
                output = container.add_stream("aac", rate=rate, layout=layout)
                self._packets = _encoded_packets(opened, stream, output, clock)

    def copy_until(self, time: float) -> None:
        """Write the packets that start before `time`, in seconds on the media clock."""
        while True:
            if self._pending is None:
                self._pending = next(self._packets, None)
            if self._pending is None or self._pending[0] >= time:
                return
            packet, self._pending = self._pending[1], None
            with suppress(ValueError):  # damaged (FFmpeg's errors of that kind are such, too)
                self._container.mux(packet)

    def close(self) -> None:
        """Close the source."""
        self._stack.close()


def _shifted_packets(
    opened: Any, stream: Any, output: Any, clock: MediaClock
) -> Iterator[tuple[float, Any]]:
    last = None
    for packet in clock.corrected(demux_leniently(opened, stream)):
        if packet.pts is None or (last is not None and packet.pts <= last):
            continue  # the end, or damaged
        last = packet.dts = packet.pts
        time = float(packet.pts * packet.time_base)
        packet.stream = output
        yield time, packet


def _encoded_packets(
    opened: Any, stream: Any, output: Any, clock: MediaClock
) -> Iterator[tuple[float, Any]]:
    rate, layout = output.rate, output.layout.name
    num_samples = 0
    for samples in decode_sound(opened, stream, clock, rate, layout):
        if not samples.shape[1]:
            continue
        frame = av.AudioFrame.from_ndarray(samples.clip(-1, 1), format="fltp", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), num_samples
        time = num_samples / rate
        num_samples += samples.shape[1]
        for encoded in output.encode(frame):
            yield time, encoded
    for encoded in output.encode(None):
        yield num_samples / rate, encoded
