"""What readers of files build a network with: operations of ours, from what other libraries make of several.

A reader says what a file says, operation by operation, in the words of the methods below. What is no operation of ours
yet (a padding before its pool, the ones that a learnt number multiplies) is a value on its way to become one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from struct import error
from typing import Any, Literal, NamedTuple, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.network import Network
from resnet_tf.design.recognition import Found, Unrecognised

SOFTMAX = "The softmax at its end is left out: designs give logits."
MOST_LAYERS = 60_000  # of a file; ResNet-1202 has 4,800 of ours
MOST_PIXELS = 8_192  # a side: a larger image is a mistake, or meant to hurt
# what a reader meets in a file that is not as it must be; Unrecognised is a ValueError too, and is passed on
DAMAGES = (ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError, error)


class Padded(NamedTuple):
    """A map with `side` more pixels around it: of a value, or reflected."""

    source: str
    side: int
    value: float | Literal["reflect"]


class Learnt(NamedTuple):
    """Numbers that were learnt, before it is known whether they are added or multiplied."""

    name: str
    units: int
    initial: float


class Ones(NamedTuple):
    """What a learnt number is the multiple of."""


class Line(NamedTuple):
    """Channels laid out in a line, over which a kernel may slide."""

    source: str


class Half(NamedTuple):
    """Half of a blur: a mean of two neighbours along both sides, of a reflected map."""

    source: str


class GlobalMaximum(NamedTuple):
    source: str


Value: TypeAlias = str | Padded | Learnt | Ones | Line | Half | GlobalMaximum
Padding: TypeAlias = Literal["same", "valid"] | int


class Building:
    """A network while it is read."""

    def __init__(self, shape: Sequence[Any]) -> None:
        if len(shape) != 3 or not all(isinstance(n, int) and 1 <= n <= MOST_PIXELS for n in shape):
            raise Unrecognised(
                f"its input has the shape {list(shape)!r}: a design takes images of fixed height, width and channels"
            )
        self.net = Network(tuple(shape))
        self.notes: list[str] = []
        self._joined: dict[tuple[Value, ...], str] = {}

    def found(self, output: Value, unsaid: frozenset[Any] = frozenset()) -> Found:
        """The network up to its output; a softmax at its end is left out, since designs give logits."""
        name = self.name_of(output, "the output")
        layers = [layer for layer in self.net.layers if layer.name in _before(self.net.layers, name)]
        return Found(g.LayerGraph(tuple(layers), ()), unsaid, tuple(dict.fromkeys(self.notes)))

    def shape(self, value: Value) -> g.Shape:
        return self.net.shapes[value if isinstance(value, str) else getattr(value, "source", "input")]

    def name_of(self, value: Value, at: str) -> str:
        """The layer that a value is. Raises Unrecognised where it is only on its way to be one."""
        if isinstance(value, str):
            return value
        what = _WORDS.get(type(value), "numbers that are computed")
        raise Unrecognised(f"{at} reads {what}: no network here has that there")

    def add(self, name: str, op: g.Operation, *inputs: Value) -> str:
        """The name of a new layer of ours; raises Unrecognised where its map would be empty."""
        if len(self.net.layers) > MOST_LAYERS:
            raise Unrecognised(f"it has more than {MOST_LAYERS:,} layers")
        name = name if name not in self.net.shapes else f"{name} #{len(self.net.layers)}"
        sources = [self.name_of(value, name) for value in inputs]
        added = self.net.add(name, op, *sources)
        if min(self.net.shapes[added]) < 1:
            raise Unrecognised(f"{name} leaves nothing of its map")
        return added

    # --- operations

    def convolution(
        self, name: str, x: Value, filters: int, kernel: Sequence[int], stride: Sequence[int], padding: Padding, *,
        groups: int = 1, dilation: Sequence[int] = (1, 1), bias: bool = False, initializer: str = "he_normal_fan_out",
        gain: float = 1.0, first_bias: float = 0.0,
    ) -> str:  # fmt: skip
        k, s, d = (square(name, each) for each in (kernel, stride, dilation))
        if groups > 1 and groups == self.shape(x)[-1]:
            raise Unrecognised(f"{name} is a depthwise convolution: no block here has one")
        side, x = self._side(name, x, padding, (k - 1) * d + 1, s)
        span = (k - 1) * d + 1
        if side not in (0, span // 2) or (span % 2 == 0 and side):
            raise Unrecognised(
                f"{name} pads by {side} for a kernel that spans {span}: here it is {span // 2}, or nothing"
            )
        op = g.Convolution(filters, k, s, groups, bias, d, side > 0 or span == 1, False, initializer, gain, first_bias)
        return self.add(name, op, x)

    def _side(self, name: str, x: Value, padding: Padding, span: int, stride: int) -> tuple[int, Value]:
        """How many zeros stand on every side, and the map without them."""
        before = 0
        if isinstance(x, Padded):
            if x.value != 0:
                raise Unrecognised(f"{name} reads a map that is padded by other than zeros")
            before, x = x.side, x.source
        if padding == "valid":
            return before, x
        if isinstance(padding, int):
            return before + padding, x
        lack = {max((-(-n // stride) - 1) * stride + span - n, 0) for n in self.shape(x)[:2]}
        if any(n % 2 for n in lack) or len(lack) > 1:
            raise Unrecognised(
                f"{name} pads as TensorFlow's `same` does at a stride, less before the map than after it: designs pad "
                "by the same on every side"
            )
        return before + lack.pop() // 2, x

    def max_pool(self, name: str, x: Value, kernel: Sequence[int], stride: Sequence[int], padding: Padding) -> str:
        k, s = square(name, kernel), square(name, stride)
        if k == 1:
            return self._every(name, s, x)
        zeros = isinstance(x, Padded) and x.value == 0
        if isinstance(x, Padded):
            if x.value not in (0, -float("inf")) or padding not in ("valid", 0):
                raise Unrecognised(f"{name} pools a map that is padded by {x.value}")
            return self.add(name, g.MaxPooling(k, s, x.side, zeros), x.source)
        side, x = self._side(name, x, padding, k, s)
        return self.add(name, g.MaxPooling(k, s, side), x)

    def average_pool(
        self, name: str, x: Value, kernel: Sequence[int], stride: Sequence[int], padding: Padding
    ) -> Value:
        """`padding` "same" leaves what hangs over the edge out of the mean."""
        k, s = square(name, kernel), square(name, stride)
        if isinstance(x, Padded) and x.value == "reflect" and (k, s, x.side) == (2, 1, 1):
            return Half(x.source)
        if isinstance(x, Half) and k == 2:
            return self.add(name, g.BlurPooling(s), x.source)
        if k == 1:
            return self._every(name, s, x)
        whole = padding in ("valid", 0)
        if whole and k == s and all(n % s == 0 for n in self.shape(x)[:2]):
            whole = self._in_transition(x)
        return self.add(name, g.AveragePooling(k, s, whole), x)

    def _every(self, name: str, stride: int, x: Value) -> str:
        """Pools of one pixel: torchvision's VGG fits maps to a size that they have."""
        return self.name_of(x, name) if stride == 1 else self.add(name, g.Subsample(stride), x)

    def _in_transition(self, x: Value) -> bool:
        """Where every window is whole both kinds of pools are one: it is called as its place has it."""
        layer = self.net.layers[-1]
        return layer.name == x and any(isinstance(each.op, g.Concatenation) for each in self.net.layers)

    def add_up(self, name: str, a: Value, b: Value) -> Value:
        if isinstance(a, Learnt):
            a, b = b, a
        if isinstance(b, Learnt):
            if b.units != 1:
                raise Unrecognised(f"{name} adds a learnt number to each channel: no block here does")
            return self.add(b.name, g.ScalarBias(), a)
        return self.add(name, g.Addition(), a, b)

    def multiply(self, name: str, a: Value, b: Value) -> Value:
        if isinstance(a, Learnt):
            a, b = b, a
        if isinstance(b, Learnt):
            op = g.ScalarScale() if b.units == 1 else g.ChannelScale(b.initial)
            return self.add(b.name, op, a)
        if self.shape(a)[:2] == (1, 1):
            a, b = b, a
        return self.add(name, g.Multiplication(), a, b)

    def concatenate(self, name: str, values: Sequence[Value]) -> Value:
        """The second of two comes first, as ours have it; of more, all but the last were joined before."""
        *before, last = values
        if not before:
            return last
        joined = before[0] if len(before) == 1 else self._joined.get(tuple(before))
        if joined is None:
            raise Unrecognised(f"{name} joins {len(values)} maps: a dense block here adds one to what it has joined")
        self._joined[tuple(values)] = self.add(name, g.Concatenation(), last, joined)
        return self._joined[tuple(values)]

    def mean_of(self, name: str, values: Sequence[Value]) -> Value:
        means = [value for value in values if isinstance(value, str)]
        most = [value for value in values if isinstance(value, GlobalMaximum)]
        if len(means) == len(most) == 1:
            layer = next(each for each in self.net.layers if each.name == means[0])
            if isinstance(layer.op, g.GlobalAveragePooling) and layer.inputs == (most[0].source,):
                self.net.layers.remove(layer)
                return self.add(name, g.GlobalAverageMaxPooling(), most[0].source)
        raise Unrecognised(f"{name} is a mean of maps: no design has one")

    def activation(self, name: str, x: Value, kind: str) -> Value:
        if kind in ("linear", "identity"):
            return x
        if kind == "softmax":
            self.notes.append(SOFTMAX)
            return x
        if kind not in _ACTIVATIONS:
            raise Unrecognised(f"{name} is the activation {kind}: designs have {', '.join(_ACTIVATIONS)}")
        return self.add(name, g.Activation(kind), x)

    def dense(self, name: str, x: Value, units: int, *, bias: bool, initial: float = 0.0) -> Value:
        if isinstance(x, Ones):
            return Learnt(name, units, initial)
        if len(self.shape(x)) == 3:
            if self.shape(x)[:2] != (1, 1):
                raise Unrecognised(f"{name} is a dense layer over a map: no design has one")
            return self.add(name, g.Convolution(units, 1, bias=bias), x)
        return self.add(name, g.Dense(units, bias), x)

    def flatten(self, name: str, x: Value) -> Value:
        if isinstance(x, GlobalMaximum) or len(self.shape(x)) == 1:
            return x
        if self.shape(x)[:2] == (1, 1):
            return self._squeezed(x)
        return self.add(name, g.Flatten(), x)

    def _squeezed(self, x: Value) -> Value:
        """A pool that kept its axes only to lose them is one that keeps none."""
        layer = self.net.layers[-1]
        if layer.name == x and isinstance(layer.op, g.GlobalAveragePooling):
            self._undo(layer)
            return self.add(layer.name, g.GlobalAveragePooling(), *layer.inputs)
        if layer.name == x and isinstance(layer.op, g.Convolution) and layer.op.kernel == layer.op.groups == 1:
            self._undo(layer)  # a head of timm's: over one pixel it is a dense layer
            return self.add(layer.name, g.Dense(layer.op.filters, layer.op.bias), self._squeezed(layer.inputs[0]))
        return self.add(f"{x} flat", g.Flatten(), x)

    def line(self, x: Value) -> Line:
        """Channels in a line, of a pool that has lost its axes too."""
        layer = self.net.layers[-1]
        if layer.name == x and layer.op == g.GlobalAveragePooling():
            self._undo(layer)
            return Line(self.add(layer.name, g.GlobalAveragePooling(keep_axes=True), *layer.inputs))
        return Line(self.name_of(x, "a line of channels"))

    def _undo(self, layer: g.Layer) -> None:
        """Takes back the last layer."""
        self.net.layers.pop()
        del self.net.shapes[layer.name]


