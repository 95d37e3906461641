"""Errors in one line: which of other libraries' errors a user can act on, and what they say."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pins_plugin.errors import ModelFolderError, PinsError

FORESEEN = (PinsError, OSError, UnicodeError, ArithmeticError, MemoryError)
OF_LIBRARIES = {  # where they are, as far as the library is in use at all
    "av.error": "FFmpegError",
    "soundfile": "SoundFileError",
    "safetensors": "SafetensorError",
    "torch": "OutOfMemoryError",
}
# In RuntimeErrors of torch.
OF_WRITING = ("PytorchStreamWriter", "inline_container", "file write failed", "iostream error")


def is_foreseen(error: BaseException) -> bool:
    """Tell whether an error comes of the input or the machine, and is no fault of the program."""
    kinds = [getattr(sys.modules.get(name), kind, None) for name, kind in OF_LIBRARIES.items()]
    if isinstance(error, (*FORESEEN, *(kind for kind in kinds if isinstance(kind, type)))):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in OF_WRITING)


def one_line(error: object, most: int = 200) -> str:
    """Give what an error says without line breaks, at most so many characters; its name where it says nothing."""
    return " ".join(str(error).split())[:most] or type(error).__name__


@contextmanager
def naming(
    what: object, kind: type[PinsError] = ModelFolderError, *others: type[Exception]
) -> Iterator[None]:
    """Put `what`, such as the path of a file, before what errors of a kind say; others become of that kind."""
    try:
        yield
    except (kind, *others) as error:
        raise kind(f"{what}: {error}") from error


def explain(error: BaseException) -> str:
    """Say in one line what went wrong.

    Examples
    --------
    >>> explain(FileNotFoundError(2, "No such file or directory", "a.mp4"))
    'a.mp4: No such file or directory'
    >>> explain(OverflowError("int too large"))
    'int too large (OverflowError)'
    """
    text = one_line(error, 300)
    if isinstance(error, PinsError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"not enough memory; close other programs, or use a shorter file{f' ({text})' if text else ''}"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror}"
    if is_foreseen(error):
        return f"{text} ({type(error).__name__})"
    return f"unexpected {type(error).__name__}: {text}; `pins --traceback ...` shows where"
