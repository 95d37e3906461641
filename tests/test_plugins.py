"""Plugins of a real package, installed as any other: found, listed, used by name; a broken one spoils nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from pins_plugin import plugins
from pins_plugin.cli import main
from pins_plugin.errors import ModelFolderError, PluginError
from pins_plugin.models.folder.model_folder import load_model_folder, save_model_folder
from pins_plugin.models.folder.module_registry import make_module, note_origin

PACKAGE = Path(__file__).parent / "plugin_package"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example package into a folder of its own."""
    site = tmp_path_factory.mktemp("site-packages")
    source = tmp_path_factory.mktemp("source") / "plugin_package"
    shutil.copytree(PACKAGE, source)
    command = [sys.executable, "setup.py", "-q", "build", "--build-lib", str(site)]
    command += ["install_egg_info", "--install-dir", str(site)]
    subprocess.run(command, check=True, capture_output=True, cwd=source)
    return site


@pytest.fixture
def with_plugins(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(installed))
    plugins.encoder_targets.cache_clear()
    yield
    plugins.encoder_targets.cache_clear()


@pytest.mark.usefixtures("with_plugins")
def test_plugins_are_found_with_their_distribution() -> None:
    found = {plugin.name: plugin for plugin in plugins.find_plugins("face_encoders")}
    assert found["thumbnail"].target == "pins_example.encoders.ThumbnailEncoder"
    assert found["thumbnail"].distribution == "pins_example 0.3"
    assert plugins.load_plugin("face_encoders", "thumbnail")(embedding_dim=8).embedding_dim == 8


@pytest.mark.usefixtures("with_plugins")
def test_a_broken_plugin_is_named_and_spoils_no_other(capsys) -> None:
    with pytest.raises(PluginError, match=r"'broken' of pins_example 0.3 .*libmissing"):
        plugins.load_plugin("face_encoders", "broken")
    with pytest.raises(SystemExit) as end:
        main(["plugins", "--json"])
    assert end.value.code == 1
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"thumbnail", "broken", "loudness", "still", "coin"} <= set(rows)
    assert "libmissing" in rows["broken"]["problem"]
    assert rows["thumbnail"]["problem"] is None


def test_without_plugins_the_command_says_how_to_add_one(monkeypatch, capsys) -> None:
    monkeypatch.setattr(plugins.entrypoints, "get_group_named", lambda group: {})
    assert main(["plugins"]) == 0
    assert "pins_plugin.face_encoders" in capsys.readouterr().out


def test_an_unknown_name_is_one_line() -> None:
    with pytest.raises(PluginError, match="no such plugin among the face encoders"):
        plugins.get_plugin("face_encoders", "nobody")
    with pytest.raises(PluginError, match="expected a kind of"):
        plugins.find_plugins("cameras")


@pytest.mark.usefixtures("with_plugins")
def test_a_model_folder_may_hold_an_installed_encoder(tmp_path: Path) -> None:
    encoder = make_module(plugins.load_plugin("face_encoders", "thumbnail"), embedding_dim=8)
    save_model_folder(tmp_path / "model", {"face_encoder": encoder}, {}, "# Card\n")
    loaded = load_model_folder(tmp_path / "model").modules["face_encoder"]
    faces = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(loaded(faces), encoder(faces))


@pytest.mark.usefixtures("with_plugins")
def test_other_classes_of_an_installed_package_stay_forbidden(tmp_path: Path) -> None:
    encoder = plugins.load_plugin("face_encoders", "thumbnail")()
    note_origin(encoder, "pins_example.encoders.torch", {})
    with pytest.raises(ModelFolderError, match="not allowed"):
        save_model_folder(tmp_path / "model", {"face_encoder": encoder}, {}, "")


@pytest.mark.usefixtures("with_plugins")
def test_an_encoder_is_loaded_by_its_name() -> None:
    from pins_plugin.inference.pretrained import load_pretrained

    encoder = load_pretrained("thumbnail", needs=["face_encoder"]).modules["face_encoder"]
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, 32)
    encoder = load_pretrained("loudness", needs=["voice_encoder"]).modules["voice_encoder"]
    assert encoder(torch.rand(2, 1600)).shape == (2, 32)


