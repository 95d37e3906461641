"""A closed form and networks side by side, with the share of each that people held out prefer."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from pins_plugin.models.folder.module_registry import make_module
from pins_plugin.models.layers.heads import DirectionHead, FeatureHead, NetworkHead
from pins_plugin.train.features.closed_form import ClosedForm, HeadSettings
from pins_plugin.train.features.feature_networks import Networks, compare_networks
from pins_plugin.train.features.held_out import HeldOut, mean_auc
from pins_plugin.train.features.people_table import Axes

SHARES = (0.5, 0.25, 0.75)  # of the networks; the first of equals is taken


class Mixture:
    """Puts heads together from a closed form and networks.

    On a fold of the training people, closed form and network are those that did not see it; on split valid,
    all take part.

    Parameters
    ----------
    settings : HeadSettings or None
        Of the closed form; none for networks only.
    networks : sequence of pairs of NetworkHead
        One per fold, in order; none for the closed form only.
    axes : pair of PCA or None
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
        settings: HeadSettings | None,
        networks: Sequence[Networks],
        folds: Sequence[HeldOut],
        valid: HeldOut | None,
        axes: Axes,
    ) -> None:
        self.closed_form, self.settings, self.networks = closed_form, settings, networks
        self.axes = axes
        held_out = [*folds, *([] if valid is None else [valid])]
        found: dict[str, list[NDArray]] = {}  # similarities of each part held out
        if settings is not None:
            similar = closed_form.similarities
            found["closed"] = [next(similar([settings], part))[1] for part in held_out]
        if networks:
            found["networks"] = compare_networks(networks, folds, valid)
        self.spreads = {
            name: float(np.mean([values.std() for values in parts])) + 1e-9
            for name, parts in found.items()
        }
        self.scores = {}
        for share in SHARES if len(found) == 2 else (1.0 if networks else 0.0,):
            weights = self.weights(share)
            mixed = [
                sum(weights[name] * values for name, values in zip(found, parts, strict=True))
                for parts in zip(*found.values(), strict=True)
            ]
            self.scores[share] = mean_auc(held_out, mixed)
        self.share = max(self.scores, key=lambda share: self.scores[share])

    def weights(self, share: float) -> dict[str, float]:
        """Weights of what is there: `share` for the networks, each in units of its spread."""
        shares = {"closed": 1 - share, "networks": share}
        return {name: shares[name] / spread for name, spread in self.spreads.items()}

    def build(self, share: float | None = None) -> tuple[FeatureHead, FeatureHead]:
        """Write everything that has a share into two heads, in eval mode.

        Parameters
        ----------
        share : float, optional
            Of the networks; the best one by default.
        """
        weights = self.weights(self.share if share is None else share)
        closed, networks, shares = [], [], []
        if self.settings is not None and weights["closed"] > 0:
            closed, shares = [self.closed_form.build(self.settings)], [weights["closed"]]
        if self.networks and weights["networks"] > 0:
            networks = list(self.networks)
            shares += [weights["networks"] / len(networks)] * len(networks)
        heads = [
            _assemble(
                side,
                self.axes[side],
                [pair[side] for pair in closed],
                [pair[side] for pair in networks],
                torch.tensor(shares),
            )
            for side in (0, 1)
        ]
        return heads[0], heads[1]


@torch.no_grad()
def _assemble(
    side: int,
    axes: PCA | None,
    closed: Sequence[DirectionHead],
    networks: Sequence[NetworkHead],
    shares: torch.Tensor,
) -> FeatureHead:
    """One head from its parts and their shares (num_parts,)."""
    dim = closed[0].mean.shape[0] if closed else networks[0].hidden.in_features
    options = {}
    if networks:
        options = {
            "hidden_dim": networks[0].hidden.out_features,
            "network_dim": networks[0].last.out_features,
        }
    head = make_module(
        FeatureHead,
        input_dim=dim if axes is None else axes.n_features_in_,
        side=side,
        num_closed_forms=len(closed),
        num_directions=closed[0].directions.out_features if closed else 0,
        num_networks=len(networks),
        reduced_dim=0 if axes is None else dim,
        **options,
    )
    parts: list[torch.nn.Module] = [*closed, *networks]
    for target, part in zip(head.heads, parts, strict=True):
        target.load_state_dict(part.state_dict())
    head.shares.copy_(shares / shares.sum())
    if axes is not None and head.axes is not None:
        head.axes.weight.copy_(torch.from_numpy(axes.components_))
        head.axes.bias.copy_(torch.from_numpy(-axes.mean_ @ axes.components_.T))
    return head.eval()
