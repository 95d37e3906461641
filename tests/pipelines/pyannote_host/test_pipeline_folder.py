"""Folders of pipelines: pyannote's own SpeakerDiarization with our voice branch as a part; hostile ones stay shut."""

import json
import pickle
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet

from pins_plugin.errors import ModelFolderError
from pins_plugin.pipelines.diarization.speaker_embedding import PinsSpeakerEmbedding
from pins_plugin.pipelines.linking.parameters import FILE, SHIPPED, load_parameters
from pins_plugin.pipelines.pyannote_host import pipeline_folder
from pins_plugin.pipelines.pyannote_host.host import Pipeline
from pins_plugin.pipelines.pyannote_host.pipeline_folder import open_pipeline

CONFIG = """\
version: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    segmentation: $model/segmentation
    embedding: $model/embedding
    plda: $model/plda
    clustering: AgglomerativeClustering
params:
  clustering: {method: average, min_cluster_size: 1, threshold: 0.6}
  segmentation: {min_duration_off: 0.0}
"""


def write_segmentation(path: Path) -> None:
    """A segmentation of random weights, as pyannote's checkpoints are."""
    torch.manual_seed(0)
    model = PyanNet(sincnet={"stride": 10}, lstm={"hidden_size": 8, "num_layers": 1})
    specifications = Specifications(
        Problem.MONO_LABEL_CLASSIFICATION,
        Resolution.FRAME,
        2.0,
        classes=["a", "b"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.specifications = specifications
    model.build()
    architecture = {"module": "pyannote.audio.models.segmentation", "class": "PyanNet"}
    torch.save(
        {
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "pyannote.audio": {
                "versions": {"torch": "2.8.0", "pyannote.audio": "4.0.0"},
                "architecture": architecture,
                "specifications": specifications,
            },
            "pytorch-lightning_version": "2.0.0",
        },
        path,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of pyannote whose embedding is ours, complete in one folder."""
    folder = tmp_path_factory.mktemp("diarization")
    for part in ("segmentation", "embedding", "plda"):
        (folder / part).mkdir()
    (folder / "config.yaml").write_text(CONFIG)
    write_segmentation(folder / "segmentation" / "pytorch_model.bin")
    PinsSpeakerEmbedding().save(folder / "embedding" / "pytorch_model.bin")
    dim = PinsSpeakerEmbedding().dimension
    zeros, one = np.zeros(dim), np.eye(dim)
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=zeros, mean2=zeros, lda=one)
    np.savez(folder / "plda" / "plda.npz", mu=zeros, tr=one, psi=np.linspace(1, 2, dim))
    return folder


def test_pyannotes_diarization_uses_our_embedding(folder: Path) -> None:
    pipeline = open_pipeline(folder)
    assert isinstance(pipeline._embedding.model_, PinsSpeakerEmbedding)
    sound = {"waveform": torch.randn(1, 32000) / 10, "sample_rate": 16000, "uri": "noise"}
    stages: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        output = pipeline(sound, hook=lambda stage, *_, **__: stages.append(stage))
    assert "embeddings" in stages
    assert output.speaker_diarization.uri == "noise"


def test_a_checkpoint_needs_no_source(folder: Path, tmp_path: Path) -> None:
    """It holds how its voice branch is built, so that it opens where the folder it came from is not."""
    content = torch.load(folder / "embedding" / "pytorch_model.bin", weights_only=False)
    content["hyper_parameters"]["source"] = "/no/such/folder"
    torch.save(content, tmp_path / "pytorch_model.bin")
    from pins_plugin.pipelines.pyannote_host.host import Model

    waveforms = torch.randn(1, 1, 16000)
    with torch.inference_mode():
        loaded = Model.from_pretrained(tmp_path / "pytorch_model.bin").eval()
        assert torch.equal(loaded(waveforms), PinsSpeakerEmbedding()(waveforms))


def test_a_model_folder_may_be_a_part(tmp_path: Path) -> None:
    """`$model/voice`: a model folder inside the folder of the pipeline."""
    import shutil

    from pins_plugin.models.folder.model_folder import PRETRAINED

    shutil.copytree(PRETRAINED / "voice_campplus", tmp_path / "voice")
    shutil.copytree(PRETRAINED / "sync", tmp_path / "sync")
    (tmp_path / "config.yaml").write_text(
        "pipeline: {name: pins_plugin.pipelines.BuiltinDiarization, params: {voice: $model/voice}}\n"
    )
    voice = Pipeline.from_pretrained(tmp_path).voice_encoder
    assert voice.embedding_dim == PinsSpeakerEmbedding().dimension
    (tmp_path / "config.yaml").write_text(
        "pipeline: {name: pins_plugin.pipelines.SpeakerFaceLinking, params: {sync: $model/sync}}\n"
    )
    assert Pipeline.from_pretrained(tmp_path).networks.synchronizer is not None


@pytest.mark.parametrize(
    ("name", "old", "command"),
    [
        ("SpeakerFaceLinking", "off_screen: 0.2", "recipes/ClipScenes/calibrate.py"),
        ("BuiltinDiarization", "onset: 0.5", "recipes/Diarization/learn_settings.py"),
    ],
)
def test_parameters_of_an_earlier_version_name_the_command(
    tmp_path: Path, name: str, old: str, command: str
) -> None:
    text = f"pipeline: {{name: pins_plugin.pipelines.{name}}}\nparams: {{{old}}}\n"
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ModelFolderError, match=f"got {old.split(':')[0]}.* {command}"):
        open_pipeline(tmp_path)


def test_a_folder_may_hold_its_own_parameters_of_linking(tmp_path: Path) -> None:
    values = {**asdict(load_parameters(SHIPPED, {})), "lips": 0.321}
    content = json.loads((SHIPPED / FILE).read_text()) | {"parameters": values}
    (tmp_path / FILE).write_text(json.dumps(content))
    (tmp_path / "config.yaml").write_text(
        "pipeline: {name: pins_plugin.pipelines.SpeakerFaceLinking, params: {parameters: $model/.}}\n"
    )
    assert open_pipeline(tmp_path).settings.lips == pytest.approx(0.321)
    content["models"]["sync"] = "0" * 16
    (tmp_path / FILE).write_text(json.dumps(content))
    with pytest.raises(ModelFolderError, match=r"another model for sync .*calibrate\.py SCENES"):
        open_pipeline(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "pipeline: {name: os.system, params: {command: 'true'}}",
        "pipeline: {name: subprocess.Popen, params: {args: ['true']}}",
        "pipeline: {name: pyannote.audio.pipelines.os.System}",
        "pipeline: {name: pins_plugin.pipelines.linking.pipeline.load_pretrained}",
        "pipeline: {name: pins_plugin.pipelines.__init__.Pipeline}",
        "pipeline: {name: [a]}",
        "pipeline: {name: pins_plugin.pipelines.FaceTracks}\npreprocessors: {a: {name: os.System}}",
        "pipeline: !!python/object/apply:os.system ['true']",
        f"pipeline: {{name: pins_plugin.pipelines.FaceTracks, params: {'[' * 3000}{']' * 3000}}}",
        "a: &a [1]\nb: *a\npipeline: {name: pins_plugin.pipelines.FaceTracks}",
        "pipeline: {name: pins_plugin.pipelines.FaceTracks}\npreprocessors: {a: /etc/passwd}",
        "pipeline: 3",
        "- a",
        "",
        "a: [1",
        "\x00",
    ],
)
def test_hostile_or_broken_configs_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ModelFolderError) as caught:
        open_pipeline(tmp_path)
    assert "\n" not in str(caught.value)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize(
    "part",
    [
        "HERE/evil.bin",
        "{checkpoint: evil.bin}",
        "{segmentation: [HERE/evil.bin]}",
        "../evil.bin",
        "evil.bin",
        "stranger/model",
        "speechbrain/stranger",
        "evil",  # a name on the hub may have no slash
        "AgglomerativeClustering",  # an option of another argument
        "sync",  # a model of this package, for which pyannote would ask the hub
    ],
)
def test_files_elsewhere_and_on_the_hub_are_refused(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Bomb(tmp_path / "ran")}, tmp_path / "evil.bin")
    name = "pyannote.audio.pipelines.VoiceActivityDetection"
    text = f"pipeline: {{name: {name}, params: {{segmentation: {part}}}}}"
    (tmp_path / "config.yaml").write_text(text.replace("HERE", str(tmp_path)))
    with pytest.raises(ModelFolderError, match=r"lies elsewhere|'checkpoint' is not allowed"):
        open_pipeline(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("{voice: evil}", "'evil' lies elsewhere"),
        ("{voice: evil/model}", "lies elsewhere"),
        ("{voice: 'hf://evil'}", "lies elsewhere"),
        ("{voice: [evil]}", "'evil' lies elsewhere"),
        ("{voice: {a: evil}}", "'evil' lies elsewhere"),
    ],
)
def test_our_own_pipelines_open_shipped_models_only(
    tmp_path: Path, params: str, message: str
) -> None:
    name = "pins_plugin.pipelines.BuiltinDiarization"
    (tmp_path / "config.yaml").write_text(f"pipeline: {{name: {name}, params: {params}}}")
    with pytest.raises(ModelFolderError, match=message):
        open_pipeline(tmp_path)


def test_plain_options_and_shipped_models_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "pipeline:\n  name: pins_plugin.pipelines.SpeakerFaceLinking\n"
        "  params: {sync: sync, recognition: appearance, evidence: [sync, talking]}\n"
    )
    assert open_pipeline(tmp_path).evidence == ("sync", "talking")


@pytest.mark.parametrize("missing", ["segmentation", "embedding", "plda"])
def test_what_pyannote_would_fetch_where_nothing_is_named_must_be_named(
    folder: Path, tmp_path: Path, missing: str
) -> None:
    lines = (folder / "config.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"    {missing}:")]
    assert len(kept) == len(lines) - 1
    (tmp_path / "config.yaml").write_text("\n".join(kept))
    with pytest.raises(ModelFolderError, match=f"{missing} is missing"):
        open_pipeline(tmp_path)


@pytest.mark.parametrize(
    ("made_by", "settings", "message"),
    [
        ("segmentation.SSeRiouSS", {"wav2vec": "WAVLM_BASE"}, "'WAVLM_BASE' lies elsewhere"),
        ("segmentation.SSeRiouSS", {"wav2vec": "evil.bin"}, "lies elsewhere"),
        ("separation.ToTaToNet", {"use_wavlm": True}, "would ask the hub"),
        ("separation.ToTaToNet", {}, "would ask the hub"),
        ("", {"source": "owner/evil"}, "without 'spec'"),
    ],
)
@pytest.mark.parametrize("key", ["hyper_parameters", "hparams"])
def test_a_checkpoint_that_names_models_elsewhere_is_refused(
    tmp_path: Path, made_by: str, settings: dict, message: str, key: str
) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "segmentation").mkdir()
    path = tmp_path / "segmentation" / "pytorch_model.bin"
    write_segmentation(path)
    content = torch.load(path, weights_only=False)
    module, _, name = f"pyannote.audio.models.{made_by}".rpartition(".")
    ours = PinsSpeakerEmbedding
    content["pyannote.audio"]["architecture"] = (
        {"module": module, "class": name}
        if made_by
        else {"module": ours.__module__, "class": ours.__name__}
    )
    content["hyper_parameters"] = {}
    content[key] = settings
    torch.save(content, path)
    with pytest.raises(ModelFolderError, match=message):
        open_pipeline(tmp_path)


def test_parts_that_build_far_more_than_they_hold_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / "segmentation" / "pytorch_model.bin"
    content = torch.load(path, weights_only=False)
    content["hyper_parameters"]["lstm"] = {"hidden_size": 20_000, "num_layers": 1}
    torch.save(content, path)
    monkeypatch.setattr(pipeline_folder, "ROOM", 2**28)
    with pytest.raises(ModelFolderError, match="bytes of tensors"):
        open_pipeline(copy)


def test_a_checkpoint_of_another_packages_class_is_refused(tmp_path: Path) -> None:
    """pyannote would import the module that the checkpoint names."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "segmentation").mkdir()
    path = tmp_path / "segmentation" / "pytorch_model.bin"
    write_segmentation(path)
    content = torch.load(path, weights_only=False)
    content["pyannote.audio"]["architecture"] = {"module": "antigravity", "class": "Model"}
    torch.save(content, path)
    with pytest.raises(ModelFolderError, match=r"antigravity\.Model' is not allowed"):
        open_pipeline(tmp_path)
    assert "antigravity" not in sys.modules


def test_a_part_that_unpacks_to_more_than_it_may_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_folder, "LARGEST_PART", 10_000)
    with pytest.raises(ModelFolderError, match="at most 10000 bytes"):
        open_pipeline(folder)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("part", ["segmentation", "../segmentation", "link"])
def test_a_checkpoint_that_would_run_code_is_refused(
    tmp_path: Path, zipped: bool, part: str
) -> None:
    folder = tmp_path / "pipeline"
    folder.mkdir()
    (folder / "config.yaml").write_text(CONFIG.replace("$model/segmentation", f"$model/{part}"))
    place = folder / ("../elsewhere" if part == "link" else part)
    place.mkdir()
    if part == "link":
        (folder / "link").symlink_to(place)
    path = place / "pytorch_model.bin"
    if zipped:
        torch.save({"a": Bomb(tmp_path / "ran")}, path)
    else:
        path.write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    with pytest.raises(ModelFolderError, match="not a checkpoint"):
        open_pipeline(folder)
    assert not (tmp_path / "ran").exists()


def test_a_missing_folder_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"config\.yaml"):
        open_pipeline(tmp_path / "absent")
