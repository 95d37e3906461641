"""Training one encoder with identity labels: the upper bound that training without labels is compared with."""

from collections.abc import Callable
from functools import partial

import torch
from speechbrain.lobes.models.ECAPA_TDNN import Classifier
from speechbrain.nnet.losses import AngularMargin, LogSoftmaxWrapper
from torch import Tensor, nn

from pins_plugin.data.training.stretches import OneLongRun
from pins_plugin.errors import ShapeError
from pins_plugin.train.learning_rate import OneCycle
from pins_plugin.train.loop import TrainingBrain, train_steps
from pins_plugin.utils.seeding import seed_everything

MARGIN, SCALE, WEIGHT_DECAY = 0.1, 15.0, 0.05


def train_supervised(
    encoder: nn.Module,
    read: Callable[[Tensor, int], Tensor],
    labels: Tensor,
    *,
    num_steps: int = 300,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    seed: int = 0,
) -> float:
    """Train an encoder in place to tell people apart, by a softmax over all of them.

    The logits are cosines with one learnt direction per person, the right one made smaller by `MARGIN`
    (AM-softmax: Wang, Cheng, Liu, Liu, "Additive margin softmax for face verification", 2018).

    Parameters
    ----------
    encoder : nn.Module
        With `embedding_dim`; maps a batch to embeddings.
    read : callable
        Maps positions (batch,) and the number of the step to the encoder's input.
    labels : (num_items,) int64 Tensor
        Person of each position.
    seed : int
        Of the order and the directions. (The start of the encoder is the caller's.)

    Returns
    -------
    loss : float
        Mean over all steps.
    """
    num_people = int(labels.max()) + 1 if len(labels) else 0
    if num_people < 2:
        raise ShapeError(f"labels: expected two or more people, got {num_people}")
    seed_everything(seed)
    classifier = Classifier(encoder.embedding_dim, out_neurons=num_people)
    draw = partial(torch.randint, len(labels), (batch_size,))
    loss = LogSoftmaxWrapper(AngularMargin(MARGIN, SCALE))

    def loss_of(brain: TrainingBrain, positions: Tensor) -> Tensor:
        """Compare cosines with one direction per person with the names."""
        inputs = read(positions, brain.optimizer_step).to(brain.device)
        cosines = brain.modules.classifier(brain.modules.encoder(inputs)[:, None])
        return loss(cosines, labels[positions].to(brain.device)[:, None])

    (history,) = train_steps(
        loss_of,
        {"encoder": encoder, "classifier": classifier},
        OneLongRun(num_steps, num_steps, seed, lambda g: draw(generator=g)),
        num_steps,
        OneCycle(learning_rate),
        WEIGHT_DECAY,
        quiet=True,
    )
    return history["loss"]
