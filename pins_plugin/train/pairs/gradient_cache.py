"""Gradient caching: a batch of thousands of clips in the memory of a few.

Gao et al., "Scaling deep contrastive learning batch size under memory limited setup" (RepL4NLP 2021), section 3.2.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import get_device_states, set_device_states

from pins_plugin.errors import PinsError


def backward_in_chunks(
    encoders: Sequence[nn.Module],
    inputs: Sequence[Tensor],
    objective: Callable[..., Tensor],
    chunk_size: int,
) -> Tensor:
    """Add the gradients of ``objective(*embeddings)`` to all parameters, a chunk of the batch at a time.

    Three passes: embed every chunk without gradient; differentiate the objective on all embeddings; embed every
    chunk again, with the same random numbers (dropout), and push the kept gradient of its embeddings
    through the encoder. Equal to one large batch for encoders that treat rows independently. Batch
    normalization in training mode does not: it standardizes each chunk by itself ("ghost" batches), so that
    the gradients are those of that network; see `depends_on_chunks`.

    Parameters
    ----------
    encoders : sequence of Module
        One per modality. `DistributedDataParallel` ones communicate at their last chunk only.
    inputs : sequence of (batch, ...) Tensor
        One per encoder.
    objective : callable
        Embeddings of the whole batch, one (batch, embedding_dim) Tensor per encoder -> () Tensor. May
        gather across processes itself.
    chunk_size : int
        Clips in memory at once.

    Returns
    -------
    loss : () Tensor
        Detached.

    Raises
    ------
    PinsError
        When `chunk_size` is below 1.
    """
    if chunk_size < 1:
        raise PinsError(f"chunk_size: expected at least 1 clip, got {chunk_size}")
    chunks = [batch.split(chunk_size) for batch in inputs]
    states: list[list[tuple]] = []
    embeddings: list[Tensor] = []
    with torch.no_grad():
        for encoder, parts in zip(encoders, chunks, strict=True):
            states.append([])
            outputs = []
            with _without_memory(encoder):
                for part in parts:
                    states[-1].append((torch.get_rng_state(), *get_device_states(part)))
                    outputs.append(encoder(part))
            embeddings.append(torch.cat(outputs).requires_grad_())

    loss = objective(*embeddings)
    loss.backward()

    for encoder, parts, kept, whole in zip(encoders, chunks, states, embeddings, strict=True):
        if whole.grad is None:  # the objective does not use this modality
            continue
        gradients = whole.grad.split(chunk_size)
        for index, (part, state, gradient) in enumerate(zip(parts, kept, gradients, strict=True)):
            with _replay(*state), _communicate(encoder, last=index == len(parts) - 1):
                encoder(part).backward(gradient)
    return loss.detach()


def depends_on_chunks(encoder: nn.Module) -> bool:
    """Tell whether an encoder, as it is, embeds a clip differently in another chunk: batch normalization in training.

    Examples
    --------
    >>> norm = nn.BatchNorm1d(2)
    >>> depends_on_chunks(norm), depends_on_chunks(norm.eval())
    (True, False)
    """
    return any(norm.training for norm in _batch_norms(encoder))


def _batch_norms(encoder: nn.Module) -> list[_BatchNorm]:
    return [module for module in encoder.modules() if isinstance(module, _BatchNorm)]


@contextmanager
def _without_memory(encoder: nn.Module) -> Iterator[None]:
    """Keep the running statistics as they are: the second pass over the same chunks counts, not both."""
    norms = _batch_norms(encoder)
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def _communicate(encoder: nn.Module, last: bool) -> AbstractContextManager[object]:
    no_sync = getattr(encoder, "no_sync", None)
    return nullcontext() if last or no_sync is None else no_sync()


@contextmanager
def _replay(cpu_state: Tensor, devices: list[int], states: list[Tensor]) -> Iterator[None]:
    """Draw random numbers again from a kept state; the global state is as before afterwards."""
    with torch.random.fork_rng(devices=devices):
        torch.set_rng_state(cpu_state)
        set_device_states(devices, states)
        yield
