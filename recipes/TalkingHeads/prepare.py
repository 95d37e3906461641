"""Make the clips of the TalkingHeads recipe: python recipes/TalkingHeads/prepare.py FOLDER [--people N] ...

The same as `pins simulate clips`; see `pins simulate clips --help`.
"""

import sys

from pins_plugin.cli import main

if __name__ == "__main__":
    sys.exit(main(["simulate", "clips", *sys.argv[1:]]))
