"""The only code that knows what a ResNet is: a spec becomes the layers of its network, with their shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resnet_tf.design.graph import (
    SHAPES,
    Activation,
    Addition,
    AveragePooling,
    BatchNormalization,
    Block,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling,
    Input,
    Layer,
    LayerGraph,
    MaxPooling,
    Multiplication,
    Operation,
    PadChannels,
    Role,
    Shape,
    Shortcut,
    Subsample,
)
from resnet_tf.design.spec import ResNetSpec, Spec, SqueezeExcitation, Stage, VGGSpec


class _Net:
    """The layers so far. `add` returns the new layer's name, so that a block reads as a line of names."""

    def __init__(self, shape: Shape) -> None:
        self.layers: list[Layer] = []
        self.blocks: list[Block] = []
        self.shapes: dict[str, Shape] = {}
        self.add("input", Input(shape))
        self.open = 1  # where the block that is being built begins; the image itself belongs to none

    def add(self, name: str, op: Operation, *inputs: str, role: Role = "path") -> str:
        shapes = self.shapes
        shape = shapes[name] = SHAPES[type(op)](op, [shapes[i] for i in inputs])
        self.layers.append(Layer(name, op, inputs, shape, role))
        return name

    def close(self, name: str, stage: str, kind: str, shortcut: Shortcut = "none") -> None:
        """What was added since the last close is this block."""
        self.blocks.append(Block(name, stage, kind, self.open, len(self.layers), shortcut))
        self.open = len(self.layers)

    def channels(self, name: str) -> int:
        return self.shapes[name][-1]

    def graph(self) -> LayerGraph:
        return LayerGraph(tuple(self.layers), tuple(self.blocks))


class _ResNet:
    """The parts of one residual network, each a line of layers added to `net`."""

    def __init__(self, spec: ResNetSpec) -> None:
        self.spec = spec
        self.net = _Net(spec.input_shape)
        self.add = self.net.add
        self.post = spec.order == "post"
        norm = spec.normalization
        self.norm = BatchNormalization(norm.epsilon, norm.momentum) if norm.kind == "batch" else None
        self.activation = Activation(spec.activation)

    def convolution(self, filters: int, kernel: int, stride: int, groups: int = 1, *, normalized: bool) -> Convolution:
        """`normalized`: a norm follows directly, and makes a bias superfluous."""
        rule = self.spec.bias
        bias = rule == "all" or (rule == "unnormalized" and not (normalized and self.norm))
        return Convolution(filters, kernel, stride, groups, bias)

    def normalize(self, name: str, x: str, role: Role) -> str:
        return self.add(name, self.norm, x, role=role) if self.norm else x

    def activate(self, name: str, x: str, role: Role) -> str:
        return self.add(name, self.activation, x, role=role)

    def graph(self) -> LayerGraph:
        spec, net = self.spec, self.net
        x = self.stem()
        net.close("stem", "stem", "stem")
        for s, stage in enumerate(spec.stages, 1):
            strided = stage.blocks if spec.stride_at == "last-block" else 1
            for b in range(1, stage.blocks + 1):
                at = f"stage{s}.block{b}"
                x, shortcut = self.block(at, x, stage, stage.stride if b == strided else 1)
                net.close(at, f"stage{s}", spec.block, shortcut)
        if not self.post:
            x = self.activate("head.act", self.normalize("head.norm", x, "path"), "path")
        x = net.add("head.pool", GlobalAveragePooling(), x)
        net.add("head.classifier", Dense(spec.classes), x)
        net.close("head", "head", "head")
        return net.graph()

    def stem(self) -> str:
        stem, x = self.spec.stem, "input"
        many = len(stem.widths) > 1
        for i, width in enumerate(stem.widths, 1):
            number = str(i) if many else ""
            # a pre-activation network leaves its first map to the norm of the first block
            normalized = self.post or i < len(stem.widths)
            op = self.convolution(width, stem.kernel, stem.stride if i == 1 else 1, normalized=normalized)
            x = self.add(f"stem.conv{number}", op, x)
            if normalized:
                x = self.activate(f"stem.act{number}", self.normalize(f"stem.norm{number}", x, "path"), "path")
        if stem.pool == "max":
            x = self.add("stem.pool", MaxPooling(3, 2, 1), x)
        elif stem.pool == "convolution":
            x = self.add("stem.pool.conv", self.convolution(stem.width, 3, 2, normalized=self.post), x)
            if self.post:
                x = self.activate("stem.pool.act", self.normalize("stem.pool.norm", x, "path"), "path")
        return x

    def kernels(self, stage: Stage, stride: int) -> list[tuple[int, int, int, int]]:
        """The convolutions of a residual branch: (filters, kernel, stride, groups)."""
        spec = self.spec
        inner, out = spec.inner_width(stage), stage.width * spec.expansion
        if spec.block != "bottleneck":
            return [(inner, 3, stride, 1), (out, 3, 1, 1)]
        first, second = (stride, 1) if spec.stride_at == "1x1" else (1, stride)
        return [(inner, 1, first, 1), (inner, 3, second, spec.groups), (out, 1, 1, 1)]

    def block(self, at: str, x: str, stage: Stage, stride: int) -> tuple[str, Shortcut]:
        """y = F(x) + x: the branch F with norm and activation after or before each convolution, and the way around."""
        y, start = x, x
        kernels = self.kernels(stage, stride)
        for i, (filters, kernel, step, groups) in enumerate(kernels, 1):
            last = i == len(kernels)
            if not self.post:
                y = self.activate(f"{at}.act{i}", self.normalize(f"{at}.norm{i}", y, "branch"), "branch")
                start = y if i == 1 else start
            op = self.convolution(filters, kernel, step, groups, normalized=self.post or not last)
            y = self.add(f"{at}.conv{i}", op, y, role="branch")
            if self.post:
                y = self.normalize(f"{at}.norm{i}", y, "branch")
                y = y if last else self.activate(f"{at}.act{i}", y, "branch")
        if self.spec.attention:
            y = self.gate(at, y, self.spec.attention)
        around, kind = self.shortcut(at, x, start, stage.width * self.spec.expansion, stride)
        if kind != "none":
            y = self.add(f"{at}.add", Addition(), y, around, role="join")
        return (self.activate(f"{at}.act", y, "join") if self.post else y), kind

    def shortcut(self, at: str, x: str, start: str, out: int, stride: int) -> tuple[str, Shortcut]:
        """The way around the branch. `start` is `x` after the first pre-activation: where a shortcut that changes the
        shape begins (He 2016); an identity carries `x` itself."""
        rule, channels = self.spec.shortcut, self.net.channels(x)
        if rule == "none":
            return x, "none"
        if stride == 1 and channels == out and rule != "projection-everywhere":
            return x, "identity"
        if self.spec.stride_at == "last-block" and channels == out and stride > 1:  # as keras.applications and slim do
            return self.add(f"{at}.shortcut.subsample", Subsample(stride), x, role="shortcut"), "padding"
        x = start
        if rule == "zero-padding":
            if stride > 1:
                x = self.add(f"{at}.shortcut.subsample", Subsample(stride), x, role="shortcut")
            if channels < out:
                x = self.add(f"{at}.shortcut.pad", PadChannels(out), x, role="shortcut")
            return x, "padding"
        if rule == "average-pool" and stride > 1:
            x = self.add(f"{at}.shortcut.pool", AveragePooling(2, stride), x, role="shortcut")
            stride = 1
        op = self.convolution(out, 1, stride, normalized=self.post)
        x = self.add(f"{at}.shortcut.conv", op, x, role="shortcut")
        return (self.normalize(f"{at}.shortcut.norm", x, "shortcut") if self.post else x), "projection"

    def gate(self, at: str, x: str, attention: SqueezeExcitation) -> str:
        """The branch times a gate per channel, computed from the branch's own mean (Hu 2018)."""
        channels = self.net.channels(x)
        y = self.add(f"{at}.gate.pool", GlobalAveragePooling(keep_axes=True), x, role="gate")
        y = self.add(f"{at}.gate.reduce", Convolution(attention.reduced(channels), 1, bias=True), y, role="gate")
        y = self.activate(f"{at}.gate.act", y, "gate")
        y = self.add(f"{at}.gate.expand", Convolution(channels, 1, bias=True), y, role="gate")
        y = self.add(f"{at}.gate.sigmoid", Activation("sigmoid"), y, role="gate")
        return self.add(f"{at}.gate.scale", Multiplication(), x, y, role="branch")


