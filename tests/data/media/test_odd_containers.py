"""However a container stores a video, what comes out is what its plain MP4 twin gives: pictures, times, sound, shape."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from odd_media import (
    HEIGHT,
    PULSES,
    RATE,
    WIDTH,
    Recipe,
    find_pulses,
    find_square,
    join,
    square_at,
    write_media,
)

from pins_plugin.data.media import picture_stream
from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.clock import read_clock
from pins_plugin.data.media.container import default_stream, open_media, plays_in_browsers
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError

FRAME = 1 / RATE
TS = {"format": "mpegts"}
MPG = {"format": "mpeg", "video": "mpeg2video", "sound": "mp2"}
CORPUS = [
    Recipe("b_frames.mp4", b_frames=3, gop=250),
    Recipe("starts_at_ten.mkv", b_frames=3, offset=10.0),
    Recipe("late_clock.mp4", offset=5.0),
    Recipe("opus.webm", video="libvpx", sound="libopus"),
    Recipe("phone.mp4", turn=270, sample_rate=44100, layout="mono"),
    Recipe("upside_down.mkv", turn=180),
    Recipe("wide.mp4", pixel=Fraction(2), sample_rate=32000),
    Recipe("tall.mp4", pixel=Fraction(5, 6)),
    Recipe("wide_on_its_side.mp4", pixel=Fraction(4, 3), turn=90),
    Recipe("wide.ts", **TS, pixel=Fraction(4, 3), b_frames=2),
    Recipe("broadcast.ts", **TS, b_frames=2, offset=3.0, sample_rate=44100),
    Recipe("one_key.ts", **TS, gop=500, sound="mp2"),
    Recipe("program.mpg", **MPG, b_frames=2, layout="mono"),
    Recipe("flash.flv", format="flv", b_frames=2, sample_rate=44100),
    Recipe("disc.avi", video="mpeg4", sound="ac3"),
    Recipe("b_frames.avi", b_frames=3, gop=250, sound="pcm_s16le"),
    Recipe("b_frames_divx.avi", video="mpeg4", b_frames=2, sound="pcm_s16le", layout="mono"),
    Recipe("camera.mov", video="mjpeg", sound="pcm_s16le"),
    Recipe("studio.mxf", video="mpeg2video", sound="pcm_s16le"),
]


def when_shown(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times of all pictures, and the times that their squares tell; both (num_frames,), in seconds."""
    info = probe_video(path)
    frames = list(iter_frames(path))
    assert {frame.image.shape for frame in frames} == {(info.height, info.width, 3)}
    centers = np.array([find_square(frame.image) for frame in frames])
    told = (centers[:, 0] * WIDTH / info.width - 20) / 70
    expected = np.array([square_at(time)[1] for time in told])
    assert centers[:, 1] * HEIGHT / info.height == pytest.approx(expected, abs=1.0)
    return np.array([frame.time for frame in frames]), told


def lag_of_sound(path: Path, tolerance: float = 0.003) -> float:
    """How much later the sound comes than the pictures, in seconds; each picture and pulse must be in its place."""
    times, told = when_shown(path)
    pulses = np.array(find_pulses(load_audio(path))) - PULSES
    assert np.ptp(times - told) < tolerance + 0.004, "a picture is out of its place"
    assert np.ptp(pulses) < tolerance, "a pulse is out of its place"
    return float(np.median(pulses) - np.median(times - told))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold the files that were made once."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def twin(folder: Path) -> float:
    """Lag of the plain MP4, which has 40 pictures."""
    path = write_media(folder, Recipe("twin.mp4"))
    assert len(when_shown(path)[0]) == 40
    return lag_of_sound(path)


@pytest.mark.parametrize("recipe", CORPUS, ids=lambda recipe: recipe.name)
def test_odd_file_gives_what_its_twin_gives(folder: Path, twin: float, recipe: Recipe) -> None:
    path = write_media(folder, recipe)
    info = probe_video(path)
    assert info.width / info.height == pytest.approx(WIDTH / HEIGHT, rel=0.02)
    assert info.duration == pytest.approx(1.6, abs=FRAME)
    times, _ = when_shown(path)
    assert len(times) == 40
    assert times[0] < FRAME
    assert lag_of_sound(path) == pytest.approx(twin, abs=0.006)


