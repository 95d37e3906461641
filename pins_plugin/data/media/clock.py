"""The clock that the pictures and the sound of a file share.

All times are seconds on the *media clock*: zero is where the earlier of pictures and sound starts, as in a player.
Containers are not trusted with it. Files that were joined (`cat a.ts b.ts`) start their time stamps anew, or leap by hours:
their parts are laid behind each other, as players do, for pictures and sound alike.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pins_plugin.data.media.container import (
    default_stream,
    demux_leniently,
    file_state,
    open_media,
)

BACK = 0.1  # seconds; time stamps in the order of decoding never go back, but for a new part
LEAP = {"mpegts": 10.0, "mpegtsraw": 10.0, "mpeg": 10.0}  # seconds ahead that begin a new part
LARGEST_DELAY = 10.0  # seconds between decoding and showing; chosen, not measured
# Seconds, in all other containers, which say what they mean; chosen, not measured
OTHER_LEAP = 3600.0
# Their time stamps come from tables that cannot step back; they are not read through ahead of time.
TABLED = ("mov,mp4,m4a,3gp,3g2,mj2", "avi", "wav", "w64", "flac", "mp3", "aiff", "au", "caf")


@dataclass(frozen=True, eq=False)
class MediaClock:
    """When what a file holds is shown and heard; streams are named by their index.

    Parameters
    ----------
    origin : float
        Time stamp, in seconds, of the clock's zero.
    starts : mapping of int to list of int
        The places in the file, in bytes, where another correction begins to count.
    shifts : mapping of int to list of float
        These corrections, in seconds, to be added to time stamps; one more than there are places.
    ends : mapping of int to float
        Where each stream ends, in seconds on the clock, as far as that is known.
    keys : list of (float, int)
        Times and places of the key pictures; of a file that was read through only.
    """

    origin: float
    starts: Mapping[int, list[int]] = field(default_factory=dict)
    shifts: Mapping[int, list[float]] = field(default_factory=dict)
    ends: Mapping[int, float] = field(default_factory=dict)
    keys: list[tuple[float, int]] = field(default_factory=list)

    @property
    def is_joined(self) -> bool:
        """Whether the time stamps start anew somewhere."""
        return any(self.starts.values())

    def corrected(self, packets: Iterable[Any]) -> Iterator[Any]:
        """Bring the time stamps of packets to the clock, zero at `origin`."""
        before: dict[int, float] = {}
        for packet in packets:
            if packet.time_base and (packet.pts is not None or packet.dts is not None):
                index = packet.stream_index
                shift = before.get(index, 0.0)
                if self.starts.get(index) and packet.pos is not None:
                    shift = self.shifts[index][bisect_right(self.starts[index], packet.pos)]
                    before[index] = shift
                ticks = round((shift - self.origin) / packet.time_base)
                if not _agree(packet):
                    packet.pts = None
                if packet.pts is not None:
                    packet.pts += ticks
                if packet.dts is not None:
                    packet.dts += ticks
            yield packet

    def place_before(self, time: float) -> int | None:
        """Where in the file, in bytes, the last key picture up to a time lies; None where that is not known."""
        number = bisect_right([key for key, _ in self.keys], time)
        return self.keys[number - 1][1] if number else None


def read_clock(path: str | Path) -> MediaClock:
    """Find the clock of a media file; remembered until the file changes.

    Containers that cannot be trusted with time, or do not say how long they last, are read through once,
    without decoding.
    """
    return _read_clock(*file_state(path))


@lru_cache(maxsize=256)
def _read_clock(path: str, changed: int, size: int) -> MediaClock:
    with open_media(path) as container:
        video, sound = default_stream(container, "video"), default_stream(container, "audio")
        streams = [stream for stream in (video, sound) if stream is not None]
        starts = [float(s.start_time * s.time_base) for s in streams if s.start_time is not None]
        known = video is None or bool(video.duration)
        if container.format.name in TABLED and known:
            origin = min(starts, default=0.0)
            ends = {
                s.index: float((s.start_time or 0) + s.duration) * float(s.time_base) - origin
                for s in streams
                if s.duration
            }
            return MediaClock(origin, ends=ends)
        reader = _PartReader(LEAP.get(container.format.name, OTHER_LEAP))
        for packet in demux_leniently(container, *streams):
            reader.add(packet)
        return reader.finish(min(starts, default=None))


@dataclass(eq=False)
class _Stretch:
    """Successive packets of one stream and one part."""

    part: int
    place: int | None  # in bytes
    start: float  # seconds, as stamped
    end: float
    damaged: bool = False  # its stream came back to the part where it was


class _PartReader:
    """Tells the parts of a file by the time stamps of its packets, in the order in which they come.

    A packet that steps back or leaps begins a new part, unless the other stream got there before it: then both
    are in the same part (or, where it never left, there was only a pause in one of the two).
    """

    def __init__(self, leap: float) -> None:
        self._leap = leap
        self._stretches: dict[int, list[_Stretch]] = {}
        self._last: dict[int, float] = {}  # in the order of decoding, in seconds
        self._keys: list[tuple[int, float, int]] = []  # part, time as stamped, place
        # seconds of packets without time stamps, as of pictures without a container
        self._unstamped: dict[int, float] = defaultdict(float)
        self._parts = 1

    def add(self, packet: Any) -> None:
        """Take the next packet."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        if not packet.time_base:
            return
        base, index = float(packet.time_base), packet.stream_index
        if stamp is None:
            self._unstamped[index] += (packet.duration or 0) * base
            return
        decoded = stamp * base
        shown = (packet.pts if packet.pts is not None and _agree(packet) else stamp) * base
        duration = (packet.duration or 0) * base
        if not duration and packet.stream.type == "video":
            duration = 1.0 / float(packet.stream.average_rate or packet.stream.guessed_rate or 25)
        own = self._stretches.setdefault(index, [])
        part = own[-1].part if own else self._newest()
        if own and packet.dts is not None and index in self._last:
            step = decoded - self._last[index]
            if not -BACK <= step <= self._leap:
                part = self._part_of(index, decoded, abs(step))
        if own and part == own[-1].part:
            own[-1].start = min(own[-1].start, shown)
            own[-1].end = max(own[-1].end, shown + duration)
        else:
            own.append(_Stretch(part, packet.pos, shown, shown + duration))
        if packet.dts is not None:
            self._last[index] = decoded
        if packet.stream.type == "video" and packet.is_keyframe and packet.pos is not None:
            self._keys.append((part, shown, packet.pos))

    def finish(self, origin: float | None) -> MediaClock:
        """Lay the parts behind each other."""
        for own in self._stretches.values():
            for before, one, after in zip(own, own[1:], own[2:], strict=False):
                one.damaged = before.part == after.part
        stretches = [one for own in self._stretches.values() for one in own if not one.damaged]
        shifts: dict[int, float] = {}
        end = None
        for part in range(self._parts):
            here = [one for one in stretches if one.part == part]
            if not here:
                continue
            shifts[part] = 0.0 if end is None else end - min(one.start for one in here)
            last = max(one.end for one in here) + shifts[part]
            end = last if end is None else max(end, last)
        if origin is None:
            origin = min((one.start for one in stretches if one.part == 0), default=0.0)
        places, corrections, ends = {}, {}, dict(self._unstamped)
        for index, own in self._stretches.items():
            places[index] = [one.place or 0 for one in own[1:]]
            corrections[index] = _all_shifts(own, shifts)
            whole = [one.end + shifts[one.part] for one in own if not one.damaged]
            ends[index] = max(whole) - origin
        keys = [
            (time + shifts[part] - origin, place)
            for part, time, place in self._keys
            if part in shifts
        ]
        return MediaClock(origin, places, corrections, ends, sorted(keys))

    def _newest(self) -> int:
        return max((own[-1].part for own in self._stretches.values() if own), default=0)

    def _part_of(self, index: int, decoded: float, leap: float) -> int:
        """Which part a packet belongs to that does not continue its stream."""
        for other, last in self._last.items():
            if other != index and abs(decoded - last) < leap / 2:
                return self._stretches[other][-1].part
        self._parts += 1
        return self._parts - 1


def _agree(packet: Any) -> bool:
    """Whether the two time stamps of a packet are of one moment; a picture is shown soon after it is decoded."""
    if packet.pts is None or packet.dts is None:
        return True
    return bool(abs(packet.pts - packet.dts) * packet.time_base < LARGEST_DELAY)


def _all_shifts(own: list[_Stretch], shifts: Mapping[int, float]) -> list[float]:
    """Give the correction of each stretch; damaged ones go on where the one before ended."""
    found: list[float] = []
    for number, one in enumerate(own):
        end = own[number - 1].end  # of the one before
        found.append(end + found[-1] - one.start if one.damaged else shifts[one.part])
    return found
