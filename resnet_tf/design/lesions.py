"""What can be taken out of a trained network, or put elsewhere in it (Veit 2016, section 4)."""

from __future__ import annotations

from math import comb, isqrt
from random import Random
from typing import TypeAlias

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import Block, LayerGraph, Operation, Shape, Shortcut, StochasticDepth
from resnet_tf.design.junctions import junctions
from resnet_tf.design.spec import Spec

RESIZING: tuple[Shortcut, ...] = ("projection", "padding")
ADDED: tuple[Shortcut, ...] = ("identity", "scaled", "gated", *RESIZING)  # what comes by them is added to the branch

_Likeness: TypeAlias = tuple[tuple[str, Operation, Shape], ...]


def removable(subject: Spec | LayerGraph) -> tuple[str, ...]:
    """The names of the blocks whose branch can be left out: those with a shortcut that is added to it, in order."""
    return tuple(each.block.name for each in junctions(subject) if each.kind in ADDED)


def resizing(subject: Spec | LayerGraph) -> tuple[str, ...]:
    """Those whose shortcut changes the shape, as where maps shrink: to leave these out costs more (Figure 3)."""
    return tuple(each.block.name for each in junctions(subject) if each.kind in RESIZING)


def interchangeable(subject: Spec | LayerGraph) -> tuple[tuple[str, ...], ...]:
    """Those of them that can stand in each other's place, in groups of two and more.

    Layer by layer they have the same operations on the same shapes, whatever their chance to be dropped in training.
    """
    graph = as_graph(subject)
    by_name = {block.name: block for block in graph.blocks}
    groups: dict[_Likeness, list[str]] = {}
    for name in removable(graph):
        groups.setdefault(_likeness(graph, by_name[name]), []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _likeness(graph: LayerGraph, block: Block) -> _Likeness:
    """What two blocks have in common that can be exchanged."""
    return tuple(
        (layer.name.removeprefix(block.name), layer.op, layer.shape)
        for layer in graph.layers_of(block)
        if not isinstance(layer.op, StochasticDepth)
    )


def exchanges(subject: Spec | LayerGraph, count: int, seed: int = 0) -> tuple[tuple[str, str], ...]:
    """So many pairs of interchangeable blocks, drawn from the seed, none twice; all of them where there are fewer."""
    groups = interchangeable(subject)
    numbers = [comb(len(group), 2) for group in groups]
    drawn = Random(seed).sample(range(sum(numbers)), min(count, sum(numbers)))
    return tuple(_pair(groups, numbers, place) for place in drawn)


def selections(
    subject: Spec | LayerGraph, draws: int, seed: int = 0, *, sizes: int = 8
) -> tuple[tuple[str, ...], ...]:  # fmt: skip
    """Sets of two and more removable blocks, by size: so many `draws` of each of at most `sizes` sizes, up to all.

    Drawn from the seed, each set in the network's order, none twice.
    """
    names, random = removable(subject), Random(seed)
    most = len(names)
    steps = max(sizes - 1, 1)
    wanted = sorted({2 + (most - 2) * i // steps for i in range(sizes)}) if most > 1 else []
    found: dict[tuple[str, ...], None] = {}
    for size in wanted:
        for _ in range(draws):
            found[tuple(names[i] for i in sorted(random.sample(range(most), size)))] = None
    return tuple(found)


def _pair(groups: tuple[tuple[str, ...], ...], numbers: list[int], place: int) -> tuple[str, str]:
    """The pair in this place, where the pairs of each group are listed by their later block."""
    for group, number in zip(groups, numbers, strict=True):
        if place < number:
            later = (1 + isqrt(8 * place + 1)) // 2
            return group[place - comb(later, 2)], group[later]
        place -= number
    raise IndexError(place)
