"""The networks of the face detector are facenet-pytorch's, whose package need not be there."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

from pins_plugin.tracking.mtcnn import load_stages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("number", "theirs", "size"), [(0, PNet, 40), (1, RNet, 24), (2, ONet, 48)]
)
def test_a_stage_gives_what_facenet_gives(number: int, theirs: type, size: int) -> None:
    pictures = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        ours, expected = load_stages()[number](pictures), theirs()(pictures)
    assert len(ours) == len(expected)
    for found, wanted in zip(ours, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def test_faces_are_found_without_facenet_pytorch() -> None:
    code = (
        "import sys; sys.modules['facenet_pytorch'] = None\n"  # importing it fails
        "from pins_plugin.tracking.detector import FaceDetector\n"
        "import numpy as np\n"
        "(found,) = FaceDetector().detect(np.zeros((1, 60, 60, 3), np.uint8))\n"
        "assert len(found.boxes) == 0"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
