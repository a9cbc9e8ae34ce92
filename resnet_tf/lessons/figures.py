"""Figures as data, for a page to draw and a file to hold. No Keras."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, TypeAlias

import numpy as np

Place: TypeAlias = float | str  # along the bottom


@dataclass(frozen=True)
class Series:
    """Points (x, y) under a name; with `low` and `high` a band around them."""

    name: str
    x: tuple[Place, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A grey image under a name: rows of numbers from 0 (black) to 1."""

    name: str
    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Figure:
    """What is drawn, in the reader's language: lines, bars that are stacked by series, or images; and a sentence.

    The sentence says what the numbers of this very figure bear out.
    """

    kind: Literal["lines", "bars", "images"]
    title: str
    x: str  # what runs along the bottom, with its unit
    y: str
    series: tuple[Series, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sentence: str = ""
    log: bool = False
    marks: tuple[Place, ...] = ()  # places along the bottom that are pointed at

    def as_csv(self) -> str:
        """A row for each point: series, x, y, and the band where there is one; or for each pixel of a picture."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("series", self.x, self.y, "low", "high") if self.series else ("picture", "row", "column", "y"))
        for each in self.series:
            writer.writerows(
                (each.name, *point) for point in zip_longest(each.x, each.y, each.low, each.high, fillvalue="")
            )
        for picture in self.pictures:
            writer.writerows(
                (picture.name, i, j, pixel) for i, row in enumerate(picture.rows) for j, pixel in enumerate(row)
            )
        return text.getvalue()


def spread(name: str, x: Iterable[Place], rows: Sequence[Sequence[float]]) -> Series:
    """The mean of some rows of numbers, as of seeds, place by place, and the band from the lowest to the highest.

    Rows may be of different lengths: a place that one lacks is that of the others.
    """
    columns = [[n for n in column if n is not None] for column in zip_longest(*rows)]
    mean, low, high = (tuple(float(f(column)) for column in columns) for f in (np.mean, min, max))
    return Series(name, tuple(x)[: len(columns)], mean, *((low, high) if len(rows) > 1 else ((), ())))


def bars(name: str, heights: Iterable[tuple[str, Any]]) -> Series:
    """A part of the height of every bar."""
    places, numbers = zip(*heights, strict=True)
    return Series(name, tuple(places), tuple(float(number) for number in numbers))
