"""The shipped face encoder: shapes, the carried input, and people it has never seen."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from pins_plugin.models.faces.face_recognition import FaceRecognitionEncoder, ResidualBlock
from pins_plugin.models.folder.model_folder import load_model_folder


@pytest.fixture(scope="module")
def encoder() -> FaceRecognitionEncoder:
    model = load_model_folder("face_recognition")
    assert model.settings["recognition"] is True
    return model.modules["face_encoder"]


@pytest.mark.parametrize("size", [7, 8, 9, 16])
def test_a_block_without_weights_carries_its_input(size: int) -> None:
    block = ResidualBlock(2, 3, halve=True)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    features = torch.rand(1, 2, size, size)
    carried = block(features)
    assert carried.shape == (1, 3, size // 2, size // 2)
    torch.testing.assert_close(carried[:, :2], functional.avg_pool2d(features, 2))
    assert not carried[:, 2].any()


@pytest.mark.parametrize("size", [96, 112, 224])
def test_embeddings_have_unit_length_at_any_size(
    encoder: FaceRecognitionEncoder, size: int
) -> None:
    embeddings = encoder(torch.rand(2, 3, size, size))
    assert embeddings.shape == (2, encoder.embedding_dim)
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))


def test_the_margin_of_an_aligned_face_does_not_count(encoder: FaceRecognitionEncoder) -> None:
    faces = torch.rand(1, 3, 112, 112)
    other = faces.clone()
    other[..., :12], other[..., :18, :] = 0, 1
    torch.testing.assert_close(encoder(faces), encoder(other))


def test_two_clips_of_one_person_are_alike_and_of_two_people_are_not(
    encoder: FaceRecognitionEncoder, real_data: Path
) -> None:
    from pins_plugin.tracking.crops import extract_crops
    from pins_plugin.tracking.tracks import track_faces

    means = []
    for name in ("p01_01.mpg", "p01_02.mp4", "p02_01.mpg", "p03_01.mpg"):
        video = real_data / "clips" / name
        tracks = track_faces(video, quiet=True)
        faces = extract_crops(video, tracks, ("face",), max_frames=3)[tracks[0].track].faces
        with torch.inference_mode():
            embedding = encoder(torch.from_numpy(faces).permute(0, 3, 1, 2) / 255).mean(0)
        means.append(functional.normalize(embedding, dim=0).numpy())
    similarities = np.stack(means) @ np.stack(means).T
    assert similarities[0, 1] > 0.8
    assert similarities[0, 2:].max() < 0.5
    assert similarities[2, 3] < 0.5
