"""The only code that knows what a ResNet is: a spec becomes the layers of its network, with their shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from resnet_tf.design.families import densenet, vgg
from resnet_tf.design.graph import (
    Activation,
    Addition,
    AveragePooling,
    BlurPooling,
    ChannelConvolution,
    ChannelScale,
    Convolution,
    Dropout,
    GlobalAveragePooling,
    LayerGraph,
    Multiplication,
    PadChannels,
    Rescaling,
    ScalarBias,
    ScalarScale,
    Shortcut,
    StochasticDepth,
    Subsample,
)
from resnet_tf.design.network import Network, Style
from resnet_tf.design.rules import Dilated, dilated_stages
from resnet_tf.design.spec import (
    DenseNetSpec,
    EfficientChannelAttention,
    ResNetSpec,
    Spec,
    SqueezeExcitation,
    Stage,
    VGGSpec,
)


class _Order(NamedTuple):
    """Where norms and activations go: `n` and `a` are numbered by the convolution after them, `N` and `A` before."""

    stem: str  # after the stem's last convolution
    before: str  # before a block's first convolution
    between: str  # between two of its convolutions
    end: str  # after its last one, before the addition
    join: str  # after the addition
    head: str  # before the head's pool
    shortcut: str  # after a projection


# He 2016, Figure 4 (a) to (e)
_ORDERS = {
    "post": _Order("na", "", "NA", "N", "a", "", "n"),
    "norm-after-addition": _Order("na", "", "NA", "", "na", "", ""),
    "activation-before-addition": _Order("na", "", "NA", "NA", "", "", "n"),
    "activation-only-pre": _Order("n", "a", "Na", "N", "", "a", "n"),
    "pre": _Order("", "na", "na", "", "", "na", ""),
}
_ANTIALIAS: dict[str, Callable[[int], BlurPooling | AveragePooling]] = {
    "blur": BlurPooling,
    "average": lambda stride: AveragePooling(stride, stride),
}


class _Place(NamedTuple):
    """A block's place in its network: what differs between the blocks of a stage."""

    name: str  # "stage3.block2"
    stage: Stage
    stride: int
    dilation: Dilated
    first: bool  # of its stage
    first_of_all: bool
    drop: float  # its chance to be dropped in training
    cut: bool  # it has no shortcut, where others have one

    @property
    def kernel_dilation(self) -> int:
        """The dilation of its strided kernels: a stage's first block keeps the one of the stage before."""
        return self.dilation.first if self.first else self.dilation.rest


class _Kernel(NamedTuple):
    filters: int
    kernel: int
    stride: int = 1
    groups: int = 1
    dilation: int = 1


