"""Which words do lips say?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pins_plugin.data.corpora.words import cut_word
from pins_plugin.data.training.sync_clips import resample_frames
from pins_plugin.inference.interface import PretrainedInterface
from pins_plugin.inference.lips_and_sound import check_lips
from pins_plugin.models.folder.model_folder import ModelFolder


@dataclass(frozen=True)
class ReadWord:
    """The likeliest words of one stretch, best first, with their probabilities."""

    start: float
    end: float
    words: tuple[str, ...]
    probabilities: tuple[float, ...]


class LipReader(PretrainedInterface):
    """Read words of a fixed vocabulary off lips, word boundaries given.

    See `models.lips.sync_encoders.LipEncoder` and `models.lips.lip_reader.WordClassifier`.
    """

    needs = ("lip_encoder", "word_classifier")
    shipped = "lip_reader"  # 51 words of one speaker

    def __init__(
        self,
        lip_encoder: nn.Module,
        classifier: nn.Module,
        vocabulary: Sequence[str],
    ) -> None:
        super().__init__()
        self.lip_encoder: Any = lip_encoder.eval()
        self.classifier = classifier.eval()
        self.vocabulary = tuple(map(str, vocabulary))
        if len(self.vocabulary) != (
            known := getattr(classifier, "num_words", len(self.vocabulary))
        ):
            raise ValueError(f"vocabulary: expected {known} words, got {len(self.vocabulary)}")

    @classmethod
    def from_model(cls, model: ModelFolder) -> Self:
        lip_encoder, classifier = (model.modules[name] for name in cls.needs)
        return cls(lip_encoder, classifier, model.settings["vocabulary"])

    def read(
        self,
        lips: NDArray[np.floating],
        times: NDArray[np.floating],
        stretches: Sequence[tuple[float, float]],
        num_best: int = 3,
    ) -> list[ReadWord]:
        """Read the word of each stretch, a (start, end) in seconds on the media clock; nothing where the lips were not seen.

        Parameters
        ----------
        lips : (num_frames, 88, 2) array
            `Crops.lips` of `tracking.crops.extract_crops`.
        times : (num_frames,) array
            Seconds on the media clock.
        num_best : int
            How many words to name.
        """
        lips, times = check_lips(lips, times)
        clock, resampled = resample_frames(times, lips)
        seen = np.isfinite(resampled).all(axis=(1, 2))
        found = []
        with torch.inference_mode():
            shapes = torch.from_numpy(np.nan_to_num(resampled))[None].to(self.device)
            features = self.lip_encoder.inner_features(shapes)[0] if len(clock) else shapes[0]
            for start, end in stretches:
                inside = (clock >= start - 0.02) & (clock < end + 0.02)
                if not inside.any() or not seen[inside].all():
                    found.append(ReadWord(start, end, (), ()))
                    continue
                window = cut_word(features, start - clock[0], end - clock[0])
                probabilities = self.classifier(window[None])[0].softmax(dim=0)
                best = probabilities.topk(min(num_best, len(self.vocabulary)))
                words = tuple(self.vocabulary[index] for index in best.indices.tolist())
                rounded = tuple(round(value, 4) for value in best.values.tolist())
                found.append(ReadWord(start, end, words, rounded))
        return found
