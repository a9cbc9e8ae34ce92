"""A figure as SVG that stands alone: no stylesheet, no script, no font but the reader's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from resnet_tf.design.figures.marks import CAPITAL, Box, Circle, Figure, Line, Mark, Words, head

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"


def _box(box: Box) -> str:
    line = f' stroke="{box.stroke}" stroke-width="{box.width:g}"' if box.stroke else ""
    round_ = f' rx="{box.radius:g}"' if box.radius else ""
    end = f"><title>{escape(box.about)}</title></rect>" if box.about else "/>"
    size = f'x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}"'
    return f'<rect {size}{round_} fill="{box.fill}"{line}{end}'


def _circle(ring: Circle) -> str:
    line = f'stroke="{ring.stroke}" stroke-width="{ring.width:g}"'
    return f'<circle cx="{ring.x:g}" cy="{ring.y:g}" r="{ring.r:g}" fill="{ring.fill}" {line}/>'


def _line(line: Line) -> str:
    dash = f' stroke-dasharray="{" ".join(f"{part:g}" for part in line.dash)}"' if line.dash else ""
    path = f'<path d="{line.d}" fill="none" stroke="{line.stroke}" stroke-width="{line.width:g}"{dash}/>'
    if not line.arrow:
        return path
    corners = " ".join(f"{x:.6g},{y:.6g}" for x, y in head(line))
    return f'{path}<polygon points="{corners}" fill="{line.stroke}"/>'


def _words(words: Words) -> str:
    # a baseline and not `dominant-baseline`, which half of the programs that open SVG do not know
    turn = f' transform="rotate(-90 {words.x:g} {words.y:g})"' if words.turned else ""
    bold = ' font-weight="bold"' if words.bold else ""
    return (
        f'<text x="{words.x:g}" y="{words.y + CAPITAL * words.size:.6g}" font-size="{words.size:g}" '
        f'fill="{words.colour}" text-anchor="{words.anchor}"{bold}{turn}>{escape(words.text)}</text>'
    )


_ROWS: dict[type, Callable[[Any], str]] = {Box: _box, Circle: _circle, Line: _line, Words: _words}


def written(marks: Iterable[Mark]) -> str:
    """Marks as elements of SVG, one after another."""
    return "\n".join(_ROWS[type(mark)](mark) for mark in marks)


def to_svg(figure: Figure) -> bytes:
    """The figure as a file of its own, in UTF-8."""
    size = f'width="{figure.width:g}" height="{figure.height:g}" viewBox="0 0 {figure.width:g} {figure.height:g}"'
    about = quoteattr(figure.about)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={about} font-family="{FONT}">',
        f'<rect width="{figure.width:g}" height="{figure.height:g}" fill="#ffffff"/>',
        written(figure.marks),
        "</svg>\n",
    ]
    return "\n".join(lines).encode()
