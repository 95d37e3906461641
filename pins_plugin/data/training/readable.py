"""Whether a clip can be read at all: a look at the head of each file."""

from pins_plugin.data.media.container import choose_stream, open_media
from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.media.images import is_image
from pins_plugin.types import TalkingFaceClip
from pins_plugin.utils.explain import explain

Fault = tuple[str, str]
"""Whose path the text begins with, "faces", "audio" or "" (neither), and the rest of the text."""


def find_fault(clip: TalkingFaceClip) -> Fault | None:
    """Say what is wrong with a clip's face or its sound; None where nothing is."""
    try:
        if clip.faces.is_dir() or is_image(clip.faces):
            load_faces(clip.faces, 32, num_frames=1)
        else:
            with open_media(clip.faces) as media:
                choose_stream(media, clip.faces, "video")
        with open_media(clip.audio) as media:
            choose_stream(media, clip.audio, "audio")
    except Exception as error:  # foreseen or not, it costs this clip only
        text = explain(error)
        for name, path in (("audio", clip.audio), ("faces", clip.faces)):
            if text.startswith(str(path)):
                return name, text.removeprefix(str(path))
        return "", text
    return None
