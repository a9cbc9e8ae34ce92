"""A figure as PNG: its PDF, painted by the library that Chrome shows PDFs with. The same pixels on every machine."""

from __future__ import annotations

import struct
import zlib

from resnet_tf.design.figures.marks import Figure
from resnet_tf.design.figures.pdf import to_pdf
from resnet_tf.design.part import SpecError

SCALE = 2  # pixels of the file for one of the page, for sharp screens
MOST_PIXELS = 64_000_000  # a quarter of a gigabyte while it is painted


def to_png(figure: Figure) -> bytes:
    """The figure at twice its size. Raises SpecError for one that is too large to be painted."""
    import pypdfium2

    width, height = (round(side * SCALE) for side in (figure.width, figure.height))
    if width * height > MOST_PIXELS:
        rule = f"one of lines for a picture of {width:,} × {height:,} pixels (at most {MOST_PIXELS:,} are painted)"
        raise SpecError("format", rule, "png", "svg")
    document = pypdfium2.PdfDocument(to_pdf(figure))
    try:
        page = document[0]
        bitmap = page.render(scale=(width - 0.01) / page.get_width(), rev_byteorder=True)
        return _png(bitmap.width, bitmap.height, bitmap.n_channels, bitmap.stride, bytes(bitmap.buffer))
    finally:
        document.close()


def _png(width: int, height: int, channels: int, stride: int, pixels: bytes) -> bytes:
    """Rows of red, green, blue (and what is beside them) as a file of 8 bits a channel."""
    rows = (pixels[at * stride : at * stride + width * channels] for at in range(height))
    flat = b"".join(b"\0" + _rgb(row, channels) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    density = struct.pack(">IIB", *[round(96 * SCALE / 0.0254)] * 2, 1)  # so that it is shown in its own size
    parts = ((b"IHDR", head), (b"pHYs", density), (b"IDAT", zlib.compress(flat, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _rgb(row: bytes, channels: int) -> bytes:
    if channels == 3:
        return row
    kept = bytearray(len(row) // channels * 3)
    for channel in range(3):
        kept[channel::3] = row[channel::channels]
    return bytes(kept)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