_ACTIVATIONS = ("relu", "silu", "gelu", "leaky_relu", "sigmoid")
_WORDS: dict[type, str] = {
    Padded: "a padded map", Learnt: "a learnt number", Ones: "a constant", Line: "channels in a line",
    Half: "half a blur", GlobalMaximum: "a maximum over the whole map",
}  # fmt: skip


def square(name: str, numbers: Sequence[int] | int) -> int:
    """One number for both sides. Raises Unrecognised where they differ."""
    kept = [numbers] if isinstance(numbers, int) else list(numbers)
    if len(set(kept)) != 1 or not all(isinstance(n, int) and n > 0 for n in kept):
        raise Unrecognised(
            f"{name} has sides of {' x '.join(map(str, kept))}: kernels, strides and pads here are square"
        )
    return kept[0]


def worded(kind: str) -> str:
    """A class of another library as words: `SeparableConv2D` is "a separable convolution"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|\dD$", " ", kind).lower().strip()
    words = words.replace("conv", "convolution").replace("convolutionolution", "convolution")
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _before(layers: Sequence[g.Layer], name: str) -> set[str]:
    """The layers that lead to one, and it."""
    needed = {name}
    for layer in reversed(layers):
        if layer.name in needed:
            needed.update(layer.inputs)
    return needed
