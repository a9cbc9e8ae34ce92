"""A report as a PDF: the page's contents on sheets of A4, its charts and drawings as vectors. No library, no Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from resnet_tf.design.figures.letters import fitted, width
from resnet_tf.design.figures.marks import Box, Figure, Line, Mark, Words, moved
from resnet_tf.design.figures.pdf import book
from resnet_tf.reports.charts import HAIR, HUES, INK, QUIET, Chart, drawn
from resnet_tf.reports.contents import contents
from resnet_tf.reports.elements import Charts, Code, Drawing, Drawings, Heading, Table, Text
from resnet_tf.reports.record import Report
from resnet_tf.reports.words import words as words_in

WIDE, HIGH, EDGE = 794.0, 1123.0, 60.0  # A4 at 96 px an inch, and its margins
ROOM = WIDE - 2 * EDGE
APART, CHART = 28.0, 170.0  # between two charts, and a chart's height
BODY, SMALL, TIGHT = 12.0, 10.5, 9.5  # letters: words, notes, tables and code
SIZES = {1: 22.0, 2: 15.0, 3: 12.5}  # of headings, by level
LEADING = 1.4
_BACK = "#f5f6f8"


class Piece(NamedTuple):
    """Marks that stay together, from y 0 on, and how high they are; a heading's `next` must follow on its sheet."""

    height: float
    marks: tuple[Mark, ...]
    next: float = 0.0


def to_pdf(report: Report) -> bytes:
    """The report as a file."""
    head = [*_heading(Heading(report.title, 1)), *_text(Text(report.about, quiet=True))]
    pieces = [*head, *(piece for element in contents(report) for piece in _ROWS[type(element)](element))]
    sheets = _Sheets()
    for piece in pieces:
        sheets.put(piece)
    say, count = words_in(report.language), len(sheets.all)
    feet = [say("{title}, {i} of {count}", title=report.title, i=i, count=count) for i in range(1, count + 1)]
    return book([_sheet(marks, foot) for marks, foot in zip(sheets.all, feet, strict=True)], report.title)


@dataclass
class _Sheets:
    """Sheets as they fill from top to bottom."""

    all: list[list[Mark]] = field(default_factory=lambda: [[]])
    y: float = EDGE

    def put(self, piece: Piece) -> None:
        """Puts a piece where there is room for it: on the next sheet where this one has none left."""
        if self.y + piece.height + piece.next > HIGH - EDGE and self.y > EDGE:
            self.all.append([])
            self.y = EDGE
        self.all[-1] += moved(piece.marks, EDGE, self.y)
        self.y += piece.height


def _sheet(marks: Sequence[Mark], foot: str) -> Figure:
    number = Words(WIDE - EDGE, HIGH - EDGE / 2, fitted(foot, ROOM, 9), 9, QUIET, "end")
    return Figure(WIDE, HIGH, (*marks, number), foot)


def lines(text: str, room: float, size: float, *, bold: bool = False) -> Iterator[str]:
    """A text in lines that find room; a word that is longer than a line is cut."""
    line = ""
    for word in text.split():
        while width(word, size, bold=bold) > room:
            cut = next(n for n in range(len(word), 0, -1) if width(word[:n], size, bold=bold) <= room or n == 1)
            yield from filter(None, (line, word[:cut]))
            line, word = "", word[cut:]
        longer = f"{line} {word}".strip()
        if width(longer, size, bold=bold) > room:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def _lines(text: str, size: float, colour: str = INK, *, bold: bool = False, after: float = 4.0) -> Iterator[Piece]:
    """A paragraph, a piece for each line."""
    found = list(lines(text, ROOM, size, bold=bold))
    for i, line in enumerate(found):
        high = size * LEADING
        words = Words(0, high / 2, line, size, colour, "start", bold=bold)
        yield Piece(high + (after if i == len(found) - 1 else 0), (words,))


def _heading(heading: Heading) -> Iterator[Piece]:
    size = SIZES[heading.level]
    rule = (Line(f"M0 12H{ROOM:g}", HAIR),) if heading.level == 2 else ()
    yield Piece({1: 0.0, 2: 24.0, 3: 10.0}[heading.level], rule, next=80)
    yield from (piece._replace(next=60) for piece in _lines(heading.text, size, bold=True))


def _text(text: Text) -> Iterator[Piece]:
    yield from _lines(text.text, SMALL if text.quiet else BODY, QUIET if text.quiet else INK)


def _code(code: Code) -> Iterator[Piece]:
    """Lines on grey; one that is too long goes on in the next."""
    high = TIGHT * LEADING
    for text in code.text.splitlines():
        indent = 8 + 3.0 * (len(text) - len(text.lstrip()))
        for line in list(lines(text, ROOM - 8 - indent, TIGHT)) or [""]:
            yield Piece(high, (Box(0, 0, ROOM, high + 0.5, _BACK), Words(indent, high / 2, line, TIGHT, INK, "start")))
    yield Piece(8, ())


