"""Spoken words with their times, and the stretch of features that shows one."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import torch
from torch import Tensor

from pins_plugin.errors import ManifestError
from pins_plugin.utils.files import read_table

FRAME_RATE = 25.0
WORD_COLUMNS = ("clip", "start_s", "end_s", "word")


@dataclass(frozen=True)
class SpokenWord:
    """One word of a clip; start and end in seconds of the clip; `split` is "train", "valid", "test" or ""."""

    clip: str
    start: float
    end: float
    word: str
    split: str = ""


def read_words(path: str | Path) -> list[SpokenWord]:
    """Read a CSV with the columns clip, start_s, end_s, word, and perhaps split.

    Raises
    ------
    ManifestError
        When the file is missing, lacks a column, or holds no word, or a time that is none.
    """
    rows = read_table(path, ManifestError, f"a CSV with {', '.join(WORD_COLUMNS)}")
    if not rows or not set(WORD_COLUMNS) <= set(rows[0]):
        raise ManifestError(
            f"{path}: expected rows with {', '.join(WORD_COLUMNS)}, got {', '.join(map(str, rows[0])) if rows else 'none'}"
        )
    words = []
    try:
        for row in rows:
            start, end = float(row["start_s"]), float(row["end_s"])
            if not (0 <= start <= end < inf and row["word"]):
                raise ValueError(f"got {row['word']!r} from {start} to {end}")
            words.append(SpokenWord(row["clip"], start, end, row["word"], row.get("split") or ""))
    except (ValueError, TypeError) as error:
        raise ManifestError(f"{path}: expected words with times in seconds ({error})") from error
    return words


def cut_word(
    features: Tensor, start: float, end: float, num_frames: int = 20, context: int = 4
) -> Tensor:
    """Cut a window of `num_frames` around a word out of features (num_clip_frames, feature_dim) at 25 frames per second.

    `start` and `end` are seconds of the clip. The word is in the middle; frames more than `context` before or after it are
    zero. Two more columns, (num_frames, feature_dim + 2), say which frames belong to the word and which are seen.
    """
    first, last = start * FRAME_RATE, end * FRAME_RATE
    frames = torch.arange(num_frames) + round((first + last - num_frames) / 2)
    seen = (frames >= first - context - 0.5) & (frames < last + context + 0.5)
    seen &= (frames >= 0) & (frames < len(features))
    inside = seen & (frames >= first - 0.5) & (frames < last + 0.5)
    if len(features) == 0:
        return features.new_zeros(num_frames, features.shape[1] + 2)
    window = features[frames.clamp(0, len(features) - 1)] * seen[:, None]
    marks = torch.stack([inside, seen], dim=1).to(features.dtype)
    return torch.cat([window, marks], dim=1)


def vocabulary(words: Sequence[SpokenWord]) -> list[str]:
    """All different words, sorted."""
    return sorted({word.word for word in words})
