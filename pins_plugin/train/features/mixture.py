"""Closed forms and networks side by side, each group with the share that people held out prefer."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.models.layers.heads import DirectionHead, FeatureHead, NetworkHead
from pins_plugin.train.features.closed_form import ClosedForm, HeadSettings
from pins_plugin.train.features.feature_networks import Networks, compare
from pins_plugin.train.features.held_out import HeldOut, mean_auc
from pins_plugin.train.features.people_table import Axes
from pins_plugin.train.features.principal_axes import PrincipalAxes

Part = DirectionHead | NetworkHead
Parts = list[tuple[tuple[Part, Part], float]]
SHARES = (0.5, 0.25, 0.75)  # of the networks; the first of equals is taken


class Mixture:
    """Puts heads together from closed forms and networks.

    On a fold of the training people, closed forms and network are those that did not see it; on split valid,
    all take part.

    Parameters
    ----------
    closed_form : ClosedForm
    settings : sequence of HeadSettings
        Closed forms to average; none for networks only.
    networks : sequence of pairs of NetworkHead
        One per fold, in order; none for closed forms only.
    folds : sequence of HeldOut
    valid : HeldOut or None
    axes : pair of PrincipalAxes or None
        What the table was projected by.

    Attributes
    ----------
    scores : dict of share to float
        Mean verification AUC on people held out, by the share of the networks.
    share : float
        The best of them.
    """

    def __init__(
        self,
        closed_form: ClosedForm,
        settings: Sequence[HeadSettings],
        networks: Sequence[Networks],
        folds: Sequence[HeldOut],
        valid: HeldOut | None,
        axes: Axes,
    ) -> None:
        self.closed_form, self.settings, self.networks = closed_form, settings, networks
        self.axes = axes
        self.held_out = [*folds, *([] if valid is None else [valid])]
        self.spreads = self._closed_spreads()
        self.similarities: list[list[NDArray]] = []  # of each group, on each part held out
        if settings:
            self.similarities.append([self._closed(part) for part in self.held_out])
        if networks:
            found = [compare(pair, fold) for pair, fold in zip(networks, folds, strict=True)]
            if valid is not None:
                found.append(np.mean([compare(pair, valid) for pair in networks], axis=0))
            self.similarities.append(found)
        self.scores = self._score_shares()
        self.share = max(self.scores, key=lambda share: self.scores[share])

    def _closed_spreads(self) -> list[float]:
        """Spread of the similarities under each setting, on the parts held out."""
        spreads = dict.fromkeys(self.settings, 1e-9)
        for part in self.held_out:
            for settings, values in self.closed_form.similarities(self.settings, part):
                spreads[settings] += float(values.std()) / len(self.held_out)
        return list(spreads.values())

    def _closed(self, part: HeldOut) -> NDArray:
        """Mean of the closed forms' similarities, each in units of its spread."""
        found = dict(self.closed_form.similarities(self.settings, part))
        scaled = [
            found[one] / spread for one, spread in zip(self.settings, self.spreads, strict=True)
        ]
        return np.asarray(np.mean(scaled, axis=0))

    def weights(self, share: float) -> list[float]:
        """Weights of the groups that are there: `share` for networks, each in units of its spread."""
        shares = [1 - share, share] if len(self.similarities) == 2 else [1.0]
        return [
            part / (float(np.mean([values.std() for values in similarities])) + 1e-9)
            for part, similarities in zip(shares, self.similarities, strict=True)
        ]

    def _score_shares(self) -> dict[float, float]:
        if len(self.similarities) < 2:
            return {0.0 if self.settings else 1.0: mean_auc(self.held_out, self.similarities[0])}
        scores = {}
        for share in SHARES:
            first, second = self.weights(share)
            mixed = [first * a + second * b for a, b in zip(*self.similarities, strict=True)]
            scores[share] = mean_auc(self.held_out, mixed)
        return scores

    def build(self, share: float | None = None) -> tuple[FeatureHead, FeatureHead]:
        """Write everything that has a share into two heads, in eval mode.

        Parameters
        ----------
        share : float, optional
            Of the networks; the best one by default.

        Returns
        -------
        face_head, voice_head : FeatureHead
        """
        weights = self.weights(self.share if share is None else share)
        parts: Parts = []
        if self.settings and weights[0] > 0:
            parts += [
                (self.closed_form.build(settings), weights[0] / spread / len(self.settings))
                for settings, spread in zip(self.settings, self.spreads, strict=True)
            ]
        if self.networks and weights[-1] > 0:
            parts += [(pair, weights[-1] / len(self.networks)) for pair in self.networks]
        heads = [
            _assemble(side, self.axes[side], [(pair[side], weight) for pair, weight in parts])
            for side in (0, 1)
        ]
        return heads[0], heads[1]


@torch.no_grad()
def _assemble(
    side: int,
    axes: PrincipalAxes | None,
    parts: Sequence[tuple[Part, float]],
) -> FeatureHead:
    """One head from its parts and their weights."""
    closed = [part for part, _ in parts if isinstance(part, DirectionHead)]
    networks = [part for part, _ in parts if isinstance(part, NetworkHead)]
    dim = (closed[0].mean if closed else networks[0].hidden.weight[0]).shape[0]
    options = {}
    if networks:
        options = {
            "hidden_dim": networks[0].hidden.out_features,
            "network_dim": networks[0].last.out_features,
        }
    head = FeatureHead(
        dim if axes is None else len(axes.mean),
        side,
        len(closed),
        closed[0].directions.out_features if closed else 0,
        len(networks),
        reduced_dim=0 if axes is None else dim,
        **options,
    )
    for target, (part, _) in zip(head.heads, parts, strict=True):
        target.load_state_dict(part.state_dict())
    weights = torch.tensor([weight for _, weight in parts])
    head.shares.copy_(weights / weights.sum())
    if axes is not None and head.axes is not None:
        head.axes.weight.copy_(torch.from_numpy(axes.axes.T))
        head.axes.bias.copy_(torch.from_numpy(-axes.mean @ axes.axes))
    return head.eval()
