"""Runs published code of five works as it is, from a clone the user has, on tables of embeddings.

https://github.com/my-yy/vfal-eva reproduces works on the association of voices and faces over embeddings of FaceNet and
ECAPA-TDNN, by one network and one protocol. Nothing of it is part of this package: its network and its losses are read from the
clone, and its settings kept (Adam, rate 0.0001, 256 pairs, a look at split valid every 100 steps, stop after 5 without gain).
Its loaders want fixed files, so drawing pairs (a video, or with labels a person, no two alike in a batch) is ours.
"""

import ast
import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from published_fop import pair_rows, score_pairs
from torch import Tensor, nn

from pins_plugin.data.training.features import FeatureRows
from pins_plugin.errors import PinsError
from pins_plugin.utils.row_draws import RowsByLabel

Loss = Callable[[Tensor, Tensor, Tensor, int], Tensor]
DIM, BATCH_SIZE, STEPS_PER_CHECK, PATIENCE = 128, 256, 100, 5


def read_module(clone: Path, name: str) -> Any:
    """Take one file of the clone, moved from CUDA to the CPU and without its debugger."""
    path = clone / name
    if not path.is_file():
        raise PinsError(f"{path}: no such file; expected a clone of github.com/my-yy/vfal-eva")
    source = path.read_text(encoding="utf-8").replace(".cuda()", "").replace("'cuda'", "'cpu'")
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if ast.unparse(node) != "import ipdb"]
    module = ModuleType(path.stem)
    exec(compile(tree, str(path), "exec"), module.__dict__)
    return module


def learnable_pins(clone: Path, num_classes: int) -> tuple[list[nn.Module], Loss]:
    """Learnable PINs (Nagrani et al. 2018)."""
    loss = read_module(clone, "utils/pair_selection_util.py").contrastive_loss
    return [], lambda f, v, labels, step: loss(f, v, 0.6, min(0.3 + 0.1 * (step // 500), 0.8))


def info_nce(clone: Path, num_classes: int) -> tuple[list[nn.Module], Loss]:
    """Softmax over the batch."""
    loss = read_module(clone, "utils/losses/unsup_nce.py").InfoNCE(0.07)
    return [], lambda f, v, labels, step: loss(f, v) + loss(v, f)


def ssnet(clone: Path, num_classes: int) -> tuple[list[nn.Module], Loss]:
    """SSNet (Nawaz et al. 2019): classes and centers."""
    center = read_module(clone, "utils/losses/center_loss_eccv16.py").CenterLoss(num_classes, DIM)
    classes = read_module(clone, "utils/losses/softmax_loss.py").SoftmaxLoss(DIM, num_classes)

    def loss(f: Tensor, v: Tensor, labels: Tensor, step: int) -> Tensor:
        both, twice = torch.cat([v, f]), torch.cat([labels, labels])
        return center(both, twice) + classes(both, twice)

    return [center, classes], loss


def wen(clone: Path, num_classes: int) -> tuple[list[nn.Module], Loss]:
    """Seeking the shape of sound (Wen et al. 2021), without its weights of people."""
    cross = read_module(clone, "utils/losses/wen_explicit_loss.py").cross_logit
    classes = read_module(clone, "utils/losses/softmax_loss.py").SoftmaxLoss(DIM, num_classes)

    def loss(f: Tensor, v: Tensor, labels: Tensor, step: int) -> Tensor:
        metric = (cross(v, f) + cross(f, v)).mean() / 2
        return metric + classes(v, labels) + classes(f, labels)

    return [classes], loss


METHODS = {
    "PINs": (learnable_pins, False),
    "InfoNCE": (info_nce, False),
    "InfoNCE, labels": (info_nce, True),
    "SSNet, labels": (ssnet, True),
    "Wen, labels": (wen, True),
}


def best_vfal(
    clone: Path,
    method: str,
    train: tuple[FeatureRows, FeatureRows],
    valid: tuple[FeatureRows, FeatureRows],
    *,
    learning_rate: float = 1e-4,
    most_steps: int = 3000,
    seed: int = 0,
) -> Callable[[np.ndarray, np.ndarray], list[np.ndarray]]:
    """Train one of `METHODS` and keep the step that people of split valid prefer; embeds rows, unit length."""
    make, supervised = METHODS[method]
    (faces, voices), people, videos = pair_rows(train)
    held_out = pair_rows(valid)
    groups = people if supervised else videos
    draw, generator = RowsByLabel(groups), np.random.default_rng(seed)
    rows = torch.from_numpy(faces), torch.from_numpy(voices)
    rows = tuple(nn.functional.normalize(values.float(), dim=1) for values in rows)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = read_module(clone, "models/my_model.py").Encoder
        model = encoder(voice_size=voices.shape[1], face_size=faces.shape[1])
        parts, loss = make(clone, int(people.max()) + 1)
        parameters = [p for part in (model, *parts) for p in part.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=learning_rate)
        scores, best = [], model
        for step in range(1, most_steps + 1):
            chosen = generator.permutation(int(groups.max()) + 1)[:BATCH_SIZE]
            places = draw.draw(chosen, generator)
            optimizer.zero_grad()
            v, f = model(rows[1][places], rows[0][places])
            loss(f, v, torch.from_numpy(people[places]), step).backward()
            optimizer.step()
            if step % STEPS_PER_CHECK == 0:
                scores.append(score_pairs(partial(_embed, model.eval()), held_out))
                model.train()
                if scores[-1] == max(scores):
                    best = copy.deepcopy(model).eval()
                if len(scores) - 1 - scores.index(max(scores)) >= PATIENCE:
                    break
    return lambda face_rows, voice_rows: _embed(best, face_rows, voice_rows)


@torch.no_grad()
def _embed(model: Any, faces: np.ndarray, voices: np.ndarray) -> list[np.ndarray]:
    pairs = ((model.face_encoder, faces), (model.voice_encoder, voices))
    unit = nn.functional.normalize
    return [
        unit(branch(unit(torch.from_numpy(rows).float(), dim=1)), dim=1).numpy()
        for branch, rows in pairs
    ]
