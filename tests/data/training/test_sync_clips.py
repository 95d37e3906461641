"""Clips for synchronization: the clock, the sign, the stretches."""

import numpy as np
import pytest
import torch

from pins_plugin.data.training import sync_clips as sync
from pins_plugin.errors import PinsError


def make_clip(num_frames: int = 50, person: str = "a") -> sync.SyncClip:
    """Lips whose every number is the time in frames, sound whose every sample is its frame."""
    lips = np.broadcast_to(
        np.arange(num_frames, dtype=np.float32)[:, None, None], (num_frames, 88, 2)
    )
    mouths = np.zeros((num_frames, 2, 2), np.uint8)
    waveform = np.repeat(np.arange(num_frames), 640).astype(np.float32) / 1000
    return sync.SyncClip("clip", person, lips.copy(), mouths, waveform)


@pytest.mark.parametrize("rate", [12.5, 25.0, 29.97, 60.0])
def test_resample_frames_keeps_a_ramp(rate: float) -> None:
    times = 0.3 + np.arange(40) / rate
    clock, values = sync.resample_frames(times, (10 * times)[:, None])
    assert np.allclose(np.diff(clock), 0.04)
    assert clock[0] == times[0]
    assert clock[-1] <= times[-1] + 1e-6 < clock[-1] + 0.04 + 1e-6
    np.testing.assert_allclose(values[:, 0], 10 * clock, atol=1e-6)


def test_resample_frames_accepts_a_changing_rate_and_pictures() -> None:
    times = np.array([0.0, 0.04, 0.1, 0.2])
    _, pictures = sync.resample_frames(times, np.array([[0], [4], [10], [20]], np.uint8))
    assert pictures[:, 0].tolist() == [0, 4, 10, 10, 20, 20]


@pytest.mark.parametrize("start", [-0.1, 0.0, 0.05, 0.2])
def test_cut_sound_is_silent_outside(start: float) -> None:
    waveform = np.ones(16000 // 5, np.float32)  # 0.2 s
    piece = sync.cut_sound(waveform, start, 5)
    clock = start + np.arange(len(piece)) / 16000
    assert len(piece) == 5 * 640
    np.testing.assert_array_equal(
        piece, ((clock > -1e-6) & (clock < 0.2 - 1e-6)).astype(np.float32)
    )


def test_save_and_load_keep_the_clip(tmp_path) -> None:
    clip = make_clip()
    sync.save_sync_clip(tmp_path / "a.npz", clip)
    loaded = sync.load_sync_clip(tmp_path / "a.npz")
    assert (loaded.name, loaded.person, loaded.start) == ("clip", "a", 0.0)
    np.testing.assert_array_equal(loaded.lips, clip.lips)
    np.testing.assert_allclose(loaded.waveform, clip.waveform, atol=1e-4)


def test_load_refuses_another_file(tmp_path) -> None:
    (tmp_path / "a.npz").write_text("no")
    with pytest.raises(PinsError, match="expected a clip"):
        sync.load_sync_clip(tmp_path / "a.npz")


@pytest.mark.parametrize("late", [-3, 0, 4])
def test_shift_clip_mends_late_sound(late: int) -> None:
    clip = make_clip()
    delayed = np.roll(clip.waveform, 640 * late)
    broken = sync.SyncClip("clip", "a", clip.lips, clip.mouths, delayed)
    mended = sync.shift_clip(broken, late)
    assert len(mended.lips) == len(mended.mouths) == 50 - abs(late)
    assert mended.start == max(-late, 0) / 25
    np.testing.assert_allclose(1000 * mended.waveform[::640], mended.lips[:, 0, 0], atol=1e-3)


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.25])
@pytest.mark.parametrize("place", [0.0, 0.4, 1.0])
def test_read_stretch_keeps_lips_and_sound_together(speed: float, place: float) -> None:
    lips = torch.arange(50.0)[:, None, None].expand(50, 88, 2)
    spectrogram = ((torch.arange(200.0) - 1.5) / 4)[None].expand(40, 200)
    seen, heard = sync.read_stretch(lips, spectrogram, 30, speed, place)
    assert seen.shape == (30, 88, 2)
    assert heard.shape == (40, 120)
    middles = heard[0].reshape(30, 4).mean(dim=1)
    torch.testing.assert_close(middles[2:-2], seen[2:-2, 0, 0], atol=1e-3, rtol=0)
    torch.testing.assert_close(
        seen[1:, 0, 0] - seen[:-1, 0, 0], torch.full((29,), speed), atol=1e-3, rtol=0
    )


