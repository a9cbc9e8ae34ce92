"""The lines of a network's source that build one of its blocks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import lru_cache

from resnet_tf.design.code import to_python
from resnet_tf.design.graph import Block
from resnet_tf.design.spec import Spec


def excerpt(spec: Spec, block: Block) -> str:
    """The part of `to_python(spec)` that a block comes of.

    The stem's and the head's are the lines of `network()`. A block's are the loop that makes it, after the functions
    that this loop alone calls: those that stem and head call too, as `convolution`, are everybody's.
    """
    source = _source(spec)
    tree = ast.parse(source)
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    _, *lines, _ = _body(functions["network"])
    at = next(i for i, line in enumerate(lines) if isinstance(line, ast.For) and "stage" in _text(source, [line]))
    parts = {"stem": lines[:at], "head": lines[at + 1 :]}
    if block.stage in parts:
        return _text(source, parts[block.stage])
    elsewhere = _called([*parts["stem"], *parts["head"]], functions)
    own = [name for name in functions if name in _called([lines[at]], functions) - elsewhere]
    return "\n\n".join([*(_text(source, [functions[name]]) for name in own), _text(source, [lines[at]])])


_source = lru_cache(maxsize=16)(to_python)


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    """A function's statements from where it has the image, its docstring and the limit on recursion left out."""
    starts = next(i for i, line in enumerate(function.body) if isinstance(line, ast.Assign))
    return function.body[starts:]


def _called(lines: Iterable[ast.AST], functions: dict[str, ast.FunctionDef]) -> set[str]:
    """The functions of the source that these lines call, and those that these call."""
    found: set[str] = set()
    waiting = list(lines)
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in found:
                found.add(node.id)
                waiting.append(functions[node.id])
    return found


def _text(source: str, lines: Sequence[ast.stmt]) -> str:
    """Consecutive statements as they stand in the source, moved to its margin."""
    if not lines:
        return ""
    rows = source.splitlines()[lines[0].lineno - 1 : lines[-1].end_lineno]
    return "\n".join(row[lines[0].col_offset :] if row.strip() else "" for row in rows)
