"""The page that the demo ends with: scores between chance and the oracle, curves, linked videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pins_plugin.report.page.pictures import data_uri
from pins_plugin.report.page.video_page import render
from pins_plugin.report.tables import SCORE_HEADERS, score_rows, seen_rows, way_from_chance
from pins_plugin.utils.files import write_text


@dataclass(frozen=True)
class LinkedScene:
    """A video that was linked, for the demo's page.

    Parameters
    ----------
    title, text : str
    annotated : Path
        The annotated mp4 file; carried inside the page.
    page : str
        Address of the video's own page, relative to the demo's.
    correct : float or None
        Share of speech time that was linked rightly, where the truth is known.
    """

    title: str
    text: str
    annotated: Path
    page: str
    correct: float | None = None


def write_demo_page(
    results: Mapping[str, Any],
    report: Mapping[str, Any],
    scenes: Sequence[LinkedScene],
    curves: Mapping[str, Path],
    out: str | Path,
) -> None:
    """Write the page, one file without anything from outside.

    Parameters
    ----------
    results : mapping
        What `results.json` holds.
    report : mapping
        The cross-modal reports of "unseen" people, with everything that the table shows, and of "seen" people.
    curves : mapping of str to Path
        Caption and PNG file of each.
    """
    minutes, seconds = divmod(round(results["seconds"]), 60)
    text = render(
        "demo.html",
        facts={
            "train_people": results["people"]["train"],
            "test_people": results["people"]["test"],
            "seed": results["seed"],
            "head": [
                ("time taken", f"{minutes}:{seconds:02d} min"),
                ("peak memory", f"{results['peak_rss_mb'] / 1000:.1f} GB"),
                ("identity labels used", "0"),
            ],
        },
        gauges=_gauges(report["unseen"]),
        scenes=[
            vars(scene) | {"video": data_uri("video/mp4", scene.annotated.read_bytes())}
            for scene in scenes
        ],
        curves=[
            {"text": caption, "source": data_uri("image/png", path.read_bytes())}
            for caption, path in curves.items()
        ],
        table=[list(SCORE_HEADERS), *score_rows(report["unseen"]), *seen_rows(report["seen"])],
        versions=results["versions"],
    )
    write_text(out, text)


def _gauges(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    verification = report["verification"]
    parts = [
        (
            "Is this pair one person?",
            "Verification: area under the ROC curve.",
            verification["roc_auc"],
            verification,
        )
    ]
    for ways in (min(report["matching"], key=int), max(report["matching"], key=int)):
        cell = report["matching"][ways]
        meaning = f"Matching: how often the right one of {ways} is chosen."
        parts.append((f"Which of {ways} is it?", meaning, cell["accuracy"], cell))
    return [
        {
            "title": title,
            "meaning": meaning,
            "score": score,
            "chance": cell["chance"],
            "oracle": cell["oracle"] or 1.0,
            "ci95": cell["ci95"],
            "way": way_from_chance(score, cell["chance"], cell["oracle"]),
            "low": min(cell["chance"], cell["ci95"][0]) - 0.02,
            "high": max(cell["oracle"] or 1.0, cell["ci95"][1]) + 0.02,
        }
        for title, meaning, score, cell in parts
    ]