@pytest.mark.parametrize(
    "recipe",
    [recipe for recipe in CORPUS if recipe.turn == 0 and recipe.pixel == 1],
    ids=lambda recipe: recipe.name,
)
def test_pictures_from_a_moment_on_are_those_of_the_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    path = write_media(folder, recipe)
    monkeypatch.setattr(
        picture_stream, "SHORT", 0.1
    )  # so that a second and a half has to be entered
    whole = list(iter_frames(path))
    for start in (0.5, 0.9, 1.4):
        wanted = next(frame for frame in whole if frame.time >= start)
        found = next(iter_frames(path, start=start))
        assert found.time == pytest.approx(wanted.time, abs=1e-3)
        assert np.abs(found.image.astype(int) - wanted.image).mean() < 1


def _parts(folder: Path, name: str, **second: object) -> Path:
    first = {"format": "mpegts", "b_frames": 2} | second
    kept = {key: first[key] for key in ("format", "b_frames", "video", "sound") if key in first}
    ends = {"mpegts": "ts", "mpeg": "mpg"}[str(first["format"])]
    one = write_media(folder, Recipe(f"one_{name}.{ends}", end=0.8, **kept))
    two = write_media(folder, Recipe(f"two_{name}.{ends}", begin=0.8, **first))
    return join(folder / f"{name}.{ends}", [one, two])


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("again", {"offset": -0.8}),
        ("hours_later", {"offset": 72000.0}),
        ("before", {"offset": 90.0}),
        ("program", MPG | {"offset": -0.8}),
        ("smaller", {"scale": 0.5, "offset": 0.2}),
        ("mono", {"layout": "mono", "sample_rate": 32000, "offset": 0.2}),
    ],
)
def test_joined_parts_lie_behind_each_other(
    folder: Path, twin: float, name: str, second: dict
) -> None:
    path = _parts(folder, name, **second)
    times, told = when_shown(path)
    assert len(times) == 40
    assert np.diff(times).min() > 0.9 * FRAME
    assert np.diff(times).max() < FRAME + 0.21  # parts may leave a pause
    assert probe_video(path).duration == pytest.approx(1.7, abs=0.18)
    waveform = load_audio(path)
    assert len(waveform) / 16000 == pytest.approx(1.7, abs=0.2)
    pulses = np.array(find_pulses(waveform))
    assert len(pulses) == len(PULSES)
    for chosen, pulse in (
        (told < 0.8, slice(0, 3)),
        (told >= 0.8, slice(3, 6)),
    ):  # within each part
        lag = np.median(pulses[pulse] - PULSES[pulse]) - np.median((times - told)[chosen])
        assert lag == pytest.approx(twin, abs=0.006)


def test_joined_parts_can_be_entered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_stream, "SHORT", 0.1)
    path = _parts(folder, "entered", offset=-0.8)
    assert read_clock(path).is_joined
    whole = list(iter_frames(path))
    for start in (0.5, 1.2):
        wanted = next(frame for frame in whole if frame.time >= start)
        found = next(iter_frames(path, start=start))
        assert found.time == pytest.approx(wanted.time, abs=1e-3)
        assert np.abs(found.image.astype(int) - wanted.image).mean() < 1


