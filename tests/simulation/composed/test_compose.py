"""Composed scenes: what is shown and heard is what the truth says."""

import json
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.audio import load_audio
from pins_plugin.data.media.video import iter_frames, probe_video
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.errors import MediaError
from pins_plugin.pipelines.diarization.rttm import read_rttm
from pins_plugin.simulation.composed.clip_pictures import letterbox, play
from pins_plugin.simulation.composed.compose import compose_scene
from pins_plugin.simulation.composed.script import Recording, Segment, Stretch, Voice

COLORS = {"red": (220, 20, 20), "green": (20, 220, 20), "blue": (20, 20, 220)}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Three "people": a colored picture and a sine of its own pitch, 3 s."""
    folder = tmp_path_factory.mktemp("clips")
    clips = []
    for number, (name, color) in enumerate(COLORS.items()):
        path = folder / f"{name}.mp4"
        with VideoWriter(path, 64, 48, 25.0, 16000) as video:
            for _ in range(75):
                video.add_image(np.full((48, 64, 3), color, np.uint8))
            time = np.arange(48000) / 16000
            video.add_sound((0.3 * np.sin(2 * np.pi * 300 * (number + 1) * time)).astype("f4"))
        clips.append((name, path))
    return clips


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose pictures get brighter with time: 3 steps of grey each 25th of a second."""
    path = tmp_path_factory.mktemp("ramp") / "ramp.mp4"
    with VideoWriter(path, 64, 48, 25.0, 16000, quality=18) as video:
        for number in range(75):
            video.add_image(np.full((48, 64, 3), 20 + 3 * number, np.uint8))
        video.add_sound(np.zeros(48000, np.float32))
    return path


def _everywhere(sound: np.ndarray) -> list[tuple[float, float]]:
    return [(0.0, len(sound) / 16000)]


def _loudness(waveform: np.ndarray, pitch: float) -> float:
    spectrum = np.abs(np.fft.rfft(waveform)) / len(waveform)
    return float(spectrum[round(pitch * len(waveform) / 16000)])


def _pitch(waveform: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(waveform)).argmax() * 16000 / len(waveform))


def _turns(truth: dict) -> list[tuple[float, float, str]]:
    return [(turn["start"], turn["end"], turn["speaker"]) for turn in truth["turns"]]


