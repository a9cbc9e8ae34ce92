"""What a network costs: parameters, multiply-adds, FLOPs, activations, receptive field, depth, memory.

Conventions. One multiply-add is 1 MAC; `macs` counts convolutions and dense layers only, as torchvision does. `flops`
is 2 x MACs plus the elementwise work of inference (a norm folded to scale and shift). `activations` are the elements
that convolutions and dense layers write (timm's convention). The receptive field is that of Araujo et al. 2019
(Computing Receptive Fields of Convolutional Neural Networks, Distill), in pixels of the input, along the widest path;
an average over a whole map (the head's pool, a gate) leaves it as it is. `depth` counts convolutions and dense layers
along the longest path, without gates: the 50 of ResNet-50. (The 28 of WRN-28-10 counts projections too: here it is 26.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import (
    Activation,
    Addition,
    AveragePooling,
    BatchNormalization,
    Block,
    BlurPooling,
    ChannelConvolution,
    ChannelScale,
    Concatenation,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAverageMaxPooling,
    GlobalAveragePooling,
    GroupNormalization,
    Input,
    LayerGraph,
    MaxPooling,
    Multiplication,
    PadChannels,
    Rescaling,
    Resize,
    ScalarBias,
    ScalarScale,
    Shape,
    Shortcut,
    StochasticDepth,
    Subsample,
    row,
)
from resnet_tf.design.memory import Held, Memory, held, memory
from resnet_tf.design.spec import Spec
from resnet_tf.design.work import Work, work


class Cost(NamedTuple):
    """The cost of a layer, a block, a stage or a network, for one image. `shape` is what comes out of it."""

    name: str
    kind: str
    shape: Shape
    trainable_parameters: int
    non_trainable_parameters: int
    macs: int
    flops: int
    activations: int
    depth: int
    receptive_field: int
    shortcut: Shortcut = "none"

    @property
    def parameters(self) -> int:
        return self.trainable_parameters + self.non_trainable_parameters


class _Counts(NamedTuple):
    trainable: int = 0
    fixed: int = 0
    macs: int = 0
    elementwise: int = 0


def _convolution(op: Convolution, shape: Shape, out: Shape) -> _Counts:
    weights = op.kernel * op.kernel * (shape[2] // op.groups) * op.filters
    pixels = out[0] * out[1]
    if op.frozen:  # and without a bias
        return _Counts(0, weights, weights * pixels, 0)
    if op.bias:
        return _Counts(weights + op.filters, 0, weights * pixels, op.filters * pixels)
    return _Counts(weights, 0, weights * pixels, 0)


def _dense(op: Dense, shape: Shape, out: Shape) -> _Counts:
    weights = shape[0] * op.units
    bias = op.units if op.bias else 0
    return _Counts(weights + bias, 0, weights, bias)


def _elements(per_output: int) -> Callable[[Any, Shape, Shape], _Counts]:
    return lambda op, shape, out: _Counts(elementwise=per_output * prod(out))


def _nothing(op: object, shape: Shape, out: Shape) -> _Counts:
    return _NOTHING


_NOTHING = _Counts()
_SMOOTH = 4  # an exponential, a sum, a division, a product: the customary count for sigmoid, SiLU and GELU

# operation -> parameters, MACs and elementwise operations, from the first shape that goes in and the one that comes out
_COUNTS: dict[type, Callable[[Any, Shape, Shape], _Counts]] = {
    Input: _nothing,
    Convolution: _convolution,
    BatchNormalization: lambda op, shape, out: _Counts(2 * out[-1], 2 * out[-1], 0, 2 * prod(out)),
    # mean, variance, and as for batch norm a scale and a shift: nothing can be folded beforehand
    GroupNormalization: lambda op, shape, out: _Counts(2 * out[-1], 0, 0, 5 * prod(out)),
    ScalarBias: lambda op, shape, out: _Counts(1, 0, 0, prod(out)),
    ScalarScale: lambda op, shape, out: _Counts(1, 0, 0, prod(out)),
    ChannelScale: lambda op, shape, out: _Counts(out[-1], 0, 0, prod(out)),
    Rescaling: lambda op, shape, out: _Counts(elementwise=prod(out) * (1 if op.offset == 0 else 2)),
    StochasticDepth: _nothing,
    Activation: lambda op, shape, out: _Counts(
        elementwise=prod(out) * (1 if op.kind in ("relu", "leaky_relu") else _SMOOTH)
    ),
    MaxPooling: lambda op, shape, out: _Counts(elementwise=(op.kernel**2 - 1) * prod(out)),
    AveragePooling: lambda op, shape, out: _Counts(elementwise=op.kernel**2 * prod(out)),
    BlurPooling: lambda op, shape, out: _Counts(elementwise=2 * op.kernel**2 * prod(out)),
    GlobalAveragePooling: lambda op, shape, out: _Counts(elementwise=prod(shape)),
    GlobalAverageMaxPooling: lambda op, shape, out: _Counts(elementwise=2 * prod(shape) + 2 * out[0]),
    ChannelConvolution: lambda op, shape, out: _Counts(op.kernel, 0, op.kernel * out[-1]),
    Subsample: _nothing,
    PadChannels: _nothing,
    Addition: _elements(1),
    Concatenation: _nothing,
    Multiplication: _elements(1),
    Resize: lambda op, shape, out: _Counts(elementwise=0 if op.interpolation == "nearest" else 8 * prod(out)),
    Flatten: _nothing,
    Dense: _dense,
    Dropout: _nothing,
}
_WEIGHTED = (Convolution, ChannelConvolution, Dense)


class _Sight(NamedTuple):
    """What one element sees: how far (px), how far apart neighbours are (px), through how many weighted layers."""

    field: int
    step: int
    depth: int


def _pooled(op: MaxPooling | AveragePooling | BlurPooling, sight: _Sight) -> _Sight:
    return _Sight(sight.field + (op.kernel - 1) * sight.step, sight.step * op.stride, sight.depth)


# operation -> what its outputs see, from what its inputs see; others see what their inputs do
_SIGHTS: dict[type, Callable[[Any, _Sight], _Sight]] = {
    Convolution: lambda op, sight: _Sight(
        sight.field + (op.span - 1) * sight.step, sight.step * op.stride, sight.depth + 1
    ),
    MaxPooling: _pooled,
    AveragePooling: _pooled,
    BlurPooling: _pooled,
    Subsample: lambda op, sight: _Sight(sight.field, sight.step * op.stride, sight.depth),
    Dense: lambda op, sight: _Sight(sight.field, sight.step, sight.depth + 1),
}


def _layers(graph: LayerGraph) -> list[Cost]:
    shapes: dict[str, Shape] = {}
    sights: dict[str, _Sight] = {}
    costs: list[Cost] = []
    for name, op, inputs, shape, role in graph.layers:
        kind = type(op)
        trainable, fixed, macs, elementwise = row(_COUNTS, op, "costs")(op, shapes[inputs[0]] if inputs else (), shape)
        if not inputs:
            sight = _Sight(1, 1, 0)
        elif len(inputs) == 1 or kind is Multiplication:  # a gate's own path is not the network's
            sight = sights[inputs[0]]
        else:
            a, b = sights[inputs[0]], sights[inputs[1]]
            sight = _Sight(max(a.field, b.field), max(a.step, b.step), max(a.depth, b.depth))
        if kind in _SIGHTS and role != "gate":
            sight = _SIGHTS[kind](op, sight)
        shapes[name], sights[name] = shape, sight
        written = prod(shape) if kind in _WEIGHTED else 0
        costs.append(
            Cost(
                name, kind.__name__, shape, trainable, fixed, macs, 2 * macs + elementwise, written,
                sight.depth, sight.field,
            )
        )  # fmt: skip
    return costs


def _sum(name: str, kind: str, parts: Sequence[Cost], before: int, shortcut: Shortcut = "none") -> Cost:
    """The parts as one. `before` is the depth at which they begin; shape and receptive field are the last part's."""
    last = parts[-1]
    columns = list(zip(*parts, strict=True))
    trainable, fixed, macs, flops, activations = map(sum, columns[3:8])
    return Cost(
        name, kind, last.shape, trainable, fixed, macs, flops, activations, last.depth - before, last.receptive_field,
        shortcut,
    )  # fmt: skip


