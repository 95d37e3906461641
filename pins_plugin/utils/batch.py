"""Several files, one after the other: what goes wrong with one costs that one only."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from pins_plugin.errors import MediaError
from pins_plugin.utils.explain import explain
from pins_plugin.utils.text import printable


class Batch:
    """Counts what failed and why; of a single file, the error itself goes on.

    Parameters
    ----------
    command : str
        For messages.
    total : int
        How many there are.
    what : str
        What they are called, in the plural.
    with_traceback : bool
        Show the whole Python error of each failure.

    Examples
    --------
    >>> batch = Batch("link", total=2)
    >>> for name in ("a.mp4", "b.mp4"):
    ...     with batch.costs_only(name):
    ...         print("linked", name)
    linked a.mp4
    linked b.mp4
    >>> batch.finish()
    """

    def __init__(
        self, command: str, total: int, what: str = "files", with_traceback: bool = False
    ) -> None:
        self.command, self.total, self.what = command, total, what
        self.with_traceback = with_traceback
        self.failed: dict[str, str] = {}

    @contextmanager
    def costs_only(self, name: str) -> Iterator[None]:
        """Note whatever the block raises as the failure of `name`, say it, and go on."""
        try:
            yield
        except BrokenPipeError:  # nobody reads what is printed: no fault of a file
            raise
        except Exception as error:
            if self.total == 1:
                raise
            self.note(name, error)

    def note(self, name: str, error: Exception) -> None:
        """Note a failure, and say it."""
        self.failed[name] = explain(error)
        if self.with_traceback:
            traceback.print_exception(error)
        reason = self.failed[name]
        about = reason if reason.startswith(name) else f"{name}: {reason}"
        print(f"pins {self.command}: {printable(about)}", file=sys.stderr)

    def finish(self) -> None:
        """Raise a MediaError when anything failed: how many and which; why was said when it happened."""
        if self.failed:
            raise MediaError(
                f"{len(self.failed)} of {self.total} {self.what} could not be used: {', '.join(self.failed)}"
            )
