"""What is known beforehand reaches the face that it is of."""

import numpy as np
from made_evidence import see, speak

from pins_plugin.pipelines.linking.gathering import enroll
from pins_plugin.pipelines.people.enrollment import KnownPerson
from pins_plugin.types import FaceTrack


def test_a_known_voice_goes_to_the_face_that_looks_like_its_example() -> None:
    seeing = see(speak([(0.0, 2.0, 0)], 2.0, 2), num_faces=2)
    axes = np.eye(4)
    tracks = [
        FaceTrack(f"T{n}", np.arange(2.0), np.zeros((2, 4), np.float32),
                  np.zeros((2, 5, 2), np.float32), np.ones(2, bool), person=person)
        for n, person in enumerate(seeing.people)
    ]  # fmt: skip
    faces = {"T0": axes[[0]], "T1": axes[[1]]}
    known = [
        KnownPerson("anna", face=axes[1], voice=axes[2]),
        KnownPerson("ben", face=axes[3], voice=axes[3]),  # is not in the picture
        KnownPerson("carl", voice=axes[0]),  # has no face
    ]
    found = enroll(seeing, tracks, faces, known, 0.6)
    assert list(found) == [1]
    np.testing.assert_array_equal(found[1], axes[2])
