"""Where a block's two ways part and meet again: what is measured of a residual block is measured there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import Block, LayerGraph, Shortcut
from resnet_tf.design.spec import Spec

Edge: TypeAlias = tuple[str, int]  # a layer, and which of its inputs: one line of the drawing


class Junction(NamedTuple):
    """A block with a shortcut. Both ways read the layer `split`; `join` takes the branch first, then the shortcut."""

    block: Block
    split: str
    branch: tuple[Edge, ...]  # where the residual branch reads the split
    shortcut: Edge  # where the way around it does
    join: str
    output: str  # the block's last layer

    @property
    def kind(self) -> Shortcut:
        return self.block.shortcut

    @property
    def exact(self) -> bool:
        """Whether y = x + F(x) to the letter: the block adds x itself, and nothing comes after the addition."""
        return self.kind == "identity" and self.output == self.join


def junctions(subject: Spec | LayerGraph) -> tuple[Junction, ...]:
    """The blocks with a shortcut, in order."""
    graph = as_graph(subject)
    return tuple(_junction(graph, block) for block in graph.blocks if block.joins)


def _junction(graph: LayerGraph, block: Block) -> Junction:
    layers = graph.layers_of(block)
    join = next(layer for layer in layers if layer.role == "join" and len(layer.inputs) == 2)
    shortcut: Edge = (join.name, 1)
    split = join.inputs[1]
    while graph.by_name[split].role == "shortcut":  # back along the way around, to where it begins
        shortcut, split = (split, 0), graph.by_name[split].inputs[0]
    reads = ((layer, i) for layer in layers for i, name in enumerate(layer.inputs) if name == split)
    branch = tuple((layer.name, i) for layer, i in reads if layer.role in ("branch", "gate"))
    return Junction(block, split, branch, shortcut, join.name, layers[-1].name)


class Span(NamedTuple):
    """Consecutive blocks of one shape with identity shortcuts: x_K = x_l + the sum of their branches, if `exact`."""

    blocks: tuple[Junction, ...]

    @property
    def start(self) -> str:
        """The layer that gives x_l."""
        return self.blocks[0].split

    @property
    def end(self) -> str:
        """The layer that gives x_K."""
        return self.blocks[-1].output

    @property
    def exact(self) -> bool:
        return all(each.exact for each in self.blocks)


def spans(subject: Spec | LayerGraph) -> tuple[Span, ...]:
    """The runs of blocks for which the papers write one sum (He 2016, equation 4), each as long as it can be."""
    return tuple(Span(tuple(run)) for run in _runs(junctions(subject)))


def _runs(found: tuple[Junction, ...]) -> Iterator[list[Junction]]:
    run: list[Junction] = []
    for each in found:
        follows = bool(run) and each.split == run[-1].output
        if run and not (follows and each.kind == "identity"):
            yield run
            run = []
        if each.kind == "identity":
            run.append(each)
    if run:
        yield run
