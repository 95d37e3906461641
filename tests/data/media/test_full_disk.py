"""Where there is no room, what writes media says so, whatever it had written; nothing is left behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.shift_sound import write_shifted
from pins_plugin.data.media.video_writer import VideoWriter

resource = pytest.importorskip("resource", reason="the system knows no limit of a file's size")
NOISE = np.random.default_rng(0)
PICTURES = NOISE.integers(0, 255, (20, 64, 96, 3), np.uint8)
SOUND = NOISE.normal(0, 0.1, 16000).astype(np.float32)


@contextmanager
def _room(size: int) -> Iterator[None]:
    """Let no file become larger than `size` bytes: writing fails then, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _video(path: Path, source: Path | None) -> None:
    rate = 16000 if source is None else None
    with VideoWriter(path, 96, 64, 25, sample_rate=rate, sound_of=source) as video:
        for picture in PICTURES:
            video.add_image(picture)
        if source is None:
            video.add_sound(SOUND)


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "own.mp4": lambda path, _: _video(path, None),
    "carried.mp4": _video,  # a packet for which there was no room was passed over, and the next one ended the process
    "shifted.mp4": lambda path, source: write_shifted(source, path, 0.04),
    "sound.wav": lambda path, _: save_audio(path, SOUND),
    "sound.flac": lambda path, _: save_audio(
        path, SOUND
    ),  # without a word its last block was not there
}


@pytest.mark.parametrize("name", WRITERS)
def test_without_room_there_is_an_error_and_nothing_else(name: str, tmp_path: Path) -> None:
    source, folder = tmp_path / "source.mp4", tmp_path / "out"
    _video(source, None)
    WRITERS[name](folder / name, source)
    whole = (folder / name).read_bytes()
    (folder / name).unlink()
    for size in [*range(0, len(whole), len(whole) // 20), len(whole) - 1]:
        with pytest.raises(OSError, match="File too large") as found, _room(size):
            WRITERS[name](folder / name, source)
        assert found.value.filename == str(folder / name)  # neither none nor a hidden one
        assert not list(folder.iterdir())
    with _room(len(whole)):
        WRITERS[name](folder / name, source)
    assert (folder / name).read_bytes() == whole
