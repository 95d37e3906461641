"""Shots: cuts where they are, chunks that lose and repeat nothing else."""

import itertools

import cv2
import numpy as np
import pytest

from pins_plugin.data.media.video import VideoFrame
from pins_plugin.tracking.shots import Chunk, find_cuts, iter_chunks, measure_change


def _movie(lengths: list[int], seed: int = 0) -> list[VideoFrame]:
    """Each shot a different texture that drifts slowly, with some noise."""
    generator = np.random.default_rng(seed)
    frames: list[VideoFrame] = []
    for length in lengths:
        texture = generator.integers(0, 255, (8, 10, 3)).repeat(12, 0).repeat(14, 1)
        for step in range(length):
            noise = generator.integers(-4, 5, texture.shape)
            image = np.roll(texture, step // 2, axis=1) + noise
            frames.append(VideoFrame(len(frames) / 25, image.clip(0, 255).astype(np.uint8)))
    return frames


def _chunks(lengths: list[int], chunk_frames: int = 1000) -> list[Chunk]:
    return list(iter_chunks(_movie(lengths), chunk_frames))


def test_cuts_are_found_where_they_are() -> None:
    chunks = _chunks([20, 7, 30])
    assert [(chunk.shot, len(chunk.times)) for chunk in chunks] == [(0, 20), (1, 7), (2, 30)]
    assert [round(25 * chunk.times[0]) for chunk in chunks] == [0, 20, 27]
    assert not any(chunk.continues for chunk in chunks)


@pytest.mark.parametrize("chunk_frames", [2, 5, 9, 20, 21])
def test_chunks_of_a_shot_share_one_picture(chunk_frames: int) -> None:
    chunks = _chunks([20, 13], chunk_frames)
    assert max(len(chunk.times) for chunk in chunks) <= chunk_frames
    times = np.concatenate([chunk.times[int(chunk.continues) :] for chunk in chunks])
    np.testing.assert_allclose(times, np.arange(33) / 25)
    for before, after in itertools.pairwise(chunks):
        assert after.continues == (after.shot == before.shot)
        if after.continues:
            assert before.times[-1] == after.times[0]
            np.testing.assert_array_equal(before.images[-1], after.images[0])


def test_motion_and_noise_are_no_cut() -> None:
    assert {chunk.shot for chunk in _chunks([60])} == {0}


def test_change_of_hue_in_the_dark_is_no_cut() -> None:
    """At a key frame of the encoding, dark places change their hue at random, and nothing else changes."""
    generator = np.random.default_rng(0)
    texture = generator.integers(0, 100, (8, 10, 1)).repeat(12, 0).repeat(14, 1).repeat(3, 2)
    texture[:, 70:] = 4
    red, green = np.array([4, 0, 0]), np.array([0, 5, 0])
    movie = [
        VideoFrame(step / 25, (texture + (red if step < 20 else green)).astype(np.uint8))
        for step in range(40)
    ]
    assert measure_change(movie[19].image, movie[20].image) < 0.15
    assert {chunk.shot for chunk in iter_chunks(movie, 100)} == {0}


@pytest.mark.parametrize("length", [1, 2, 3])
def test_tiny_videos_are_one_shot(length: int) -> None:
    (chunk,) = _chunks([length])
    assert len(chunk.times) == length


def test_no_pictures_no_chunks() -> None:
    assert list(iter_chunks([], 10)) == []


def test_pictures_are_read_as_they_are_needed() -> None:
    """Only a few pictures beyond the chunk are taken from the stream."""
    taken = 0

    def stream():
        nonlocal taken
        for frame in _movie([200]):
            taken += 1
            yield frame

    next(iter_chunks(stream(), 10))
    assert taken <= 10 + 3


def test_cuts_are_those_of_the_rule() -> None:
    """Against the rule written out: a difference of 7, 3.5 times that of two neighbors on either side, 6 pictures apart."""
    generator = np.random.default_rng(3)
    pictures = [generator.integers(0, 256, (72, 8, 3)).astype(np.uint8)]  # as small as thumbnails
    for step in range(1, 300):
        jump = generator.choice([1, 6, 30, 120], p=[0.7, 0.1, 0.1, 0.1])
        noise = generator.integers(-jump, jump + 1, (72, 8, 3))
        pictures.append((pictures[step - 1].astype(int) + noise).clip(0, 255).astype(np.uint8))
    colors = [cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(int) for picture in pictures]
    differences = [0.0, *(np.abs(b - a).mean() for a, b in itertools.pairwise(colors))]
    expected, last = [], 0
    for place in range(2, len(pictures) - 2):
        around = np.mean([differences[place + k] for k in (-2, -1, 1, 2)])
        sudden = differences[place] >= 7 and differences[place] >= 3.5 * around
        if sudden and place - last >= 6:
            last = place
            if measure_change(pictures[place - 1], pictures[place]) >= 0.2:
                expected.append(place)
    frames = [VideoFrame(number / 25, picture) for number, picture in enumerate(pictures)]
    found = [number for number, (_, cut) in enumerate(find_cuts(frames)) if cut]
    assert found == expected
    assert len(found) > 5
