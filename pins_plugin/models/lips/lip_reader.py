"""Lip reading: which word of a vocabulary do these lips say?"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class WordClassifier(nn.Module):
    """A temporal back end: convolutions over time, then `num_heads` averages over time, by attention to the frames that tell.

    `feature_dim` is that of the frame features below.

    Examples
    --------
    >>> WordClassifier(96, 51)(torch.ones(2, 20, 98)).shape
    torch.Size([2, 51])
    """

    def __init__(
        self,
        feature_dim: int,
        num_words: int,
        channels: int = 96,
        num_heads: int = 4,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        self.feature_dim, self.num_words = feature_dim, num_words
        self.norm = nn.BatchNorm1d(feature_dim, affine=False)
        self.dropout = nn.Dropout(dropout)
        self.first = nn.Conv1d(feature_dim + 2, channels, 3, padding=1)
        self.first_norm = nn.BatchNorm1d(channels)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)
        self.second_norm = nn.BatchNorm1d(channels)
        self.attention = nn.Conv1d(channels, num_heads, 1)
        self.last = nn.Linear(num_heads * channels, num_words)

    def forward(self, windows: Tensor) -> Tensor:
        """Classify windows of `data.corpora.words.cut_word` (batch, num_frames, feature_dim + 2): (batch, num_words) logits."""
        marks = windows[..., self.feature_dim :].transpose(1, 2)  # (batch, 2, num_frames)
        seen = marks[:, 1:]
        features = self.norm(windows[..., : self.feature_dim].transpose(1, 2)) * seen
        inputs = self.dropout(torch.cat([features, marks], dim=1))
        hidden = functional.relu(self.first_norm(self.first(inputs)))
        hidden = hidden + functional.relu(self.second_norm(self.second(self.dropout(hidden))))
        weights = self.attention(hidden).masked_fill(seen == 0, -1e4).softmax(dim=2)
        pooled = torch.einsum("bkt,bct->bkc", weights, hidden).flatten(1)
        return self.last(self.dropout(pooled))