@pytest.mark.filterwarnings("ignore")
def test_training_takes_encoders_by_name_and_by_file(
    installed: Path, model_folder: Path, tmp_path: Path
) -> None:
    """`pins train --face_encoder thumbnail --voice_encoder x.onnx`, and the model scores afterwards."""
    pytest.importorskip("onnx")
    assert (
        main(["onnx", str(model_folder), "--out", str(tmp_path), "--branch", "voice_encoder"]) == 0
    )
    from tiny_clips import write_tiny_clips

    manifest = write_tiny_clips(tmp_path / "clips", 12, 2)
    root = Path(__file__).resolve().parents[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), str(root)])}

    def pins(*command: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pins_plugin", *map(str, command)],
            capture_output=True, text=True, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    options = {
        "manifest": manifest,
        "output_folder": tmp_path / "out",
        "image_size": 32,
        "num_epochs": 1,
    }
    options |= {"face_encoder": "thumbnail", "voice_encoder": tmp_path / "voice_encoder.onnx"}
    options |= {"batch_size": 8, "embedding_dim": 16, "seconds": 0.5, "device": "cpu"}
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    pins("train", root / "hparams" / "talking_heads.yaml", *flags)
    (tmp_path / "voice_encoder.onnx").unlink()
    report = pins(
        "evaluate", tmp_path / "out" / "model", manifest, "--split", "all", "--json", "--quiet"
    )
    assert "roc_auc" in report


@pytest.mark.usefixtures("with_plugins")
def test_linking_takes_encoder_tracker_and_evidence_by_name(tmp_path: Path, capsys) -> None:
    import numpy as np
    from pyannote.core import Annotation, Segment

    from pins_plugin.data.media.video_writer import VideoWriter
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    generator = np.random.default_rng(0)
    picture = generator.integers(0, 256, (96, 96, 3), np.uint8)
    with VideoWriter(tmp_path / "v.mp4", 96, 96, 25, sample_rate=16000) as video:
        for _ in range(50):
            video.add_image(picture)
        video.add_sound((0.1 * generator.normal(size=32000)).astype(np.float32))
    turns = Annotation(uri="v")
    turns[Segment(0.2, 1.8)] = "A"
    pipeline = SpeakerFaceLinking(
        diarization=turns, recognition="thumbnail", evidence=("coin",), tracker="still"
    )
    assert type(pipeline.networks.recognizer.face_encoder).__name__ == "ThumbnailEncoder"
    result = pipeline({"video": str(tmp_path / "v.mp4")})
    assert [track.track for track in result.tracks] == ["T000"]
    assert "coin" in result.links[0].evidence

    assert main(["tracks", str(tmp_path / "v.mp4"), "--tracker", "still"]) == 0
    assert "T000" in capsys.readouterr().out
    assert main(["tracks", str(tmp_path / "v.mp4"), "--tracker", "nobody"]) == 2
    assert "(still)" in capsys.readouterr().err


ENCODERS_OF_OTHERS = """
import torch
class NoDim(torch.nn.Module):
    embedding_dim, image_size = 3, 16
class OneLength(torch.nn.Module):
    def __init__(self, embedding_dim=8):
        super().__init__()
    def forward(self, waveforms):
        return waveforms
"""


@pytest.mark.parametrize(
    ("entry", "name", "message"),
    [
        ("face_encoder", "NoDim", r"others\.NoDim to take the argument embedding_dim, got .*__init__"),
        ("voice_encoder", "OneLength", r"others\.OneLength to take .* relative_lengths, got .*forward"),
    ],
)  # fmt: skip
def test_an_encoder_that_no_trainer_can_use_says_what_it_lacks(
    entry: str, name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pins_plugin.train.experiment import load_experiment

    (tmp_path / "others.py").write_text(ENCODERS_OF_OTHERS)
    information = tmp_path / "others-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[pins_plugin.{entry}s]\nmine = others:{name}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.encoder_targets.cache_clear()
    options = {"manifest": "m.csv", "output_folder": "out", entry: "mine"}
    with pytest.raises(PluginError, match=message):
        load_experiment("hparams/talking_heads.yaml", options)
