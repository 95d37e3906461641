"""Learn how much likelier it is that a face and a voice are one person's than that they are two people's."""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


class LikelihoodRatioLoss(nn.Module):
    r"""Logistic loss over all pairs of a batch, each of which counts as one person's as far as it may be.

    The cosine c of unit vectors gives the ratio `1 + g c` of "one person" to "two people". Pair (i, j) stands with weight
    `w_ij` (of mean 1) among pairs of one person and with weight 1 among pairs at random:

        L = mean_ij ( w_ij log(1 + 1 / (1 + g c_ij)) + log(1 + 1 + g c_ij) )

    which is least where `1 + g c_ij = w_ij`: a density ratio (Gutmann and Hyvarinen, "Noise-contrastive estimation",
    AISTATS 2010). With w from "both have the attribute, or neither", it is what is known of a pair of which nobody
    knows whether it is one person's.

    Parameters
    ----------
    gain : float
        g, below 1: no pair is ever quite impossible.

    Examples
    --------
    Where weights are 1, nothing is to be learnt: the loss of orthogonal embeddings is 2 log 2.

    >>> loss = LikelihoodRatioLoss()
    >>> round(float(loss(torch.eye(2), torch.eye(2).flip(0) * 0, torch.ones(2, 2))), 4)
    1.3863
    """

    def __init__(self, gain: float = 0.97) -> None:
        super().__init__()
        self.gain = gain

    def forward(self, face_embeddings: Tensor, voice_embeddings: Tensor, weights: Tensor) -> Tensor:
        """Compare all pairs.

        Parameters
        ----------
        face_embeddings : (num_faces, embedding_dim) Tensor
            Of unit length.
        voice_embeddings : (num_voices, embedding_dim) Tensor
            Of unit length.
        weights : (num_faces, num_voices) Tensor
            How often each pair stands for one person, relative to chance.

        Returns
        -------
        loss : () Tensor
        """
        ratios = torch.log1p(self.gain * (face_embeddings @ voice_embeddings.T))
        return (weights * softplus(-ratios) + softplus(ratios)).mean()


def agreement_weights(faces: Tensor, voices: Tensor) -> Tensor:
    """How often a face and a voice are one person's, relative to chance, by one attribute of two values.

    Parameters
    ----------
    faces : (num_faces,) Tensor
        Probability of the one value.
    voices : (num_voices,) Tensor

    Returns
    -------
    weights : (num_faces, num_voices) Tensor
        Of mean 1.

    Examples
    --------
    >>> agreement_weights(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.5]))
    tensor([[2., 1.],
            [0., 1.]])
    """
    both = torch.outer(faces, voices) + torch.outer(1 - faces, 1 - voices)
    return both / both.mean().clamp(min=torch.finfo(both.dtype).tiny)  # 0 where no pair agrees
