"""What was saved when folders had no rooms still loads, by every reader."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from hyperpyyaml import load_hyperpyyaml

from pins_plugin.models.folder import load_model_folder
from pins_plugin.moved import MODELS, MOVED, current_path

OLD = {
    "pins_plugin.models.layers.pass_through": "pins_plugin.models.pass_through",
    "pins_plugin.models.lips.lip_reader": "pins_plugin.models.lip_reader",
    "pins_plugin.models.lips.sync_encoders": "pins_plugin.models.sync",
    "pins_plugin.models.faces.chip_face": "pins_plugin.models.chip_face",
    "pins_plugin.models.voices.patch_voice": "pins_plugin.models.patch_voice",
}


@pytest.mark.parametrize("old", MOVED)
def test_old_paths_lead_to_modules(old: str) -> None:
    new = current_path(f"{MODELS}{old}.Anything")
    assert find_spec(new.removesuffix(".Anything")) is not None
    assert find_spec(MODELS + old) is None  # else what stands there would be passed over


@pytest.mark.parametrize("name", ["sync", "lip_reader", "face_voice"])
def test_folders_saved_with_old_paths_load(name: str, tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[1] / "pins_plugin" / "pretrained" / name
    for file in shipped.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (shipped / "hyperparams.yaml").read_text(encoding="utf-8")
    for new, old in OLD.items():
        text = text.replace(new, old)
    assert ".lips." not in text and ".faces." not in text
    (tmp_path / "hyperparams.yaml").write_text(text, encoding="utf-8")
    before, now = load_model_folder(tmp_path), load_model_folder(name)
    assert before.settings == now.settings
    for module in now.modules:
        weights = before.modules[module].state_dict()
        assert all(torch.equal(weights[k], v) for k, v in now.modules[module].state_dict().items())


def test_old_paths_in_yaml_that_others_read() -> None:
    """HyperPyYAML, and with it SpeechBrain's `from_hparams`."""
    built = load_hyperpyyaml("a: !new:pins_plugin.models.pass_through.PassThrough {}")["a"]
    assert type(built).__module__ == "pins_plugin.models.layers.pass_through"


def test_names_that_never_were() -> None:
    import pins_plugin.models

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pins_plugin.models.nothing


def test_functions_that_were_renamed_answer_to_their_old_names(tmp_path: Path) -> None:
    from pins_plugin.pipelines.diarization.audio_file import load_audio, load_sound
    from pins_plugin.pipelines.diarization.voices import embed_audio, embed_sound
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    file = {"waveform": torch.ones(1, 16000), "sample_rate": 16000}
    with pytest.warns(DeprecationWarning, match="load_sound is called load_audio now"):
        assert (load_sound(file) == load_audio(file)).all()
    assert embed_sound.__wrapped__ is embed_audio
    assert SpeakerFaceLinking.embed_sound.__wrapped__ is SpeakerFaceLinking.embed_audio


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("pipelines.people.naming", "Portraits", "PeopleEmbeddings"),
        ("pipelines.people.enrollment", "SOUNDS", "AUDIO_SUFFIXES"),
        ("archive.inputs", "SOUNDS", "AUDIO_SUFFIXES"),
    ],
)
def test_things_that_were_renamed_answer_to_their_old_names(module, old, new) -> None:
    found = import_module(f"pins_plugin.{module}")
    with pytest.warns(DeprecationWarning, match=rf"{module}\.{old} has another name now"):
        assert getattr(found, old) is getattr(found, new)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = found.nothing
