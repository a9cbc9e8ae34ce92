"""What differs between two designs, by field and by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from resnet_tf.design.expand import expand
from resnet_tf.design.pairs import Pair, pairs
from resnet_tf.design.spec import Spec


class FieldChange(NamedTuple):
    """A field with two values; None where a design has no such field."""

    field: str  # "stages[2].blocks"
    a: object
    b: object


class BlockChange(NamedTuple):
    """A block that only one design has, or that is not the same in both."""

    name: str  # in the second design; in the first, where it was removed
    change: Literal["added", "removed", "changed"]
    what: tuple[str, ...]  # "conv2: 56×56×64 → 3×3, 64 → 56×56×64 became ..."
    was: str | None = None  # its name in the first design, where that has it


@dataclass(frozen=True)
class Diff:
    """From `a` to `b`: what fields say, and what became of each block."""

    fields: tuple[FieldChange, ...]
    pairs: tuple[Pair, ...]  # every block of both

    @property
    def blocks(self) -> tuple[BlockChange, ...]:
        """The blocks that are not the same in both, in order."""
        return tuple(
            BlockChange(pair.block.name, pair.change, pair.what, pair.a.name if pair.a else None)
            for pair in self.pairs
            if pair.change != "same"
        )

    def __bool__(self) -> bool:
        return bool(self.fields or self.blocks)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every field of a nested description with its path: ("stages[0].width", 64)."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping) for inner in value):
        for i, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{i}]")
    else:
        yield path, value


def changed_fields(a: Spec, b: Spec) -> tuple[FieldChange, ...]:
    """The fields in which two designs differ, in the order of the first's."""
    left: dict[str, Any] = dict(_leaves(a.model_dump()))
    right: dict[str, Any] = dict(_leaves(b.model_dump()))
    names = [*left, *(name for name in right if name not in left)]
    return tuple(FieldChange(n, left.get(n), right.get(n)) for n in names if left.get(n) != right.get(n))


def diff(a: Spec, b: Spec) -> Diff:
    """What changes from design `a` to design `b`; false where they are the same network and description."""
    return Diff(changed_fields(a, b), pairs(expand(a), expand(b)))
