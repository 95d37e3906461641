"""One clip: a face that talks and the sound of it, as a face tracker would cut them from a recording."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import save_audio
from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.simulation.camera import (
    Camera,
    blink_track,
    paint_background,
    sample_light,
    sample_sway,
)
from pins_plugin.simulation.canvas import Canvas, Pose
from pins_plugin.simulation.eyes import Expression
from pins_plugin.simulation.face import draw_person
from pins_plugin.simulation.look import CLOTHES, look_of
from pins_plugin.simulation.person import Person, sample_person
from pins_plugin.simulation.phones import VOCABULARY, Mouth
from pins_plugin.simulation.room import record, sample_room
from pins_plugin.simulation.utterance import Utterance, mouth_track, say
from pins_plugin.simulation.voice import speak, voice_quality

FRAME_RATE = 25  # Hz


@dataclass(frozen=True)
class ClipPlan:
    """Who says what in a clip; cheap to make, everything drawn and sung follows from it."""

    person: Person
    utterance: Utterance
    seed: tuple[int, ...]  # of the generator that draws everything else

    @property
    def words(self) -> str:
        """Words and their times in seconds, as "moon:0.120:0.480|..."."""
        return "|".join(
            f"{word.text}:{word.start:.3f}:{word.end:.3f}" for word in self.utterance.words
        )


def plan_clip(seed: int, person_index: int, clip_index: int, num_words: int = 3) -> ClipPlan:
    """Decide who says what in clip `clip_index` of a person; the same whatever else is made."""
    generator = np.random.default_rng([seed, 2, person_index, clip_index])
    person = sample_person(seed, person_index)
    words = generator.choice(list(VOCABULARY), size=num_words, replace=num_words > len(VOCABULARY))
    utterance = say(words.tolist(), person, generator)
    return ClipPlan(person, utterance, (seed, 3, person_index, clip_index))


def render_sound(plan: ClipPlan) -> NDArray[np.float32]:
    """Return the clip's waveform (num_samples,), 16 kHz."""
    generator = np.random.default_rng([*plan.seed, 0])
    dry = speak(plan.utterance, voice_quality(plan.person), generator)
    return record(dry, sample_room(generator), generator)


def render_faces(
    plan: ClipPlan,
    times: NDArray[np.float64],
    size: int = 112,
    *,
    mouths: NDArray[np.float64] | None = None,
    unrest: float = 1.0,
) -> NDArray[np.uint8]:
    """Draw the face at some moments of the clip, (num_frames, size, size, 3) uint8.

    Parameters
    ----------
    times : (num_frames,) float64 array
        Seconds from the clip's start. A frame is the same whichever others are drawn.
    mouths : (num_frames, 7) float64 array, optional
        What the mouth does in place of the utterance; see `listener.listener_track`.
    unrest : float
        How far the head sways and turns, 1 for a calm speaker.
    """
    generator = np.random.default_rng([*plan.seed, 1])
    clothes = CLOTHES[generator.integers(len(CLOTHES))]
    background = paint_background(size, size, generator)
    camera = Camera(sample_light(generator), size, size, generator)
    x = sample_sway(generator, size * (0.5 + generator.normal(0, 0.012)), 0.006 * size)
    y = sample_sway(generator, size * (0.47 + generator.normal(0, 0.012)), 0.006 * size)
    scale = size * generator.uniform(0.265, 0.30)
    yaw, pitch, roll = (
        sample_sway(generator, generator.normal(0, spread), 0.03 * unrest).at(times)
        for spread in (0.16, 0.08, 0.05)
    )
    smile = generator.normal(0.1, 0.3)
    brows = sample_sway(generator, generator.normal(0, 0.5), 0.4).at(times)
    gaze = sample_sway(generator, generator.normal(0, 0.25), 0.15).at(times)
    everywhen = np.arange(0, plan.utterance.duration + 0.04, 0.02)
    lids = np.interp(times, everywhen, blink_track(everywhen, generator))
    if mouths is None:
        mouths = mouth_track(plan.utterance, times, voice_quality(plan.person).articulation)
    look = look_of(plan.person, clothes, smile)
    faces = np.empty((len(times), size, size, 3), np.uint8)
    for row, (left, top) in enumerate(zip(x.at(times), y.at(times), strict=True)):
        image = background.copy()
        pose = Pose(left, top, scale, yaw[row], pitch[row], roll[row])
        expression = Expression(Mouth(*mouths[row]), lids[row], gaze[row], brows[row])
        draw_person(Canvas(image, pose), look, expression)
        faces[row] = camera.photograph(image, round(times[row] * FRAME_RATE))
    return faces


def frame_times(plan: ClipPlan) -> NDArray[np.float64]:
    """Return the times of all frames of the clip's video, in seconds."""
    return np.arange(int(plan.utterance.duration * FRAME_RATE)) / FRAME_RATE


def write_clip(
    folder: Path, plan: ClipPlan, *, num_images: int, image_size: int, video: bool
) -> None:
    """Write `voice.wav`, `faces/NNNN.jpg` (some frames, named by their number) and perhaps `faces.mp4` to a folder."""
    times = frame_times(plan)
    chosen = np.unique(((np.arange(num_images) + 0.5) * len(times) / num_images).astype(int))
    save_audio(folder / "voice.wav", render_sound(plan))
    drawn = range(len(times)) if video else chosen.tolist()
    faces = dict(zip(drawn, render_faces(plan, times[list(drawn)], image_size), strict=True))
    (folder / "faces").mkdir()
    for index in chosen.tolist():
        _, data = cv2.imencode(".jpg", faces[index][..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        (folder / "faces" / f"{index:04d}.jpg").write_bytes(data.tobytes())
    if video:
        with VideoWriter(
            folder / "faces.mp4", image_size, image_size, FRAME_RATE, quality=20
        ) as writer:
            for index in drawn:
                writer.add_image(faces[index])
