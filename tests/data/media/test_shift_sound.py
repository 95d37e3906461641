"""Moving the sound of a file: by how much, which way, and what must stay."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from odd_media import Recipe, find_pulses, picture_at, sound_between, write_media

from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.shift_sound import write_shifted
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError


@pytest.fixture
def clicking(tmp_path):
    """Two seconds, black but for a flash at 1 s, silent but for a click at 1 s."""
    path = tmp_path / "click.mp4"
    waveform = np.zeros(32000, np.float32)
    waveform[16000:16160] = 0.9
    with VideoWriter(path, 64, 48, 25, sample_rate=16000) as writer:
        for index in range(50):
            writer.add_image(np.full((48, 64, 3), 255 * (index == 25), np.uint8))
        writer.add_sound(waveform)
    return path


def click_and_flash(path) -> tuple[float, float]:
    waveform = np.abs(load_audio(path))
    flash = max(iter_frames(path), key=lambda frame: frame.image.mean()).time
    return float(waveform.argmax()) / 16000, flash


@pytest.mark.parametrize("seconds", [-0.4, -0.05, 0.0, 0.12, 0.5])
def test_sound_moves_against_the_picture(clicking, tmp_path, seconds: float) -> None:
    write_shifted(clicking, tmp_path / "out.mp4", seconds)
    click, flash = click_and_flash(tmp_path / "out.mp4")
    assert click - flash == pytest.approx(seconds, abs=0.015)


def test_source_stays_and_target_is_whole_or_absent(clicking, tmp_path) -> None:
    before = clicking.read_bytes()
    with pytest.raises(MediaError, match="another file"):
        write_shifted(clicking, clicking, 0.1)
    with pytest.raises(MediaError, match="cannot be written"):
        write_shifted(clicking, tmp_path / "out.nothing", 0.1)
    assert clicking.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["click.mp4"]


def test_silent_video_is_refused(tmp_path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        writer.add_image(np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(MediaError, match="picture and sound"):
        write_shifted(tmp_path / "a.mp4", tmp_path / "b.mp4", 0.1)


def _rich(path: Path, *, audio: str = "aac") -> Path:
    """Two sound tracks, chapters, a title, B-frames; pixels twice as wide as high."""
    with av.open(str(path), "w") as out:
        out.metadata["title"] = "A talk"
        milliseconds = Fraction(1, 1000)
        out.set_chapters(
            [
                {
                    "id": i,
                    "start": 800 * i,
                    "end": 800 * (i + 1),
                    "time_base": milliseconds,
                    "metadata": {"title": f"Part {i}"},
                }
                for i in range(2)
            ]
        )
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 96, "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(2)
        video.codec_context.gop_size, video.codec_context.max_b_frames = 250, 3
        sounds = [out.add_stream(audio, rate=16000, layout="mono") for _ in range(2)]
        sounds[1].metadata["language"] = "deu"
        packets = []
        for number in [*range(40), None]:
            frame = None
            if number is not None:
                frame = av.VideoFrame.from_ndarray(picture_at(number / 25)[:, 40:104], "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
            packets.extend(video.encode(frame))
        for sound in sounds:
            waveform = sound_between(0, 1.6, 16000)
            frame = av.AudioFrame.from_ndarray(waveform[None], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), 0
            packets.extend([*sound.encode(frame), *sound.encode(None)])
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            out.mux(packet)
    return path


def _packets(path: Path) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                found.setdefault(packet.stream_index, []).append(bytes(packet))
    return found


@pytest.mark.parametrize(
    ("suffix", "seconds"), [(".mkv", 0.1), (".mkv", -0.1), (".mp4", 0.1), (".mov", -0.1)]
)
def test_every_packet_track_and_chapter_is_kept(
    tmp_path: Path, suffix: str, seconds: float
) -> None:
    source = _rich(tmp_path / f"rich{suffix}")
    target = tmp_path / f"moved{suffix}"
    write_shifted(source, target, seconds)
    had, has = _packets(source), _packets(target)
    sounds = [index for index in had if len(had[index]) != 40][:2]
    assert [has[index] for index in (0, *sounds)] == [had[index] for index in (0, *sounds)]
    with av.open(str(source)) as before, av.open(str(target)) as after:
        assert after.metadata["title"] == "A talk"
        assert [c["metadata"]["title"] for c in after.chapters()] == ["Part 0", "Part 1"]
        assert len(after.streams.audio) == 2
        assert suffix == ".mov" or after.streams.audio[1].language == "deu"
        assert after.streams.audio[1].language == before.streams.audio[1].language
    assert len(list(iter_frames(target))) == 40
    assert (probe_video(target).width, probe_video(target).height) == (128, 96)
    before_pulses, after_pulses = find_pulses(load_audio(source)), find_pulses(load_audio(target))
    moved = np.array(after_pulses) - before_pulses
    starts = next(iter_frames(target)).time - next(iter_frames(source)).time
    assert moved - starts == pytest.approx(seconds, abs=0.004)


def test_b_frames_without_times_are_refused(tmp_path: Path) -> None:
    source = write_media(tmp_path, Recipe("a.avi", b_frames=3, sound="pcm_s16le"))
    with pytest.raises(MediaError, match="does not say when its pictures are shown"):
        write_shifted(source, tmp_path / "out.mkv", 0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.avi"]


def test_what_a_container_cannot_hold_is_refused(tmp_path: Path) -> None:
    source = _rich(tmp_path / "pcm.mkv", audio="pcm_s16le")
    with pytest.raises(MediaError, match=r"cannot be written with all that pcm\.mkv holds"):
        write_shifted(source, tmp_path / "out.webm", 0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["pcm.mkv"]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("a.mkv", b_frames=3, gop=250),
        Recipe("a.ts", format="mpegts", b_frames=2),
        Recipe("a.avi", video="mpeg4", sound="ac3"),
        Recipe("turned.mp4", turn=90),
    ],
    ids=lambda recipe: recipe.name,
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_moves_in_any_container(tmp_path: Path, recipe: Recipe, suffix: str) -> None:
    source = write_media(tmp_path, recipe)
    target = tmp_path / f"out{suffix}"
    write_shifted(source, target, 0.12)
    frames, moved = list(iter_frames(source)), list(iter_frames(target))
    assert len(moved) == len(frames) == 40
    assert moved[0].image.shape == frames[0].image.shape
    lag = np.array(find_pulses(load_audio(target))) - find_pulses(load_audio(source))
    assert lag - (moved[0].time - frames[0].time) == pytest.approx(0.12, abs=0.004)