def _resnet(spec: ResNetSpec) -> LayerGraph:
    return _ResNet(spec).graph()


def _vgg(spec: VGGSpec) -> LayerGraph:
    net = _Net(spec.input_shape)
    x = "input"
    for s, stage in enumerate(spec.stages, 1):
        for b in range(1, stage.convolutions + 1):
            at = f"stage{s}.block{b}"
            x = net.add(f"{at}.conv", Convolution(stage.width, 3, bias=True), x, role="branch")
            x = net.add(f"{at}.act", Activation("relu"), x, role="branch")
            net.close(at, f"stage{s}", "convolution")
        x = net.add(f"stage{s}.pool", MaxPooling(2, 2), x)
        net.close(f"stage{s}.pool", f"stage{s}", "pool")
    x = net.add("head.flatten", Flatten(), x)
    for i, width in enumerate(spec.hidden, 1):
        x = net.add(f"head.dense{i}", Dense(width), x)
        x = net.add(f"head.act{i}", Activation("relu"), x)
        x = net.add(f"head.dropout{i}", Dropout(spec.dropout), x)
    net.add("head.classifier", Dense(spec.classes), x)
    net.close("head", "head", "head")
    return net.graph()


_FAMILIES: dict[type, Callable[[Any], LayerGraph]] = {ResNetSpec: _resnet, VGGSpec: _vgg}


def expand(spec: Spec) -> LayerGraph:
    """The layers of a network, in order, each with the shape that comes out of it."""
    return _FAMILIES[type(spec)](spec)


def as_graph(spec_or_graph: Spec | LayerGraph) -> LayerGraph:
    """The graph itself, or the expansion of a spec: what every reading begins with."""
    return spec_or_graph if isinstance(spec_or_graph, LayerGraph) else expand(spec_or_graph)