def _blocks(graph: LayerGraph, layers: Sequence[Cost]) -> list[Cost]:
    blocks = []
    depth = 0
    for block in graph.blocks:
        blocks.append(_sum(block.name, block.kind, layers[block.start : block.stop], depth, block.shortcut))
        depth = layers[block.stop - 1].depth
    return blocks


def _stages(graph: LayerGraph, blocks: Sequence[Cost]) -> list[Cost]:
    members: dict[str, list[tuple[Block, Cost]]] = {}
    for block, cost in zip(graph.blocks, blocks, strict=True):
        members.setdefault(block.stage, []).append((block, cost))
    stages = []
    for name, pairs in members.items():
        parts = [cost for _, cost in pairs]
        whole = _sum(name, pairs[0][0].kind, parts, 0)
        stages.append(whole._replace(depth=sum(part.depth for part in parts)))
    return stages


@dataclass(frozen=True)
class Costs:
    """Exact integers for one image: of the network (attributes), and per layer, block and stage."""

    graph: LayerGraph
    layers: tuple[Cost, ...]
    blocks: tuple[Cost, ...]
    stages: tuple[Cost, ...]
    trainable_parameters: int
    non_trainable_parameters: int
    macs: int
    flops: int
    activations: int
    depth: int
    receptive_field: int

    @property
    def parameters(self) -> int:
        """Trainable parameters, moving statistics and a whitening kernel: Keras' `count_params()`."""
        return self.trainable_parameters + self.non_trainable_parameters

    @cached_property
    def _held(self) -> Held:
        return held(self.graph)

    @cached_property
    def work(self) -> tuple[Work, ...]:
        """What a training step does in each layer; see `work`."""
        return tuple(work(self.graph, self.layers))

    def memory(self, batch: int = 32, precision: str = "float32", optimizer: str = "sgd_momentum") -> Memory:
        """Bytes for inference and for a training step; see `memory`."""
        return memory(self._held, self.trainable_parameters, self.non_trainable_parameters, batch, precision, optimizer)


def costs(spec_or_graph: Spec | LayerGraph) -> Costs:
    """What the network costs, exactly, for one image: as a whole, per stage, block and layer."""
    graph = as_graph(spec_or_graph)
    layers = _layers(graph)
    blocks = _blocks(graph, layers)
    stages = _stages(graph, blocks)
    total = _sum("network", "network", stages, 0)
    return Costs(
        graph, tuple(layers), tuple(blocks), tuple(stages), *total[3:8], layers[-1].depth, layers[-1].receptive_field
    )


def as_costs(subject: Spec | LayerGraph | Costs) -> Costs:
    """The costs themselves, or those of a spec or a graph: what every drawing begins with."""
    return subject if isinstance(subject, Costs) else costs(subject)
