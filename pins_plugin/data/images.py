"""Pictures in: upright RGB arrays."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pins_plugin.errors import MediaError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"})


def is_image(path: str | Path) -> bool:
    """Tell a picture from a video by its name."""
    return Path(path).suffix.lower() in IMAGE_SUFFIXES


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Read a picture, upright by its orientation tag.

    Parameters
    ----------
    path : str or Path

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
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file; check the path") from error
    except Image.DecompressionBombError as error:
        raise MediaError(f"{path}: more pixels than a photo has; shrink it first") from error
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        raise MediaError(f"{path}: not a readable image; expected JPEG or PNG") from error
