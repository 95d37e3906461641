"""Where a model may come from, and what is refused."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference import pretrained
from pins_plugin.inference.embedder import FaceVoiceEmbedder
from pins_plugin.inference.lip_reader import LipReader
from pins_plugin.inference.pretrained import device_of, fetch_model, load_pretrained
from pins_plugin.inference.synchronizer import Synchronizer

NEEDS = ("face_encoder", "voice_encoder")


def test_a_folder_is_used_in_place(model_folder: Path) -> None:
    assert fetch_model(model_folder) == model_folder


def test_savedir_gets_a_copy_that_is_renewed_when_the_source_changes(
    model_folder: Path, tmp_path: Path
) -> None:
    source, savedir = tmp_path / "source", tmp_path / "save"
    shutil.copytree(model_folder, source)
    assert fetch_model(source, savedir) == savedir
    assert not any(file.is_symlink() for file in savedir.iterdir())
    before = (savedir / "README.md").stat().st_mtime_ns
    fetch_model(source, savedir)
    assert (savedir / "README.md").stat().st_mtime_ns == before  # the same: left alone
    (source / "README.md").write_text("# Another\n")
    fetch_model(source, savedir)
    assert (savedir / "README.md").read_text() == "# Another\n"


def test_a_hub_id_is_downloaded_without_symlinks(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked = []

    def download(repo, revision, local_dir, allow_patterns):
        asked.append((repo, revision))
        shutil.copytree(model_folder, local_dir, dirs_exist_ok=True)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    folder = fetch_model("hf://owner/name", tmp_path / "model", revision="v1")
    assert asked == [("owner/name", "v1")] and (folder / "hyperparams.yaml").is_file()
    assert fetch_model("owner/name", tmp_path / "model") == folder


def test_the_hub_is_not_asked_for_a_mistyped_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "_download", lambda *_: pytest.fail("asked the hub"))
    (tmp_path / "results").mkdir()
    monkeypatch.chdir(tmp_path)
    for source in ("results/modle", "./owner/name", "modle", tmp_path / "none"):
        with pytest.raises(ModelFolderError, match="no such model folder"):
            fetch_model(source)


def test_a_hub_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    def offline(*_, **__):
        raise huggingface_hub.errors.LocalEntryNotFoundError("no\nconnection")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ModelFolderError, match="not to be had") as error:
        fetch_model("owner/name", tmp_path / "model")
    assert "\n" not in str(error.value)


def test_a_model_of_another_kind_is_refused(model_folder: Path) -> None:
    with pytest.raises(ModelFolderError, match="another kind"):
        load_pretrained(model_folder, needs=["synchronizer"])


def test_devices_are_given_as_speechbrain_users_give_them() -> None:
    assert device_of({"device": "cpu"}) == device_of(None) == torch.device("cpu")
    with pytest.raises(ModelFolderError, match="not usable here"):
        device_of({"device": "toaster"})
    for wrong in ({"jit": True}, "cuda"):
        with pytest.raises(ModelFolderError, match=r"run_opts: expected .'device'"):
            device_of(wrong)


def test_a_trusted_folder_goes_through_hyperpyyaml(model_folder: Path) -> None:
    trusted = load_pretrained(model_folder, needs=NEEDS, trust_source=True)
    safe = load_pretrained(model_folder, needs=NEEDS)
    for name in NEEDS:
        for one, other in zip(
            trusted.modules[name].parameters(), safe.modules[name].parameters(), strict=True
        ):
            assert torch.equal(one, other)


@pytest.mark.parametrize("text", ["a: [", "- a", "a: 1", "modules: {}"])
def test_a_trusted_folder_that_fails_is_one_line(
    model_folder: Path, tmp_path: Path, text: str
) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "model" / "hyperparams.yaml").write_text(text)
    with pytest.raises(ModelFolderError, match="cannot be built by HyperPyYAML") as caught:
        load_pretrained(tmp_path / "model", needs=NEEDS, trust_source=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["folder", "file"])
def test_a_copy_never_takes_the_place_of_other_files(
    model_folder: Path, tmp_path: Path, place: str
) -> None:
    """The folder was replaced as a whole, whatever it held."""
    mine = tmp_path / "folder" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("work")
    with pytest.raises(ModelFolderError, match="holds what is no model"):
        fetch_model(model_folder, mine if place == "file" else mine.parent)
    assert mine.read_text() == "work"


def test_speechbrain_loads_the_voice_branch(model_folder: Path, tmp_path: Path) -> None:
    from speechbrain.inference.classifiers import EncoderClassifier

    voice_encoder = load_pretrained(model_folder, needs=NEEDS).modules["voice_encoder"]
    waveforms = 0.1 * torch.randn(3, 8000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([1.0, 0.5, 0.8])
    for savedir in (None, tmp_path / "saved"):
        encoder = EncoderClassifier.from_hparams(
            str(model_folder), savedir=savedir, run_opts={"device": "cpu"}
        )
        with torch.inference_mode():
            expected = voice_encoder(waveforms, lengths)
            torch.testing.assert_close(encoder.encode_batch(waveforms, lengths), expected)
            expected = voice_encoder(waveforms[:1])
            torch.testing.assert_close(encoder.encode_batch(waveforms[0]), expected)


def test_speechbrain_gets_no_weights_that_do_not_fit(model_folder: Path, tmp_path: Path) -> None:
    from speechbrain.inference.classifiers import EncoderClassifier

    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    weights = load_file(folder / "voice_encoder.safetensors")
    weights.pop(sorted(weights)[0])
    save_file(weights, folder / "voice_encoder.safetensors")
    with pytest.raises(ModelFolderError):
        EncoderClassifier.from_hparams(str(folder), run_opts={"device": "cpu"})


@pytest.mark.parametrize("kind", [Synchronizer, LipReader])
def test_other_interfaces_open_alike(kind, tmp_path: Path) -> None:
    """A copy in `savedir`, the device as SpeechBrain users give it, one line for a model of another kind."""
    opened = kind.from_hparams(savedir=tmp_path / "copy", run_opts={"device": "cpu"})
    assert (
        opened.device == torch.device("cpu") and (tmp_path / "copy" / "hyperparams.yaml").is_file()
    )
    with pytest.raises(ModelFolderError, match="expected a model with lip_encoder"):
        kind.from_hparams("voice_campplus")
    text = (tmp_path / "copy" / "hyperparams.yaml").read_text()
    begin, end = text.index("settings:"), text.index("modules:")
    (tmp_path / "copy" / "hyperparams.yaml").write_text(text[:begin] + text[end:])
    if kind is Synchronizer:  # which weighs offsets as the shipped one then
        assert kind.from_hparams(tmp_path / "copy").file_calibration == opened.file_calibration
    else:
        with pytest.raises(ModelFolderError, match="expected a setting"):
            kind.from_hparams(tmp_path / "copy")


def test_settings_that_do_not_fit_are_one_line(tmp_path: Path) -> None:
    Synchronizer.from_hparams(savedir=tmp_path / "copy")
    yaml = tmp_path / "copy" / "hyperparams.yaml"
    yaml.write_text(
        re.sub(r"right:(\s*- .*)+?\n    own", "right: [a, b]\n    own", yaml.read_text())
    )
    with pytest.raises(ModelFolderError, match="settings: could not convert"):
        Synchronizer.from_hparams(tmp_path / "copy")


def test_a_vocabulary_of_another_length_is_one_line(tmp_path: Path) -> None:
    LipReader.from_hparams(savedir=tmp_path / "copy")
    yaml = tmp_path / "copy" / "hyperparams.yaml"
    yaml.write_text(re.sub(r"vocabulary:(\s*- \S+)+", "vocabulary: [yes]", yaml.read_text()))
    with pytest.raises(ModelFolderError, match="settings: vocabulary: expected 51 words, got 1"):
        LipReader.from_hparams(tmp_path / "copy")


class _Unshipped(FaceVoiceEmbedder):
    shipped = None


@pytest.mark.parametrize(("kind", "source"), [(_Unshipped, None), (FaceVoiceEmbedder, "")])
def test_a_source_is_needed_where_nothing_ships(kind, source: str | None) -> None:
    with pytest.raises(ModelFolderError, match="expected a model folder or a hub id"):
        kind.from_hparams(source)


def test_a_folder_that_happens_to_be_called_like_a_model_is_in_nobodys_way(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sync").mkdir()
    shutil.copytree(model_folder, tmp_path / "lip_reader")
    monkeypatch.chdir(tmp_path)
    assert fetch_model("sync") == pretrained.resolve_source("sync") != Path("sync")
    LipReader.from_hparams()  # what ships, without asking
