"""A scene: people who talk in turn before a camera that cuts, as pictures, sound and truth."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pins_plugin.data.media.audio import SAMPLE_RATE
from pins_plugin.simulation.camera import (
    Camera,
    Sway,
    blink_track,
    paint_background,
    sample_light,
    sample_sway,
)
from pins_plugin.simulation.canvas import Canvas, Pose
from pins_plugin.simulation.eyes import Expression
from pins_plugin.simulation.face import draw_person, face_box
from pins_plugin.simulation.look import CLOTHES, Look, look_of
from pins_plugin.simulation.phones import MOUTH_PARAMETERS, REST, Mouth
from pins_plugin.simulation.room import record, sample_room
from pins_plugin.simulation.script import FRAME_RATE, Script, Shot
from pins_plugin.simulation.utterance import mouth_track
from pins_plugin.simulation.voice import speak, voice_quality

CLOSE_SCALE, TWO_SCALE = 0.185, 0.150  # half a head's width against the picture's height


@dataclass(frozen=True, eq=False)
class Actor:
    """How one of the cast looks and moves throughout a scene."""

    look: Look
    size: float
    x: Sway
    y: Sway
    yaw: Sway
    pitch: Sway
    roll: Sway
    brows: Sway
    gaze: Sway
    lids: NDArray[np.float64]  # one value per frame


class Scene:
    """Draws and sounds a script; every frame can be made alone, in any order.

    `width` and `height` are in pixels; an odd number is lowered by one, as H.264 wants it.
    """

    def __init__(self, script: Script, width: int = 640, height: int = 360) -> None:
        self.script, self.width, self.height = script, width // 2 * 2, height // 2 * 2
        self.num_frames = round(script.duration * FRAME_RATE)
        self.times = np.arange(self.num_frames) / FRAME_RATE
        self._actors = [self._dress(i) for i in range(len(script.cast))]
        self._mouths = [self._mouth(i) for i in range(len(script.cast))]
        self._sets: dict[tuple[int, tuple[int, ...]], tuple[NDArray[np.uint8], Camera]] = {}

    @cached_property
    def shot_numbers(self) -> NDArray[np.int64]:
        """Number of the shot that each frame belongs to, (num_frames,)."""
        ends = np.array([shot.end for shot in self.script.shots])
        numbers = np.searchsorted(ends, self.times + 0.5 / FRAME_RATE, side="left")
        return np.minimum(numbers, len(ends) - 1)

    def draw_frame(self, number: int) -> NDArray[np.uint8]:
        """Draw frame `number`, (height, width, 3), RGB."""
        shot = self.script.shots[self.shot_numbers[number]]
        background, camera = self._set(shot)
        image = background.copy()
        time = self.times[number : number + 1]
        for person in shot.framed:
            actor = self._actors[person]
            expression = Expression(
                Mouth(*self._mouths[person][number]),
                float(actor.lids[number]),
                float(actor.gaze.at(time)[0]),
                float(actor.brows.at(time)[0]),
            )
            draw_person(Canvas(image, self.pose(person, number)), actor.look, expression)
        return camera.photograph(image, number)

    def pose(self, person: int, number: int) -> Pose:
        """Where the head of one of the cast is in frame `number`, which must show it."""
        shot = self.script.shots[self.shot_numbers[number]]
        actor, time = self._actors[person], self.times[number : number + 1]
        count, place = len(shot.framed), shot.framed.index(person)
        scale, turn = CLOSE_SCALE, 0.0
        if count > 1:
            scale = min(TWO_SCALE, 0.36 / count * self.width / self.height / 1.6)
            turn = 0.22 * np.sign(count - 1 - 2 * place)  # toward one another
        scale *= self.height * actor.size
        center = self.width * (place + 0.5) / count
        x, y = (float(sway.at(time)[0]) * scale for sway in (actor.x, actor.y))
        yaw, pitch, roll = (
            float(sway.at(time)[0]) for sway in (actor.yaw, actor.pitch, actor.roll)
        )
        return Pose(center + x, 0.46 * self.height + y, scale, yaw + turn, pitch, roll)

    def box(self, person: int, number: int) -> tuple[float, float, float, float]:
        """Box of a face (x1, y1, x2, y2, pixels) as a face detector would draw it."""
        return face_box(self.pose(person, number), self._actors[person].look)

    def sound(self) -> NDArray[np.float32]:
        """Return the waveform (num_samples,) of the whole scene, 16 kHz."""
        generator = np.random.default_rng([*self.script.seed, 3])
        dry = np.zeros(round(self.num_frames / FRAME_RATE * SAMPLE_RATE), np.float32)
        for turn in self.script.turns:
            voice = speak(turn.utterance, voice_quality(self.script.cast[turn.person]), generator)
            first = round(turn.start * SAMPLE_RATE)
            voice = voice[: len(dry) - first]
            dry[first : first + len(voice)] += voice
        return record(dry, sample_room(generator), generator)

    def _dress(self, person: int) -> Actor:
        generator = np.random.default_rng([*self.script.seed, 1, person])
        clothes = CLOTHES[(person + int(generator.integers(2))) % len(CLOTHES)]
        smile = float(generator.normal(0.1, 0.3))
        return Actor(
            look_of(self.script.cast[person], clothes, smile),
            size=float(np.exp(0.05 * generator.standard_normal())),
            x=sample_sway(generator, 0.0, 0.06),
            y=sample_sway(generator, 0.0, 0.04),
            yaw=sample_sway(generator, generator.normal(0, 0.04), 0.09),
            pitch=sample_sway(generator, generator.normal(0, 0.04), 0.05),
            roll=sample_sway(generator, generator.normal(0, 0.03), 0.03),
            brows=sample_sway(generator, generator.normal(0, 0.3), 0.4),
            gaze=sample_sway(generator, 0.0, 0.3),
            lids=blink_track(self.times, generator),
        )

    def _mouth(self, person: int) -> NDArray[np.float64]:
        """The mouth at each frame (num_frames, 7): speaking in one's turns, else at rest and never quite still."""
        generator = np.random.default_rng([*self.script.seed, 2, person])
        mouths = np.tile(np.array(REST, np.float64), (self.num_frames, 1))
        width, opening = map(MOUTH_PARAMETERS.index, ("width", "opening"))
        mouths[:, width] += sample_sway(generator, 0.05, 0.12).at(self.times)
        parted = sample_sway(generator, -0.06, 0.08).at(self.times)
        mouths[:, opening] = np.clip(parted, 0, 0.2)
        articulation = voice_quality(self.script.cast[person]).articulation
        for turn in self.script.turns:
            if turn.person != person:
                continue
            end = turn.start + turn.utterance.duration
            inside = (self.times >= turn.start) & (self.times < end)
            local = self.times[inside] - turn.start
            spoken = mouth_track(turn.utterance, local, articulation)
            edge = np.minimum(local, turn.utterance.duration - local)[:, None] / 0.1
            share = np.clip(edge, 0, 1)  # no jump from rest to speech
            mouths[inside] = share * spoken + (1 - share) * mouths[inside]
        return mouths

    def _set(self, shot: Shot) -> tuple[NDArray[np.uint8], Camera]:
        key = (shot.place, shot.framed)
        if key not in self._sets:
            view = sum(1 << person for person in shot.framed)
            generator = np.random.default_rng([*self.script.seed, 4, shot.place, view])
            background = paint_background(self.height, self.width, generator)
            light = replace(sample_light(generator), blur=0.0)
            self._sets[key] = background, Camera(light, self.height, self.width, generator)
        return self._sets[key]
