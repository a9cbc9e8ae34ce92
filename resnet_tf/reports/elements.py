"""What a report's contents are made of, whatever it is written as."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from resnet_tf.design.figures.marks import Figure
from resnet_tf.reports.charts import Chart


class Heading(NamedTuple):
    text: str
    level: int = 2


class Text(NamedTuple):
    text: str
    quiet: bool = False


class Table(NamedTuple):
    """Rows under heads; in columns after the first numbers stand to the right where `numbers` says so."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: bool = False


class Charts(NamedTuple):
    """Charts that stand side by side."""

    charts: tuple[Chart, ...]


class Drawing(NamedTuple):
    """A picture with its name above, and where it is one of a network the link that opens it."""

    title: str
    note: str
    link: str
    figure: Figure


class Drawings(NamedTuple):
    """Pictures that stand beside each other, as far as there is room."""

    drawings: tuple[Drawing, ...]


class Code(NamedTuple):
    text: str


Element: TypeAlias = Heading | Text | Table | Charts | Drawings | Code
