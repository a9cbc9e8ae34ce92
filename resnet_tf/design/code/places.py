"""The blocks of a residual network side by side: what is the same in all, and what varies between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from resnet_tf.design import graph as g
from resnet_tf.design.rules import Dilated, dilated_stages
from resnet_tf.design.spec import ResNetSpec, Stage


class Place(NamedTuple):
    """One block: its layers by where they are, its stage, its stride, what its shortcut does."""

    name: str
    stage: Stage
    stride: int
    dilation: Dilated
    branch: tuple[g.Layer, ...]  # with the last layer of its gate, which stands for all of it
    around: tuple[g.Layer, ...]
    join: tuple[g.Layer, ...]
    changed: bool  # whether its shortcut is a projection or pads channels
    cut: bool


def _weighs(layer: g.Layer) -> bool:
    """Whether a layer multiplies what comes by a shortcut, or with that shortcut's gate a branch."""
    return ".shortcut." in layer.name and isinstance(layer.op, g.Rescaling | g.Multiplication)


class Places:
    """All blocks of a network, in order."""

    def __init__(self, spec: ResNetSpec, graph: g.LayerGraph) -> None:
        self.spec, self.graph = spec, graph
        self.all = tuple(self._places())

    def _places(self) -> Iterator[Place]:
        spec, graph = self.spec, self.graph
        blocks = iter(block for block in graph.blocks if block.stage.startswith("stage"))
        channels = spec.stem.width
        for stage, dilation in zip(spec.stages, dilated_stages(spec), strict=True):
            strided = stage.blocks if spec.stride_at == "last-block" else 1
            for b in range(1, stage.blocks + 1):
                block = next(blocks)
                layers = graph.layers_of(block)
                branch, around, join = (
                    tuple(each for each in layers if each.role == role and not _weighs(each))
                    for role in ("branch", "shortcut", "join")
                )
                out = stage.width * spec.expansion
                changed = block.shortcut == "projection" or (spec.shortcut == "zero-padding" and channels != out)
                changed |= bool(around) and spec.stride_at != "last-block"
                stride, cut = dilation.stride if b == strided else 1, block.shortcut == "cut"
                yield Place(block.name, stage, stride, dilation, branch, around, join, changed and not cut, cut)
                channels = out

    def __iter__(self) -> Iterator[Place]:
        return iter(self.all)

    def __getitem__(self, i: int) -> Place:
        return self.all[i]

    @property
    def added(self) -> tuple[Place, ...]:
        """Those whose shortcut was not cut."""
        return tuple(place for place in self if not place.cut)

    @property
    def strided(self) -> bool:
        return any(place.stride > 1 for place in self)

    @property
    def dilated(self) -> bool:
        return any(place.dilation.rest > 1 for place in self)

    @property
    def dropped(self) -> bool:
        """Whether branches are dropped, at a rate that grows with their depth."""
        return any(isinstance(each.op, g.StochasticDepth) for place in self for each in place.branch)

    def __len__(self) -> int:
        return len(self.all)

    @property
    def changes(self) -> str:
        """The condition that a block makes the map smaller, or would if it were not dilated instead."""
        if not self.dilated:
            return "stride > 1"
        return "stride > 1 or dilation > 1" if self.strided else "dilation > 1"
