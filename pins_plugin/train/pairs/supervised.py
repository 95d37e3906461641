"""Training one encoder with identity labels: the upper bound that training without labels is compared with."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from pins_plugin.errors import ShapeError
from pins_plugin.train.learning_rate import OneCycle
from pins_plugin.utils.progress import progress
from pins_plugin.utils.seeding import seed_everything

Read = Callable[[Tensor, int], Tensor]


def train_supervised(
    encoder: nn.Module,
    read: Read,
    labels: Tensor,
    *,
    num_steps: int = 300,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    weight_decay: float = 0.05,
    scale: float = 15.0,
    margin: float = 0.1,
    seed: int = 0,
    quiet: bool = False,
) -> list[float]:
    """Train an encoder in place to tell people apart, by a softmax over all of them.

    The logits are cosines with one learnt direction per person, the right one made smaller by `margin`
    (AM-softmax: Wang, Cheng, Liu, Liu, "Additive margin softmax for face verification", 2018).

    Parameters
    ----------
    encoder : nn.Module
        With `embedding_dim`; maps a batch to unit-length embeddings.
    read : callable
        Maps positions (batch,) and the number of the step to the encoder's input.
    labels : (num_items,) int64 Tensor
        Person of each position.
    num_steps, batch_size : int
    learning_rate, weight_decay, scale, margin : float
    seed : int
        Of the order and the directions. (The start of the encoder is the caller's.)
    quiet : bool

    Returns
    -------
    losses : list of float
        Of each step.
    """
    num_people = int(labels.max()) + 1 if len(labels) else 0
    if num_people < 2:
        raise ShapeError(f"labels: expected two or more people, got {num_people}")
    seed_everything(seed)
    directions = nn.Parameter(0.1 * torch.randn(num_people, encoder.embedding_dim))  # type: ignore[arg-type]
    weights = [*encoder.parameters(), directions]
    optimizer = torch.optim.AdamW(weights, learning_rate, weight_decay=weight_decay)
    rate = OneCycle(peak=learning_rate)
    generator = torch.Generator().manual_seed(seed)
    losses = []
    encoder.train()
    for step in progress(range(num_steps), "supervised", quiet=quiet):
        for group in optimizer.param_groups:
            group["lr"] = rate(step / num_steps)
        positions = torch.randint(len(labels), (batch_size,), generator=generator)
        embeddings = functional.normalize(encoder(read(positions, step)), dim=-1)
        cosines = embeddings @ functional.normalize(directions, dim=-1).T  # (batch, num_people)
        wanted = functional.one_hot(labels[positions], num_people)
        loss = functional.cross_entropy(scale * (cosines - margin * wanted), labels[positions])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    encoder.eval()
    return losses
