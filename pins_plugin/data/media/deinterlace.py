"""Turn interlaced pictures into whole ones, through libavfilter."""

from collections.abc import Iterable, Iterator
from typing import Any

import av
import av.error
import av.filter


def deinterlace(frames: Iterable[Any]) -> Iterator[Any]:
    """Weave the fields of decoded pictures that are flagged as interlaced; others pass untouched.

    Two fields of one interlaced picture were taken at two moments: whatever moves has combs for edges,
    which detectors of faces and readers of lips take for detail. FFmpeg's `bwdif` makes one whole picture of each,
    with its own time stamp.
    """
    graph: Any = None
    shape: tuple[Any, ...] = ()
    for frame in frames:
        if graph is None and not frame.interlaced_frame:
            yield frame
            continue
        now = (frame.width, frame.height, frame.format.name, frame.time_base)
        if graph is None or now != shape:
            if graph is not None:
                yield from _push(graph, None)
            graph, shape = _build(*now), now
        yield from _push(graph, frame)
    if graph is not None:
        yield from _push(graph, None)


def _build(width: int, height: int, pixels: str, time_base: Any) -> Any:
    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format=pixels, time_base=time_base)
    weave = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(weave)
    weave.link_to(sink)
    graph.configure()
    return graph


def _push(graph: Any, frame: Any) -> Iterator[Any]:
    graph.push(frame)
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