def test_scene_shows_and_sounds_as_its_truth_says(
    tmp_path: Path, clips: list[tuple[str, Path]]
) -> None:
    red, green, blue = (Stretch(name, path, 0.5) for name, path in clips)
    segments = [
        Segment(1.0, (red, green), (Voice(green, 1.0),)),
        Segment(1.0, (red, green), (Voice(blue, 1.0),)),
    ]
    truth = compose_scene(tmp_path / "s.mp4", segments, find_speech=_everywhere)
    assert json.loads((tmp_path / "s.json").read_text()) == truth
    assert _turns(truth) == [(0.0, 1.0, "green"), (1.0, 2.0, "blue")]
    image = next(iter_frames(tmp_path / "s.mp4", start=1.5)).image
    for panel in truth["panels"][2:]:
        x1, y1, x2, y2 = panel["box"]
        middle = image[(y1 + y2) // 2, (x1 + x2) // 2]
        assert middle.argmax() == list(COLORS).index(panel["person"])
    sound = load_audio(tmp_path / "s.mp4")
    assert _pitch(sound[3000:13000]) == pytest.approx(600, abs=5)
    assert _pitch(sound[19000:29000]) == pytest.approx(900, abs=5)


def test_voices_overlap_and_go_on_over_cuts(tmp_path: Path, clips: list[tuple[str, Path]]) -> None:
    red, green, _ = (Stretch(name, path, 0.0) for name, path in clips)
    segments = [
        Segment(1.0, (red,), (Voice(red, 2.0),)),
        Segment(1.0, (green,), (Voice(green, 0.6, speaker="dubbed", gain=0.5),)),
    ]
    truth = compose_scene(tmp_path / "s.mp4", segments, find_speech=_everywhere)
    assert _turns(truth) == [(0.0, 2.0, "red"), (1.0, 1.6, "dubbed")]
    sound = load_audio(tmp_path / "s.mp4")
    alone, both = sound[4000:12000], sound[17600:24000]
    assert _loudness(both, 300) == pytest.approx(_loudness(alone, 300), rel=0.1)
    assert _loudness(both, 600) == pytest.approx(0.5 * _loudness(alone, 300), rel=0.1)
    assert _loudness(alone, 600) < 0.02 * _loudness(alone, 300)
    lines = (tmp_path / "s.rttm").read_text().splitlines()
    assert lines[1].split()[3:8] == ["1.000", "0.600", "<NA>", "<NA>", "dubbed"]


def test_names_of_two_words_are_one_in_rttm(tmp_path: Path, clips: list[tuple[str, Path]]) -> None:
    """They moved the columns behind them."""
    stretch = Stretch("Anna Bell", clips[0][1], 0.0)
    segment = Segment(0.4, (stretch,), (Voice(stretch, 0.4),))
    truth = compose_scene(tmp_path / "a scene.mp4", [segment], find_speech=_everywhere)
    assert _turns(truth) == [(0.0, 0.4, "Anna Bell")]
    (turns,) = read_rttm(tmp_path / "a scene.rttm").values()
    assert turns.labels() == ["Anna_Bell"]


def test_scenes_of_nothing_are_refused(tmp_path: Path) -> None:
    for segments in ([], [Segment(1.0, (), ())]):
        with pytest.raises(MediaError, match="of 1 to 4 panels each"):
            compose_scene(tmp_path / "s.mp4", segments, find_speech=_everywhere)


def test_known_speech_is_not_looked_for(tmp_path: Path, clips: list[tuple[str, Path]]) -> None:
    red = Stretch(*clips[0], 0.0)
    segment = Segment(1.0, (red,), (Voice(red, 1.0, speech=((0.2, 0.5),)),))
    truth = compose_scene(tmp_path / "s.mp4", [segment], find_speech=_everywhere)
    assert _turns(truth) == [(0.2, 0.5, "red")]


def test_shifted_sound_shifts_the_turns(tmp_path: Path, clips: list[tuple[str, Path]]) -> None:
    red = Stretch(*clips[0], 0.0)
    truth = compose_scene(
        tmp_path / "s.mp4",
        [Segment(1.0, (red,), (Voice(red, 1.0),))],
        find_speech=lambda _: [(0.1, 0.6)],
        recording=Recording(sound_shift=0.2),
    )
    assert _turns(truth) == [(0.3, 0.8, "red")]
    assert np.abs(load_audio(tmp_path / "s.mp4")[:2500]).max() < 0.05


def test_recording_sets_the_rate_and_puts_noise_under(
    tmp_path: Path, clips: list[tuple[str, Path]]
) -> None:
    red = Stretch(*clips[0], 0.0)
    compose_scene(
        tmp_path / "s.mp4",
        [Segment(2.0, (red,), (Voice(red, 2.0),))],
        find_speech=_everywhere,
        recording=Recording(frame_rate=12.0, quality=40, add_noise=lambda sound: 0 * sound),
    )
    assert probe_video(tmp_path / "s.mp4").frame_rate == pytest.approx(12, abs=0.1)
    assert np.abs(load_audio(tmp_path / "s.mp4")).max() < 0.01


def test_what_is_too_loud_together_is_not_clipped(
    tmp_path: Path, clips: list[tuple[str, Path]]
) -> None:
    red, green, _ = (Stretch(name, path, 0.0) for name, path in clips)
    voices = (Voice(red, 1.0, gain=3.0), Voice(green, 1.0, gain=3.0))
    compose_scene(
        tmp_path / "s.mp4", [Segment(1.0, (red,), voices)], find_speech=lambda _: [(0.0, 1.0)]
    )
    sound = load_audio(tmp_path / "s.mp4")[2000:14000]
    assert _loudness(sound, 900) < 0.03 * _loudness(sound, 300)  # clipping makes overtones


@pytest.mark.parametrize("frame_rate", [12.0, 25.0, 50.0])
def test_stretches_play_forward(ramp: Path, frame_rate: float) -> None:
    shown = [image.mean() for image in play(Stretch("a", ramp, 1.0), 12, 64, 48, frame_rate)]
    expected = 20 + 3 * np.floor(25 * (1.0 + (np.arange(12) + 0.5) / frame_rate))
    assert shown == pytest.approx(expected.tolist(), abs=2.5)


def test_stretches_play_back_and_forth(ramp: Path) -> None:
    stretch = Stretch("a", ramp, 1.0, end=1.4, speed=0.5, silent=True)
    shown = np.array([image.mean() for image in play(stretch, 40, 64, 48)])
    assert shown[0] == pytest.approx(20 + 3 * 25, abs=3)
    assert shown.max() == pytest.approx(20 + 3 * 34, abs=3.5)
    assert abs(int(shown.argmax()) - 20) <= 2  # 0.4 s at half speed
    assert shown[-1] == pytest.approx(shown[0], abs=3)


def test_a_stretch_goes_on_where_it_was(ramp: Path) -> None:
    for stretch in (Stretch("a", ramp, 0.5), Stretch("a", ramp, 0.5, end=0.9, speed=0.7)):
        whole = [image.mean() for image in play(stretch, 50, 64, 48)]
        rest = [image.mean() for image in play(stretch.later(30 / 25), 20, 64, 48)]
        assert rest == pytest.approx(whole[30:], abs=5)  # one picture at most


def test_a_stretch_behind_the_end_is_refused(ramp: Path) -> None:
    with pytest.raises(MediaError, match="shows no picture after 9"):
        next(play(Stretch("a", ramp, 9.0), 2, 64, 48))


def test_letterbox_keeps_the_shape() -> None:
    wide = letterbox(np.full((10, 40, 3), 200, np.uint8), 80, 80)
    assert wide.shape == (80, 80, 3)
    assert (wide[:29] == 0).all() and (wide[31:49] == 200).all() and (wide[51:] == 0).all()


def test_letterbox_makes_small() -> None:
    small = letterbox(np.full((40, 40, 3), 200, np.uint8), 80, 80, scale=0.5)
    assert (small == 200).all(axis=2).sum() == 20 * 20


def test_a_photograph_stands_still_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "square.mp4"
    with VideoWriter(path, 96, 96, 25.0, 16000, quality=18) as video:
        for number in range(50):
            picture = np.zeros((96, 96, 3), np.uint8)
            picture[32:64, 32:64] = 100 + 3 * number
            video.add_image(picture)
        video.add_sound(np.zeros(32000, np.float32))
    stretch = Stretch("a", path, 1.0, speed=0.0, silent=True, zoom=0.25)
    first, *_, last = play(stretch, 51, 96, 96)
    assert first[48, 48].mean() == pytest.approx(last[48, 48].mean(), abs=3)
    widths = [int((image[48].mean(axis=-1) > 60).sum()) for image in (first, last)]
    assert widths == pytest.approx([32, 48], abs=2)  # half as large again in two seconds
