"""What every objective over a batch of paired embeddings keeps to."""

import pytest
import torch

from pins_plugin.errors import ShapeError
from pins_plugin.losses.contrastive import ContrastiveLoss
from pins_plugin.losses.mined import MinedContrastiveLoss
from pins_plugin.losses.multiway_matching import MultiwayMatchingLoss
from pins_plugin.losses.within_modality import WithinModalitySeparationLoss
from pins_plugin.miners.curriculum import CurriculumMiner
from pins_plugin.miners.hardest import HardestMiner

OBJECTIVES = {
    "matching": MultiwayMatchingLoss(),
    "separation, denominator": WithinModalitySeparationLoss(form="denominator"),
    "separation, term": WithinModalitySeparationLoss(form="term"),
    "contrastive, hardest": MinedContrastiveLoss(ContrastiveLoss(1.2), HardestMiner()),
    "contrastive, curriculum": MinedContrastiveLoss(ContrastiveLoss(1.2), CurriculumMiner()),
    "contrastive, fraction": MinedContrastiveLoss(
        ContrastiveLoss(1.2, positive_margin=0.3), CurriculumMiner("fraction")
    ),
}


@pytest.fixture(params=OBJECTIVES.values(), ids=OBJECTIVES.keys())
def objective(request):
    return request.param


def pair(batch=16, dim=8, seed=0, dtype=torch.float32):
    embeddings = torch.randn(2, batch, dim, generator=torch.Generator().manual_seed(seed))
    return embeddings[0].to(dtype), (embeddings[0] * 0.5 + embeddings[1]).to(dtype)


def test_permuting_the_clips_changes_nothing(objective):
    faces, voices = pair()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    assert objective(faces[order], voices[order]).item() == pytest.approx(
        objective(faces, voices).item(), rel=1e-5
    )


def test_swapping_the_modalities_changes_nothing(objective):
    faces, voices = pair()
    assert objective(voices, faces).item() == pytest.approx(
        objective(faces, voices).item(), rel=1e-5
    )


def test_scaling_embeddings_changes_nothing(objective):
    faces, voices = pair()
    assert objective(3 * faces, 0.1 * voices).item() == pytest.approx(
        objective(faces, voices).item(), rel=1e-4
    )


@pytest.mark.parametrize("batch", [1, 2, 16])
def test_gradients_are_finite_in_both_branches(objective, batch):
    faces, voices = (x.requires_grad_() for x in pair(batch))
    loss = objective(faces, voices)
    loss.backward()
    assert loss.isfinite() and loss.shape == ()
    assert faces.grad.isfinite().all() and voices.grad.isfinite().all()
    if batch == 16:
        assert faces.grad.abs().sum() > 0 and voices.grad.abs().sum() > 0


def test_one_identity_only_has_finite_gradients(objective):
    faces, voices = (x.requires_grad_() for x in pair())
    objective(faces, voices, allowed=torch.zeros(16, 16, dtype=torch.bool)).backward()
    assert faces.grad.isfinite().all() and voices.grad.isfinite().all()


def test_collapsed_embeddings_have_finite_gradients(objective):
    faces, voices = (torch.ones(6, 4).requires_grad_() for _ in range(2))
    objective(faces, voices).backward()
    assert faces.grad.isfinite().all() and voices.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_close_to_full(objective, dtype):
    faces, voices = pair(dtype=dtype)
    half = objective(faces, voices)
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(objective(faces.float(), voices.float()).item(), rel=2e-2)


def test_gradient_agrees_with_finite_differences():
    for loss in (MultiwayMatchingLoss(), WithinModalitySeparationLoss(weight=0.5)):
        faces, voices = (x.requires_grad_() for x in pair(4, 3, dtype=torch.float64))
        assert torch.autograd.gradcheck(loss.double(), (faces, voices))
        loss.float()


def test_better_aligned_pairs_cost_less(objective):
    faces, voices = pair()
    assert objective(faces, faces + 0.1 * voices) < objective(faces, voices)


@pytest.mark.parametrize("shapes", [((4, 3), (5, 3)), ((4, 3), (4, 2)), ((4,), (4,))])
def test_unpaired_shapes_are_refused(objective, shapes):
    with pytest.raises(ShapeError, match=r"batch|square"):
        objective(torch.randn(shapes[0]), torch.randn(shapes[1]))