def test_read_stretch_slows_down_a_short_clip() -> None:
    lips = torch.arange(20.0)[:, None, None].expand(20, 88, 2)
    seen, heard = sync.read_stretch(lips, torch.zeros(40, 80), 40, 1.2, 0.5)
    assert (len(seen), heard.shape[1]) == (40, 160)


def test_batches_are_determined_by_seed_and_epoch() -> None:
    clips = [make_clip(80), make_clip(90)]
    spectrograms = [torch.zeros(40, 320), torch.zeros(40, 360)]
    batches = sync.SyncBatches(clips, spectrograms, 32, 4, 3)
    first, again = list(batches), list(batches)
    assert len(first) == len(batches) == 3
    assert first[0].lips.shape == (4, 32, 88, 2)
    assert first[0].spectrograms.shape == (4, 40, 128)
    torch.testing.assert_close(first[1].lips, again[1].lips)
    batches.set_epoch(1)
    assert not torch.equal(next(iter(batches)).lips, first[0].lips)


def test_batches_without_clips_say_so() -> None:
    with pytest.raises(PinsError, match="at least one"):
        sync.SyncBatches([], [])


def test_batches_may_show_pixels() -> None:
    clip = make_clip(80)
    bright = sync.SyncClip("b", "b", clip.lips, np.full((80, 6, 8), 128, np.uint8), clip.waveform)
    batches = sync.SyncBatches([bright], [torch.zeros(40, 320)], 32, 2, 1, view="mouths")
    batch = next(iter(batches))
    assert batch.lips.shape == (2, 32, 6, 8)
    assert 0.1 < batch.lips.mean() < 0.9
    with pytest.raises(PinsError, match="lips or mouths"):
        sync.SyncBatches([bright], [torch.zeros(40, 320)], view="faces")


def test_sources_are_drawn_by_their_shares() -> None:
    lengths = {"a": 40, "b": 40, "c": 400}
    clips = [
        sync.SyncClip(
            name, name, np.full((count, 88, 2), ord(name), np.float32),
            np.zeros((count, 1, 1), np.uint8), np.zeros(640 * count, np.float32),
        )
        for name, count in lengths.items()
    ]  # fmt: skip
    spectrograms = [torch.zeros(2, 4 * len(clip.lips)) for clip in clips]
    options = {"num_frames": 8, "batch_size": 300, "steps_per_epoch": 1, "augmentation": 0.0}
    batches = sync.SyncBatches(
        clips, spectrograms, **options, sources=["real", "real", "simulated"],
        shares={"real": 3.0, "simulated": 1.0},
    )  # fmt: skip
    names = next(iter(batches)).lips[:, 0, 0, 0]
    assert (names == ord("c")).float().mean().item() == pytest.approx(0.25, abs=0.08)
    with pytest.raises(PinsError, match="a positive share for each of real, simulated"):
        sync.SyncBatches(
            clips, spectrograms, sources=["real", "real", "simulated"], shares={"real": 1}
        )


def test_a_face_seen_briefly_keeps_its_place_in_the_sound() -> None:
    count = torch.arange(64.0)
    lips = count[None, :, None, None].expand(3, -1, 88, 2)
    spectrograms = count.repeat_interleave(4)[None, None].expand(3, 40, -1)
    lengths = set()
    for seed in range(40):
        cut = sync.cut_lips(sync.SyncBatch(lips, spectrograms), torch.Generator().manual_seed(seed))
        kept = cut.lips.shape[1]
        lead = (cut.spectrograms.shape[2] // 4 - kept) // 2
        assert 0 <= lead <= 15 and cut.spectrograms.shape[2] == 4 * (kept + 2 * lead)
        heard = cut.spectrograms[0, 0, ::4][lead : lead + kept]
        torch.testing.assert_close(heard, cut.lips[0, :, 0, 0])
        lengths.add(kept)
    assert min(lengths) >= 10 and max(lengths) <= 34 and len(lengths) > 10
