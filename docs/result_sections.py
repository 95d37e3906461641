"""Sections of the results page, one for each file that a recipe or benchmark wrote.

A file is found by its place alone: `recipes/*/results*` or `recipes/*/results/*`, and `benchmarks/results/*`, ending in .md or
.json. Markdown is taken as it is. JSON may be {"title", "about", "command", "headers", "rows"}; of any other, all numbers are listed.
Where both endings stand side by side, the Markdown is shown and the JSON is for programs. Sections of more than MAX_LINES go to a page of their
own (LONG), to which the results page leads.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pins_plugin.report.tables import format_table

MAX_LINES = 20  # of a section on the page of results
LONG = "long_results.md"
MOST_NUMBERS = 40  # of a JSON file without headers


def find_results(root: Path) -> dict[str, list[Path]]:
    """Result files by the name of their recipe, "Benchmarks" last."""
    found: dict[str, list[Path]] = {}
    for folder in sorted((root / "recipes").iterdir()):
        found[folder.name] = _results([*folder.glob("results*"), *folder.glob("results/*")])
    found["Benchmarks"] = _results([*(root / "benchmarks" / "results").glob("*")])
    return {name: paths for name, paths in found.items() if paths}


def result_sections(root: Path) -> Iterator[str]:
    """Yield the sections, a heading for each recipe first; of long ones a link."""
    for name, path, section in _sections(root):
        if path is None:
            yield f"## {name}"
        else:
            yield shorten(section, path)


def long_sections(root: Path) -> Iterator[str]:
    """Yield the long sections in full, each after the anchor that `shorten` leads to."""
    for _, path, section in _sections(root):
        if path is not None and len(section.splitlines()) > MAX_LINES:
            yield f'<a id="{_anchor(path)}"></a>\n\n{section}'


def shorten(section: str, path: Path) -> str:
    """Lead from a section longer than `MAX_LINES` to where it stands in full."""
    num_lines = len(section.splitlines())
    if num_lines <= MAX_LINES:
        return section
    title = section.lstrip().splitlines()[0].lstrip("# ")
    return f"* [{title}]({LONG}#{_anchor(path)}), {num_lines} lines, from `{path.as_posix()}`"


def _sections(root: Path) -> Iterator[tuple[str, Path | None, str]]:
    """Yield each recipe (without a path), and each of its files as a section."""
    for name, paths in find_results(root).items():
        yield name, None, ""
        for path in paths:
            text = path.read_text(encoding="utf-8").strip()
            section = (
                _demoted(text) if path.suffix == ".md" else json_section(path, json.loads(text))
            )
            yield name, path.relative_to(root), section


def _anchor(path: Path) -> str:
    return path.with_suffix("").as_posix().replace("/", "-").lower()


def json_section(path: Path, result: Any) -> str:
    """Show the content of a JSON file as one table."""
    if not isinstance(result, dict) or not {"headers", "rows"} <= result.keys():
        numbers = list(_numbers(result))
        rows = [[name, f"{value:.4g}"] for name, value in numbers[:MOST_NUMBERS]]
        left = len(numbers) - len(rows)
        more = f"\n\nand {left} more in `{path.parent.name}/{path.name}`" if left else ""
        title = (
            f"### {path.stem.removeprefix('results').strip('_-').replace('_', ' ') or 'Results'}"
        )
        return f"{title}\n\n{format_table(['', ''], rows, markdown=True)}{more}"
    rows = [[str(cell) for cell in row] for row in result["rows"]]
    table = format_table(result["headers"], rows, markdown=True)
    parts = [f"### {result.get('title', path.stem)}", result.get("about", ""), table]
    if result.get("command"):
        parts.append(f"```text\n{result['command']}\n```")
    return "\n\n".join(part for part in parts if part)


def _results(paths: list[Path]) -> list[Path]:
    """Files only, in order; of two that differ in their ending, the Markdown."""
    files = sorted(path for path in paths if path.suffix in (".md", ".json") and path.is_file())
    return [p for p in files if p.suffix == ".md" or p.with_suffix(".md") not in files]


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield (path of keys, number) of nested JSON."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{name}, {key}" if name else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, float(value)


def _demoted(text: str) -> str:
    """Make the headings of a page two levels lower."""
    lines = [f"##{line}" if line.startswith("#") else line for line in text.splitlines()]
    return "\n".join(lines)
