"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeAlias

import typer

Cell: TypeAlias = str | int | float | None
Table: TypeAlias = tuple[Sequence[str], Iterable[Sequence[Cell]]]  # heads and rows

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


def print_json(document: Any) -> None:
    """Prints a document for programs."""
    print(json.dumps(document, indent=2, default=str))


def print_table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Prints columns under their heads (none where all are empty), numbers to the right with their thousands marked."""
    kept = list(rows)
    lines = [[_text(cell) for cell in row] for row in kept]
    if any(head):
        lines.insert(0, list(head))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [any(isinstance(cell, int | float) for cell in column) for column in zip(*kept, strict=True)]
    for line in lines:
        cells = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right or [False] * len(line), strict=True)
        )
        print("  ".join(cells).rstrip())


def print_facts(facts: dict[str, Cell]) -> None:
    """Prints names and what they are, a line each."""
    width = max(map(len, facts), default=0)
    for name, cell in facts.items():
        print(f"{name.ljust(width)}  {_text(cell)}".rstrip())


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def print_over(line: str) -> None:
    """On a terminal, how far it is: over the line before; an empty one clears it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def print_found(document: dict[str, Any], said: Sequence[str], table: Table, *, as_json: bool) -> None:
    """Prints what was measured: for people a table and what it says in sentences, for programs all of it."""
    if as_json:
        print_json(finite({**document, "findings": said}))
        return
    print_table(*table)
    print()
    for sentence in said:
        print(sentence)


def size(count: int) -> str:
    """Bytes as `1,234.5 MB` or `2.1 kB`, in powers of ten."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def clock(seconds: float | None) -> str:
    """A time as `0:48` or `1:05:09`; dots where it is not known yet."""
    if seconds is None:
        return "…"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def finite(document: Any) -> Any:
    """The document with null for what JSON does not have: infinities and not-a-number."""
    return json.loads(json.dumps(document), parse_constant=lambda name: None)
