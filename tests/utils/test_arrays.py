"""Arrays of unknown origin: plain ones come back, everything else is one line."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pins_plugin.errors import ManifestError
from pins_plugin.utils.arrays import read_named_arrays


def write_npy(path: Path, header: str, content: bytes = b"") -> None:
    """An npz file with one array whose header is made up."""
    text = header.encode() + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content)  # fmt: skip


def read(path: Path) -> dict[str, np.ndarray]:
    return read_named_arrays(path, ["a"], ManifestError, "an array a")


def test_plain_arrays_come_back(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.arange(3), b=np.array(["x"]))
    arrays = read(tmp_path / "a.npz")
    assert arrays["a"].tolist() == [0, 1, 2] and arrays["b"].tolist() == ["x"]


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ManifestError, match="allow_pickle"):
        read(tmp_path / "a.npz")


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(10**8, np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 200_000
    with pytest.raises(ManifestError, match="100000128 bytes packed into"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (10,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (1,)}",
        "nonsense",
    ],
)
def test_made_up_headers_are_refused(tmp_path: Path, header: str) -> None:
    write_npy(tmp_path / "a.npz", header)
    with pytest.raises(ManifestError, match=r"no npz file of plain arrays \(") as caught:
        read(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ManifestError, match=r"no npz file of plain arrays \("):
        read(tmp_path / "a.npz")


def test_flipped_bits_are_noticed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.random.default_rng(0).normal(size=1000))
    content = bytearray(buffer.getvalue())
    content[len(content) // 2] ^= 255
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ManifestError, match=r"no npz file of plain arrays \("):
        read(tmp_path / "a.npz")
