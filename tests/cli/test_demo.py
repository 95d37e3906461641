"""The demo, as small as it can be."""

import json
from pathlib import Path

import pytest

from pins_plugin.cli import demo, main

TINY = demo.Size(people=84, clips_per_person=1, num_epochs=1, seconds=6.0, seen_heard=9)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "QUICK", TINY)
        assert main(["demo", "--quick", "--quiet", "--out", str(out)]) == 0
    return out


def test_demo_writes_the_documented_results(results: Path) -> None:
    value = json.loads((results / "results.json").read_text())
    assert value.keys() >= {"unseen", "link", "seconds", "peak_rss_mb", "seed", "versions"}
    verification = value["unseen"]["verification"]
    assert verification.keys() >= {"roc_auc", "ci95", "chance", "oracle"}
    assert verification["ci95"][0] <= verification["roc_auc"] <= verification["ci95"][1]
    assert value["unseen"]["matching"].keys() == {str(ways) for ways in range(2, 11)}
    assert value["unseen"]["retrieval"]
    assert 0.5 <= value["link"]["speech_time_correct"] <= 1
    assert value["people"] == {"train": 67, "valid": 4, "test": 13}
    for group in ("unseen", "seen"):
        assert value[group]["same_track"]["roc_auc"] > 0
        assert value[group]["other_video"]["roc_auc"] > 0
    assert value["seen"]["verification"]["num_identities"] == 9
    assert value["peak_rss_mb"] > 100


def test_demo_page_leads_to_the_page_of_the_scene(results: Path) -> None:
    text = (results / "index.html").read_text()
    assert 'href="scenes/scene_000/page.html"' in text
    assert (results / "scenes" / "scene_000" / "page.html").is_file()
    assert text.count("data:video/mp4;base64,") == 1
