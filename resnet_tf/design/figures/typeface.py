"""A typeface that goes into a PDF, for words with letters that PDF's own fonts lack: Cyrillic, Greek, mathematics.

Its widths are Helvetica's, so that both stand beside each other; where it is from says fonts/README.md. What is needed
of it is read from the tables of its file (ISO/IEC 14496-22): which glyph a letter has, and how wide that is.
"""

from __future__ import annotations

import struct
from functools import cache
from importlib import resources
from typing import NamedTuple

_FILES = {False: ("ResidualSans", "sans.ttf"), True: ("ResidualSansBold", "sans-bold.ttf")}
UNKNOWN = "?"


class Typeface(NamedTuple):
    """What a writer needs to know. Lengths are in thousandths of the letters' size."""

    name: str
    data: bytes
    glyphs: dict[int, int]  # by code point
    widths: tuple[int, ...]  # by glyph
    box: tuple[int, ...]  # that holds any glyph: left, bottom, right, top
    ascent: int
    descent: int

    def glyph(self, letter: str) -> int:
        """A letter's glyph; a question mark's where it has none."""
        return self.glyphs.get(ord(letter), self.glyphs[ord(UNKNOWN)])

    def width(self, letter: str) -> int:
        """How wide a letter is."""
        return self.widths[self.glyph(letter)]


def is_usual(text: str) -> bool:
    """Whether PDF's own fonts have all letters of a text."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


@cache
def typeface(*, bold: bool) -> Typeface:
    """The face, read once."""
    name, file = _FILES[bold]
    data = (resources.files("resnet_tf.design.figures") / "fonts" / file).read_bytes()
    tables = _tables(data)
    units, *corners = struct.unpack(">18xH16x4h10x", tables["head"])
    ascent, descent, measured = struct.unpack(">4x2h26xH", tables["hhea"])
    ems = 1000 / units
    advances = struct.unpack(f">{2 * measured}H", tables["hmtx"][: 4 * measured])[::2]
    (count,) = struct.unpack(">4xH", tables["maxp"][:6])
    widths = [*advances, *advances[-1:] * (count - measured)]  # the last one is that of all that follow
    return Typeface(
        name, data, _glyphs(tables["cmap"]), tuple(round(width * ems) for width in widths),
        tuple(round(corner * ems) for corner in corners), round(ascent * ems), round(descent * ems),
    )  # fmt: skip


def _tables(data: bytes) -> dict[str, bytes]:
    """The tables of a font's file by their names."""
    (count,) = struct.unpack(">4xH", data[:6])
    rows = struct.iter_unpack(">4s4x2I", data[12 : 12 + 16 * count])
    return {name.decode(): data[start : start + size] for name, start, size in rows}


def _glyphs(cmap: bytes) -> dict[int, int]:
    """Glyphs by code points, out of the subtable of format 4: segments, each with a shift or a list."""
    (_, first) = struct.unpack(">HI", cmap[6:12])
    (kind, size, twice) = struct.unpack(">2H2xH", cmap[first : first + 8])
    assert kind == 4
    body, count = cmap[first + 14 : first + size], twice // 2
    ends = struct.unpack(f">{count}H", body[:twice])
    begins, shifts, places = (
        struct.unpack(f">{count}H", body[at : at + twice]) for at in range(twice + 2, 4 * twice + 2, twice)
    )
    found = {}
    for i, (begin, end, shift, place) in enumerate(zip(begins, ends, shifts, places, strict=True)):
        for code in range(begin, min(end, 0xFFFE) + 1):
            glyph = code
            if place:  # how far from its own place in the table the list begins
                at = 3 * twice + 2 + 2 * i + place + 2 * (code - begin)
                (glyph,) = struct.unpack(">H", body[at : at + 2])
            if place == 0 or glyph:
                found[code] = (glyph + shift) % 0x10000
    return found
