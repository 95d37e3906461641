"""Objectives by name, for experiments that choose one by a word."""

from collections.abc import Callable

from torch import nn

from pins_plugin.errors import PinsError
from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss, Miner
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.losses.within_modality import WithinModalitySeparationLoss
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.miners.hardest import HardestMiner
from pins_plugin.miners.random import RandomMiner
from pins_plugin.miners.semi_hard import SemiHardMiner

LOSSES = ("contrastive", "multiway", "separation")
MINERS: dict[str, Callable[[], Miner]] = {
    "random": RandomMiner,
    "curriculum": CurriculumMiner,
    "semi_hard": SemiHardMiner,
    "hardest": HardestMiner,
}


def make_objective(
    loss: str, miner: str = "random", margin: float = 1.2, scale: float = 5.0
) -> nn.Module:
    """Make an objective ``objective(face_embeddings, voice_embeddings, allowed=...)``.

    Parameters
    ----------
    loss : {"contrastive", "multiway", "separation"}
        Mined pairs; a softmax over the batch; the same with the items of each modality kept apart.
    miner : {"random", "curriculum", "semi_hard", "hardest"}
        Of the contrastive loss.
    margin : float
        Of the contrastive loss.
    scale : float
        Of the softmax, fixed.

    Raises
    ------
    PinsError
        For a name that is none of these.

    Examples
    --------
    >>> type(make_objective("contrastive", "hardest").miner).__name__
    'HardestMiner'
    """
    if loss not in LOSSES:
        raise PinsError(f"loss: expected one of {', '.join(LOSSES)}, got {loss!r}")
    if miner not in MINERS:
        raise PinsError(f"miner: expected one of {', '.join(MINERS)}, got {miner!r}")
    if loss == "contrastive":
        return MinedContrastiveLoss(ContrastiveLoss(margin), MINERS[miner]())
    if loss == "multiway":
        return MultiwayMatchingLoss(scale, learnable=False)
    return WithinModalitySeparationLoss(weight=0.3, scale=scale, learnable=False)
