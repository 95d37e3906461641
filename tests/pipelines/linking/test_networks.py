"""Tracks are looked at one after the other; their crops stay only where something asks for them."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.folder import model_folder as folder_module
from pins_plugin.pipelines.linking.networks import Networks
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.tracking.crops import Crops


def make_crops(num_frames: int) -> Crops:
    generator = np.random.default_rng(num_frames)
    return Crops(
        np.arange(num_frames) / 25,
        generator.integers(0, 255, (2, 112, 112, 3), np.uint8),
        np.zeros((0, 48, 64), np.uint8),
        generator.standard_normal((num_frames, 88, 2)).astype(np.float32),
        np.ones(num_frames, np.float32),
    )


@pytest.fixture(scope="module")
def networks() -> Networks:
    return SpeakerFaceLinking(evidence=("sync", "talking", "presence")).networks


@pytest.mark.parametrize(
    ("keep_crops", "plugins", "kept"),
    [(False, [], []), (True, [], ["T1", "T2"]), (False, [object], ["T1", "T2"])],
)
def test_crops_are_kept_where_they_are_asked_for(
    networks: Networks, keep_crops: bool, plugins: list, kept: list[str]
) -> None:
    crops = {"T1": make_crops(30), "T2": make_crops(3)}
    sound = np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    asked = replace(networks, plugins=plugins)
    embeddings = asked.embed_tracks(iter(crops.items()), sound, keep_crops)
    assert list(embeddings.crops) == kept
    assert {name: len(faces) for name, faces in embeddings.faces.items()} == {"T1": 2, "T2": 2}
    assert (
        list(embeddings.curves) == list(embeddings.talking) == ["T1"]
    )  # three frames tell nothing
    np.testing.assert_array_equal(embeddings.curves["T1"].times, crops["T1"].times)


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_linking_does_not_go_on_without_lips(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only whoever leaves "sync" out of the evidence goes without."""
    for name in ("sync", "voice_campplus", "segmentation"):
        shutil.copytree(folder_module.PRETRAINED / name, tmp_path / name)
    weights = tmp_path / "sync" / "lip_encoder.safetensors"
    weights.unlink() if damage == "missing" else weights.write_bytes(weights.read_bytes()[:5000])
    monkeypatch.setattr(folder_module, "PRETRAINED", tmp_path)
    with pytest.raises(ModelFolderError, match="lip_encoder"):
        SpeakerFaceLinking(recognition="appearance", evidence=("sync",))
    pipeline = SpeakerFaceLinking(recognition="appearance", evidence=("presence",))
    assert pipeline.networks.synchronizer is None
