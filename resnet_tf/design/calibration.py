"""How fast a machine trains: small networks are timed for some seconds, and any design is estimated from them.

A step is taken to be the sum of what its layers do: a convolution's multiplications at the rate of its kind, by how
many channels it reads and writes; everything else its bytes at the rate of norms and activations; and for each layer
what it costs to begin it. Each probe does little else than one of these, and gives its rate.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, exp, log, sqrt
from typing import NamedTuple

from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.devices import check_on
from resnet_tf.design.graph import (
    Activation,
    BatchNormalization,
    Convolution,
    Dense,
    GlobalAveragePooling,
    LayerGraph,
    Shape,
)
from resnet_tf.design.network import Network

CLASSES = 10
_FLOAT32 = 4
_GROUPS = 32
_VECTOR = 16  # channels that are computed at once, whether there are so many or not


class Probe(NamedTuple):
    """A small network that is timed, and what it tells the rate of; `kernel` 0 is without convolutions."""

    name: str
    kind: str
    kernel: int
    channels: int
    groups: int
    side: int
    batch: int
    times: int

    @property
    def graph(self) -> LayerGraph:
        """A 1x1 convolution to its channels; convolution, norm, activation so many times; a classifier."""
        net = Network((self.side, self.side, 3))
        x = net.add("widen", Convolution(self.channels, 1), "input")
        for i in range(self.times):
            if self.kernel:
                x = net.add(f"conv{i}", Convolution(self.channels, self.kernel, groups=self.groups), x)
            x = net.add(f"norm{i}", BatchNormalization(1e-5, 0.9), x)
            x = net.add(f"act{i}", Activation("relu"), x)
        net.add("logits", Dense(CLASSES), net.add("pool", GlobalAveragePooling(), x))
        net.close("probe", "probe", "convolution")
        return net.graph()


# each tells one thing, given those above it
PROBES = (
    Probe("start", "layer", 0, 8, 1, 4, 2, 12),
    Probe("maps", "maps", 0, 64, 1, 32, 32, 6),
    Probe("pointwise64", "pointwise", 1, 64, 1, 32, 16, 6),
    Probe("pointwise256", "pointwise", 1, 256, 1, 16, 16, 6),
    Probe("update", "update", 1, 1024, 1, 2, 1, 4),
    Probe("wide16", "wide", 3, 16, 1, 32, 64, 4),
    Probe("wide64", "wide", 3, 64, 1, 16, 32, 4),
    Probe("wide256", "wide", 3, 256, 1, 8, 16, 2),
    Probe("narrow512", "narrow", 3, 512, 1, 2, 16, 2),
    Probe("grouped4", "grouped", 3, 4 * _GROUPS, _GROUPS, 16, 16, 3),
)


class _Load(NamedTuple):
    """Something that a step does so much of: layers, bytes of maps, weights, or FLOPs of a kind of convolution."""

    kind: str
    amount: float
    channels: float = 1.0  # that a group of a convolution reads and writes, as their geometric mean


def _loads(of: Costs, batch: int) -> Iterator[_Load]:
    """What a step does, layer by layer."""
    shapes = {layer.name: layer.shape for layer in of.graph.layers}
    yield _Load("layer", len(of.graph.layers))
    yield _Load("update", of.trainable_parameters)
    for layer, forward, backward, _ in of.work:
        op = layer.op
        if isinstance(op, Convolution):
            kind = _kind(op, layer.shape)
            read, written = shapes[layer.inputs[0]][-1] / op.groups, op.filters / op.groups
        elif isinstance(op, Dense):
            kind, read, written = "pointwise", shapes[layer.inputs[0]][-1], op.units
        else:
            yield _Load("maps", _FLOAT32 * batch * (forward.elements + backward.elements))
            continue
        whole = ceil(written / _VECTOR) * _VECTOR / written if kind != "grouped" else 1.0
        yield _Load(kind, batch * whole * (forward.flops + backward.flops), sqrt(read * written))


def _kind(op: Convolution, shape: Shape) -> str:
    """Groups are slow by themselves, and so are windows on maps that are narrower than they are."""
    if op.groups > 1:
        return "grouped"
    if op.kernel == 1:
        return "pointwise"
    return "narrow" if min(shape[:2]) < op.kernel else "wide"


@dataclass(frozen=True)
class Calibration:
    """A machine as it was measured: the seconds of a step of each probe, and from them those of any design."""

    device: str  # "CPU"
    why: str  # that device
    measured: float  # when, in unix seconds
    seconds: tuple[tuple[str, float], ...]  # of each probe, by its name

    @property
    def complete(self) -> bool:
        """Whether all probes are in it: those of another version may be others."""
        return {probe.name for probe in PROBES} <= dict(self.seconds).keys()

    @property
    def title(self) -> str:
        return "here"

    @property
    def precisions(self) -> Collection[str]:
        return ("float32",)

    @cached_property
    def _rates(self) -> dict[str, list[tuple[float, float]]]:
        """Seconds for a unit of each kind of load, by the logarithm of its channels, both in order."""
        rates: dict[str, list[tuple[float, float]]] = {}
        for probe in PROBES:
            loads = [*_loads(costs(probe.graph), probe.batch)]
            own = [load for load in loads if load.kind == probe.kind]
            others = sum(_seconds(rates, load) for load in loads if load.kind != probe.kind and load.kind in rates)
            taken = dict(self.seconds)[probe.name]
            left = max(taken - others, _LEAST * taken)  # noise can make what is known take longer than all
            point = (log(max(load.channels for load in own)), left / sum(load.amount for load in own))
            rates[probe.kind] = sorted([*rates.get(probe.kind, ()), point])
        return rates

    def step_seconds(self, costs: Costs, batch: int = 32, precision: str = "float32") -> float:
        """Seconds of one training step, estimated. Raises SpecError for a precision that was not measured."""
        check_on(self, precision)
        return sum(_seconds(self._rates, load) for load in _loads(costs, batch))


_LEAST = 0.1  # of what a probe takes is its own kind's


def _seconds(rates: Mapping[str, list[tuple[float, float]]], load: _Load) -> float:
    """What a load takes: at the rate of the nearest probes, between two of them as a power of the channels."""
    points, x = rates[load.kind], log(load.channels)
    right = bisect_left(points, (x,))
    if right in (0, len(points)):
        return load.amount * points[min(right, len(points) - 1)][1]
    (x0, y0), (x1, y1) = points[right - 1 : right + 1]
    return load.amount * exp(log(y0) + (x - x0) / (x1 - x0) * log(y1 / y0))
