"""An active-speaker network of others, by file: face crops and sound in, one score per frame out.

TalkNet, Light-ASD, LR-ASD and LoCoNet all read grey faces of 112 x 112 pixels at 25 per second and 13 mel-frequency
cepstral coefficients at 100 per second. Exported to ONNX with these two inputs, any of them can be loaded; none ships.
For `network.onnx`, a `network.yaml` may hold

    window: [0.255, 0.354, 0.745, 0.844]   # x1, y1, x2, y2 of our aligned faces that the network wants
"""

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.mfcc import NUM_COEFFICIENTS, STEPS_PER_SECOND, mfcc
from pins_plugin.data.training.sync_clips import FRAME_RATE, cut_sound, resample_frames
from pins_plugin.errors import ModelFolderError, ShapeError
from pins_plugin.models.faces.face_recognition import read_window
from pins_plugin.models.folder.onnx_file import OnnxSession, read_onnx_file
from pins_plugin.tracking.crops import Crops
from pins_plugin.utils.explain import naming

FACE_SIZE = 112  # pixels, as all four networks read them
STEPS_PER_FRAME = round(STEPS_PER_SECOND / FRAME_RATE)
GREY = (0.299, 0.587, 0.114)  # shares of red, green, blue (ITU-R BT.601)
BLOCK = 200  # frames that are judged in one pass: the length of its training clips is a few seconds
# Where the crops of the Columbia protocol lie (the middle half of 2.8 box sizes, 0.4 below the box's center),
# in our aligned faces.
SETTINGS: dict[str, Any] = {"window": (0.255, 0.354, 0.745, 0.844)}


class ActiveSpeakerScores(NamedTuple):
    """What the network makes of one face: times (num_frames,) in seconds, 25 per second, and scores (num_frames,).

    Larger: speaks. The scale is the network's own; not calibrated.
    """

    times: NDArray[np.float64]
    scores: NDArray[np.float64]


class ActiveSpeakerNetwork:
    """Score one tracked face against the sound.

    Parameters
    ----------
    session : OnnxSession
        With two inputs, in any order: (1, num_frames, 112, 112) grey faces in 0..255, and (1, 4 num_frames, 13)
        cepstral coefficients. Its first output is (num_frames,), or (num_frames, 2) of which the second speaks for
        speaking; a leading axis of one is allowed.
    window : tuple of four floats
        Part of an aligned face that the network wants.

    Raises
    ------
    ModelFolderError
        When the network has other inputs.
    """

    def __init__(
        self,
        session: OnnxSession,
        window: tuple[float, float, float, float] = SETTINGS["window"],
    ) -> None:
        self.session = session
        self.window = window
        self._faces, self._sound = _name_inputs(session.input_shapes)

    @classmethod
    def from_file(cls, path: str | Path, device: str = "cpu") -> Self:
        """Open an ONNX file, and the YAML beside it where there is one; ModelFolderError where it is none, or has other inputs."""
        content, settings = read_onnx_file(path, SETTINGS)
        with naming(path):
            return cls(OnnxSession(content, device), settings["window"])

    def __call__(self, crops: Crops, waveform: NDArray[np.float32]) -> ActiveSpeakerScores:
        """Score one face.

        Parameters
        ----------
        crops : Crops
            With a face at every frame: `extract_crops(video, tracks, ["face"])`; ShapeError where they are fewer.
        waveform : (num_samples,) float32 array
            The recording's whole sound, 16 kHz, from time zero of the media clock.
        """
        if len(crops.faces) != len(crops.times):
            raise ShapeError(
                f"crops: expected one face at each of {len(crops.times)} times, got {len(crops.faces)}; "
                'cut the crops with "face" and without `max_frames`'
            )
        clock, faces = resample_frames(crops.times, crops.faces)
        scores = [np.zeros(0)]
        for first in range(0, len(clock), BLOCK):
            shown = grey_faces(faces[first : first + BLOCK], self.window)
            sound = cut_sound(waveform, float(clock[first]), len(shown) + 1)
            scores.append(self._score(shown, mfcc(sound)[: STEPS_PER_FRAME * len(shown)]))
        return ActiveSpeakerScores(clock, np.concatenate(scores))

    def _score(
        self, faces: NDArray[np.float32], coefficients: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        found = self.session.run_named({self._faces: faces[None], self._sound: coefficients[None]})
        count = len(faces)
        if found.size == count:
            return found.reshape(count).astype(np.float64)
        if found.size == 2 * count and found.shape[-1] == 2:
            return found.reshape(count, 2)[:, 1].astype(np.float64)
        raise ModelFolderError(
            f"active-speaker network: expected a first output of shape ({count},) or ({count}, 2) for "
            f"{count} frames, got {found.shape}"
        )


def grey_faces(
    faces: NDArray[np.uint8], window: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    """Cut a window, x1, y1, x2, y2 in 0..1, out of aligned faces (num_frames, size, size, 3): grey, (num_frames, 112, 112) in 0..255."""
    if len(faces) == 0:
        return np.zeros((0, FACE_SIZE, FACE_SIZE), np.float32)
    pictures = torch.from_numpy(faces).permute(0, 3, 1, 2).float()  # (num_frames, 3, size, size)
    grey = torch.tensor(GREY) @ read_window(pictures, window, FACE_SIZE).flatten(2)
    return grey.reshape(-1, FACE_SIZE, FACE_SIZE).numpy()


def _name_inputs(shapes: dict[str, list[Any]]) -> tuple[str, str]:
    """Tell the faces' input from the sound's by their shapes."""
    faces = [name for name, shape in shapes.items() if _fits(shape, 4, FACE_SIZE)]
    sound = [name for name, shape in shapes.items() if _fits(shape, 3, NUM_COEFFICIENTS)]
    if len(faces) != 1 or len(sound) != 1 or len(shapes) != 2:
        got = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ModelFolderError(
            "active-speaker network: expected two inputs, faces (1, num_frames, 112, 112) and cepstral "
            f"coefficients (1, 4 num_frames, 13), got {got}"
        )
    return faces[0], sound[0]


def _fits(shape: list[Any], rank: int, size: int) -> bool:
    """Whether a shape has this rank, and this size from the third axis on; sizes with a name are free."""
    return len(shape) == rank and all(got == size for got in shape[2:] if isinstance(got, int))
