"""pyannote's own tools on simulated scenes: the protocol, its Optimizer, its benchmark."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from pyannote.database import FileFinder, registry
from pyannote.database.custom import LOADERS
from pyannote.pipeline import Optimizer

from pins_plugin.errors import MediaError
from pins_plugin.pipelines.pyannote_host.loaders import VideoLoader
from pins_plugin.pipelines.pyannote_host.pipeline_folder import open_pipeline
from pins_plugin.simulation.scenes import SceneSettings, write_scenes

ROOT = Path(__file__).resolve().parents[2]
DIARIZATION = ROOT / "recipes" / "Pyannote" / "diarization"
PROTOCOL = "TalkingHeads.SpeakerDiarization.Scenes"

pytestmark = [
    pytest.mark.skipif(".json" not in LOADERS, reason="pins_plugin is not installed"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short scenes, one for each part of the protocol."""
    folder = tmp_path_factory.mktemp("scenes")
    settings = SceneSettings(3, people=1, off_screen=1, seconds=5, seed=1, width=240, height=180)
    write_scenes(folder, settings, jobs=1, quiet=True)
    registry.load_database(str(folder / "database.yml"))
    return folder / "database.yml"


def test_protocol_gives_turns_faces_and_video(database: Path) -> None:
    protocol = registry.get_protocol(PROTOCOL, preprocessors={"audio": FileFinder()})
    [file] = protocol.test()
    truth = json.loads((database.parent / file["uri"] / "scene.json").read_text())
    assert file["video"] == file["audio"] == database.parent / file["uri"] / "scene.mp4"
    assert set(file["annotation"].labels()) == {turn["speaker"] for turn in truth["turns"]}
    assert [track.person for track in file["faces"]] == [face["person"] for face in truth["faces"]]
    first = np.array(truth["faces"][0]["boxes"])
    np.testing.assert_allclose(file["faces"][0].times, first[:, 0])
    np.testing.assert_allclose(file["faces"][0].boxes, first[:, 1:], rtol=1e-6)
    assert len({file["uri"] for part in ("train", "development") for file in getattr(protocol, part)()}) == 2  # fmt: skip


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="video of a"):
        VideoLoader(tmp_path / "{uri}.mp4")({"uri": "a"})


def test_optimizer_tunes_on_the_protocol(database: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "recipes" / "Pyannote"))
    import tune

    command = ["tune.py", DIARIZATION, database, "--out", tmp_path, "--trials", 3]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    tune.main()
    rates = json.loads((tmp_path / "results.json").read_text())["error_rate"]
    assert rates["train, after"] <= rates["train, before"]
    tuned = open_pipeline(tmp_path)
    assert set(tuned.parameters(instantiated=True)) == set(tuned.default_parameters())


def test_linking_is_tuned_by_what_it_links(database: Path, monkeypatch) -> None:
    """The optimizer's loss, on what was seen once."""
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking

    protocol = registry.get_protocol(PROTOCOL, preprocessors={"audio": FileFinder()})
    [file] = protocol.test()
    pipeline = SpeakerFaceLinking(diarization=file["annotation"])
    pipeline.training = True
    output = pipeline(file)
    rate = pipeline.get_metric()(file["annotation"], output, uem=file["annotated"])
    assert 0 <= rate < 0.5
    assert output.speaker_diarization == output.people
    assert output.serialize()["version"] == 1
    monkeypatch.setattr(SpeakerFaceLinking, "observe", None)  # is not called again
    assert pipeline(file).people == output.people
    optimizer = Optimizer(pipeline, sampler="RandomSampler", seed=0)
    files = [
        file,
        {**file, "uri": "again"},
    ]  # of the mean of two losses pyannote would say infinity
    best = optimizer.tune(files, 3, warm_start=pipeline.default_parameters(), show_progress=False)
    assert best["loss"] <= rate
    assert best["params"].keys() == pipeline.default_parameters().keys()


def pyannote_reads_sound() -> bool:
    """Whether torchcodec finds FFmpeg, by which that command asks how long each file is."""
    try:
        import torchcodec  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        return False
    return True


@pytest.mark.skipif(not pyannote_reads_sound(), reason="torchcodec finds no FFmpeg")
def test_pyannotes_benchmark_scores_a_folder(database: Path, tmp_path: Path) -> None:
    """`pyannote-audio benchmark FOLDER PROTOCOL OUT --registry database.yml`."""
    testing = pytest.importorskip("typer.testing")
    from pyannote.audio.__main__ import app

    command = ["benchmark", DIARIZATION, PROTOCOL, tmp_path, "--registry", database, "--device", "cpu"]  # fmt: skip
    done = testing.CliRunner().invoke(app, list(map(str, command)))
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"{PROTOCOL}.test.rttm").is_file()
    assert "diarization error rate" in (tmp_path / f"{PROTOCOL}.test.txt").read_text()