def _table(table: Table) -> Iterator[Piece]:
    """A row for each row, its cells' words folded into their columns."""
    columns = _columns(table)
    if any(table.head):
        yield _row(table.head, columns, table.numbers, bold=True)._replace(next=30)
    for row in table.rows:
        yield _row(row, columns, table.numbers)
    yield Piece(10, ())


def _columns(table: Table) -> list[tuple[float, float]]:
    """Where each column begins and how wide it is: what its cells want, or its longest word and a share of the room."""
    rows = [table.head, *table.rows] if any(table.head) else list(table.rows)
    columns = list(zip(*rows, strict=True))
    wanted = [max(width(cell, TIGHT, bold=True) for cell in column) + 12 for column in columns]
    words = [max(width(word, TIGHT, bold=True) for word in ["", *" ".join(column).split()]) + 12 for column in columns]
    least = [min(want, max(word, 70.0)) for want, word in zip(wanted, words, strict=True)]
    if sum(least) > ROOM:
        least = [min(want, 70.0) for want in wanted]
    spare, more = ROOM - sum(least), sum(wanted) - sum(least)
    share = min(spare / more, 1.0) if more > 0 else 1.0
    wide = [low + (want - low) * max(share, 0.0) for low, want in zip(least, wanted, strict=True)]
    return [(sum(wide[:i]), each) for i, each in enumerate(wide)]


def _row(cells: Sequence[str], columns: Sequence[tuple[float, float]], numbers: bool, bold: bool = False) -> Piece:
    """A row's marks: numbers end at the right of their columns."""
    marks: list[Mark] = []
    step, tallest = TIGHT * LEADING, 1
    for i, (cell, (x, wide)) in enumerate(zip(cells, columns, strict=True)):
        right = numbers and i > 0
        at, anchor = (x + wide - 6, "end") if right else (x, "start")
        found = list(lines(cell, wide - 10, TIGHT, bold=bold))
        colour = QUIET if i == 0 and not bold else INK
        marks += [Words(at, 4 + (j + 0.5) * step, line, TIGHT, colour, anchor, bold=bold)  # type: ignore[arg-type]
                  for j, line in enumerate(found)]  # fmt: skip
        tallest = max(tallest, len(found))
    high = 8 + tallest * step
    return Piece(high, (*marks, Line(f"M0 {high:g}H{ROOM:g}", HAIR, 0.7)))


def _drawings(drawings: Drawings) -> Iterator[Piece]:
    """Two networks a row; one alone has the width of the sheet."""
    alone = len(drawings.drawings) == 1
    yield from _pairs([_drawing(each, ROOM if alone else (ROOM - APART) / 2) for each in drawings.drawings])
    yield Piece(8, ())


def _drawing(drawing: Drawing, wide: float) -> Piece:
    """Its name, what it takes, and the network."""
    figure = drawing.figure
    scale = min(wide / figure.width, 1.0)
    said = ((drawing.title, SMALL, INK, True), (drawing.note, TIGHT, QUIET, False))
    words = [
        Words(0, 8 + 14 * i, fitted(text, wide, size, bold=bold), size, colour, "start", bold=bold)
        for i, (text, size, colour, bold) in enumerate(said)
    ]
    return Piece(34 + figure.height * scale + 6, (*words, *moved(figure.marks, 0, 34, scale)))


def _charts(charts: Charts) -> Iterator[Piece]:
    """Two charts a row."""
    yield from _pairs([_chart(chart, (ROOM - APART) / 2) for chart in charts.charts])


def _pairs(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Pieces two and two beside each other."""
    for i in range(0, len(pieces), 2):
        pair = pieces[i : i + 2]
        marks = [mark for j, piece in enumerate(pair) for mark in moved(piece.marks, j * (ROOM + APART) / 2, 0)]
        yield Piece(max(piece.height for piece in pair), tuple(marks))


def _chart(chart: Chart, wide: float) -> Piece:
    """Title, legend, lines."""
    marks: list[Mark] = [Words(0, 8, fitted(f"{chart.title}, {chart.note}", wide, SMALL), SMALL, INK, "start")]
    y = 24.0
    for curve in chart.shown() if len(chart.curves) > 1 else ():
        colour = HUES[curve.hue % len(HUES)]
        dash = (5.0, 3.0) if curve.dashed else ()
        marks.append(Line(f"M0 {y:g}H16", colour, 2, dash))
        marks.append(Words(22, y, fitted(curve.name, wide - 22, TIGHT), TIGHT, QUIET, "start"))
        y += 13
    figure = drawn(chart, wide, CHART)
    return Piece(y + CHART + 12, (*marks, *moved(figure.marks, 0, y)))


_ROWS: dict[type, Callable[[Any], Iterable[Piece]]] = {
    Heading: _heading, Text: _text, Table: _table, Charts: _charts, Drawings: _drawings, Code: _code,
}  # fmt: skip
