"""Pictures in: upright RGB arrays. The one reader for pictures, whoever they come from.

Only the formats of a list are opened: Pillow would hand a PostScript file to another program. Pictures with more
pixels than a face needs are shrunk while they are read, and those with absurdly many are refused.
"""

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from pins_plugin.errors import MediaError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"})
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
KEPT_PIXELS = 25_000_000  # larger pictures are shrunk; chosen, not measured
LARGEST_PICTURE = 89_000_000  # pixels that are decoded at once: 270 MB; Pillow warns of more
LARGEST_JPEG = 250_000_000  # pixels of a file that can be decoded at a fraction of its size
JPEG_START = b"\xff\xd8\xff"


def is_image(path: str | Path) -> bool:
    """Tell a picture from a video by its name."""
    return Path(path).suffix.lower() in IMAGE_SUFFIXES


def is_hidden(path: Path) -> bool:
    """Tell what no user put there: `.DS_Store`, and the `._anna.jpg` that macOS leaves beside `anna.jpg`."""
    return path.name.startswith(".")


def read_image(path: str | Path, side: int | None = None) -> NDArray[np.uint8]:
    """Read a picture, upright by its orientation tag.

    Parameters
    ----------
    side : int, optional
        Height and width, in pixels, of which no more is needed: a JPEG is decoded at a fraction of its size as
        long as neither side falls below. Default: as large as the picture is, up to 25 million pixels.

    Returns
    -------
    image : (height, width, 3) uint8 array
        RGB.

    Raises
    ------
    MediaError
        When the file is missing, no picture, damaged, or so large that it would fill the memory.
    """
    try:
        with _open(path) as image:
            _shrink(image, side)
            count = image.width * image.height
            if count > LARGEST_PICTURE:
                raise MediaError(
                    f"{path}: expected a picture of at most {LARGEST_PICTURE // 10**6} million pixels, "
                    f"got {count / 1e6:.0f} million; shrink it first"
                )
            factor = int(np.ceil(np.sqrt(count / KEPT_PIXELS)))
            image.load()
            with suppress(Exception):  # many small parsers read tags; the picture itself is good
                ImageOps.exif_transpose(image, in_place=True)
            return np.asarray(_plain(image, factor))
    except MediaError:
        raise
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file; check the path") from error
    except Image.DecompressionBombError as error:
        raise MediaError(f"{path}: more pixels than a photo has; shrink it first") from error
    except Exception as error:  # decoders raise whatever they stumble on in a damaged file
        what = " ".join(str(error).replace(str(path), "").split())[:120]
        raise MediaError(
            f"{path}: not a readable image ({what or type(error).__name__}); expected one of {', '.join(FORMATS)}"
        ) from error


def _open(path: str | Path) -> Image.Image:
    with Path(path).open("rb") as file:
        start = file.read(len(JPEG_START))
    if start != JPEG_START:
        return Image.open(path, formats=FORMATS)
    image = JpegImageFile(path)  # Image.open counts the pixels before they can be shrunk
    progressive = bool(image.info.get("progressive"))  # is held whole, whatever size is asked for
    if image.width * image.height > (LARGEST_PICTURE if progressive else LARGEST_JPEG):
        raise Image.DecompressionBombError
    return image


def _shrink(image: Image.Image, side: int | None) -> None:
    """Let a JPEG be decoded at 1/2, 1/4 or 1/8 of its size."""
    if side is not None:
        image.draft("RGB", (side, side))
    elif image.width * image.height > KEPT_PIXELS:
        factor = np.sqrt(image.width * image.height / KEPT_PIXELS)
        power = min(8, 2 ** int(np.ceil(np.log2(factor))))
        image.draft("RGB", (image.width // power, image.height // power))


def _plain(image: Image.Image, factor: int) -> Image.Image:
    """RGB of 8 bits, `factor` times smaller in width and height."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = Image.fromarray(_to_bytes(np.asarray(image)))
    plain = image.convert("RGB")
    return plain.reduce(factor) if factor > 1 else plain


def _to_bytes(gray: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring gray values of 16 or 32 bits, or fractions, to 0..255.

    Examples
    --------
    >>> _to_bytes(np.array([[0, 65535]], np.uint16)), _to_bytes(np.array([[0.0, 1.0]]))
    (array([[  0, 255]], dtype=uint8), array([[  0, 255]], dtype=uint8))
    """
    values = np.nan_to_num(np.asarray(gray, np.float32))
    top = float(values.max(initial=0.0))
    if np.issubdtype(gray.dtype, np.floating):
        full = 1.0 if top <= 1 else 255.0 if top <= 255 else 65535.0
    else:
        full = 65535.0 if gray.dtype.itemsize == 2 or top > 255 else 255.0
    return np.clip(np.round(values * (255 / full)), 0, 255).astype(np.uint8)
