"""The door for media files: opening them, and choosing the pictures and the sound that a player would choose.

Nothing else in the package opens a media file for reading. `data.media.clock` says when what was read is shown and heard.
"""

from collections.abc import Iterator, Sequence
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


@contextmanager
def open_media(path: str | Path) -> Iterator[Any]:
    """Open a media file for reading, with errors that a user understands.

    A name is always that of a file, whatever it looks like ("http:...", "talk: part 1.mp4"); no file is read but this one.
    """
    path = Path(path)
    if path.is_dir():
        raise MediaError(f"{path}: expected a media file, got a folder")
    if not path.is_file():  # nor a pipe, which could be waited for without end
        raise MediaError(f"{path}: no such file; check the path")
    try:
        container = av.open(
            f"file:{path.absolute()}",
            metadata_errors="ignore",
            options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file"},
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: not a readable media file ({reason(error)}); expected a video or sound file that FFmpeg reads"
        ) from error
    with container:
        yield container


def moving_pictures(container: Any) -> list[Any]:
    """The video streams of an opened file; the picture on the cover of a song is none."""
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & still]


def choose_video(container: Any, path: str | Path) -> Any:
    """Give the video stream that a player shows.

    Raises
    ------
    MediaError
        When there is none, or all are of codecs that FFmpeg does not know.
    """
    stream = default_video(container)
    if stream is None and moving_pictures(container):
        raise MediaError(f"{path}: its pictures are of a codec that is not known; convert the file")
    if stream is None:
        raise MediaError(f"{path}: holds no video stream; expected a video file")
    return stream


def choose_sound(container: Any, path: str | Path) -> Any:
    """Give the sound stream that a player plays: the default one.

    Raises
    ------
    MediaError
        When there is none, or all are of codecs that FFmpeg does not know.
    """
    stream = default_sound(container)
    if stream is None and container.streams.audio:
        raise MediaError(f"{path}: its sound is of a codec that is not known; convert the file")
    if stream is None:
        raise MediaError(f"{path}: has no sound; expected a file with an audio stream")
    return stream


def default_video(container: Any) -> Any:
    """Give the video stream that a player shows, or None."""
    return _chosen(moving_pictures(container))


def default_sound(container: Any) -> Any:
    """Give the sound stream that a player plays, or None."""
    return _chosen(list(container.streams.audio))


def _chosen(streams: Sequence[Any]) -> Any:
    """Pick the first that is flagged as default, else the first that is not made for a special audience."""
    flag = av.stream.Disposition
    special = flag.hearing_impaired | flag.visual_impaired | flag.comment
    special |= flag.descriptions | flag.dependent
    known = [stream for stream in streams if stream.codec_context is not None]
    plain = [stream for stream in known if not stream.disposition & special] or known
    default = [stream for stream in plain if stream.disposition & flag.default]
    return next(iter(default or plain), None)


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
        video, sound = default_video(container), default_sound(container)
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
