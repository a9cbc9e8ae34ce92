"""Which block of one network stands for which of another: by name and role, whatever their numbers.

A stem meets the stem, a head the head, stage 2 stage 2, what leads on to the next stage the same, and a stage's first
block the first, which alone may change the map. Of the others those meet that are alike, from the front and then from
the back; what is left between meets in order. Blocks that have nobody to meet were added or removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import Literal, NamedTuple

from resnet_tf.design.graph import Block, LayerGraph, Operation, Role, Shape
from resnet_tf.design.labels import label, shape_label

Change = Literal["same", "added", "removed", "changed"]
BETWEEN = ("pool", "transition")  # kinds of blocks that lead on to the next stage


class Inside(NamedTuple):
    """A layer of a block, whatever the block is called: names within the block, sources as their shapes."""

    name: str
    op: Operation
    reads: tuple[Shape, ...]
    gives: Shape
    role: Role


Content = tuple[Inside, ...]


class Pair(NamedTuple):
    """A block of the first network, of the second, or of both; what changed, a line for each layer."""

    a: Block | None
    b: Block | None
    change: Change
    what: tuple[str, ...] = ()

    @property
    def block(self) -> Block:
        """The one of the second network, where there is one."""
        block = self.b or self.a
        assert block is not None
        return block


def pairs(a: LayerGraph, b: LayerGraph) -> tuple[Pair, ...]:
    """Every block of both networks once, in the order of the networks."""
    known: dict[tuple[Content, Content], tuple[str, ...]] = {}  # blocks that are alike are compared once
    found = []
    for left, right in _by_part(a, b):
        for one, other in _met([(each, _content(a, each)) for each in left], [(e, _content(b, e)) for e in right]):
            found.append(_pair(one, other, known))
    return tuple(found)


def _by_part(a: LayerGraph, b: LayerGraph) -> Iterator[tuple[list[Block], list[Block]]]:
    """The blocks of both by where they stand: the stem, a stage's own, what leads on from it, the head."""

    def part(block: Block) -> tuple[str, bool]:
        return block.stage, block.kind in BETWEEN

    left, right = ({key: list(blocks) for key, blocks in groupby(graph.blocks, part)} for graph in (a, b))
    last = {"head": 2, "neck": 3}
    stages = sorted({*left, *right}, key=lambda key: (last.get(key[0], int(key[0] != "stem")), _number(key[0]), key))
    return ((left.get(key, []), right.get(key, [])) for key in stages)


def _number(stage: str) -> int:
    return int("".join(filter(str.isdigit, stage)) or 0)


def _content(graph: LayerGraph, block: Block) -> Content:
    inside = len(block.name) + 1
    return tuple(
        Inside(layer.name[inside:], layer.op, tuple(graph.by_name[name].shape for name in layer.inputs), layer.shape,
               layer.role)
        for layer in graph.layers_of(block)
    )  # fmt: skip


_Known = tuple[Block, Content]


def _met(a: Sequence[_Known], b: Sequence[_Known]) -> Iterator[tuple[_Known | None, _Known | None]]:
    """The blocks of a part, each with the one that it meets or None."""
    front = 1 if a and b else 0
    front += _alike(a[front:], b[front:])
    back = _alike(a[: front - 1 : -1] if front else a[::-1], b[: front - 1 : -1] if front else b[::-1])
    yield from zip(a[:front], b[:front], strict=True)
    yield from zip_longest(a[front : len(a) - back], b[front : len(b) - back])
    yield from zip(a[len(a) - back :], b[len(b) - back :], strict=True)


def _alike(a: Sequence[_Known], b: Sequence[_Known]) -> int:
    """How many blocks in a row are alike from the beginning on."""
    count = 0
    for (_, one), (_, other) in zip(a, b, strict=False):
        if one != other:
            break
        count += 1
    return count


def _pair(one: _Known | None, other: _Known | None, known: dict[tuple[Content, Content], tuple[str, ...]]) -> Pair:
    if one is None or other is None:
        return Pair(one and one[0], other and other[0], "removed" if other is None else "added")
    (left, was), (right, now) = one, other
    if was == now:
        return Pair(left, right, "same")
    if (was, now) not in known:
        known[was, now] = _what(was, now)
    return Pair(left, right, "changed", known[was, now])


def _what(was: Content, now: Content) -> tuple[str, ...]:
    """Layer by layer; where the words agree the operations may still differ in what no label shows (bias, epsilon)."""
    before, after = ({layer.name: layer for layer in content} for content in (was, now))
    lines = []
    for name in dict.fromkeys([*before, *after]):
        left, right = before.get(name), after.get(name)
        if left == right:
            continue
        lines.append(f"{name}: {_became(left, right)}")
    return tuple(lines)


def _became(left: Inside | None, right: Inside | None) -> str:
    if left is None or right is None:
        return f"gone, it was {_words(left)}" if left else f"new, {_words(right)}" if right else ""
    was, now = _words(left), _words(right)
    return f"{was} became {now}" if was != now else f"{left.op} became {right.op}"


def _words(layer: Inside) -> str:
    """`64×64×3 → 3×3, 64 → 64×64×64`"""
    reads = " and ".join(map(shape_label, layer.reads))
    return f"{reads} → {label(layer.op)} → {shape_label(layer.gives)}"


# --- runs


class Run(NamedTuple):
    """Neighbours in a stage that became the same in the same way."""

    pairs: tuple[Pair, ...]

    @property
    def change(self) -> Change:
        return self.pairs[0].change

    @property
    def what(self) -> tuple[str, ...]:
        return self.pairs[0].what


def runs(found: Sequence[Pair]) -> tuple[Run, ...]:
    """The pairs in order, neighbours of one kind together: the seventeen blocks that ResNet-101 adds are one run."""

    def alike(pair: Pair) -> tuple[object, ...]:
        one = pair.block
        return one.stage, one.kind, one.shortcut, pair.change, pair.what

    return tuple(Run(tuple(each)) for _, each in groupby(found, alike))
