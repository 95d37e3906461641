"""Which encoder tells people apart, and what is said when it is none that recognizes faces."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import pins_plugin.inference.face_recognition as recognition
from pins_plugin.errors import MediaError, ModelFolderError
from pins_plugin.inference.face_recognition import BY_APPEARANCE
from pins_plugin.models.faces.facenet import WEIGHTS, FacenetRecognition
from pins_plugin.pipelines.people import recognition as people_recognition
from pins_plugin.pipelines.people.recognition import FaceRecognizer

LANDMARKS = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)
FACES = np.random.default_rng(0).integers(0, 255, (2, 112, 112, 3)).astype(np.uint8)


def test_the_model_of_the_package_recognizes_and_has_nothing_to_say() -> None:
    recognizer = FaceRecognizer()
    embeddings = recognizer.embed(FACES)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    assert (recognizer.same_person, recognizer.notes) == (0.7, [])


@pytest.mark.parametrize("source", ["another_model", "face_recognition"])
def test_a_model_that_cannot_be_read_is_replaced_by_nothing(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModelFolderError("no such model")

    monkeypatch.setattr(recognition, "load_pretrained", missing)
    with pytest.raises(ModelFolderError, match="no such model"):
        FaceRecognizer(source)


def test_by_appearance_it_goes_only_when_asked_and_says_so() -> None:
    recognizer = FaceRecognizer("appearance")
    assert recognizer.notes == [BY_APPEARANCE]
    assert recognizer.same_person == recognizer.face_encoder.same_person_similarity
    assert recognizer.embed(FACES).shape == (2, recognizer.face_encoder.embedding_dim)


def test_facenet_is_used_where_its_weights_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelFolderError, match="vggface2"):
        FaceRecognizer("facenet")
    (tmp_path / "checkpoints").mkdir()
    network = FacenetRecognition().trunk.network
    torch.save(network.state_dict(), tmp_path / "checkpoints" / WEIGHTS)
    recognizer = FaceRecognizer("facenet")
    assert (recognizer.same_person, recognizer.notes) == (0.5, [])
    assert recognizer.embed(FACES).shape == (2, 512)


def test_an_example_without_a_face_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wall.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match="not a readable image"):
        FaceRecognizer("appearance").embed_picture(tmp_path / "wall.png")


@pytest.mark.parametrize(("other", "refused"), [(0.2, False), (0.8, True)])
def test_an_example_of_two_people_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: float, refused: bool
) -> None:
    """Whoever happened to be larger got the name."""
    Image.new("RGB", (80, 60)).save(tmp_path / "both.png")
    found = np.stack([LANDMARKS, LANDMARKS]), np.array([1.0, other])
    monkeypatch.setattr(people_recognition, "find_faces", lambda *_: found)
    recognizer = FaceRecognizer("appearance")
    if refused:
        with pytest.raises(MediaError, match="several faces of about the same size"):
            recognizer.embed_picture(tmp_path / "both.png")
    else:
        assert recognizer.embed_picture(tmp_path / "both.png").ndim == 1


def test_examples_of_phones_are_turned_upright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A portrait that lay on its side was accepted, and its person never found."""
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", (80, 60)).save(tmp_path / "phone.jpg", exif=exif)
    seen: list[tuple[int, ...]] = []

    def find(image: np.ndarray, *_: object) -> tuple[np.ndarray, np.ndarray]:
        seen.append(image.shape)
        return LANDMARKS[None], np.ones(1)

    monkeypatch.setattr(people_recognition, "find_faces", find)
    FaceRecognizer("appearance").embed_picture(tmp_path / "phone.jpg")
    assert seen == [(80, 60, 3)]
