"""What every script beside the package begins and ends with."""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pins_plugin.errors import PinsError
from pins_plugin.utils.explain import explain, one_line
from pins_plugin.utils.text import printable


def script_parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser whose help shows the script's docstring as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def run_script(main: Callable[[], object]) -> None:
    """Run a script's main function; what the user can mend is one line, as the name of the script and the reason.

    Exit status 1 then, and 130 after Ctrl-C.
    """
    name = Path(sys.argv[0]).name
    try:
        main()
    except (PinsError, OSError) as error:  # also a full disk, or what may not be read
        sys.exit(f"{name}: {printable(explain(error))}")
    except subprocess.CalledProcessError as error:  # which has said why
        sys.exit(f"{name}: {one_line(error, 300)}")
    except KeyboardInterrupt:
        print(f"{name}: stopped", file=sys.stderr)
        sys.exit(130)
