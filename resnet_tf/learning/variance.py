"""How large a signal is by depth, forward and back, at the first weights, for each order of norms and activations.

What a signal propagation plot shows (Brock 2021, arXiv:2101.08692, section 3), and its counterpart going back. An
untrained residual network with pre-activation adds a branch of about constant variance to each block, so that variance
grows linearly inside a stage; without norms it doubles at each block (De and Smith 2020, arXiv:2002.10444).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Order, ResNetSpec, Spec, SpecError
from resnet_tf.learning.gradients import Batch, Profiler
from resnet_tf.learning.signals import BlockSignal, Spread, over_seeds

ORDERS: tuple[Order, ...] = get_args(Order)


class Depth(NamedTuple):
    """A block's signal, over the seeds. Squares are means over images, places and channels."""

    block: str
    square: Spread  # of y, which leaves it
    variance: Spread  # of y: of each channel over images and places, averaged over channels
    branch: Spread | None  # square of F(x) at the addition; None where a block has no shortcut
    gradient: Spread  # square of dE/dy


@dataclass(frozen=True)
class SignalByDepth:
    """A design's signal in one order, block after block, from the stem to the head."""

    order: Order
    seeds: tuple[int, ...]
    blocks: tuple[Depth, ...]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has."""
        blocks = [
            {name: each._asdict() if isinstance(each, Spread) else each for name, each in block._asdict().items()}
            for block in self.blocks
        ]
        return {"order": self.order, "seeds": list(self.seeds), "blocks": blocks}


def signal_by_depth(
    subject: Spec, batch: Batch, seeds: Sequence[int] = (0, 1, 2), orders: Sequence[Order] = ORDERS,
    precision: str = "float32",
) -> tuple[SignalByDepth, ...]:  # fmt: skip
    """The signal of a residual network by depth, in each of these orders, on one batch, over the seeds' first weights.

    `batch` is as for `gradient_flow`; the network is in training mode, so that norms use the batch's own statistics.
    "float64" is for networks so deep that their squares overflow. Raises SpecError for another family, and for an order
    that a design's other fields exclude.
    """
    if not isinstance(subject, ResNetSpec):
        raise SpecError("family", "'resnet', whose norms and activations have an order", subject.family, "resnet")
    if not seeds:
        raise SpecError("seeds", "at least one", tuple(seeds), (0,))
    return tuple(_by_depth(edit(subject, order=order), batch, tuple(seeds), precision) for order in orders)


def _by_depth(spec: ResNetSpec, batch: Batch, seeds: tuple[int, ...], precision: str) -> SignalByDepth:
    graph, profiler = expand(spec), Profiler(spec, precision)
    flows = [profiler.flow(batch, seed) for seed in seeds]
    elements = _elements(graph, len(batch[1]))

    def square(norm: Callable[[BlockSignal], float | None]) -> dict[str, Spread]:
        return over_seeds(flows, lambda block: _square(norm(block), elements[block.name]))

    forward, back = square(lambda block: block.output), square(lambda block: block.gradient)
    branch, variance = square(lambda block: block.branch), over_seeds(flows, lambda block: block.variance)
    blocks = tuple(Depth(name, forward[name], variance[name], branch.get(name), back[name]) for name in forward)
    return SignalByDepth(spec.order, seeds, blocks)


def _elements(graph: LayerGraph, images: int) -> dict[str, int]:
    """How many numbers leave each block: a branch has as many, where it is added."""
    return {block.name: images * math.prod(graph.layers[block.stop - 1].shape) for block in graph.blocks}


def _square(norm: float | None, elements: int) -> float | None:
    return None if norm is None else norm**2 / elements
