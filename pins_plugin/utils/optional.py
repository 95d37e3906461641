"""Packages that only some need: a clear message where they are missing."""

from importlib import import_module
from typing import Any

from pins_plugin.errors import MissingExtraError


def import_extra(package: str, extra: str) -> Any:
    """Import an optional package.

    Parameters
    ----------
    package : str
        Such as "onnxruntime".
    extra : str
        Of `setup.py`, which brings it.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"{package} is needed for this and not installed ({error}); "
            f"pip install 'pins_plugin[{extra}]'"
        ) from error
