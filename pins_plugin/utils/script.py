"""What every script beside the package begins and ends with."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pins_plugin.errors import PinsError


def script_parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser whose help shows the script's docstring as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run_script(main: Callable[[], object]) -> None:
    """Run a script's main function; what the user can mend is one line, as the name of the script and the reason."""
    try:
        main()
    except PinsError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
