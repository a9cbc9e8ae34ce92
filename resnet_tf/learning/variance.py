"""How large a signal is by depth, forward and back, at the first weights, for each order of norms and activations.

What a signal propagation plot shows (Brock 2021, arXiv:2101.08692, section 3), and its counterpart going back. An
untrained residual network with pre-activation adds a branch of about constant variance to each block, so that variance
grows linearly inside a stage; without norms it doubles at each block (De and Smith 2020, arXiv:2002.10444).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.orders import ORDERS, in_orders
from resnet_tf.design.spec import Order, Spec, SpecError
from resnet_tf.learning.gradients import Batch, Profiler
from resnet_tf.learning.signals import BlockSignal, GradientFlow
from resnet_tf.learning.studies import SEEDS, Band, Depth, Progress, SignalByDepth


def signal_by_depth(
    subject: Spec, batch: Batch, seeds: Sequence[int] = SEEDS, orders: Sequence[Order] = ORDERS,
    precision: str = "float32",
) -> tuple[SignalByDepth, ...]:  # fmt: skip
    """The signal of a residual network by depth, in each of these orders, on one batch, over the seeds' first weights.

    `batch` is as for `gradient_flow`; the network is in training mode, so that norms use the batch's own statistics.
    "float64" is for networks so deep that their squares overflow. Raises SpecError for another family, and for an order
    that a design's other fields exclude.
    """
    *_, last = measured(subject, batch, seeds, orders, precision)
    return last.found


def measured(
    subject: Spec, batch: Batch, seeds: Sequence[int] = SEEDS, orders: Sequence[Order] = ORDERS,
    precision: str = "float32",
) -> Iterator[Progress]:  # fmt: skip
    """Each pass as it is done, then the signals in all orders, as `signal_by_depth` has them."""
    if not seeds:
        raise SpecError("seeds", "at least one", tuple(seeds), (0,))
    possible, refused = in_orders(subject)
    for order in orders:
        if order in refused:
            raise refused[order]
    found, of = [], len(orders) * len(seeds)
    for order in orders:
        profiler, flows = Profiler(possible[order], precision), []
        for seed in seeds:
            flows.append(profiler.flow(batch, seed))
            yield Progress(len(found) * len(seeds) + len(flows), of, f"{order}, seed {seed}")
        found.append(_by_depth(order, profiler.graph, flows, len(batch[1])))
        del profiler  # a network's weights, before the next one's
    yield Progress(of, of, "all", tuple(found))


def _by_depth(order: Order, graph: LayerGraph, flows: Sequence[GradientFlow], images: int) -> SignalByDepth:
    elements = _elements(graph, images)

    def square(norm: Callable[[BlockSignal], float | None]) -> dict[str, Band]:
        return _bands(flows, lambda block: _square(norm(block), elements[block.name]))

    forward, back = square(lambda block: block.output), square(lambda block: block.gradient)
    branch, variance = square(lambda block: block.branch), _bands(flows, lambda block: block.variance)
    blocks = tuple(Depth(name, forward[name], variance[name], branch.get(name), back[name]) for name in forward)
    return SignalByDepth(order, tuple(flow.seed for flow in flows), blocks)


def _bands(flows: Sequence[GradientFlow], what: Callable[[BlockSignal], float | None]) -> dict[str, Band]:
    """A figure of every block that has it."""
    found: dict[str, list[float]] = {}
    for flow in flows:
        for block in flow.blocks:
            if (figure := what(block)) is not None:
                found.setdefault(block.name, []).append(figure)
    return {name: Band.of(figures) for name, figures in found.items()}


def _elements(graph: LayerGraph, images: int) -> dict[str, int]:
    """How many numbers leave each block: a branch has as many, where it is added."""
    return {block.name: images * math.prod(graph.layers[block.stop - 1].shape) for block in graph.blocks}


def _square(norm: float | None, elements: int) -> float | None:
    return None if norm is None else norm**2 / elements
