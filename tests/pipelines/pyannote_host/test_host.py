"""At home in pyannote: pipelines by dotted path, parameters, our voice branch as its model."""

from pathlib import Path

import pytest
import torch

from pins_plugin.errors import MediaError
from pins_plugin.models.folder.model_folder import PRETRAINED
from pins_plugin.pipelines.diarization.speaker_embedding import PinsSpeakerEmbedding
from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking
from pins_plugin.pipelines.pyannote_host.host import Model, Pipeline

CONFIG = """\
pipeline:
  name: pins_plugin.pipelines.SpeakerFaceLinking
  params: {evidence: [sync, talking, voice, presence], recognition: face_recognition}
params: {lips: 0.25, talking: 0.4, voice: 0.15, shown: 1.0, away: -2.5, hidden: -2.0, switches: -4.5, uncertain: 0.5}
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> SpeakerFaceLinking:
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "config.yaml").write_text(CONFIG)
    return Pipeline.from_pretrained(folder)


def test_a_folder_names_the_pipeline_and_its_parameters(pipeline: SpeakerFaceLinking) -> None:
    assert isinstance(pipeline, SpeakerFaceLinking)
    assert pipeline.settings.lips == 0.25
    assert pipeline.to(torch.device("cpu")) is pipeline
    assert set(pipeline.default_parameters()) == set(pipeline.parameters(instantiated=True))


def test_the_folder_that_comes_with_the_package_opens() -> None:
    folder = PRETRAINED / "speaker_face_linking"
    opened = Pipeline.from_pretrained(folder)
    assert opened.evidence == SpeakerFaceLinking().evidence
    assert opened.settings == SpeakerFaceLinking().settings


def test_a_missing_file_is_our_error(pipeline: SpeakerFaceLinking) -> None:
    with pytest.raises(MediaError, match="no such file"):
        pipeline("nowhere.mp4")


def test_a_real_video_is_linked_and_reports_its_stages(
    pipeline: SpeakerFaceLinking, real_data: Path
) -> None:
    stages = []
    result = pipeline(
        {"video": str(real_data / "clips" / "p36_01.mp4")},
        hook=lambda stage, *_, **__: stages.append(stage),
    )
    assert list(dict.fromkeys(stages)) == ["segmentation", "faces", "crops", "links"]
    assert result.faces.labels() == ["PERSON_01"]
    spoken = sum(link.end - link.start for link in result.links)
    linked = sum(link.end - link.start for link in result.links if link.person)
    assert linked > 0.9 * spoken > 2.0
    assert result.people.labels() == ["PERSON_01"] == result.talking_faces.labels()


def test_speaker_embedding_cuts_out_what_is_not_the_speakers() -> None:
    model = PinsSpeakerEmbedding()
    waveforms = torch.randn(2, 1, 32000, generator=torch.Generator().manual_seed(0)) / 10
    weights = torch.zeros(2, 100)
    weights[0, :50] = 1
    with torch.inference_mode():
        embeddings = model(waveforms, weights)
        direct = model(waveforms[:1, :, :16000])
    assert embeddings.shape == (2, model.dimension)
    assert embeddings[0] @ direct[0] == pytest.approx(1.0, abs=1e-4)
    assert embeddings[1].isnan().all()


def test_speaker_embedding_is_saved_and_loaded_by_pyannote(tmp_path: Path) -> None:
    model = PinsSpeakerEmbedding()
    model.save(tmp_path / "pytorch_model.bin")
    loaded = Model.from_pretrained(tmp_path / "pytorch_model.bin")
    waveforms = torch.randn(1, 1, 16000, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(model(waveforms), loaded.eval()(waveforms))
