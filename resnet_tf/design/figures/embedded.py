"""The fonts of a PDF as its objects: two that every reader has, and two that go into the file where words need them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from resnet_tf.design.figures.typeface import Typeface, is_usual, typeface

_AT_ONCE = 100  # letters of a table that ISO 32000 lets stand together


class Fonts(NamedTuple):
    """The objects of a file's fonts, numbered from where they begin, and how a page refers to them."""

    objects: tuple[bytes, ...]
    names: str


def fonts(texts: Iterable[str], first: int) -> Fonts:
    """The fonts for these words; `first` is the number of their first object. F1 and F3 are upright, F2 and F4 bold."""
    objects = [_usual("Helvetica"), _usual("Helvetica-Bold")]
    named = {"F1": first, "F2": first + 1}
    if not all(map(is_usual, texts)):
        for name, bold in (("F3", False), ("F4", True)):
            named[name] = first + len(objects)
            objects += _brought(typeface(bold=bold), named[name])
    return Fonts(tuple(objects), " ".join(f"/{name} {number} 0 R" for name, number in named.items()))


def shown(text: str, *, bold: bool) -> tuple[str, str]:
    """The font that has all letters of a text, and the text as it is said in it."""
    if is_usual(text):
        return ("F2" if bold else "F1"), string(text)
    face = typeface(bold=bold)
    glyphs = "".join(f"{face.glyph(letter):04x}" for letter in text)
    return ("F4" if bold else "F3"), f"<{glyphs}>"


def string(text: str) -> str:
    """A text of PDF's usual letters; of others those that a title may have."""
    if not is_usual(text):
        return f"<feff{text.encode('utf-16-be', 'replace').hex()}>"
    escaped = "".join(f"\\{letter}" if letter in "\\()" else letter for letter in " ".join(text.split()))
    return f"({escaped})"


def stream(data: bytes, more: str = "") -> bytes:
    """An object of so many bytes, packed."""
    packed = zlib.compress(data, 9)
    return b"<< /Length %d /Filter /FlateDecode %s>>\nstream\n%s\nendstream" % (len(packed), more.encode(), packed)


def _usual(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _brought(face: Typeface, first: int) -> Iterator[bytes]:
    """Words are numbers of glyphs; a table says which letters these are, for who searches or copies."""
    glyphs, says, about, file = (f"{first + i} 0 R" for i in range(1, 5))
    collection = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    widths, box = " ".join(map(str, face.widths)), " ".join(map(str, face.box))
    for said in (
        f"/Type /Font /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [{glyphs}] /ToUnicode {says}",
        f"/Type /Font /Subtype /CIDFontType2 {collection} /CIDToGIDMap /Identity /FontDescriptor {about} "
        f"/W [0 [{widths}]]",
    ):
        yield f"<< {said} /BaseFont /{face.name} >>".encode()
    yield stream(_letters(face).encode())
    high = f"/Ascent {face.ascent} /Descent {face.descent} /CapHeight 729 /StemV 80"
    yield (
        f"<< /Type /FontDescriptor /FontName /{face.name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 {high} "
        f"/FontFile2 {file} >>"
    ).encode()
    yield stream(face.data, f"/Length1 {len(face.data)} ")


def _letters(face: Typeface) -> str:
    """Which letter each glyph is: a CMap, as ISO 32000 has it in 9.10.3."""
    letters = {glyph: code for code, glyph in sorted(face.glyphs.items(), reverse=True)}  # of several the first
    rows = [f"<{glyph:04x}> <{code:04x}>" for glyph, code in sorted(letters.items())]
    blocks = [rows[i : i + _AT_ONCE] for i in range(0, len(rows), _AT_ONCE)]
    return "\n".join([
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <ffff> endcodespacerange",
        *(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar" for block in blocks),
        "endcmap CMapName currentdict /CMap defineresource pop end end",
    ])  # fmt: skip