def test_picture_of_another_shape_is_fitted_inside(folder: Path) -> None:
    wide = write_media(folder, Recipe("wide_part.ts", **TS, end=0.4))
    with av.open(str(folder / "narrow.ts"), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH // 2, HEIGHT, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(
                np.full((HEIGHT, WIDTH // 2, 3), 200, np.uint8), "rgb24"
            )
            frame.pts = 10 + number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path = join(folder / "shapes.ts", [wide, folder / "narrow.ts"])
    image = list(iter_frames(path))[-1].image
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image[:, :30].max() < 30
    assert image[:, 130:].max() < 30
    assert image[:, 50:110].min() > 180


def _raw_sound(
    path: Path, stamps: list[float], pieces: list[np.ndarray], rate: int = 16000
) -> Path:
    """Write 16-bit sound with the time stamps that are given."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        for stamp, piece in zip(stamps, pieces, strict=True):
            packet = av.Packet((piece * 32767).astype(np.int16).tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, 1_000_000)
            packet.pts = packet.dts = round(stamp * 1e6)
            packet.duration = round(len(piece) / rate * 1e6)
            container.mux(packet)
    return path


def test_samples_that_outrun_their_time_stamps_are_dropped(tmp_path: Path) -> None:
    count, size = 500, 320
    pieces = [np.zeros(size, np.float32) for _ in range(count)]
    for second in range(1, 10):  # a pulse whenever the stamps say a full second
        pieces[second * 50][:80] = 0.9
    stamps = [number * 0.02 for number in range(count)]
    drifting = [np.concatenate([piece, piece[-10:]]) for piece in pieces]  # 3 % too many samples
    waveform = load_audio(_raw_sound(tmp_path / "drift.mkv", stamps, drifting))
    assert len(waveform) / 16000 == pytest.approx(10.0, abs=0.06)
    pulses = find_pulses(waveform)
    assert pulses == pytest.approx(np.arange(1, 10), abs=0.06)


def test_a_pause_of_hours_in_the_time_stamps_is_closed(tmp_path: Path) -> None:
    stamps = [number * 0.02 + 70000.0 * (number >= 50) for number in range(100)]
    path = _raw_sound(tmp_path / "leap.mkv", stamps, [np.full(320, 0.1, np.float32)] * 100)
    assert len(load_audio(path)) / 16000 == pytest.approx(2.0, abs=0.05)


def test_a_pause_of_seconds_is_silence(tmp_path: Path) -> None:
    stamps = [number * 0.02 + 3.0 * (number >= 50) for number in range(100)]
    path = _raw_sound(tmp_path / "pause.mkv", stamps, [np.full(320, 0.1, np.float32)] * 100)
    waveform = load_audio(path)
    assert len(waveform) / 16000 == pytest.approx(5.0, abs=0.01)
    assert np.abs(waveform[17000:63000]).max() == 0


def test_no_numbers_are_silence(tmp_path: Path) -> None:
    samples = np.full(1600, 0.5, np.float32)
    samples[100:200], samples[300], samples[400] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "nan.wav", samples, 16000, subtype="FLOAT")
    waveform = load_audio(tmp_path / "nan.wav")
    assert np.isfinite(waveform).all()
    assert waveform[:100] == pytest.approx(0.5)
    assert np.abs(waveform[100:200]).max() == 0


@pytest.mark.parametrize("num_samples", [1, 100, 511])
def test_very_short_sound_is_what_it_is(tmp_path: Path, num_samples: int) -> None:
    soundfile.write(tmp_path / "short.wav", np.full(num_samples, 0.25, np.float32), 16000)
    assert len(load_audio(tmp_path / "short.wav")) == num_samples


def _two_sounds(path: Path, default: int) -> Path:
    with av.open(str(path), "w") as container:
        streams = []
        for number in range(2):
            stream = container.add_stream("aac", rate=16000, layout="mono")
            stream.disposition = av.stream.Disposition.default if number == default else 0
            streams.append(stream)
        for loud, stream in enumerate(streams):
            samples = np.full((1, 16000), 0.0, np.float32)
            samples[:] = 0.5 * loud * np.sin(np.arange(16000) * 0.3)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), 0
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    return path


@pytest.mark.parametrize("name", ["two.mkv", "two.mp4"])
@pytest.mark.parametrize("default", [0, 1])
def test_sound_is_the_default_track(tmp_path: Path, name: str, default: int) -> None:
    path = _two_sounds(tmp_path / name, default)
    with open_media(path) as container:
        assert default_stream(container, "audio").index == default
    assert (np.abs(load_audio(path)).max() > 0.1) == bool(default)


@pytest.mark.parametrize(
    "name", ["http:evil.example:80?x.mp4", "talk: part 1.mp4", "concat:a|b.mp4", "tcp:1.mp4"]
)
def test_names_are_those_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_media(tmp_path, Recipe("plain.mp4", end=0.2))
    Path("plain.mp4").rename(name)
    assert len(list(iter_frames(name))) == 5
    assert len(load_audio(name)) > 1000


def test_title_that_is_no_utf_8_is_no_obstacle(tmp_path: Path) -> None:
    path = write_media(tmp_path, Recipe("a.mkv", end=0.2))
    content = path.read_bytes()
    assert b"Lavf" in content
    path.write_bytes(content.replace(b"Lavf", b"L\xfcvf"))
    assert len(list(iter_frames(path))) == 5


@pytest.mark.parametrize(
    ("name", "text"),
    [("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:0.2,\n{}\n#EXT-X-ENDLIST\n"), ("list.mp4", "ffconcat version 1.0\nfile {}\n")],
)  # fmt: skip
def test_playlists_are_refused(tmp_path: Path, name: str, text: str) -> None:
    other = write_media(tmp_path, Recipe("other.ts", **TS, end=0.2))
    (tmp_path / name).write_text(text.format(other.name))
    with pytest.raises(MediaError, match="not a readable media file"):
        probe_video(tmp_path / name)


def test_codec_that_is_not_known_is_named(tmp_path: Path) -> None:
    path = write_media(tmp_path, Recipe("a.avi", video="mpeg4", sound="libmp3lame", end=0.4))
    content = path.read_bytes()
    place = content.index(b"strf", content.index(b"auds")) + 8
    path.write_bytes(content[:place] + b"\x99\x99" + content[place + 2 :])
    assert len(list(iter_frames(path))) >= 10
    with pytest.raises(MediaError, match=r"a\.avi: its sound is of a codec that is not known"):
        load_audio(path)
    assert not plays_in_browsers(path)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("mp3.avi", video="mpeg4", sound="libmp3lame", sample_rate=44100),
        Recipe("ac3.avi", video="mpeg4", sound="ac3"),
        Recipe("joined", **TS),
        Recipe("late.mkv", offset=10.0, sound="libmp3lame"),
        Recipe("wide.mp4", pixel=Fraction(2)),
    ],
    ids=lambda recipe: recipe.name,
)
def test_copy_with_the_sound_of_any_file_keeps_time(tmp_path: Path, recipe: Recipe) -> None:
    source = (
        _parts(tmp_path, "joined", offset=-0.8)
        if recipe.name == "joined"
        else write_media(tmp_path, recipe)
    )
    info = probe_video(source)
    out = tmp_path / "out.mp4"
    with VideoWriter(out, info.width, info.height, info.frame_rate, sound_of=source) as writer:
        for frame in iter_frames(source):
            writer.add_image(frame.image, frame.time)
    assert (probe_video(out).width, probe_video(out).height) == (info.width, info.height)
    before, after = find_pulses(load_audio(source)), find_pulses(load_audio(out))
    shown, told = when_shown(out)
    times, _ = when_shown(source)
    assert len(shown) == len(times) == len(told)
    assert np.array(after) - shown[0] == pytest.approx(np.array(before) - times[0], abs=0.004)


def test_parts_that_overlap_a_little_never_step_back(folder: Path) -> None:
    times, _ = when_shown(_parts(folder, "overlap", offset=0.0))
    assert len(times) in (38, 39)  # the second part begins before the first has ended
    assert np.diff(times).min() > 0.9 * FRAME


def test_file_without_a_duration_lasts_until_its_last_picture(tmp_path: Path) -> None:
    plain = write_media(tmp_path, Recipe("plain.webm", video="libvpx", sound="libopus"))
    live = tmp_path / "live.webm"
    with av.open(str(plain)) as source, av.open(str(live), "w", options={"live": "1"}) as out:
        streams = {one.index: out.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    with av.open(str(live)) as container:
        assert container.duration is None
    assert probe_video(live).duration == pytest.approx(1.6, abs=FRAME)


def test_pictures_without_a_container_come_one_after_the_other(tmp_path: Path) -> None:
    plain = write_media(tmp_path, Recipe("plain.mp4"))
    raw = tmp_path / "raw.h264"
    with av.open(str(plain)) as source, av.open(str(raw), "w", format="h264") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert probe_video(raw).duration == pytest.approx(1.6)
    times = [frame.time for frame in iter_frames(raw)]
    assert times == pytest.approx(np.arange(40) / 25)
    assert [frame.time for frame in iter_frames(raw, start=1.5)] == pytest.approx(times[38:])


def test_one_damaged_time_stamp_costs_no_more_than_its_picture(tmp_path: Path) -> None:
    path = write_media(tmp_path, Recipe("a.ts", **TS, gop=5))
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    start = content.index(b"\x00\x00\x01\xe0", places[20])
    content[start + 9] ^= 0x08  # the highest bit of the presentation time: 13 hours
    path.write_bytes(bytes(content))
    times, _ = when_shown(path)
    assert len(times) >= 39
    assert np.diff(times).max() < 3 * FRAME
    assert probe_video(path).duration == pytest.approx(1.6, abs=0.08)
