"""Runs the published code of FOP as it is, from a clone the user has, on tables of embeddings.

"Fusion and Orthogonal Projection for Improved Face-Voice Association" (Saeed et al., ICASSP 2022);
https://github.com/msaadsaeed/FOP. Nothing of it is part of this package: its network, its loss and its training
step are read from the clone. Its scripts want CUDA and fixed file names, so the loop over epochs is ours.
"""

import ast
import copy
from argparse import Namespace
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import nn

from pins_plugin.data.training.features import FeatureRows
from pins_plugin.errors import PinsError
from pins_plugin.metrics.verification import roc_auc

EPOCHS = 50  # as published
FROM_MAIN = ("OrthogonalProjectionLoss", "RunningAverage", "train", "init_weights", "get_batch")


@contextmanager
def without_cuda():
    """Let `.cuda()` leave modules where they are."""
    original = nn.Module.cuda
    nn.Module.cuda = lambda module, device=None: module
    try:
        yield
    finally:
        nn.Module.cuda = original


def read_clone(folder: Path, flags: Namespace) -> Namespace:
    """Take the network from `retrieval_model.py` and the training step from `main.py` of the clone."""
    parts = {}
    for name, wanted in (("retrieval_model.py", None), ("main.py", FROM_MAIN)):
        path = folder / name
        if not path.is_file():
            raise PinsError(f"{path}: no such file; expected a clone of github.com/msaadsaeed/FOP")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if wanted is not None:  # the rest of the script reads files and trains on import
            tree.body = [node for node in tree.body if getattr(node, "name", None) in wanted]
        module = ModuleType(path.stem)
        module.__dict__.update(
            torch=torch, nn=nn, F=nn.functional, np=np, FLAGS=flags, Variable=lambda tensor: tensor
        )
        exec(compile(tree, str(path), "exec"), module.__dict__)
        parts |= module.__dict__
    return Namespace(**{name: value for name, value in parts.items() if name[0] != "_"})


def train_fop(
    clone: Path,
    faces: np.ndarray,
    voices: np.ndarray,
    labels: np.ndarray,
    *,
    learning_rate: float,
    batch_size: int,
    num_epochs: int,
    seed: int,
    alpha: float = 1.0,
) -> list[nn.Module]:
    """Train on paired rows (num_rows, dim) and classes (num_rows,); the model after each epoch."""
    flags = Namespace(cuda=False, fusion="gated", dim_embed=128)
    with without_cuda(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        code = read_clone(clone, flags)
        model = code.FOP(flags, faces.shape[1], voices.shape[1])
        model.logits_layer = nn.Linear(flags.dim_embed, int(labels.max()) + 1)  # theirs is for 901
        model.apply(code.init_weights)
        trained = [model.face_branch.fc1, model.voice_branch.fc1, model.logits_layer]
        trained += [model.fusion_layer.attention]
        optimizer = torch.optim.Adam(
            [{"params": part.parameters()} for part in trained],
            lr=learning_rate,
            weight_decay=0.01,
        )
        order = np.random.default_rng(seed).permutation(len(labels))  # once, as they do
        faces, voices, labels = faces[order], voices[order], labels[order]
        losses, epochs = (nn.CrossEntropyLoss(), code.OrthogonalProjectionLoss()), []
        for _ in range(num_epochs):
            for index in range(max(len(labels) // batch_size, 1)):
                face_rows, classes = code.get_batch(index, batch_size, labels, faces)
                voice_rows, _ = code.get_batch(index, batch_size, labels, voices)
                code.train(face_rows, voice_rows, classes, model, optimizer, *losses, alpha)
            epochs.append(copy.deepcopy(model).eval())
        return epochs


@torch.no_grad()
def embed_fop(model: nn.Module, faces: np.ndarray, voices: np.ndarray) -> list[np.ndarray]:
    """Embed rows (num_faces, dim) and (num_voices, dim) as its test does: branch, then tanh; unit length.

    Its distance between two such vectors ranks pairs nearly as their cosine does.
    """
    found = []
    for branch, rows in ((model.face_branch, faces), (model.voice_branch, voices)):
        embeddings = torch.tanh(branch(torch.from_numpy(rows).float()))
        found.append(nn.functional.normalize(embeddings, dim=1).numpy())
    return found


def best_fop(
    clone: Path,
    train: tuple[FeatureRows, FeatureRows],
    valid: tuple[FeatureRows, FeatureRows] | None,
    *,
    num_epochs: int = EPOCHS,
    seed: int = 0,
    **options: float,
) -> Callable[[np.ndarray, np.ndarray], list[np.ndarray]]:
    """Train on the clips that have both rows, and keep the epoch that people of split valid prefer (else the last)."""
    paired, labels, _ = pair_rows(train)
    epochs = train_fop(clone, *paired, labels, num_epochs=num_epochs, seed=seed, **options)
    best = epochs[-1]
    if valid is not None:
        pairs = pair_rows(valid)
        best = max(epochs, key=lambda model: score_pairs(partial(embed_fop, model), pairs))
    return lambda face_rows, voice_rows: embed_fop(best, face_rows, voice_rows)


def pair_rows(
    rows: tuple[FeatureRows, FeatureRows],
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Line up the first face row and the first voice row of each clip; its person and its video as classes."""
    first = [{clip.clip_id: i for i, clip in reversed(list(enumerate(r.clips)))} for r in rows]
    shared = sorted(first[0].keys() & first[1].keys())
    paired = [
        r.embeddings[[at[name] for name in shared]] for r, at in zip(rows, first, strict=True)
    ]
    people, videos = (
        np.unique([names[first[0][clip]] for clip in shared], return_inverse=True)[1]
        for names in (rows[0].identities, rows[0].videos)
    )
    return paired, people, videos


def score_pairs(
    embed: Callable[[np.ndarray, np.ndarray], list[np.ndarray]],
    pairs: tuple[list[np.ndarray], np.ndarray, np.ndarray],
) -> float:
    """ROC AUC of every face with every voice, of what `pair_rows` gave."""
    (faces, voices), people, _ = pairs
    first, second = embed(faces, voices)
    return float(roc_auc((first @ second.T).ravel(), (people[:, None] == people[None]).ravel()))
