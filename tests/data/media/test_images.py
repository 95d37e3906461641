"""One reader for pictures: whatever phones, scanners and strangers make."""

import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pins_plugin.data.media.faces import load_faces
from pins_plugin.data.media.images import KEPT_PIXELS, read_image
from pins_plugin.errors import MediaError

ORIENTATION = 0x112


def half_white(width: int = 64, height: int = 48) -> Image.Image:
    """White above, black below."""
    values = np.zeros((height, width, 3), np.uint8)
    values[: height // 2] = 255
    return Image.fromarray(values)


def is_upright(image: np.ndarray) -> bool:
    middle = len(image) // 2
    return bool(image[: middle - 2].mean() > 240 and image[middle + 2 :].mean() < 15)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_90),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_pictures_are_turned_upright(
    tmp_path: Path, ending: str, orientation: int, turn: Image.Transpose
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / f"phone.{ending}"
    half_white().transpose(turn).save(path, exif=exif)
    assert is_upright(read_image(path))
    assert is_upright(load_faces(path, 32)[0].transpose(1, 2, 0))


def test_damaged_tags_cost_the_turn_only(tmp_path: Path) -> None:
    half_white().save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff\x01\x12")
    assert is_upright(read_image(tmp_path / "a.jpg"))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_gray_of_many_bits_is_brought_to_eight(tmp_path: Path, dtype: type) -> None:
    """A 16-bit gray PNG used to be all white."""
    ramp = np.tile(np.linspace(0, 1 if dtype is np.float32 else 65535, 64), (16, 1)).astype(dtype)
    path = tmp_path / ("ramp.png" if dtype is np.uint16 else "ramp.tif")
    Image.fromarray(ramp).save(path)
    assert np.abs(read_image(path)[0, :, 0] - np.linspace(0, 255, 64)).max() <= 1


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    half_white().convert(mode).save(path)
    assert read_image(path).shape == (48, 64, 3)
    assert is_upright(read_image(path))


def test_a_program_named_jpg_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow hands PostScript to Ghostscript."""
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    path = tmp_path / "anna.jpg"
    path.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n%%EndComments\nshowpage\n%%EOF\n"
    )
    for read in (read_image, lambda path: load_faces(path, 32)):
        with pytest.raises(MediaError, match="not a readable image"):
            read(path)
    assert not (tmp_path / "ran").exists()


def test_a_photo_of_two_hundred_megapixels_is_shrunk_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (16320, 12240), 99).save(path, quality=30)
    image = read_image(path)
    assert image.shape == (3060, 4080, 3)
    assert image.size // 3 <= KEPT_PIXELS
    assert abs(int(image[5, 5, 0]) - 99) < 3
    assert load_faces(path, 64).shape == (1, 3, 64, 64)


def test_a_large_scan_is_shrunk_after_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    Image.new("L", (8000, 6000), 99).save(path)
    assert read_image(path).shape == (3000, 4000, 3)


@pytest.mark.parametrize("side", [12_000, 30_000, 60_000])
def test_a_small_file_of_very_many_pixels_is_refused(tmp_path: Path, side: int) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(3_000_000), 9)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    tracemalloc.start()
    with pytest.raises(MediaError, match="pixels"):
        read_image(path)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


def test_what_macos_leaves_is_no_picture(tmp_path: Path) -> None:
    half_white().save(tmp_path / "0.png")
    (tmp_path / "._0.png").write_bytes(b"\0\5\x16\7")
    assert load_faces(tmp_path, 16).shape == (1, 3, 16, 16)
