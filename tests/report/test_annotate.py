"""The annotated copy of a video."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.links.linked_video import LinkedVideo
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError
from pins_plugin.report.annotate import annotate_image, write_annotated_video
from pins_plugin.report.style import color_of

TIMES = [0.0, 0.05, 0.2, 0.3, 0.7, 1.2, 1.25, 1.6, 1.9]
BOX = [40, 60, 100, 140]


def _links(name: str = "ANNA") -> dict:
    turn = {"speaker": "S0", "confidence": 0.9}
    return {
        "version": 1,
        "video": "a.mp4",
        "duration": 2.0,
        "links": [
            {**turn, "start": 0, "end": 1, "person": name, "box": BOX},
            {**turn, "start": 1.5, "end": 2, "person": None, "box": None},
        ],
        "tracks": [
            {"track": "T0", "person": name, "start": 0, "end": 1.4, "boxes": [[0, *BOX], [1.4, *BOX]]}
        ],
    }  # fmt: skip


@pytest.fixture
def video(tmp_path: Path) -> Path:
    with VideoWriter(tmp_path / "a.mp4", 200, 160, 25, sample_rate=16000) as writer:
        for time in TIMES:
            writer.add_image(np.full((160, 200, 3), 90, np.uint8), time)
        writer.add_sound(0.5 * np.sin(np.arange(32000) / 5).astype(np.float32))
    return tmp_path / "a.mp4"


def test_annotated_video_keeps_time_stamps_size_and_sound(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "b.mp4"
    write_annotated_video(video, _links(), out, quiet=True)
    assert [frame.time for frame in iter_frames(out)] == pytest.approx(TIMES)
    assert probe_video(out).width == 200
    assert np.array_equal(load_audio(out), load_audio(video))
    assert [path.name for path in out.parent.iterdir()] == ["b.mp4"]


def _has_color(image: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((np.abs(image.astype(int) - color).max(axis=-1) < 8).any())


@pytest.mark.parametrize(("time", "highlighted"), [(0.5, True), (1.2, False)])
def test_annotate_image_highlights_who_speaks(time: float, highlighted: bool) -> None:
    linked = LinkedVideo.from_links(_links())
    image = np.full((160, 200, 3), 90, np.uint8)
    annotate_image(image, linked, time)
    assert _has_color(image[55:145, 35:105], color_of(linked, "ANNA")) == highlighted
    assert not (image[60, 50:90] == 90).all(), "the face is boxed either way"
    assert (image[150:] == 90).all(), "no caption while nobody is off screen"


def test_annotate_image_names_who_is_off_screen() -> None:
    linked = LinkedVideo.from_links(_links())
    image = np.full((160, 200, 3), 90, np.uint8)
    annotate_image(image, linked, 1.6)
    assert (image[:120] == 90).all()
    assert _has_color(image[120:], color_of(linked, None))


@pytest.mark.parametrize("name", ["Žofie Łukasiewicz-Ångström", "x" * 300, "", "%s{}\n<b>"])
def test_annotate_image_takes_any_name_and_size(name: str) -> None:
    linked = LinkedVideo.from_links(_links(name))
    for size in ((2, 2, 3), (31, 17, 3), (160, 200, 3)):
        annotate_image(np.zeros(size, np.uint8), linked, 0.5)
        annotate_image(np.zeros(size, np.uint8), linked, 1.6)


def test_annotated_video_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("no video")
    with pytest.raises(MediaError):
        write_annotated_video(tmp_path / "bad.mp4", _links(), tmp_path / "out" / "b.mp4")
    assert not (tmp_path / "out").exists()
