"""Text of strangers: labels and file names may hold anything, terminals and tables obey some of it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import IO, Any

KEPT = "\n\t\u200c\u200d\u200e\u200f"  # joiners and marks of direction are letters of Persian, say
NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    r"""Put a question mark in the place of characters that a terminal would obey; lines, tabs and joiners stay.

    Examples
    --------
    >>> printable("anna\x1b[2J")
    'anna?[2J'
    """
    return "".join(c if c.isprintable() or c in KEPT else "?" for c in text)


def one_word(text: str) -> str:
    r"""Make a field of a file whose fields are parted by white space: `printable`, without spaces of any kind.

    Examples
    --------
    >>> one_word("anna of\nthe hill"), one_word("8.30\u202fPM"), one_word("caf\udce9")
    ('anna_of_the_hill', '8.30_PM', 'caf?')
    """
    return printable("_".join(text.split())) or "_"


def one_line(text: str) -> str:
    r"""Make a line that every format of text can hold, XML 1.0 included: without control characters, spaces joined.

    Examples
    --------
    >>> one_line(" anna\tof\n the\x1b hill")
    'anna of the hill'
    """
    return " ".join(NOT_IN_XML.sub("", text).split())


def csv_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Write a table as CSV; cells are written as they are.

    Examples
    --------
    >>> csv_table(["time", "name"], [[1, "a, b"]])
    'time,name\n1,"a, b"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((columns, *rows) if columns else rows)
    return text.getvalue()


def table_cell(text: str) -> str:
    """Make text `printable`, and mark as text what a spreadsheet would run as a formula.

    Examples
    --------
    >>> table_cell("anna"), table_cell("=1+1")
    ('anna', "'=1+1")
    """
    text = printable(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "?")) else text


class PrintableStream:
    """A stream that writes `printable` text only, otherwise as the one it wraps."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, and give the number of characters."""
        return self._stream.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
