"""A copy of a video whose sound comes earlier or later; neither picture nor sound is encoded anew."""

from pathlib import Path

import av
import av.error

from pins_plugin.data.media import open_media, reason
from pins_plugin.errors import MediaError
from pins_plugin.utils.files import atomic_path


def write_shifted(source: str | Path, target: str | Path, seconds: float) -> None:
    """Copy a video with its sound moved in time.

    Sound that would come before the first picture is left out.

    Parameters
    ----------
    source, target : str or Path
        The target's ending says the container, such as .mp4, .mkv, .mov.
    seconds : float
        How much later the sound shall come; negative for earlier.

    Raises
    ------
    MediaError
        When the source is unreadable or lacks picture or sound, or the target's container cannot hold them.
    """
    source, target = Path(source), Path(target)
    if target.exists() and target.resolve() == source.resolve():
        raise MediaError(f"{target}: expected another file than the source; choose a new name")
    with open_media(source) as opened:
        if not opened.streams.video or not opened.streams.audio:
            raise MediaError(f"{source}: expected picture and sound, got only one of them")
        streams = [opened.streams.video[0], opened.streams.audio[0]]
        shift = {streams[1].index: round(seconds / streams[1].time_base)}
        first_picture = float((streams[0].start_time or 0) * streams[0].time_base)
        try:
            with atomic_path(target) as temporary, av.open(str(temporary), "w") as written:
                outputs = {
                    stream.index: written.add_stream_from_template(stream) for stream in streams
                }
                for packet in opened.demux(streams):
                    if packet.dts is None:
                        continue
                    index = packet.stream_index
                    if index in shift:
                        packet.dts += shift[index]
                        packet.pts += shift[index]
                        if float(packet.pts * packet.time_base) < first_picture:
                            continue
                    packet.stream = outputs[index]
                    written.mux(packet)
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                f"{target}: cannot be written ({reason(error)}); choose a name that ends in .mp4 or .mkv"
            ) from error
