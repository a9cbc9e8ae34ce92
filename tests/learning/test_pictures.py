"""A stranger's picture becomes pixels of the right size, or a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from resnet_tf.learning.pictures import NotAPicture, PictureDamaged, PictureTooLarge, pixels


def file_of(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def header(width, height):
    """A PNG that says this size and ends where its pixels begin."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">II", zlib.crc32(chunk), 9) + b"IDAT"


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))


def test_a_picture_of_the_right_size_is_its_own_pixels():
    np.testing.assert_array_equal(pixels(file_of(NOISE), (24, 32, 3)), np.asarray(NOISE))


def test_the_middle_is_taken_where_the_sides_differ():
    image = Image.new("RGB", (90, 30), "red")
    image.paste("blue", (30, 0, 60, 30))
    found = pixels(file_of(image), (10, 10, 3))
    assert (found[:, 1:-1] == (0, 0, 255)).all()


def test_grey_is_taken_as_colour_and_colour_as_grey_by_its_luma():
    grey = Image.new("L", (8, 8), 77)
    assert (pixels(file_of(grey), (8, 8, 3)) == 77).all()
    assert (pixels(file_of(Image.new("RGB", (8, 8), (255, 0, 0))), (8, 8, 1)) == round(0.299 * 255)).all()


def test_a_photograph_taken_sideways_is_turned_upright():
    image = Image.new("RGB", (20, 10), "black")
    image.paste("white", (0, 0, 10, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: upright is a quarter turn clockwise
    found = pixels(file_of(image, "JPEG", exif=exif, quality=95), (20, 10, 3))
    assert found[:8].min() > 200
    assert found[12:].max() < 50


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (b"<html>hello</html>", NotAPicture, "send PNG or JPEG"),
        (file_of(NOISE, "GIF"), NotAPicture, "send PNG or JPEG"),
        (file_of(NOISE)[:-200], PictureDamaged, "cannot be read to its end"),
        (file_of(NOISE, "JPEG")[:300], PictureDamaged, "cannot be read to its end|header cannot be read"),
        (header(20_000, 20_000), PictureTooLarge, "at most 50 megapixels"),
        (header(9_000, 9_000), PictureTooLarge, "9,000 x 9,000 px: at most 50 megapixels"),
        (header(4, 4), PictureDamaged, "cannot be read to its end"),
        (bytes(10_000_001), PictureTooLarge, "10.0 MB: at most 10 MB"),
    ],
)
def test_what_is_no_picture_or_too_large_a_one_is_refused_with_a_sentence(data, error, said):
    with pytest.raises(error, match=said):
        pixels(data, (8, 8, 3))