class _ResNet:
    """The parts of one residual network, each a line of layers added to `net`."""

    def __init__(self, spec: ResNetSpec) -> None:
        self.spec, self.order = spec, _ORDERS[spec.order]
        self.net = Network(spec.input_shape)
        self.add = self.net.add
        self.style = Style(self.net, spec.normalization, spec.activation, bias=spec.bias, initializer=spec.initializer)
        self.fixup = spec.normalization.kind == "fixup"
        self.count = sum(stage.blocks for stage in spec.stages)
        self.cut = frozenset(spec.cut_shortcuts)

    def graph(self) -> LayerGraph:
        spec, net = self.spec, self.net
        x = self.style.stem(spec.stem, "input", self.order.stem)
        for place in self.places():
            x, shortcut = self.block(place, x)
            net.close(place.name, place.name.partition(".")[0], spec.block, shortcut)
        self.style.head(spec.head, spec.classes, x, self.order.head)
        return net.graph()

    def places(self) -> list[_Place]:
        spec = self.spec
        places: list[_Place] = []
        for s, (stage, dilation) in enumerate(zip(spec.stages, dilated_stages(spec), strict=True), 1):
            strided = stage.blocks if spec.stride_at == "last-block" else 1
            for b in range(1, stage.blocks + 1):
                stride = dilation.stride if b == strided else 1
                name = f"stage{s}.block{b}"
                cut = name in self.cut
                drop = 0.0 if cut else spec.stochastic_depth * len(places) / max(self.count - 1, 1)
                places.append(_Place(name, stage, stride, dilation, b == 1, not places, drop, cut))
        return places

    def kernels(self, place: _Place) -> list[_Kernel]:
        """The convolutions of a residual branch."""
        spec, stage, stride = self.spec, place.stage, place.stride
        first, inner, out = spec.first_width(stage), spec.inner_width(stage), stage.width * spec.expansion
        dilation = place.kernel_dilation
        if spec.block != "bottleneck":
            return [_Kernel(first, 3, stride, 1, dilation), _Kernel(out, 3, dilation=place.dilation.rest)]
        before, at = (stride, 1) if spec.stride_at == "1x1" else (1, stride)
        return [_Kernel(first, 1, before), _Kernel(inner, 3, at, spec.groups, dilation), _Kernel(out, 1)]

    def block(self, place: _Place, x: str) -> tuple[str, Shortcut]:
        """y = F(x) + x: the branch F with norms and activations where the order has them, and the way around it."""
        at, order, kernels = place.name, self.order, self.kernels(place)
        start = y = self.between(order.before, at, x, 0)
        for i, kernel in enumerate(kernels, 1):
            last = i == len(kernels)
            if last and self.spec.dropout:
                y = self.add(f"{at}.dropout", Dropout(self.spec.dropout), y, role="branch")
            if self.fixup:
                y = self.add(f"{at}.shift{i}", ScalarBias(), y, role="branch")
                start = y if i == 1 else start
            y = self.convolved(at, y, kernel, i, len(kernels))
        if self.spec.attention:
            y = self.gate(at, y, self.spec.attention)
        if self.spec.layer_scale is not None and not place.cut:
            y = self.add(f"{at}.scale", ChannelScale(self.spec.layer_scale), y, role="branch")
        if self.spec.branch_scale != 1 and not place.cut:
            y = self.add(f"{at}.rescale", Rescaling(self.spec.branch_scale), y, role="branch")
        if place.drop:
            y = self.add(f"{at}.drop", StochasticDepth(place.drop), y, role="branch")
        around, kind = self.shortcut(place, x, start)
        if around:
            y, around, kind = self.weighed(place, x, y, around, kind)
            y = self.add(f"{at}.add", Addition(), y, around, role="join")
        return self.style.follow(order.join, at, y, role="join"), kind

    def convolved(self, at: str, y: str, kernel: _Kernel, i: int, count: int) -> str:
        """The i-th convolution of a branch, what follows it, and the pool that smooths what it was to subsample."""
        order, last = self.order, i == count
        items = order.end if last else order.between
        smooth = self.spec.antialias != "none" and kernel.stride > 1 and not last
        op = self.style.convolution(
            kernel.filters, kernel.kernel, 1 if smooth else kernel.stride, kernel.groups, dilation=kernel.dilation,
            normalized=(items + order.join if last else items)[:1].lower() == "n", gain=self.gain(last, count),
        )  # fmt: skip
        y = self.add(f"{at}.conv{i}", op, y, role="branch")
        if last and self.fixup:
            y = self.add(f"{at}.scale", ScalarScale(), y, role="branch")
        y = self.between(items, at, y, i, zero=last and self.spec.zero_init_residual and at not in self.cut)
        if smooth:
            y = self.add(f"{at}.antialias", _ANTIALIAS[self.spec.antialias](kernel.stride), y, role="branch")
        return y

    def gain(self, last: bool, count: int) -> float:
        """What Fixup multiplies a branch's first weights by: nothing in the last, L^(-1 / (2m - 2)) in the others."""
        if not self.fixup:
            return 1.0
        return 0.0 if last else float(self.count ** (-1 / (2 * count - 2)))

    def between(self, items: str, at: str, x: str, i: int, *, zero: bool = False) -> str:
        """Norms and activations after a branch's i-th convolution, numbered by it or by the next."""
        for item in items:
            number = i if item.isupper() else i + 1
            if item in "nN":
                x = self.style.normalize(f"{at}.norm{number}", x, "branch", zero=zero)
            else:
                x = self.style.activate(f"{at}.act{number}", x, "branch")
        return x

    def shortcut(self, place: _Place, x: str, start: str) -> tuple[str, Shortcut]:
        """What is added to the branch, or "", and its kind. `start` is what the branch's first convolution reads: where
        a shortcut that changes the shape begins in pre-activation blocks (He 2016); what else does,
        `shared_preactivation` says."""
        spec, at, stride = self.spec, place.name, place.stride
        out = place.stage.width * spec.expansion
        rule, shared = spec.shortcut, spec.shared_preactivation
        if rule == "none" or place.cut:
            return "", "cut" if place.cut else "none"
        if self.net.channels(x) == out and rule != "projection-everywhere":
            x = start if shared == "always" or (shared == "first" and place.first_of_all) else x
            if stride == 1:
                return x, "identity"
            if spec.stride_at == "last-block":  # as keras.applications and slim do
                return self.add(f"{at}.shortcut.subsample", Subsample(stride), x, role="shortcut"), "padding"
        x = x if shared == "never" else start
        if rule == "zero-padding":
            return self.padded(at, x, out, stride), "padding"
        return self.projected(place, x, out), "projection"

    def weighed(self, place: _Place, x: str, y: str, around: str, kind: Shortcut) -> tuple[str, str, Shortcut]:
        """Branch and shortcut as they are added: scaled by a constant, gated by what x says (He 2016, section 3.1)."""
        spec, at = self.spec, f"{place.name}.shortcut"
        if spec.shortcut_scale != 1:
            around = self.add(f"{at}.rescale", Rescaling(spec.shortcut_scale), around, role="shortcut")
            kind = "scaled" if kind == "identity" else kind
        if spec.shortcut_gate == "none":
            return y, around, kind
        op = Convolution(self.net.channels(y), 1, place.stride, bias=True, first_bias=spec.shortcut_gate_bias)
        gate = self.add(f"{at}.gate.conv", op, x, role="gate")
        gate = self.add(f"{at}.gate.sigmoid", Activation("sigmoid"), gate, role="gate")
        if spec.shortcut_gate == "exclusive":
            y = self.add(f"{at}.gate.branch", Multiplication(), y, gate, role="branch")
        carry = self.add(f"{at}.gate.carry", Rescaling(-1.0, 1.0), gate, role="gate")
        around = self.add(f"{at}.gate.scale", Multiplication(), around, carry, role="shortcut")
        return y, around, "gated" if kind in ("identity", "scaled") else kind

    def padded(self, at: str, x: str, out: int, stride: int) -> str:
        """Every stride-th pixel, and zeros for the channels that are new: He 2015's option A."""
        if stride > 1:
            x = self.add(f"{at}.shortcut.subsample", Subsample(stride), x, role="shortcut")
        if self.net.channels(x) < out:
            x = self.add(f"{at}.shortcut.pad", PadChannels(out), x, role="shortcut")
        return x

    def projected(self, place: _Place, x: str, out: int) -> str:
        """A convolution to the shape of the branch; ResNet-D's pools first, so that it skips no pixel."""
        spec, at, stride = self.spec, place.name, place.stride
        changes = stride > 1 or place.dilation.rest > 1
        if spec.shortcut == "average-pool" and changes:
            x = self.add(f"{at}.shortcut.pool", AveragePooling(2, stride), x, role="shortcut")
            stride = 1
        kernel = spec.shortcut_kernel if changes else 1
        normalized = bool(self.order.shortcut or self.order.join.startswith("n"))
        dilation = place.kernel_dilation if kernel > 1 else 1
        op = self.style.convolution(out, kernel, stride, normalized=normalized, dilation=dilation)
        x = self.add(f"{at}.shortcut.conv", op, x, role="shortcut")
        return self.style.follow("" if self.fixup else self.order.shortcut, f"{at}.shortcut", x, role="shortcut")

    def gate(self, at: str, x: str, attention: SqueezeExcitation | EfficientChannelAttention) -> str:
        """The branch times a gate per channel, computed from the branch's own mean (Hu 2018, Wang 2020)."""
        channels = self.net.channels(x)
        y = self.add(f"{at}.gate.pool", GlobalAveragePooling(keep_axes=True), x, role="gate")
        if isinstance(attention, EfficientChannelAttention):
            y = self.add(f"{at}.gate.conv", ChannelConvolution(attention.kernel(channels)), y, role="gate")
        else:
            y = self.add(f"{at}.gate.reduce", Convolution(attention.reduced(channels), 1, bias=True), y, role="gate")
            y = self.style.activate(f"{at}.gate.act", y, "gate")
            y = self.add(f"{at}.gate.expand", Convolution(channels, 1, bias=True), y, role="gate")
        y = self.add(f"{at}.gate.sigmoid", Activation("sigmoid"), y, role="gate")
        return self.add(f"{at}.gate.scale", Multiplication(), x, y, role="branch")


def _resnet(spec: ResNetSpec) -> LayerGraph:
    return _ResNet(spec).graph()


_FAMILIES: dict[type, Callable[[Any], LayerGraph]] = {ResNetSpec: _resnet, VGGSpec: vgg, DenseNetSpec: densenet}


def expand(spec: Spec) -> LayerGraph:
    """The layers of a network, in order, each with the shape that comes out of it."""
    return _FAMILIES[type(spec)](spec)


def as_graph(spec_or_graph: Spec | LayerGraph) -> LayerGraph:
    """The graph itself, or the expansion of a spec: what every reading begins with."""
    return spec_or_graph if isinstance(spec_or_graph, LayerGraph) else expand(spec_or_graph)
