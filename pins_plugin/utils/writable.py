"""Whether a result can be written where it is to be, tried before hours of work."""

from pathlib import Path

from pins_plugin.errors import PinsError
from pins_plugin.utils.unfinished import unfinished_folder

SIZE = 65_536  # bytes that are written for a try


def try_folder(folder: str | Path) -> None:
    """Try to write into a folder, or to where it will be made; nothing is left there.

    Raises
    ------
    PinsError
        When it is a file, or nothing can be written there.
    """
    folder = Path(folder)
    try:
        place = next(part for part in (folder, *folder.absolute().parents) if part.exists())
        if not place.is_dir():
            raise PinsError(f"{place}: is a file; expected a folder, or a name that is free")
        with unfinished_folder(place) as trial:
            (trial / "try").write_bytes(bytes(SIZE))
    except OSError as error:
        raise PinsError(
            f"{folder}: nothing can be written there ({error.strerror or error}); choose another place, or make room"
        ) from error


def try_file(path: str | Path) -> None:
    """Try to write where a file is to be; see `try_folder`."""
    path = Path(path)
    if path.is_dir():
        raise PinsError(f"{path}: is a folder; expected the name of a file")
    try_folder(path.parent)
