"""`python -m pins_plugin` is `pins`."""

from pins_plugin.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
