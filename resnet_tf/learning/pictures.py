"""Somebody's picture, trusted in nothing, as pixels of the size that a network takes; NumPy and Pillow only."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 10_000_000  # of the file
MOST_PIXELS = 50_000_000  # of the picture
FORMATS = ("PNG", "JPEG")

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error)  # what Pillow raises at such files
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class NotAPicture(ValueError):
    """What is no PNG and no JPEG."""


class PictureTooLarge(ValueError):
    """A picture of more bytes or pixels than are read."""


class PictureDamaged(ValueError):
    """A picture that begins as one and cannot be read to its end."""


def pixels(data: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    """The middle of a picture, uint8, at a size (height, width, 1 or 3 channels), as training takes it.

    Raises NotAPicture, PictureTooLarge or PictureDamaged, with a sentence for people.
    """
    height, width, channels = shape
    image = _opened(data)
    try:
        upright = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
    except _DAMAGED as error:
        raise PictureDamaged(f"The picture cannot be read to its end ({error})") from error
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(fitted).reshape(shape)


def _opened(data: bytes) -> Image.Image:
    """A picture whose header was read, and nothing else."""
    if len(data) > MOST_BYTES:
        raise PictureTooLarge(f"The picture has {len(data) / 1e6:,.1f} MB: at most {MOST_BYTES / 1e6:g} MB are read")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise NotAPicture(f"This is not a picture that is read here: send {' or '.join(FORMATS)}") from error
    except _BOMB as error:
        raise PictureTooLarge(f"The picture is too large: at most {MOST_PIXELS / 1e6:g} megapixels are read") from error
    except _DAMAGED as error:
        raise PictureDamaged(f"The picture's header cannot be read ({error})") from error
    if image.width * image.height > MOST_PIXELS:
        size = f"{image.width:,} x {image.height:,} px"
        raise PictureTooLarge(f"The picture has {size}: at most {MOST_PIXELS / 1e6:g} megapixels are read")
    return image
