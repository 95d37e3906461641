"""What benchmarks share: their parser, and the table that they print and leave for the results page."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pins_plugin.report.tables import format_table
from pins_plugin.utils.files import write_json_rows


def make_parser(about: str | None) -> argparse.ArgumentParser:
    """Parse --out; `about` is the script's docstring, shown as it is."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file for the results page")
    return parser


def publish(
    out: Path | None,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str,
    about: str,
    command: str,
) -> None:
    """Print a table; with `out`, leave it as the results page reads it (`docs/result_sections.py`)."""
    print(format_table(headers, rows))
    if out:
        result = {"title": title, "about": about, "command": command}
        write_json_rows(out, {**result, "headers": list(headers), "rows": list(rows)})
