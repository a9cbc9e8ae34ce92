"""Python's text: functions, calls and tables as a formatter would leave them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent, wrap

WIDTH = 120  # characters in a line, the ones of this project
INDENT = "    "


def function(head: str, about: str, body: Iterable[str]) -> str:
    """A function of the lines in `body`, which may be many in one text; `about` is its docstring."""
    lines = [*docstring(about), *body]
    return "\n".join([f"def {head}:", *(indent(line, INDENT) for line in lines)])


def docstring(about: str) -> list[str]:
    """A docstring's lines: one where it fits, else a paragraph that begins after its quotes."""
    if len(about) + 10 <= WIDTH:
        return [f'"""{about}"""']
    return [*wrap(f'"""{about}', WIDTH - 4), '"""']


def call(start: str, arguments: Sequence[str], end: str = ")", depth: int = 1) -> str:
    """A call in one line where that fits a line `depth` levels deep, else an argument a line."""
    line = f"{start}{', '.join(arguments)}{end}"
    if len(line) + len(INDENT) * depth <= WIDTH:
        return line
    return "\n".join([start, *(f"{INDENT}{argument}," for argument in arguments), end])


def used(lines: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those of some variables that lines of code read; the names of a call's arguments do not count."""
    words = set(re.findall(r"\b\w+\b(?!=)", "\n".join(lines)))
    return [name for name in names if name in words]


def table(name: str, rows: Sequence[object], comment: str) -> str:
    """A constant that is a tuple, a row a line where there are several."""
    if len(rows) == 1:
        return f"# {comment}\n{name} = ({rows[0]!r},)"
    return "\n".join([f"# {comment}", f"{name} = (", *(f"{INDENT}{row!r}," for row in rows), ")"])


def named(at: str, suffix: str) -> str:
    """The text of a layer's name: a variable's value and a suffix, or the suffix alone."""
    return f'f"{{{at}}}.{suffix}"' if at else f'"{suffix}"'


def times(value: str, factor: float, of: Iterable[int]) -> str:
    """The text of a whole number that is `factor` times the variable `value`, exact for all numbers in `of`."""
    if factor == 1:
        return value
    if float(factor).is_integer():
        return f"{int(factor)} * {value}"
    parts = round(1 / factor)
    if parts and all(n // parts == n * factor for n in of):
        return f"{value} // {parts}"
    return f"round({factor!r} * {value})"


def number(value: float) -> str:
    """A number as people write it: 1e-5, where Python says 1e-05."""
    return repr(value).replace("e-0", "e-")
