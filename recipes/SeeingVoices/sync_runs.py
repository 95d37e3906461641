"""Synchronization under one setting of separation, and lip reading from its frozen features."""

import copy
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from pins_plugin.data.corpora.words import SpokenWord, read_words, vocabulary
from pins_plugin.data.training.sync_clips import SyncClip, load_sync_clip
from pins_plugin.evaluation.synchronization import accuracy_by_person, offset_accuracy
from pins_plugin.losses.window_matching import WindowMatchingLoss
from pins_plugin.metrics.spread import dimensions_used
from pins_plugin.models.lips.lip_reader import WordClassifier
from pins_plugin.models.lips.sync_encoders import LipEncoder, SoundEncoder
from pins_plugin.train.lips.lip_reading import train_lip_reader, word_accuracy
from pins_plugin.train.lips.sync import train_synchronizer
from pins_plugin.utils.seeding import seed_everything

LENGTHS = (1, 5, 15, 25)
# Whose words are told; with hundreds of people even an untrained encoder will do.
LABELED_PEOPLE = 20
NAMES = {"sound": "sound", "video": "lips"}


class SimulatedClips:
    """What `recipes/Sync/simulate.py` wrote: clips of people to train on and of others, and their words."""

    def __init__(self, folder: Path) -> None:
        self.train, self.test = (
            [load_sync_clip(path) for path in sorted((folder / split).glob("*.npz"))]
            for split in ("train", "test")
        )
        self.words = read_words(folder / "words.csv")
        self.vocabulary = vocabulary(self.words)
        self.lips = {clip.name: torch.from_numpy(clip.lips) for clip in (*self.train, *self.test)}

    def spoken(self, split: str) -> list[SpokenWord]:
        """Words of one split; of the training people, those of the labeled ones only."""
        names = sorted({word.clip for word in self.words if word.split == split})
        if split == "train":
            names = names[:LABELED_PEOPLE]
        return [word for word in self.words if word.clip in set(names)]


def train_and_score(
    clips: SimulatedClips,
    separated: Sequence[str],
    *,
    weight: float,
    num_epochs: int,
    num_steps: int,
    seed: int,
    batch_size: int = 16,
    steps_per_epoch: int = 100,
    num_blocks: int = 2,
    window_lengths: tuple[int, ...] = (5, 10, 20),
) -> dict[str, float]:
    """Train a synchronizer, judge it and its features on unseen people."""
    seed_everything(seed)
    encoders = LipEncoder(num_blocks=num_blocks), SoundEncoder(num_blocks=num_blocks)
    objective = WindowMatchingLoss(
        window_lengths=window_lengths,
        separation_weight=weight if separated else 0.0,
        separated=tuple(NAMES[name] for name in separated),
    )
    train_synchronizer(
        clips.train,
        *encoders,
        objective,
        num_epochs=num_epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        seed=seed,
        quiet=True,
    )
    result = offsets_right(clips.test, *encoders) | spread(clips.test, *encoders)
    for name, encoder in (("", encoders[0]), (", outputs", of_outputs(encoders[0]))):
        result[f"words right{name}"] = read_lips(clips, encoder, num_steps=num_steps, seed=seed)
    return result


@torch.inference_mode()
def offsets_right(
    clips: Sequence[SyncClip], lip_encoder: LipEncoder, sound_encoder: SoundEncoder
) -> dict[str, float]:
    """Share of windows whose offset is right within one frame, mean over people."""
    found = accuracy_by_person(
        (
            (
                clip.person,
                lip_encoder(torch.from_numpy(clip.lips)[None])[0],
                sound_encoder(torch.from_numpy(clip.waveform)[None])[0],
            )
            for clip in clips
        ),
        partial(offset_accuracy, window_lengths=LENGTHS, stride=2),
    )
    return {
        f"offsets right, {length} frames": float(
            np.mean([person[length][0] for person in found.values()])
        )
        for length in LENGTHS
    }


@torch.inference_mode()
def spread(
    clips: Sequence[SyncClip], lip_encoder: LipEncoder, sound_encoder: SoundEncoder
) -> dict[str, float]:
    """How many dimensions the moments of a clip make use of, mean over clips."""
    sides = {
        "lips": [lip_encoder(torch.from_numpy(clip.lips)[None])[0] for clip in clips],
        "sound": [sound_encoder(torch.from_numpy(clip.waveform)[None])[0] for clip in clips],
    }
    return {
        f"{name}, dimensions": float(np.mean([dimensions_used(each.numpy()) for each in features]))
        for name, features in sides.items()
    }


def of_outputs(lip_encoder: LipEncoder) -> LipEncoder:
    """Make an encoder whose inner features are its outputs, which matching and separation see."""
    shown = copy.copy(lip_encoder)
    shown.inner_dim, shown.inner_features = lip_encoder.embedding_dim, lip_encoder.forward
    return shown


def read_untrained(
    clips: SimulatedClips, *, num_steps: int, seed: int, end_to_end: bool
) -> dict[str, float]:
    """Read words with an encoder that has learnt nothing, or learns with the classifier."""
    seed_everything(seed)
    options = {"num_steps": num_steps, "seed": seed, "end_to_end": end_to_end}
    return {"words right": read_lips(clips, LipEncoder().eval(), **options)}


def read_lips(
    clips: SimulatedClips,
    lip_encoder: LipEncoder,
    *,
    num_steps: int,
    seed: int,
    end_to_end: bool = False,
) -> float:
    """Train a word classifier on the encoder's features; share of right words of unseen people."""
    seed_everything(seed)
    classifier = WordClassifier(lip_encoder.inner_dim, len(clips.vocabulary), dropout=0.3)
    train_lip_reader(
        clips.lips,
        clips.spoken("train"),
        clips.vocabulary,
        lip_encoder,
        classifier,
        end_to_end=end_to_end,
        num_steps=num_steps,
        batch_size=32,
        seed=seed,
        quiet=True,
    )
    right = word_accuracy(
        clips.lips, clips.spoken("test"), clips.vocabulary, lip_encoder, classifier
    )
    return float(right.float().mean())
