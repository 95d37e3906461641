"""Similarities over offsets against loops."""

import math

import pytest
import torch

from pins_plugin.similarity import average_windows, offset_similarities


@pytest.mark.parametrize(("num_frames", "num_sound_frames"), [(7, 7), (7, 5), (4, 9)])
def test_offset_similarities_equal_a_loop(num_frames: int, num_sound_frames: int) -> None:
    generator = torch.Generator().manual_seed(0)
    lips = torch.randn(2, num_frames, 3, generator=generator)
    sound = torch.randn(2, num_sound_frames, 3, generator=generator)
    found = offset_similarities(lips, sound, 2)
    assert found.shape == (2, num_frames, 5)
    for clip in range(2):
        for frame in range(num_frames):
            for column in range(5):
                heard = frame + column - 2
                value = found[clip, frame, column].item()
                if 0 <= heard < num_sound_frames:
                    expected = float(lips[clip, frame] @ sound[clip, heard])
                    assert value == pytest.approx(expected, abs=1e-6)
                else:
                    assert math.isnan(value)


def test_average_windows_equals_a_loop_over_what_is_there() -> None:
    values = torch.tensor([[1.0], [2.0], [math.nan], [math.nan], [5.0]])
    assert average_windows(values, 2)[:, 0].tolist()[:2] == [1.5, 2.0]
    assert average_windows(values, 2)[2, 0].isnan()
    assert average_windows(values, 2)[3, 0].item() == 5.0
    assert average_windows(values, 99)[:, 0].tolist() == pytest.approx([8 / 3])
