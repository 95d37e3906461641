"""Voice activity in threads, at the ends of blocks, and beside other users of torch."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pins_plugin.errors import ShapeError
from pins_plugin.inference import voice_activity
from pins_plugin.inference.voice_activity import SAMPLES_AT_ONCE, SILERO_FRAME, speech_probability


def hum(num_samples: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    times = np.arange(num_samples) / 16000
    voice = sum(np.sin(2 * np.pi * 140 * k * times) / k for k in range(1, 12))
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * times + seed)
    return (0.2 * voice * envelope + 0.01 * generator.normal(size=num_samples)).astype(np.float32)


@pytest.mark.parametrize(
    ("num_samples", "num_frames"),
    [
        (0, 0),
        (1, 1),
        (SILERO_FRAME - 1, 1),
        (SILERO_FRAME + 1, 2),
        (SAMPLES_AT_ONCE + 1, SAMPLES_AT_ONCE // SILERO_FRAME + 1),
        (SAMPLES_AT_ONCE, SAMPLES_AT_ONCE // SILERO_FRAME),
    ],
)
def test_every_length_is_scored(num_samples: int, num_frames: int) -> None:
    """A last block of less than a frame used to be an error."""
    assert speech_probability(np.zeros(num_samples, np.float32)).shape == (num_frames,)


def test_threads_hear_what_one_after_the_other_hears() -> None:
    """One network for all threads ended the interpreter."""
    sounds = [hum(48000 + 777 * seed, seed) for seed in range(8)]
    alone = [speech_probability(sound) for sound in sounds]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(speech_probability, sounds * 2))
    for expected, found in zip(alone * 2, together, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_torch_keeps_its_threads() -> None:
    """silero's import sets them to one; it takes a fresh process to see that."""
    program = (
        "import torch, numpy; torch.set_num_threads(3);"
        f"from {voice_activity.__name__} import speech_probability;"
        "speech_probability(numpy.zeros(512, numpy.float32)); print(torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "3", done.stderr


def test_samples_of_other_kinds_are_read_and_channels_refused() -> None:
    sound = hum(16000, 0)
    np.testing.assert_array_equal(
        speech_probability(sound.astype(np.float64)), speech_probability(sound)
    )
    with pytest.raises(ShapeError, match="mix channels"):
        speech_probability(np.zeros((16000, 2), np.float32))
