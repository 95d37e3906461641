"""Which face tracks are one person."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pins_plugin.tracking.tracked_people import group_people
from pins_plugin.types import FaceTrack

SURE = 0.77  # cosine of faces that are surely one person's, with the shipped encoder: of 10,000 pairs of two people one has it


def group_faces(
    tracks: Sequence[FaceTrack], embeddings: Mapping[str, NDArray[np.floating]], same_person: float
) -> list[FaceTrack]:
    """Join the tracks whose faces are clearly alike: half-way from merely alike enough to surely one person.

    A person who was taken for two costs little, as either face is right; two who were taken for one share a voice.
    `embeddings` holds faces (num_faces, embedding_dim) by the name of the track; `same_person` is the cosine
    similarity from which on two may be one person's. People are called PERSON_01, ... in order of appearance.
    """
    return group_people(tracks, embeddings, (same_person + max(SURE, same_person)) / 2)
