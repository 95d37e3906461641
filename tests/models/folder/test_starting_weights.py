"""Starting from the branches of a model folder."""

import pytest
import torch

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.faces.chip_face import ChipFaceEncoder
from pins_plugin.models.folder.model_folder import load_model_folder
from pins_plugin.models.folder.starting_weights import load_branch


def test_a_branch_of_the_shipped_model_is_taken_over() -> None:
    encoder = ChipFaceEncoder(dropout=0.1)
    faces = torch.rand(2, 3, 112, 112)
    load_branch(encoder.eval(), "face_voice", "face_encoder")
    shipped = load_model_folder("face_voice").modules["face_encoder"]
    torch.testing.assert_close(encoder(faces), shipped(faces))


def test_a_branch_of_another_shape_is_one_clear_error() -> None:
    with pytest.raises(ModelFolderError, match="does not fit ChipFaceEncoder"):
        load_branch(ChipFaceEncoder(joint_dim=8), "face_voice", "face_encoder")


def test_a_missing_branch_is_named() -> None:
    with pytest.raises(ModelFolderError, match="expected a module lip_encoder"):
        load_branch(ChipFaceEncoder(), "face_voice", "lip_encoder")
