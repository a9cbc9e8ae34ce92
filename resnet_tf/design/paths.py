"""A field of a description by its path, as people write it: `stages[2].blocks`, `stem.kernel`, `stages[*].width`."""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias

from resnet_tf.design.part import SpecError, nearest_word

EVERY = "*"  # in brackets: each of a list
Step: TypeAlias = str | int

_STEP = re.compile(r"(?:^|\.)([A-Za-z_]\w*)|\[(\d+|\*)\]")
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:\d+|\*)\])*")
_MANY_SHAPES = ("attention.kind",)  # parts whose other fields depend on their kind: another kind begins with its own


def is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None


def put(fields: dict[str, Any], path: str, value: Any) -> str:
    """Puts a value where a path says, in a description as JSON has it; gives the name of the top field that changed.

    Where the path names each of a list, a list is one value for each of them. Raises SpecError for a path that leads
    nowhere, with the nearest.
    """
    steps: list[Step] = [name or (number if number == EVERY else int(number)) for name, number in _STEP.findall(path)]
    if path in _MANY_SHAPES:
        steps, value = steps[:-1], None if value is None else {steps[-1]: value}
    _put(fields, steps, path, value)
    return str(steps[0])


def _put(part: Any, steps: list[Step], path: str, value: Any) -> None:
    step, *inner = steps
    if step == EVERY:
        _put_each(part, inner, path, value)
        return
    _check(part, step, path)
    if inner:
        part[step] = {} if part[step] is None else part[step]
        _put(part[step], inner, path, value)
    else:
        part[step] = value


def _put_each(part: Any, inner: list[Step], path: str, value: Any) -> None:
    if not isinstance(part, list):
        raise SpecError(path, "without brackets: it is not a list", f"[{EVERY}]")
    values = value if isinstance(value, list | tuple) else [value] * len(part)
    if len(values) != len(part):
        raise SpecError(path, f"one value, or one for each of the {len(part)}", value)
    for place, own in enumerate(values):
        _put(part, [place, *inner], path, own)


def _check(part: Any, step: Step, path: str) -> None:
    """Raises SpecError where a part of a description has no such step; an absent part may get any, checked later."""
    if isinstance(step, int):
        if not isinstance(part, list):
            raise SpecError(path, "without a number in brackets: it is not a list", f"[{step}]")
        if step >= len(part):
            raise SpecError(path, f"one of 0 to {len(part) - 1} in brackets", step, len(part) - 1)
    elif not isinstance(part, dict):
        raise SpecError(path, f"without .{step}: what it is in has no fields", step)
    elif part and step not in part:
        raise SpecError(path, f"one of the fields {', '.join(part)}", step, nearest_word(step, list(part)))


def value_of(text: str) -> Any:
    """A value as JSON has it; a text that is none is a word: `block=basic`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
