"""Which tensor of a file is which weight of a network: by names and shapes alone. No Keras, and no number is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.learning.naming import SOURCES, NoCounterpart, modules
from resnet_tf.learning.weight_files import WeightsError

MOST_LISTED = 8  # names of each kind in an error
HEAD = "head.classifier"
WEIGHT, AVERAGE = "weight ", "average "  # what a checkpoint's file puts before the names of its tensors

Kernel: TypeAlias = Literal["convolution", "line", "dense"]  # what a kernel is of, which decides how it lies in torch


class Weight(NamedTuple):
    """A variable of a layer as Keras calls it, and its shape there."""

    layer: str
    variable: str
    shape: g.Shape
    kernel: Kernel | None = None  # None for what is none

    @property
    def path(self) -> str:
        return f"{self.layer}/{self.variable}"


_NORM = ("gamma", "beta")
_STATISTICS = ("moving_mean", "moving_variance")

# operation -> its weights, by its name and the shapes that go in and come out
_ROWS: dict[type, Callable[[Any, str, g.Shape, g.Shape], list[Weight]]] = {
    g.Convolution: lambda op, name, shape, out: [
        Weight(name, "kernel", (op.kernel, op.kernel, shape[2] // op.groups, op.filters), "convolution"),
        *([Weight(name, "bias", (op.filters,))] if op.bias else []),
    ],
    g.ChannelConvolution: lambda op, name, shape, out: [Weight(name, "kernel", (op.kernel, 1, 1), "line")],
    g.Dense: lambda op, name, shape, out: [
        Weight(name, "kernel", (shape[0], op.units), "dense"),
        *([Weight(name, "bias", (op.units,))] if op.bias else []),
    ],
    g.BatchNormalization: lambda op, name, shape, out: [Weight(name, v, out[-1:]) for v in (*_NORM, *_STATISTICS)],
    g.GroupNormalization: lambda op, name, shape, out: [Weight(name, v, out[-1:]) for v in _NORM],
    g.ScalarBias: lambda op, name, shape, out: [Weight(name, "kernel", (1, 1), "dense")],
    g.ScalarScale: lambda op, name, shape, out: [Weight(name, "kernel", (1, 1), "dense")],
    g.ChannelScale: lambda op, name, shape, out: [Weight(name, "kernel", (1, out[-1]), "dense")],
}  # fmt: skip


def weights_of(graph: g.LayerGraph) -> list[Weight]:
    """The weights of a network, layer by layer."""
    return [
        weight
        for layer in graph
        if type(layer.op) in _ROWS
        for weight in _ROWS[type(layer.op)](layer.op, layer.name, graph.by_name[layer.inputs[0]].shape, layer.shape)
    ]


class Peer(NamedTuple):
    """A weight of ours and what it is in another library: its tensor's name and how the numbers lie there."""

    weight: Weight
    name: str
    to_theirs: Callable[[np.ndarray], np.ndarray]
    to_ours: Callable[[np.ndarray], np.ndarray]

    @property
    def shape(self) -> g.Shape:
        """As it lies there; no number is copied for it."""
        return self.to_theirs(np.broadcast_to(np.float32(0), self.weight.shape)).shape


def _as_it_is(array: np.ndarray) -> np.ndarray:
    return array


