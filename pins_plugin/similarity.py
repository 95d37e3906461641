"""The only definition of "alike": larger means more alike."""

from torch import Tensor
from torch.nn.functional import normalize, pad


def pairwise_similarity(first: Tensor, second: Tensor) -> Tensor:
    """Compare every row of `first` with every row of `second`.

    Parameters
    ----------
    first : (..., num_first, embedding_dim) Tensor
    second : (..., num_second, embedding_dim) Tensor

    Returns
    -------
    similarities : (..., num_first, num_second) Tensor
        Cosine, in [-1, 1].
    """
    return normalize(first, dim=-1) @ normalize(second, dim=-1).mT


def offset_similarities(lip_features: Tensor, sound_features: Tensor, max_offset: int) -> Tensor:
    """Compare each video frame with the sound around it.

    Parameters
    ----------
    lip_features : (..., num_frames, embedding_dim) Tensor
    sound_features : (..., num_sound_frames, embedding_dim) Tensor
        On the same clock; unit length like the first.
    max_offset : int
        In frames.

    Returns
    -------
    similarities : (..., num_frames, 2 max_offset + 1) Tensor
        Column k compares frame t with sound frame t + k - max_offset; NaN where there is no such sound.

    Examples
    --------
    >>> import torch
    >>> clock = torch.eye(3)
    >>> offset_similarities(clock, clock, 1).tolist()
    [[nan, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, nan]]
    """
    similarities = lip_features @ sound_features.mT  # (..., num_frames, num_sound_frames)
    padded = pad(similarities, (max_offset, max_offset), value=float("nan"))
    num_frames, num_sound_frames = similarities.shape[-2:]
    missing = max(0, num_frames - num_sound_frames)
    padded = pad(padded, (0, missing), value=float("nan"))
    step = padded.stride(-1)
    return padded.as_strided(
        (*padded.shape[:-1], 2 * max_offset + 1),
        (*padded.stride()[:-2], padded.stride(-2) + step, step),
    )


def average_windows(similarities: Tensor, length: int) -> Tensor:
    """Mean over each run of `length` frames, from what is there.

    Parameters
    ----------
    similarities : (..., num_frames, num_offsets) Tensor
        From `offset_similarities`.
    length : int
        At most num_frames count.

    Returns
    -------
    means : (..., num_frames - length + 1, num_offsets) Tensor
        NaN where less than half of a window has sound.
    """
    length = min(length, similarities.shape[-2])
    present = similarities.isfinite()
    sums = similarities.where(present, 0).cumsum(dim=-2)
    counts = present.to(similarities.dtype).cumsum(dim=-2)
    sums, counts = (
        pad(total, (0, 0, 1, 0))[..., length:, :] - pad(total, (0, 0, 1, 0))[..., :-length, :]
        for total in (sums, counts)
    )
    return (sums / counts.clamp(min=1)).masked_fill(counts < length / 2, float("nan"))
