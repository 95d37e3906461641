"""The `pins` command: parses, calls the library, prints.

Each command is one module of this package with a `HELP` line, `add_arguments(parser)` and `run(args)`, which may give an exit
status; modules of the library are imported inside `run`, so that `pins --help` answers at once. Modules that begin with
an underscore hold what commands share.
"""

import argparse
import contextlib
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from pins_plugin import __version__
from pins_plugin.cli._options import number
from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import explain, is_foreseen
from pins_plugin.utils.text import PrintableStream, printable

ABOUT = """Say who speaks in a video and whose face that is; train, score and use networks that join faces and voices.

  pins link interview.mp4 --out linked      start here; then open linked/page.html
  pins COMMAND --help                       each command explains itself, with examples
"""
STATUSES = """exit status:
  0    done
  1    every file failed (--jobs, --shard, --ray), or any did (--strict); a plugin cannot be loaded
  2    an option, a file or the machine is to blame, one line says why; of several files, some could not be used
  3    pins sync --fail_above, --fail_dubbed: a file is off
  130  stopped by Ctrl-C

Guides: README.md and docs/ of the source.
"""
COMMANDS = tuple(
    sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )
)


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line, as every other error is told, and takes no `nan` for a number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.register("type", float, number())

    def error(self, message: str) -> NoReturn:
        raise PinsError(
            f"{self.prog}: {message.removeprefix('argument ')}; see `{self.prog} --help`"
        )


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = _Parser(
        prog="pins",
        description=ABOUT,
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pins_plugin {__version__}")
    parser.add_argument(
        "--traceback", action="store_true", help="show the full Python error (for bug reports)"
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"{__name__}.{name}")
        command = subparsers.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; whatever the input or the machine is to blame for becomes one line and status 2."""
    try:
        args = build_parser().parse_args(arguments)
    except PinsError as error:
        print(printable(str(error)), file=sys.stderr)
        return 2
    try:
        with contextlib.redirect_stdout(PrintableStream(sys.stdout)):
            status = args.run(args)
    except BrokenPipeError:  # `pins ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"pins {args.command}: stopped", file=sys.stderr)
        return 130
    except Exception as error:
        if args.traceback or not is_foreseen(error):
            raise
        print(f"pins {args.command}: {printable(explain(error))}", file=sys.stderr)
        return 2
    return int(status or 0)
