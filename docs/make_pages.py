"""Write the pages that are never typed by hand: results from result files, model cards from the models.

  python docs/make_pages.py            writes docs/{results,long_results,models,recipes}.md and the results in README.md
  python docs/make_pages.py --check    only tells whether they are as the files say (status 1 if not)

Results come from the files that runs wrote: `docs/results/demo.json`, and what recipes and benchmarks left beside
themselves (see result_sections.py).
"""

import json
import sys
from pathlib import Path
from typing import Any

from result_sections import LONG, long_sections, result_sections

from pins_plugin.report.model_card import HEADERS, group_rows
from pins_plugin.report.tables import (
    SCORE_HEADERS,
    cross_modal_table,
    format_table,
    score_rows,
    seen_rows,
)

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
DEMO = DOCS / "results" / "demo.json"
BEGIN, END = "<!-- results: written by docs/make_pages.py -->", "<!-- end of results -->"
IN_README = ("verification AUC", "1 of 2", "1 of 10")


def results_page() -> str:
    """All results: the demo, then whatever recipes and benchmarks wrote."""
    head = (
        "# Results\n\nWritten from result files by `docs/make_pages.py`; no number here was typed."
    )
    demo = [_demo_section(json.loads(DEMO.read_text(encoding="utf-8")))] if DEMO.is_file() else []
    return "\n\n".join([head, *demo, *result_sections(ROOT)]) + "\n"


def long_page() -> str:
    """The tables that would make the page of results long."""
    head = "# Long results\n\nIn full what [Results](results.md) leads to."
    return "\n\n".join([head, *long_sections(ROOT)]) + "\n"


def models_page() -> str:
    """The card of every model that ships."""
    head = "# Models that ship\n\nThe card of each model folder in `pins_plugin/pretrained/`."
    cards = sorted((ROOT / "pins_plugin" / "pretrained").glob("*/README.md"))
    return "\n\n".join([head, *(_demoted(card.read_text().strip()) for card in cards)]) + "\n"


def recipes_page() -> str:
    """What every recipe says of itself, its results included."""
    head = "# Recipes\n\nThe pages of the folders in `recipes/`, with what was measured."
    pages = sorted((ROOT / "recipes").glob("*/README.md"))
    texts = (page.read_text(encoding="utf-8").replace("](../../docs/", "](") for page in pages)
    return "\n\n".join([head, *(_demoted(text.strip()) for text in texts)]) + "\n"


def readme() -> str:
    """README.md with the results of the demo and the list of all others."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    lines = [BEGIN, "", *_readme_lines(), "", END]
    return before + "\n".join(lines) + after


def _demo_section(result: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return "\n\n".join(
        [
            "## The demo: simulated people never seen",
            _demo_sentence(result),
            cross_modal_table(result["unseen"], markdown=True),
            *_by_group(result["unseen"]),
            *_seen_sections(result),
            f"```text\npins demo --seed {result['seed']}\n```",
            versions + ".",
        ]
    )


def _seen_sections(result: dict[str, Any]) -> list[str]:
    if "seen" not in result:
        return []
    rows = list(seen_rows(result["seen"]))
    text = "People of the training, in recordings that were not part of it:"
    return [text, format_table(SCORE_HEADERS, rows, markdown=True)]


def _by_group(report: dict[str, Any]) -> list[str]:
    rows = group_rows(report)
    return [format_table(HEADERS, rows, markdown=True)] if rows else []


def _demo_sentence(result: dict[str, Any]) -> str:
    people, link = result["people"], result["link"]["speech_time_correct"]
    return (
        f"Trained for this table on {people['train']} simulated people without names, scored on {people['test']} others; "
        f"{100 * link:.1f} % of the speech of a simulated scene was linked to the right face or rightly to nobody. "
        f"{result['seconds'] / 60:.1f} minutes, {result['peak_rss_mb'] / 1000:.1f} GB at most. The intervals are 95 %, "
        "over people."
    )


def _readme_lines() -> list[str]:
    lines: list[str] = []
    if DEMO.is_file():
        result = json.loads(DEMO.read_text(encoding="utf-8"))
        rows = [row for row in score_rows(result["unseen"]) if row[0] in IN_README]
        lines += [_demo_sentence(result), "", format_table(SCORE_HEADERS, rows, markdown=True), ""]
    return [
        *lines,
        "All results, of every recipe and benchmark: [docs/results.md](docs/results.md).",
    ]


def _demoted(card: str) -> str:
    """Make the headings of a card one level lower."""
    lines = [f"#{line}" if line.startswith("#") else line for line in card.splitlines()]
    return "\n".join(lines)


def main() -> int:
    """Write or check all pages."""
    pages = {
        DOCS / "results.md": results_page(),
        DOCS / LONG: long_page(),
        DOCS / "models.md": models_page(),
        DOCS / "recipes.md": recipes_page(),
        ROOT / "README.md": readme(),
    }
    stale = [
        path
        for path, text in pages.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        print("\n".join(f"{path.relative_to(ROOT)} is not up to date" for path in stale), end="")
        return int(bool(stale))
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
