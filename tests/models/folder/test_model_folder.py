"""Model folders come back as they were saved, and every damage has its line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.models.compact import CompactFaceEncoder, CompactVoiceEncoder
from pins_plugin.models.folder import model_folder as folder_module
from pins_plugin.models.folder.model_folder import (
    load_model_folder,
    resolve_source,
    save_model_folder,
)
from pins_plugin.models.folder.module_registry import make_module, note_origin

SIZES = {"embedding_dim": 8, "hidden_dim": 8}


def make_modules() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {
        "face_encoder": make_module(CompactFaceEncoder, channels=(4, 4, 4, 4), **SIZES),
        "voice_encoder": make_module(CompactVoiceEncoder, channels=(4, 4), **SIZES),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model_folder(tmp_path / "model", make_modules(), {"note": "tiny"}, "# Tiny\n")
    return tmp_path / "model"


def refusal(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        load_model_folder(folder)
    message = str(caught.value)
    assert "\n" not in message and str(folder) in message
    return message


def test_loaded_model_embeds_like_the_saved_one(folder: Path) -> None:
    saved, loaded = make_modules(), load_model_folder(folder)
    faces, waveforms = torch.rand(3, 3, 64, 64), torch.randn(3, 8000)
    for name, inputs in [("face_encoder", faces), ("voice_encoder", waveforms)]:
        assert not loaded.modules[name].training
        expected = saved[name].eval()(inputs)
        assert torch.equal(loaded.modules[name](inputs), expected)
    assert loaded.settings == {"note": "tiny"}
    assert (folder / "README.md").read_text() == "# Tiny\n"


def test_saving_again_replaces_the_folder(folder: Path) -> None:
    save_model_folder(folder, make_modules(), {"note": "second"}, "")
    assert load_model_folder(folder).settings == {"note": "second"}
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_what_is_no_model_is_not_replaced(folder: Path) -> None:
    (folder / "hyperparams.yaml").unlink()
    with pytest.raises(ModelFolderError, match="holds what is no model, which would be lost"):
        save_model_folder(folder, make_modules(), {}, "")
    assert (folder / "README.md").read_text() == "# Tiny\n"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_truncated_weights_are_refused(folder: Path, share: float) -> None:
    path = folder / "face_encoder.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "damaged or truncated" in refusal(folder)


def test_flipped_bit_is_refused(folder: Path) -> None:
    path = folder / "voice_encoder.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    assert "checksum" in refusal(folder)


def change_weights(folder: Path, change) -> None:
    """Edit the face weights, and drop the checksums so that the weights themselves are judged."""
    path = folder / "face_encoder.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path)
    text = (folder / "hyperparams.yaml").read_text()
    (folder / "hyperparams.yaml").write_text(text.split("sha256:")[0])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda weights: weights.pop("hidden.1.weight"),
            'Missing key(s) in state_dict: "hidden.1.weight"',
        ),
        (
            lambda weights: weights.update(extra=torch.zeros(1)),
            'Unexpected key(s) in state_dict: "extra"',
        ),
        (
            lambda weights: weights.update({"hidden.1.weight": torch.zeros(2)}),
            "size mismatch for hidden.1.weight",
        ),
        (lambda weights: weights["hidden.1.weight"].fill_(torch.nan), "finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder: Path, change, expected: str) -> None:
    change_weights(folder, change)
    assert expected in refusal(folder)


@pytest.mark.parametrize("name", ["hyperparams.yaml", "face_encoder.safetensors"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    refusal(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "version: 2\nmodules: {}\n",
        "format: 99\nmodules: {}\n",
        "modules: {a: !new:torch.nn.Identity {}}\n",
        "version: 1\n",
        "version: 1\nmodules: []\n",
        "version: 1\nmodules: {face_encoder: 3}\n",
        "version: 1\nsettings: [1]\nmodules: {a: !new:torch.nn.Identity {}}\n",
        "version: 1\nmodules: {../../escape: !new:torch.nn.Identity {}}\n",
        "version: 1\nmodules: {/etc/passwd: !new:torch.nn.Identity {}}\n",
        "version: 1\nmodules: {face_encoder: !new:os.system {command: 'true'}}\n",
        "version: 1\nmodules: {face_encoder: !new:pins_plugin.models.compact.CompactFaceEncoder {a: 1}}\n",
    ],
)
def test_bad_hyperparams_are_refused(folder: Path, text: str) -> None:
    (folder / "hyperparams.yaml").write_text(text)
    refusal(folder)


def test_binary_hyperparams_are_refused(folder: Path) -> None:
    (folder / "hyperparams.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not YAML" in refusal(folder)


@pytest.mark.parametrize("source", ["absent", "../pretrained", "/no/such/folder", ""])
def test_unknown_source_is_refused(source: str) -> None:
    with pytest.raises(ModelFolderError):
        resolve_source(source)


def test_unloadable_model_is_not_saved(folder: Path) -> None:
    wrong, unknown = make_modules(), make_modules()
    note_origin(wrong["face_encoder"], *wrong["voice_encoder"].origin)
    unknown["face_encoder"] = CompactFaceEncoder()
    for modules, message in ((wrong, "does not fit"), (unknown, "how it was built is not known")):
        with pytest.raises(ModelFolderError, match=message):
            save_model_folder(folder, modules, {}, "")
    assert load_model_folder(folder).settings == {"note": "tiny"}  # the old one is untouched


@pytest.mark.parametrize(
    ("old", "new"),
    [("embedding_dim: 8", "embedding_dim: 1000000"), ("hidden_dim: 8", "hidden_dim: 900000")],
)
def test_a_module_much_larger_than_its_weights_is_not_built(
    folder: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the file's header says decides before memory is taken, not after 8 GB of it."""
    monkeypatch.setattr(folder_module, "ROOM", 2**20)
    text = (folder / "hyperparams.yaml").read_text()
    assert old in text
    (folder / "hyperparams.yaml").write_text(text.replace(old, new))
    assert "bytes of tensors" in refusal(folder)


@pytest.mark.parametrize(
    "name", sorted(path.parent.name for path in folder_module.PRETRAINED.glob("*/hyperparams.yaml"))
)
def test_shipped_models_need_half_of_the_room_they_get(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "ROOM", folder_module.ROOM // 2)
    monkeypatch.setattr(folder_module, "GROWTH", folder_module.GROWTH / 2)
    load_model_folder(name)


def test_folders_that_say_version_are_read_and_newer_ones_name_the_way_out(folder: Path) -> None:
    path = folder / "hyperparams.yaml"
    text = path.read_text()
    assert text.startswith("format: 1\n")
    path.write_text(text.replace("format: 1", "version: 1", 1))
    assert load_model_folder(folder).settings == {"note": "tiny"}
    path.write_text(text.replace("format: 1", "format: 2", 1))
    assert "expected format 1, got 2; open it with the pins_plugin that wrote it" in refusal(folder)
