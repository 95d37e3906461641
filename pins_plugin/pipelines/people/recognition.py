"""Face recognition: pictures of a face or a track to embeddings (track embeddings), and from which similarity on two are one person."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pins_plugin.data.media.images import read_image
from pins_plugin.errors import MediaError
from pins_plugin.inference.face_recognition import DEFAULT, load_face_recognition
from pins_plugin.inference.portraits import find_faces, has_rival
from pins_plugin.tracking.crops import FACE_SIZE, align_face
from pins_plugin.tracking.detector import FaceDetector
from pins_plugin.tracking.people import SAME_PERSON_SIMILARITY

# Pixels of the picture of a person that the detector sees; chosen, not measured
EXAMPLE_SIDE = 1600


class FaceRecognizer:
    """Tells people apart by their faces; `source` is as in `inference.face_recognition.load_face_recognition`.

    Attributes
    ----------
    same_person : float
        Cosine similarity of faces from which on two people may be one.
    notes : list of str
        What whoever reads the results should know.
    """

    def __init__(self, source: str = DEFAULT) -> None:
        self.face_encoder, threshold, self.notes = load_face_recognition(source)
        self.same_person = SAME_PERSON_SIMILARITY if threshold is None else threshold
        self.device = torch.device("cpu")

    def to(self, device: torch.device) -> "FaceRecognizer":
        """Move to a device."""
        self.face_encoder.to(device)
        self.device = device
        return self

    @torch.inference_mode()
    def embed(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed aligned faces (num_faces, size, size, 3): (num_faces, embedding_dim), of unit length."""
        size = int(self.face_encoder.image_size)
        pictures = torch.from_numpy(faces).permute(0, 3, 1, 2).float().to(self.device) / 255
        pictures = torch.nn.functional.interpolate(
            pictures, (size, size), mode="bilinear", antialias=True
        )
        return np.asarray(self.face_encoder(pictures).float().cpu().numpy())

    def embed_picture(self, path: Path) -> NDArray[np.float64]:
        """Embed the largest face of a picture, (embedding_dim,).

        Raises
        ------
        MediaError
            When the picture cannot be read, or shows no face, or several of about the same size.
        """
        image = read_image(path)
        landmarks, areas = find_faces(image, FaceDetector(20.0), EXAMPLE_SIDE)
        if not len(landmarks) or has_rival(areas):
            shown = "several faces of about the same size" if len(landmarks) else "no face"
            raise MediaError(f"{path}: shows {shown}; expected a picture of one person's face")
        face = align_face(image, landmarks[0], FACE_SIZE)
        return np.asarray(self.embed(face[None])[0], np.float64)
