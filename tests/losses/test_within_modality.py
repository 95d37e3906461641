"""Within-modality separation against a loop, for every switch."""

import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from pins_plugin.errors import PinsError
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.losses.within_modality import WithinModalitySeparationLoss


def evidence(a, b):
    return math.exp(10.0 * cosine_similarity(a, b, dim=0).item() - 5.0)


def loop_denominator(anchors, others, weight, allowed):
    losses = []
    for i in range(len(anchors)):
        use = [j for j in range(len(anchors)) if j != i and (allowed is None or allowed[i, j])]
        own = evidence(anchors[i], others[i])
        total = own + sum(evidence(anchors[i], others[j]) for j in use)
        total += weight * sum(evidence(anchors[i], anchors[j]) for j in use)
        losses.append(-math.log(own / total))
    return sum(losses) / len(losses)


def loop_term(items, allowed):
    losses = []
    for i in range(len(items)):
        use = [j for j in range(len(items)) if j == i or allowed is None or allowed[i, j]]
        total = sum(evidence(items[i], items[j]) for j in use)
        losses.append(-math.log(evidence(items[i], items[i]) / total))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("within", ["none", "face", "voice", "both"])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("masked", [True, False])
def test_separation_equals_loop(within, weight, masked):
    generator = torch.Generator().manual_seed(1)
    faces, voices = torch.randn(2, 8, 4, generator=generator)
    allowed = torch.rand(8, 8, generator=generator) < 0.6 if masked else None
    swapped = allowed.T if masked else None
    in_face, in_voice = within in ("face", "both"), within in ("voice", "both")

    expected = loop_denominator(faces, voices, weight * in_face, allowed) / 2
    expected += loop_denominator(voices, faces, weight * in_voice, swapped) / 2
    got = WithinModalitySeparationLoss(within, weight, "denominator")(faces, voices, allowed)
    assert got.item() == pytest.approx(expected, rel=1e-5)

    expected = MultiwayMatchingLoss()(faces, voices, allowed).item()
    expected += weight * in_face * loop_term(faces, allowed)
    expected += weight * in_voice * loop_term(voices, swapped)
    got = WithinModalitySeparationLoss(within, weight, "term")(faces, voices, allowed)
    assert got.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("form", ["denominator", "term"])
def test_times_of_a_clip_are_separated_within_the_clip(form):
    faces, voices = torch.randn(2, 3, 6, 4, generator=torch.Generator().manual_seed(2))
    loss = WithinModalitySeparationLoss(form=form, weight=0.7)
    expected = sum(loss(faces[k], voices[k]).item() for k in range(3)) / 3
    assert loss(faces, voices).item() == pytest.approx(expected, rel=1e-5)


def test_equal_embeddings_have_a_closed_form():
    same = torch.ones(5, 3)
    joined = WithinModalitySeparationLoss("both", 2.0, "denominator")(same, same)
    assert joined.item() == pytest.approx(math.log(5 + 2 * 4), rel=1e-6)
    separate = WithinModalitySeparationLoss("both", 2.0, "term")(same, same)
    assert separate.item() == pytest.approx((1 + 2 * 2.0) * math.log(5), rel=1e-6)


@pytest.mark.parametrize("bad", [{"within": "x"}, {"form": "x"}, {"weight": -1}])
def test_separation_refuses_bad_switches(bad):
    with pytest.raises(PinsError):
        WithinModalitySeparationLoss(**bad)
