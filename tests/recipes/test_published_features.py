"""Running published code from a clone: what needs no clone."""

import sys
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.training.features import FeatureRows
from pins_plugin.errors import PinsError
from pins_plugin.types import TalkingFaceClip

sys.path.append(str(Path(__file__).resolve().parents[2] / "recipes" / "Features"))
import published_vfal
from published_fop import pair_rows

ENCODER = """
import ipdb
import torch

class Encoder(torch.nn.Module):
    def __init__(self, voice_size, face_size):
        super().__init__()
        self.face_encoder = torch.nn.Linear(face_size, 128).cuda()
        self.voice_encoder = torch.nn.Linear(voice_size, 128).cuda()

    def forward(self, voices, faces):
        return self.voice_encoder(voices), self.face_encoder(faces)
"""
LOSS = """
def contrastive_loss(f, v, margin, tau):
    return (f - v).square().sum(1).mean()
"""


def rows(people, seed, video="v"):
    generator = np.random.default_rng(seed)
    causes = generator.standard_normal((people, 6)).astype(np.float32)
    clips = [
        TalkingFaceClip(f"c{i}", f"p{i // 3}", f"{video}{i}", Path(), Path())
        for i in range(3 * people)
    ]
    mixes = np.random.default_rng(0).standard_normal((2, 6, 12)).astype(np.float32)
    return tuple(FeatureRows(causes.repeat(3, axis=0) @ mix, clips) for mix in mixes)


def test_training_of_a_clone_brings_true_pairs_together(tmp_path):
    for name, text in (("models/my_model.py", ENCODER), ("utils/pair_selection_util.py", LOSS)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    embed = published_vfal.best_vfal(
        tmp_path, "PINs", rows(40, 1), rows(20, 2), learning_rate=0.01, most_steps=100
    )
    faces, voices = (side.embeddings for side in rows(30, 3))
    first, second = embed(faces, voices)
    assert np.linalg.norm(first, axis=1) == pytest.approx(1.0, abs=1e-5)
    true = np.einsum("ij,ij->i", first, second)
    false = np.einsum("ij,ij->i", first, np.roll(second, 3, axis=0))
    assert (true > false).mean() > 0.9


def test_a_folder_that_is_no_clone_is_told(tmp_path):
    with pytest.raises(PinsError, match=r"expected a clone of github.com/my-yy/vfal-eva"):
        published_vfal.best_vfal(tmp_path, "InfoNCE", rows(12, 0), rows(12, 1))


def test_the_first_rows_of_a_clip_are_paired():
    faces, voices = rows(4, 0)
    doubled = FeatureRows(
        np.concatenate([faces.embeddings, faces.embeddings + 1]), faces.clips + faces.clips
    )
    (first, second), people, _ = pair_rows((doubled, voices))
    order = [sorted(f"c{i}" for i in range(12)).index(f"c{i}") for i in range(12)]
    assert np.array_equal(first[order], faces.embeddings)
    assert np.array_equal(second[order], voices.embeddings)
    assert people[order].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
