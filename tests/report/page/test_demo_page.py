"""The page that the demo ends with."""

from pathlib import Path

import numpy as np
import pytest

from pins_plugin.data.media.video_writer import VideoWriter
from pins_plugin.evaluation.cross_modal import evaluate_cross_modal
from pins_plugin.report.page.demo_page import LinkedScene, write_demo_page
from pins_plugin.report.plots import plot_matching

RESULTS = {
    "seconds": 185.2,
    "peak_rss_mb": 1890.0,
    "seed": 3,
    "people": {"train": 30, "test": 12},
    "versions": {"torch": "2.11.0"},
}


@pytest.mark.parametrize("has_oracle", [True, False])
def test_demo_page_tells_the_numbers(tmp_path: Path, has_oracle: bool) -> None:
    generator = np.random.default_rng(0)
    faces = generator.standard_normal((12, 8))
    voices = faces + generator.standard_normal((12, 8))
    people = [f"P{index}" for index in range(12)]
    oracle = faces @ faces.T if has_oracle else None
    report = evaluate_cross_modal(
        faces, voices, people, people, oracle=oracle, num_replicates=20, num_trials=200
    )
    plot_matching(report, tmp_path / "matching.png")
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        writer.add_image(np.zeros((48, 64, 3), np.uint8))
    scene = LinkedScene("A <scene>", "Two talk.", tmp_path / "a.mp4", "scene/page.html", 0.953)
    curves = {"How matching falls": tmp_path / "matching.png"}
    reports = {"unseen": report, "seen": report | {"same_track": report["verification"]}}
    write_demo_page(RESULTS, reports, [scene], curves, tmp_path / "out" / "index.html")
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "95.3 %" in text
    assert "3:05 min" in text
    assert f"{report['verification']['roc_auc']:.3f}" in text
    assert "A &lt;scene&gt;" in text
    assert "seen-heard people: verification AUC, same track" in text
    assert text.count("data:image/png;base64,") == 1
    assert "script-src &#39;sha256-" in text
