"""What differs between two designs, by field and by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import Block, LayerGraph
from resnet_tf.design.labels import label, shape_label
from resnet_tf.design.spec import Spec


class FieldChange(NamedTuple):
    """A field with two values; None where a design has no such field."""

    field: str  # "stages[2].blocks"
    a: object
    b: object


class BlockChange(NamedTuple):
    """A block that only one design has, or that is not the same in both."""

    name: str
    change: Literal["added", "removed", "changed"]
    what: tuple[str, ...]  # "conv2: 56×56×64 → 3×3, 64 → 56×56×64 became ..."


@dataclass(frozen=True)
class Diff:
    """From `a` to `b`: what fields say, and what became of each block."""

    fields: tuple[FieldChange, ...]
    blocks: tuple[BlockChange, ...]

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


def _fields(a: Spec, b: Spec) -> tuple[FieldChange, ...]:
    left: dict[str, Any] = dict(_leaves(a.model_dump()))
    right: dict[str, Any] = dict(_leaves(b.model_dump()))
    names = [*left, *(name for name in right if name not in left)]
    return tuple(FieldChange(n, left.get(n), right.get(n)) for n in names if left.get(n) != right.get(n))


def _inside(block: Block, graph: LayerGraph) -> dict[str, str]:
    """What each layer of a block does, by the name it has within the block: `64×64×3 → 3×3, 64 → 64×64×64`."""
    words = {}
    for layer in graph.layers_of(block):
        reads = " and ".join(shape_label(graph.by_name[name].shape) for name in layer.inputs)
        words[layer.name.removeprefix(f"{block.name}.")] = f"{reads} → {label(layer.op)} → {shape_label(layer.shape)}"
    return words


def _changes(a: LayerGraph, b: LayerGraph, left: Block, right: Block) -> tuple[str, ...]:
    """Layer by layer; where the words agree the operations may still differ in what no label shows (bias, epsilon)."""
    was, now = _inside(left, a), _inside(right, b)
    ops = [{layer.name: layer.op for layer in graph.layers_of(block)} for graph, block in ((a, left), (b, right))]
    changes = []
    for name in [*was, *(name for name in now if name not in was)]:
        full = f"{left.name}.{name}"
        if was.get(name) != now.get(name):
            changes.append(f"{name}: {was.get(name, 'none')} became {now.get(name, 'none')}")
        elif ops[0].get(full) != ops[1].get(full):
            changes.append(f"{name}: {ops[0][full]} became {ops[1][full]}")
    return tuple(changes)


def _blocks(a: LayerGraph, b: LayerGraph) -> tuple[BlockChange, ...]:
    left = {block.name: block for block in a.blocks}
    right = {block.name: block for block in b.blocks}
    changes = []
    for name in _merged(list(left), list(right)):
        if name not in right:
            changes.append(BlockChange(name, "removed", ()))
        elif name not in left:
            changes.append(BlockChange(name, "added", ()))
        elif what := _changes(a, b, left[name], right[name]):
            changes.append(BlockChange(name, "changed", what))
    return tuple(changes)


def _merged(a: Sequence[str], b: Sequence[str]) -> list[str]:
    """All names once, in the order of the networks: stem, stages with their blocks, head."""
    rank = {"stem": 0, "head": 2}

    def place(name: str) -> tuple[int, list[int]]:
        return rank.get(name, 1), [int("".join(filter(str.isdigit, part)) or 10**9) for part in name.split(".")]

    return sorted({*a, *b}, key=place)


def diff(a: Spec, b: Spec) -> Diff:
    """What changes from design `a` to design `b`; false where they are the same network and description."""
    return Diff(_fields(a, b), _blocks(expand(a), expand(b)))
