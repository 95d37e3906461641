"""From a name to a network that tells people apart by their faces, and what is to be said of it."""

from typing import NamedTuple

from torch import nn

from pins_plugin.inference.pretrained import load_pretrained
from pins_plugin.models.faces.appearance import AppearanceEncoder

DEFAULT = "face_recognition"
BY_APPEARANCE = (
    "People were grouped by the colors and shading of this video alone, without face recognition: one person may "
    "have several labels, and examples of faces and numbers across videos are not to be trusted."
)


class FaceRecognition(NamedTuple):
    """A face encoder, what it says of itself, and what users should be told.

    `face_encoder` maps aligned faces (batch, 3, height, width) in [0, 1] to unit vectors (batch, embedding_dim);
    `same_person_similarity` is the cosine from which on two faces may be one person's.
    """

    face_encoder: nn.Module
    same_person_similarity: float | None
    notes: list[str]


def load_face_recognition(source: str = DEFAULT) -> FaceRecognition:
    """Open a face encoder: a model folder with a face branch, the name of a model that comes with the package, an ONNX file, a plugin.

    "facenet" stands for InceptionResnetV1, where its weights are present; "appearance" for none of these. ModelFolderError
    when there is no such encoder, or it is damaged: nothing else takes its place unasked.
    """
    if source == "facenet":
        from pins_plugin.models.faces.facenet import FacenetRecognition, load_facenet_weights

        network = FacenetRecognition()
        load_facenet_weights(network)
        return FaceRecognition(network.eval(), network.same_person_similarity, [])
    if source == "appearance":
        appearance = AppearanceEncoder()
        return FaceRecognition(appearance, appearance.same_person_similarity, [BY_APPEARANCE])
    model = load_pretrained(source, needs=["face_encoder"])
    encoder = model.modules["face_encoder"]
    of_encoder = getattr(encoder, "same_person_similarity", None)
    threshold = model.settings.get("same_person_similarity", of_encoder)
    return FaceRecognition(encoder, None if threshold is None else float(threshold), [])
