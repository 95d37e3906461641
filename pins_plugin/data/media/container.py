"""The door for media files: opening them, and choosing the pictures and the sound that a player would choose.

Nothing else in the package opens a media file for reading. `data.media.clock` says when what was read is shown and heard.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.error
import av.stream

from pins_plugin.errors import MediaError

# Containers that hold what they show. Playlists (hls, concat, dash, sdp) are left out: they read other files.
CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,flv,live_flv,kux,asf,asf_o,xwma,ogg,"
    "wav,w64,flac,mp3,aac,loas,ac3,eac3,ac4,dts,dtshd,truehd,mlp,amr,amrnb,amrwb,aiff,au,caf,voc,wv,ape,tta,tak,"
    "mpc,mpc8,shn,oma,qcp,sox,nistsphere,ircam,dsf,iff,spdif,gsm,mxf,gxf,dv,nut,rm,ivr,wtv,nsv,nuv,pva,ty,"
    "swf,lmlm4,lxf,mlv,dhav,hxvs,h261,h263,h264,hevc,vvc,av1,obu,ivf,m4v,mjpeg,vc1,dirac,yuv4mpegpipe,gif,"
    "png_pipe,jpeg_pipe,bmp_pipe,webp_pipe,tiff_pipe,gif_pipe,dnxhd,cavsvideo,avs2,avs3,ea,smk,bink,roq,vmd,3dostr,film_cpk,rpl,4xm,sbc,adx,g722,g726,bit,lc3,osq,qoa,wavarc"
)
ABSENT = {
    "video": ("pictures are", "holds no video stream; expected a video file"),
    "audio": ("sound is", "has no sound; expected a file with an audio stream"),
}


@contextmanager
def open_media(path: str | Path) -> Iterator[Any]:
    """Open a media file for reading, with errors that a user understands.

    A name is always that of a file, whatever it looks like ("http:...", "talk: part 1.mp4"); no file is read but this one.
    """
    absolute, _, _ = file_state(path)
    try:
        container = av.open(
            f"file:{absolute}",
            metadata_errors="ignore",
            options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file"},
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: not a readable media file ({reason(error)}); expected a video or sound file that FFmpeg reads"
        ) from error
    with container:
        yield container


def file_state(path: str | Path) -> tuple[str, int, int]:
    """Give absolute path, time of change (ns) and size (bytes), by which a file is known again.

    Raises
    ------
    MediaError
        When there is no such file.
    """
    path = Path(path)
    if path.is_dir():
        raise MediaError(f"{path}: expected a media file, got a folder")
    if not path.is_file():  # nor a pipe, which could be waited for without end
        raise MediaError(f"{path}: no such file; check the path")
    facts = path.stat()
    return str(path.absolute()), facts.st_mtime_ns, facts.st_size


def default_stream(container: Any, kind: str) -> Any:
    """Give the stream of a kind ("video", "audio") that a player shows or plays, or None.

    The first that is flagged as default, else the first that is not made for a special audience.
    """
    flag = av.stream.Disposition
    special = flag.hearing_impaired | flag.visual_impaired | flag.comment
    special |= flag.descriptions | flag.dependent
    known = [stream for stream in _streams(container, kind) if stream.codec_context is not None]
    plain = [stream for stream in known if not stream.disposition & special] or known
    default = [stream for stream in plain if stream.disposition & flag.default]
    return next(iter(default or plain), None)


def choose_stream(container: Any, path: str | Path, kind: str) -> Any:
    """Give the `default_stream`.

    Raises
    ------
    MediaError
        When there is none, or all are of codecs that FFmpeg does not know.
    """
    stream = default_stream(container, kind)
    if stream is None:
        what, expected = ABSENT[kind]
        if _streams(container, kind):
            expected = f"its {what} of a codec that is not known; convert the file"
        raise MediaError(f"{path}: {expected}")
    return stream


def _streams(container: Any, kind: str) -> list[Any]:
    """All of a kind; the picture on the cover of a song is no video."""
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return [each for each in container.streams if each.type == kind and not each.disposition & still]  # fmt: skip


def demux_leniently(container: Any, *streams: Any) -> Iterator[Any]:
    """Give the packets of some streams up to where the file is broken, then those that empty the decoders."""
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, IndexError):  # truncated, or streams came up on the way
            return
        if packet is None:
            return
        yield packet


def decode_packet(stream: Any, packet: Any) -> list[Any]:
    """Decode one packet, or empty the decoder with None; a packet that is damaged gives nothing."""
    try:
        frames = stream.codec_context.decode(packet)
    except (av.error.FFmpegError, ValueError):
        return []
    for frame in frames:
        if frame.time_base is None:
            frame.time_base = stream.time_base
    return list(frames)


def knows_decoding_only(container: Any) -> bool:
    """Whether a container says when each picture is decoded, but not when it is shown."""
    return bool(container.format.name == "avi")


def codec_name(stream: Any) -> str:
    """Name the codec of a stream, whichever decoder reads it: "mp3" for "mp3float"; empty where it is not known."""
    context = stream.codec_context
    return "" if context is None else str(context.codec.canonical_name)


def reason(error: Exception) -> str:
    """What FFmpeg says of an error, in a few words."""
    return str(getattr(error, "strerror", None) or error)


def plays_in_browsers(path: str | Path) -> bool:
    """Whether every current browser plays the file as it is, from time zero on."""
    with open_media(path) as container:
        video, sound = default_stream(container, "video"), default_stream(container, "audio")
        if "mp4" not in container.format.name or video is None:
            return False
        shown = [stream for stream in (video, sound) if stream is not None]
        starts = [each.start_time * each.time_base for each in shown if each.start_time is not None]
        return (
            [container.streams.video[0], *container.streams.audio[:1]] == shown
            and codec_name(video) == "h264"
            and video.codec_context.pix_fmt in ("yuv420p", "yuvj420p")
            and (sound is None or codec_name(sound) in ("aac", "mp3"))
            and bool(abs(min(starts, default=0.0)) < 0.02)
        )
