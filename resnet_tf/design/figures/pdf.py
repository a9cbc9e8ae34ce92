"""A figure as a PDF of one page, or several as a book.

Its marks are PDF's own operators, so a writer is these few rows and no library. Words are in Helvetica, one of the
fonts that every reader has; those with letters that it lacks are in one that goes into the file (`embedded.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from resnet_tf.design.figures.embedded import fonts, shown, stream, string
from resnet_tf.design.figures.letters import width
from resnet_tf.design.figures.marks import CAPITAL, PAPER, POINTS, Box, Circle, Figure, Line, Words, head, shares, steps

LONGEST = 14_400  # points: a page may be so long, ISO 32000 says; a longer picture is made smaller
ROUND = 0.5523  # how far a curve's middle points lie out, for a quarter of a circle

_USUAL = str.maketrans({"‖": "||", "−": "-"})  # what PDF's own fonts lack and can do without


def to_pdf(figure: Figure) -> bytes:
    """The figure as a page of its size: 3/4 of a point for a pixel."""
    return book((figure,), figure.about)


def book(pages: Sequence[Figure], about: str) -> bytes:
    """Figures as the pages of one file."""
    first = 3  # the number of the first page's object; its content is the next
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(len(pages)))
    words = [_said(mark) for page in pages for mark in page.marks if isinstance(mark, Words)]
    having = fonts(words, first + 2 * len(pages))
    return _file(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /Resources << /Font << {having.names} >> >> >>".encode(),
        *(each for i, page in enumerate(pages) for each in _page(page, first + 2 * i + 1)),
        *having.objects,
        f"<< /Title {string(about)} /Producer (resnet_tf) >>".encode("cp1252"),
    )


def _page(figure: Figure, content: int) -> tuple[bytes, bytes]:
    """A page's object, and that of its content, which has this number."""
    scale = min(POINTS, LONGEST / max(figure.width, figure.height))
    size = f"[0 0 {figure.width * scale:.6g} {figure.height * scale:.6g}]"
    drawn = [f"{scale:.6g} 0 0 {-scale:.6g} 0 {figure.height * scale:.6g} cm"]  # y grows downwards
    drawn += [_ROWS[type(mark)](mark) for mark in (Box(0, 0, figure.width, figure.height, PAPER), *figure.marks)]
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox {size} /Contents {content} 0 R >>".encode(),
        stream("\n".join(drawn).encode("cp1252")),
    )


def _file(*objects: bytes) -> bytes:
    """Objects one after another, and the table that says where each begins."""
    text, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    trailer = b"<< /Size %d /Root 1 0 R /Info %d 0 R >>" % (count, len(objects))
    return text + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        count, table, trailer, len(text),
    )  # fmt: skip


def _pen(mark: Box | Circle | Line) -> str:
    parts = [f"{mark.width:g} w"]
    if mark.stroke:
        parts.append(f"{_colour(mark.stroke)} RG")
    if not isinstance(mark, Line):
        parts.append(f"{_colour(mark.fill)} rg")
    return " ".join(parts)


def _colour(colour: str) -> str:
    return " ".join(f"{part:g}" for part in shares(colour))


def _box(box: Box) -> str:
    paint = "B" if box.stroke else "f"
    if not box.radius:
        return f"{_pen(box)} {box.x:.6g} {box.y:.6g} {box.w:.6g} {box.h:.6g} re {paint}"
    return f"{_pen(box)} {_outline(box.x, box.y, box.w, box.h, box.radius)} {paint}"


def _circle(ring: Circle) -> str:
    side = 2 * ring.r
    return f"{_pen(ring)} {_outline(ring.x - ring.r, ring.y - ring.r, side, side, ring.r)} B"


def _outline(x: float, y: float, w: float, h: float, r: float) -> str:
    """A rectangle with round corners, which is a circle where nothing else is left of it."""
    k, right, below = r * (1 - ROUND), x + w, y + h
    corners = (
        (right - r, y, right - k, y, right, y + k, right, y + r),
        (right, below - r, right, below - k, right - k, below, right - r, below),
        (x + r, below, x + k, below, x, below - k, x, below - r),
        (x, y + r, x, y + k, x + k, y, x + r, y),
    )
    said = [f"{x + r:.6g} {y:.6g} m"]
    for line_x, line_y, *curve in corners:
        said.append(f"{line_x:.6g} {line_y:.6g} l {' '.join(f'{part:.6g}' for part in curve)} c")
    return " ".join(said) + " h"


def _line(line: Line) -> str:
    dash = f"[{' '.join(f'{part:g}' for part in line.dash)}] 0 d"
    path = " ".join(f"{' '.join(f'{x:.6g} {y:.6g}' for x, y in step.points)} {step.kind[0]}" for step in steps(line.d))
    drawn = f"q {dash} {_pen(line)} {path} S Q"
    if not line.arrow:
        return drawn
    tip, *corners = head(line)
    triangle = f"{tip[0]:.6g} {tip[1]:.6g} m " + " ".join(f"{x:.6g} {y:.6g} l" for x, y in corners)
    return f"{drawn} {_colour(line.stroke)} rg {triangle} h f"


def _words(words: Words) -> str:
    if words.text == "‖":
        bars = (Line(f"M{words.x + side} {words.y - 4}V{words.y + 4}", words.colour) for side in (-1.5, 1.5))
        return " ".join(map(_line, bars))
    text = _said(words)
    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[words.anchor] * width(text, words.size, bold=words.bold)
    below = CAPITAL * words.size
    x, y = (words.x + below, words.y + before) if words.turned else (words.x - before, words.y + below)
    turn = "0 -1 -1 0" if words.turned else "1 0 0 -1"
    font, said = shown(text, bold=words.bold)
    return f"BT /{font} {words.size:g} Tf {_colour(words.colour)} rg {turn} {x:.6g} {y:.6g} Tm {said} Tj ET"


def _said(words: Words) -> str:
    """The words as they are written: on one line."""
    return " ".join(words.text.split()).translate(_USUAL)


_ROWS: dict[type, Callable[[Any], str]] = {Box: _box, Circle: _circle, Line: _line, Words: _words}
