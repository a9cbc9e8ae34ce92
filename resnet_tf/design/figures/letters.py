"""How wide words in Helvetica are, by Adobe's own table (Core 14 AFM); Arial has the same widths.

Letters that are not in the table are as wide as those of the typeface that has them, made to the same widths.
"""

from __future__ import annotations

from resnet_tf.design.figures.typeface import typeface

# thousandths of the size, from the space to the tilde
_REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, *[556] * 10, 278, 278, 584, 584,
    584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611,
    722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, *[556] * 10, 333, 333, 584, 584,
    584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611,
    722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How long a line of words is, in pixels."""
    return size / 1000 * sum(_width(letter, bold=bold) for letter in text)


def _width(letter: str, *, bold: bool) -> int:
    table, place = _BOLD if bold else _REGULAR, ord(letter) - 32
    return table[place] if 0 <= place < len(table) else typeface(bold=bold).width(letter)


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The words, or as much of them as there is room for and three dots."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(f"{text}…", size, bold=bold) > room:
        text = text[:-1]
    return f"{text}…"