def _swapped(*axes: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: array.transpose(axes)


def _convolution_of_one_pixel(array: np.ndarray) -> np.ndarray:
    return array.T[:, :, None, None]


# how a kernel becomes torch's (filters, channels, height, width), and how it comes back
_TORCH: dict[Kernel | None, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    None: (_as_it_is, _as_it_is),
    "convolution": (_swapped(3, 2, 0, 1), _swapped(2, 3, 1, 0)),
    "line": (_swapped(2, 1, 0), _swapped(2, 1, 0)),
    "dense": (_swapped(1, 0), lambda array: array.reshape(array.shape[:2]).T),
}
_TORCH_NAMES = {
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
    "moving_variance": "running_var",
}  # fmt: skip


def peers(weights: Iterable[Weight], layers: Collection[str], source: str) -> list[Peer]:
    """Every weight of a network, whose layers are called `layers`, with its place in the source's.

    Raises NoCounterpart for a layer that the source's networks lack.
    """
    weights = list(weights)
    names = modules(layers, [weight.layer for weight in weights], source)
    if source not in ("timm", "torchvision"):
        return [Peer(weight, f"{names[weight.layer]}/{weight.variable}", _as_it_is, _as_it_is) for weight in weights]
    found = []
    for weight in weights:
        there, back = _TORCH[weight.kernel]
        if weight.kernel and names[weight.layer] == "head.fc":  # timm's V2 classifies by a convolution of one pixel
            there = _convolution_of_one_pixel
        found.append(Peer(weight, f"{names[weight.layer]}.{_TORCH_NAMES[weight.variable]}", there, back))
    return found


def recognised(weights: Iterable[Weight], layers: Collection[str], names: Collection[str]) -> str:
    """The source whose names most tensors have; ours where none fits."""
    weights, most, best = list(weights), 0, "resnet_tf"
    for source in SOURCES:
        try:
            known = sum(peer.name in names for peer in peers(weights, layers, source))
        except NoCounterpart:
            continue
        if known > most:
            most, best = known, source
    return best


def match(
    wanted: Iterable[Peer], given: Mapping[str, g.Shape], source: str, *, new_head: bool = False
) -> tuple[list[Peer], tuple[str, ...]]:
    """The weights that are given, each by one tensor of its shape, and the tensors of the head that are left out.

    The head of other classes is left out, and where `new_head` any. Raises WeightsError with all that is missing, left
    over or of another shape.
    """
    by_name = {peer.name: peer for peer in wanted}
    left_out = tuple(
        name for name, peer in by_name.items()
        if peer.weight.layer == HEAD and (new_head or (name in given and _of_other_classes(peer, given[name])))
    )  # fmt: skip
    taken = {name: peer for name, peer in by_name.items() if name not in left_out}
    missing = sorted(taken.keys() - given.keys())
    extra = sorted(given.keys() - taken.keys() - set(left_out))
    misshapen = [
        f"{name} {given[name]} instead of {peer.shape}"
        for name, peer in taken.items()
        if name in given and given[name] != peer.shape
    ]
    if missing or extra or misshapen:
        raise WeightsError(_sentence(source, missing, extra, misshapen), missing, extra, misshapen)
    return list(taken.values()), left_out


def _of_other_classes(peer: Peer, given: g.Shape) -> bool:
    """Whether a tensor of the head differs in the number of classes and in nothing else."""
    ours = peer.weight.shape
    try:
        theirs = peer.to_ours(np.broadcast_to(np.float32(0), given)).shape
    except ValueError:
        return False
    return len(ours) == len(theirs) and ours[:-1] == theirs[:-1] and ours != theirs


def _sentence(source: str, missing: list[str], extra: list[str], misshapen: list[str]) -> str:
    parts = [
        f"{len(names):,} {what} ({', '.join(names[:MOST_LISTED])}{', ...' if len(names) > MOST_LISTED else ''})"
        for names, what in ((missing, "missing"), (extra, "not of this network"), (misshapen, "of another shape"))
        if names
    ]
    return f"These are not the weights of this network in {source}: {'; '.join(parts)}. Nothing was changed."


def plain_names(tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Tensors by the names that they have in their network, without what trainers wrap around it.

    Of a checkpoint of ours they are the weights, or their averages where it has some.
    """
    for wrapper in ("state_dict", "model", "state_dict_ema", "model_ema"):
        if isinstance(tensors.get(wrapper), Mapping):
            return plain_names(tensors[wrapper])
    kept = [{n.removeprefix(kind): a for n, a in tensors.items() if n.startswith(kind)} for kind in (WEIGHT, AVERAGE)]
    if kept[0]:
        return kept[0] | kept[1]
    found = {name.removeprefix("module."): np.asarray(value) for name, value in tensors.items()}
    return {name: array for name, array in found.items() if not name.endswith("num_batches_tracked")}
