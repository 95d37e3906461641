"""Results are found by their place, and shown as they were written."""

import importlib.util
import json
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "result_sections.py"
spec = importlib.util.spec_from_file_location("result_sections", SCRIPT)
assert spec and spec.loader
sections = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sections)


def test_every_file_that_a_run_wrote_gets_a_section(tmp_path: Path) -> None:
    table = {
        "title": "Speed",
        "headers": ["", "ms"],
        "rows": [["search", 1.5]],
        "command": "run it",
    }
    files = {
        "recipes/A/results.md": "# What was tried\n\n## More\n\nnothing",
        "recipes/A/results.json": json.dumps({"left": "out"}),
        "recipes/A/README.md": "# not a result",
        "recipes/B/results/deep_one.json": json.dumps({"auc": {"test": 0.5}, "name": "x"}),
        "recipes/C/train.py": "",
        "benchmarks/results/speed.json": json.dumps(table),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    page = "\n\n".join(sections.result_sections(tmp_path))
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == ["## A", "### What was tried", "#### More", "## B", "### deep one", "## Benchmarks", "### Speed"]  # fmt: skip
    assert "left" not in page and "run it" in page
    assert "| auc, test | 0.5 |" in page and "search" in page


def test_long_lists_of_numbers_are_cut(tmp_path: Path) -> None:
    many = {str(number): number for number in range(100)}
    section = sections.json_section(tmp_path / "results.json", many)
    assert "| 39 " in section and "| 40 " not in section
    assert "60 more" in section


def test_a_long_section_is_led_to_and_stands_in_full(tmp_path: Path) -> None:
    rows = "\n".join(["| row | 1 |"] * sections.MAX_LINES)
    path = tmp_path / "recipes" / "A" / "results" / "Long_one.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"# Long\n\nWhat it is about.\n\n{rows}")
    [heading, short] = sections.result_sections(tmp_path)
    assert heading == "## A"
    target = "long_results.md#recipes-a-results-long_one"
    assert short.startswith(f"* [Long]({target}), {sections.MAX_LINES + 4} lines")
    [full] = sections.long_sections(tmp_path)
    assert full.startswith('<a id="recipes-a-results-long_one"></a>\n\n### Long')
    assert full.count("| row | 1 |") == sections.MAX_LINES
    short_one = Path("recipes/A/results/short.md")
    assert sections.shorten("### Short\n\nAll of it.", short_one) == "### Short\n\nAll of it."


def test_every_table_stands_on_a_page() -> None:
    root = SCRIPT.parents[1]
    pages = [
        (SCRIPT.parent / name).read_text(encoding="utf-8") for name in ("results.md", sections.LONG)
    ]
    for name, paths in sections.find_results(root).items():
        for path in (each for each in paths if each.suffix == ".json"):
            title = json.loads(path.read_text(encoding="utf-8")).get("title")
            assert not title or any(f"### {title}" in page for page in pages), (name, path)


def test_results_page_has_under_300_lines() -> None:
    assert len((SCRIPT.parent / "results.md").read_text(encoding="utf-8").splitlines()) < 300
