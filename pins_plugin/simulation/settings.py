"""Settings of what is simulated: whether they make sense, and whether a folder was made with the same ones."""

import json
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

from pins_plugin.errors import ManifestError

PICTURE_RANGES = {"width": (160.0, 3840.0), "height": (120.0, 2160.0)}  # pixels, of scenes


def check_ranges(settings: Any, **ranges: tuple[float, float]) -> None:
    """Raise ManifestError when a setting that is given, or the seed, is not within its range, both ends included."""
    for name, (low, high) in {"seed": (0, inf), **ranges}.items():
        value = getattr(settings, name)
        if value is not None and not low <= value <= high:
            expected = f"at least {low:g}" if high == inf else f"{low:g} to {high:g}"
            raise ManifestError(
                f"{name}: expected {expected}, got {value}; give a number in that range"
            )


def check_same(folder: Path, noted: Any, settings: Any) -> None:
    """Raise ManifestError when the settings noted in a folder are others than these; what was not noted was as usual."""
    if not isinstance(noted, dict):
        raise ManifestError(
            f"{folder}: expected a note of how it was made; choose another folder or remove this one"
        )
    usual, wanted = to_plain(type(settings)()), to_plain(settings)
    for name, value in wanted.items():
        found = noted.get(name, usual[name])
        if found != value:
            raise ManifestError(
                f"{folder}: made with {name} {found}, not {value}; choose another folder or remove this one"
            )


def to_plain(settings: Any) -> dict[str, Any]:
    """Settings as a JSON file gives them back."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return plain
