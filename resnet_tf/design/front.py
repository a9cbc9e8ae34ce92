"""The Pareto front: of many things, those than which none is worth as much for as little."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Each = TypeVar("Each")


def front(each: Iterable[Each], cost: Callable[[Each], float], worth: Callable[[Each], float]) -> list[Each]:
    """Those that no other reaches or beats at the same cost or less, by rising cost; the first of equals."""
    best: list[Each] = []
    for one in sorted(each, key=lambda one: (cost(one), -worth(one))):
        if not best or worth(one) > worth(best[-1]):
            best.append(one)
    return best
