"""Training of a sound encoder on phones, before it meets lips: which phone is heard in each frame."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.data.training.stretches import DrawnBatches
from pins_plugin.data.training.sync_augmentation import augment_spectrograms
from pins_plugin.models.lips.sync_encoders import SPECTRA_PER_FRAME, SoundEncoder
from pins_plugin.train.learning_rate import lips_cycle
from pins_plugin.train.loop import TrainingBrain, train_steps

NUM_FRAMES, BATCH_SIZE, STEPS_PER_EPOCH = 64, 32, 200
MIN_SPECTRA = SPECTRA_PER_FRAME * NUM_FRAMES + 1  # of sound that frames are cut from
HeardSound = tuple[Tensor, Tensor]
"""Spectrogram (num_bins, num_spectra), and the number of the phone of each of its columns (num_spectra,)."""


class PhoneBatches(DrawnBatches):
    """Stretches of changed sound, (batch, num_bins, 4 num_frames), and the phone of each frame, (batch, num_frames)."""

    def __init__(self, pieces: Sequence[HeardSound], seed: int) -> None:
        super().__init__(STEPS_PER_EPOCH, seed)
        self.pieces = pieces
        self.weights = torch.tensor([float(len(phones)) for _, phones in pieces])

    def draw(self, generator: torch.Generator) -> HeardSound:
        """Draw by duration."""
        chosen = torch.multinomial(self.weights, BATCH_SIZE, replacement=True, generator=generator)
        places = torch.rand(BATCH_SIZE, generator=generator).tolist()
        cuts = [cut_phones(self.pieces[i], at) for i, at in zip(chosen, places, strict=True)]
        spectrograms, phones = map(torch.stack, zip(*cuts, strict=True))
        return augment_spectrograms(spectrograms, 1.0, generator), phones


def cut_phones(piece: HeardSound, place: float) -> HeardSound:
    """Cut NUM_FRAMES frames that begin at a place in [0, 1]; the phone of a frame is that of its middle."""
    spectrogram, phones = piece
    length = SPECTRA_PER_FRAME * NUM_FRAMES
    start = int(place * (len(phones) - length))
    middles = start + SPECTRA_PER_FRAME // 2 + SPECTRA_PER_FRAME * torch.arange(NUM_FRAMES)
    return spectrogram[:, start : start + length], phones[middles]


def phone_loss(brain: TrainingBrain, batch: HeardSound) -> Tensor:
    """Compare which phone is heard in each frame with the truth."""
    spectrograms, phones = (part.to(brain.device) for part in batch)
    features = brain.modules.sound_encoder.inner_features(spectrograms)
    logits = brain.modules.classifier(features)  # (batch, num_frames, num_phones)
    return functional.cross_entropy(logits.flatten(0, 1), phones.flatten())


def train_phones(
    taught: Sequence[HeardSound],
    held: Sequence[HeardSound],
    encoder: SoundEncoder,
    num_phones: int,
    num_steps: int,
    seed: int,
) -> tuple[Tensor, Tensor]:
    """Train the encoder in place; what it says of the middle of pieces held out, and what was heard, two (len(held), NUM_FRAMES).

    Every piece has `MIN_SPECTRA` or more.
    """
    classifier = nn.Linear(encoder.last.in_channels, num_phones)
    modules = {"sound_encoder": encoder, "classifier": classifier}
    batches = PhoneBatches(taught, seed)
    train_steps(phone_loss, modules, batches, num_steps, lips_cycle(2e-3), max_grad_norm=1.0)
    encoder.eval()
    with torch.inference_mode():
        spectrograms, heard = map(
            torch.stack, zip(*(cut_phones(p, 0.5) for p in held), strict=True)
        )
        return classifier(encoder.inner_features(spectrograms)).argmax(-1), heard
