"""What every family is written with: layers put one after another, each in the network's own style."""

from __future__ import annotations

from functools import lru_cache

from resnet_tf.design.graph import (
    SHAPES,
    Activation,
    AveragePooling,
    BatchNormalization,
    Block,
    BlurPooling,
    Convolution,
    Dense,
    Dropout,
    GlobalAverageMaxPooling,
    GlobalAveragePooling,
    GroupNormalization,
    Input,
    Layer,
    LayerGraph,
    MaxPooling,
    Operation,
    Role,
    ScalarBias,
    Shape,
    Shortcut,
)
from resnet_tf.design.initializers import WHITENING
from resnet_tf.design.spec import Head, Normalization, Stem

_POOLS: dict[str, Operation] = {
    "max": MaxPooling(3, 2, 1),
    "max-zero-padded": MaxPooling(3, 2, 1, zeros=True),
    "average": AveragePooling(2, 2),
}
_HEADS: dict[str, Operation] = {"average": GlobalAveragePooling(), "average-max": GlobalAverageMaxPooling()}

# a deep network has few kinds of layers many times: each is made once
_convolution = lru_cache(maxsize=4096)(Convolution)
_batch_norm = lru_cache(maxsize=256)(BatchNormalization)


class Network:
    """The layers so far. `add` returns the new layer's name, so that a block reads as a line of names."""

    def __init__(self, shape: Shape) -> None:
        self.layers: list[Layer] = []
        self.blocks: list[Block] = []
        self.shapes: dict[str, Shape] = {}
        self.add("input", Input(shape))
        self.open = 1  # where the block that is being built begins; the image itself belongs to none

    @classmethod
    def after(cls, graph: LayerGraph) -> Network:
        """A network that goes on where a graph ends."""
        net = cls(graph.input_shape)
        net.layers, net.blocks = list(graph.layers), list(graph.blocks)
        net.shapes = {layer.name: layer.shape for layer in graph}
        net.open = len(net.layers)
        return net

    def add(self, name: str, op: Operation, *inputs: str, role: Role = "path") -> str:
        shapes = self.shapes
        shape = shapes[name] = SHAPES[type(op)](op, *[shapes[i] for i in inputs])
        self.layers.append(Layer(name, op, inputs, shape, role))
        return name

    def close(self, name: str, stage: str, kind: str, shortcut: Shortcut = "none") -> None:
        """What was added since the last close is this block."""
        self.blocks.append(Block(name, stage, kind, self.open, len(self.layers), shortcut))
        self.open = len(self.layers)

    def channels(self, name: str) -> int:
        return self.shapes[name][-1]

    def graph(self, outputs: tuple[str, ...] = ()) -> LayerGraph:
        return LayerGraph(tuple(self.layers), tuple(self.blocks), outputs)


class Style:
    """Convolutions, norms and activations as one network has them, added to its layers."""

    def __init__(self, net: Network, norm: Normalization, activation: str, *, bias: str, initializer: str) -> None:
        self.net, self.add, self.bias = net, net.add, bias
        self.norm, self.initializer = norm, initializer
        self.activation = Activation(activation)

    def convolution(
        self, filters: int, kernel: int, stride: int = 1, groups: int = 1, *, normalized: bool, dilation: int = 1,
        padded: bool = True, gain: float = 1.0, whitening: bool = False,
    ) -> Convolution:  # fmt: skip
        """`normalized`: a norm follows directly, and makes a bias superfluous. One that whitens has none."""
        has_norm = self.norm.kind in ("batch", "group", "layer")
        bias = self.bias == "all" or (self.bias == "unnormalized" and not (normalized and has_norm))
        return _convolution(
            filters, kernel, stride, groups, bias and not whitening, dilation, padded,
            self.norm.weight_standardization, WHITENING if whitening else self.initializer, gain,
        )  # fmt: skip

    def normalize(self, name: str, x: str, role: Role = "path", *, zero: bool = False) -> str:
        """The network's norm under this name; Fixup's bias, called so, where it has none."""
        norm = self.norm
        if norm.kind == "none":
            return x
        if norm.kind == "fixup":
            return self.add(name.replace("norm", "bias"), ScalarBias(), x, role=role)
        if norm.kind == "batch":
            return self.add(name, _batch_norm(norm.epsilon, norm.momentum, zero), x, role=role)
        groups = 1 if norm.kind == "layer" else norm.groups
        return self.add(name, GroupNormalization(groups, norm.epsilon, zero), x, role=role)

    def activate(self, name: str, x: str, role: Role = "path") -> str:
        return self.add(name, self.activation, x, role=role)

    def follow(self, items: str, at: str, x: str, number: str = "", role: Role = "path") -> str:
        """A norm for each `n` and an activation for each `a`, in that order."""
        for item in items:
            put, name = (self.normalize, "norm") if item == "n" else (self.activate, "act")
            x = put(f"{at}.{name}{number}", x, role)
        return x

    def stem(self, stem: Stem, x: str, last: str = "na") -> str:
        """The stem's layers as a block; `last` is what follows its last convolution: "na", "n" or nothing."""
        many = len(stem.widths) > 1
        for i, width in enumerate(stem.widths, 1):
            number = str(i) if many else ""
            items = last if i == len(stem.widths) else "na"
            stride = stem.stride if i == 1 else 1
            op = self.convolution(
                width, stem.kernel, stride, normalized="n" in items, padded=not stem.patch,
                whitening=stem.whitening and i == 1,
            )  # fmt: skip
            x = self.follow(items, "stem", self.add(f"stem.conv{number}", op, x), number)
        x = self._pooled(stem, x, last)
        self.net.close("stem", "stem", "stem")
        return x

    def _pooled(self, stem: Stem, x: str, last: str) -> str:
        if stem.pool == "none":
            return x
        if stem.pool == "convolution":
            op = self.convolution(stem.width, 3, 2, normalized="n" in last)
            return self.follow(last, "stem.pool", self.add("stem.pool.conv", op, x))
        if stem.pool == "max-blur":
            x = self.add("stem.pool.max", MaxPooling(3, 1, 1), x)
            return self.add("stem.pool", BlurPooling(2), x)
        return self.add("stem.pool", _POOLS[stem.pool], x)

    def head(self, head: Head, classes: int, x: str, first: str = "") -> str:
        """The head's layers as a block; `first` is what the stages leave to it: "na", "a" or nothing."""
        x = self.follow(first, "head", x)
        if head.pool != "none":
            x = self.add("head.pool", _HEADS[head.pool], x)
            for i, width in enumerate(head.hidden, 1):
                x = self.activate(f"head.act{i}", self.add(f"head.dense{i}", Dense(width), x))
            if head.dropout:
                x = self.add("head.dropout", Dropout(head.dropout), x)
            if self.norm.kind == "fixup":
                x = self.add("head.bias", ScalarBias(), x)
            x = self.add("head.classifier", Dense(classes, gain=0.0 if self.norm.kind == "fixup" else 1.0), x)
        if self.net.open < len(self.net.layers):  # a network without a head may have nothing left to close
            self.net.close("head", "head", "head")
        return x
