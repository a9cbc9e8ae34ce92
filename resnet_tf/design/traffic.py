"""What each layer keeps and moves: the bytes that a training step keeps of it, and those that it reads and writes.

For one image in float32, each operation by itself: a compiler that fuses a norm into its convolution moves less. FLOPs
over bytes moved is the arithmetic intensity of the roofline model (Williams et al. 2009).
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from resnet_tf.design.costs import Costs
from resnet_tf.design.memory import kept

_FLOAT32 = 4


class Traffic(NamedTuple):
    """Bytes."""

    kept: int  # of what comes out of it, and its parameters
    moved: int


def traffic(counted: Costs) -> list[Traffic]:
    """The bytes of each layer, in the graph's order."""
    graph = counted.graph
    needed = kept(graph)
    sizes = {layer.name: prod(layer.shape) for layer in graph.layers}
    found = []
    for layer, cost in zip(graph.layers, counted.layers, strict=True):
        size = sizes[layer.name]
        moved = size + cost.parameters + sum(sizes[name] for name in layer.inputs)
        held = cost.parameters + (size if layer.name in needed else 0)
        found.append(Traffic(_FLOAT32 * held, _FLOAT32 * moved if layer.inputs else 0))
    return found
