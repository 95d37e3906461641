"""Pictures come back where they were put in time, upright, or with an error that helps."""

from pathlib import Path

import av
import numpy as np
import pytest

from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter, frame_rate_fraction
from pins_plugin.errors import MediaError


def _write(path: Path, num_frames: int = 30, frame_rate: float = 25.0, times=None) -> Path:
    with VideoWriter(path, 96, 64, frame_rate) as video:
        for index in range(num_frames):
            image = np.zeros((64, 96, 3), np.uint8)
            image[:32, :48] = (4 + 8 * index) % 250  # the bright corner is top left
            video.add_image(image, None if times is None else times[index])
    return path


def test_frames_come_back_at_their_times(tmp_path: Path) -> None:
    frames = list(iter_frames(_write(tmp_path / "a.mp4")))
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(30)], abs=1e-4)
    corner = [float(frame.image[:24, :40].mean()) for frame in frames]
    assert corner == pytest.approx([4 + 8 * i for i in range(30)], abs=4)


def test_variable_frame_rate_keeps_each_time_stamp(tmp_path: Path) -> None:
    times = list(np.cumsum([0.0] + [0.02 if i % 3 else 0.09 for i in range(29)]))
    frames = list(iter_frames(_write(tmp_path / "vfr.mp4", times=times)))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-3)


def test_range_is_half_open(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mp4", num_frames=100)
    times = [frame.time for frame in iter_frames(path, start=2.0, end=2.2)]
    assert times == pytest.approx([2.0, 2.04, 2.08, 2.12, 2.16])


def test_pictures_shrink_to_max_side(tmp_path: Path) -> None:
    frame = next(iter_frames(_write(tmp_path / "a.mp4"), max_side=48))
    assert frame.image.shape == (32, 48, 3)


def test_probe_tells_size_rate_and_duration(tmp_path: Path) -> None:
    info = probe_video(_write(tmp_path / "a.mp4"))
    assert (info.width, info.height, info.has_audio, info.rotation) == (96, 64, False, 0)
    assert info.frame_rate == pytest.approx(25)
    assert info.duration == pytest.approx(1.2)


def test_odd_size_loses_one_row_and_column(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "odd.mp4", 97, 65, 25) as video:
        video.add_image(np.zeros((65, 97, 3), np.uint8))
    assert probe_video(tmp_path / "odd.mp4").width == 96


@pytest.mark.parametrize("size", [(1, 64, 25), (96, 1, 25), (96, 64, 0), (96, 64, float("nan"))])
def test_what_no_video_can_show_is_refused(tmp_path: Path, size: tuple) -> None:
    with pytest.raises(MediaError, match="at least 2 x 2 pixels and a frame rate"):
        VideoWriter(tmp_path / "a.mp4", *size)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("rate", "fraction"),
    [(29.97, "30000/1001"), (25.0, "25"), (23.976, "24000/1001"), (12.5, "25/2")],
)
def test_usual_frame_rates_are_exact(rate: float, fraction: str) -> None:
    assert str(frame_rate_fraction(rate)) == fraction


def test_truncated_file_gives_what_it_has(tmp_path: Path) -> None:
    import av

    path = tmp_path / "whole.ts"
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for value in range(50):
            image = np.full((64, 96, 3), value * 4, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 5 < len(list(iter_frames(path))) < 50


def test_failed_writing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), VideoWriter(tmp_path / "a.mp4", 96, 64, 25) as video:
        video.add_image(np.zeros((64, 96, 3), np.uint8))
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nowhere\.mp4: no such file"):
        probe_video(tmp_path / "nowhere.mp4")


def test_text_named_mp4_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a film")
    with pytest.raises(MediaError, match="not a readable media file"):
        list(iter_frames(tmp_path / "text.mp4"))


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="got a folder"):
        probe_video(tmp_path)


@pytest.mark.parametrize(
    ("turn", "matrix", "bright"),
    [
        (
            90,
            (0, 1, -1, 0),
            (0, 1),
        ),  # as a telephone held upright writes it: turn clockwise to show
        (180, (-1, 0, 0, -1), (1, 1)),
        (270, (0, -1, 1, 0), (1, 0)),
    ],
)
def test_pictures_come_upright_by_the_rotation_flag(
    tmp_path: Path, turn: int, matrix: tuple[int, ...], bright: tuple[int, int]
) -> None:
    plain = _write(tmp_path / "plain.mp4", num_frames=20).read_bytes()
    start = (
        plain.index(b"tkhd") + 44
    )  # ISO 14496-12, 8.3.2: the matrix of the track header, version 0
    values = [65536 * matrix[0], 65536 * matrix[1], 0, 65536 * matrix[2], 65536 * matrix[3], 0]
    turned = (
        plain[:start] + np.array([*values, 0, 0, 1 << 30], ">i4").tobytes() + plain[start + 36 :]
    )
    path = tmp_path / "turned.mp4"
    path.write_bytes(turned)
    image = [frame.image for frame in iter_frames(path)][-1].astype(float)
    height, width = image.shape[:2]
    assert (height, width) == ((64, 96) if turn == 180 else (96, 64))
    info = probe_video(path)
    assert (info.height, info.width, info.rotation) == (height, width, -turn % 360)
    quarters = image.reshape(2, height // 2, 2, width // 2, 3).mean(axis=(1, 3, 4))
    assert np.unravel_index(quarters.argmax(), (2, 2)) == bright


def test_picture_on_a_cover_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "song.m4a"), "w", format="mp4") as song:
        cover = song.add_stream("mjpeg", width=16, height=16, pix_fmt="yuvj420p")
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
        song.mux(cover.encode(picture))
        song.mux(cover.encode(None))
    with pytest.raises(MediaError, match="holds no video stream"):
        probe_video(tmp_path / "song.m4a")
