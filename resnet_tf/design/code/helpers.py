"""The small functions and classes that generated code is made with: norms, activations, pools, learnt numbers."""

from __future__ import annotations

from resnet_tf.design import graph as g
from resnet_tf.design.code.text import call, function, number
from resnet_tf.design.spec import Normalization

DENSE = 'keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")'


def has(graph: g.LayerGraph, *ops: type) -> bool:
    return any(isinstance(layer.op, ops) for layer in graph)


def hidden(graph: g.LayerGraph) -> bool:
    """Whether there are dense layers before the classifier."""
    return sum(isinstance(layer.op, g.Dense) for layer in graph) > 1


def norm(norm: Normalization, graph: g.LayerGraph) -> str:
    """The function that makes a norm; its scale varies where some begin at zero."""
    zero = any(getattr(layer.op, "starts_at_zero", False) for layer in graph)
    scale = ["gamma_initializer=scale"] if zero else []
    head = 'norm(x, name, scale="ones")' if zero else "norm(x, name)"
    if norm.kind == "batch":
        arguments = [f"momentum={number(norm.momentum)}", f"epsilon={number(norm.epsilon)}", *scale, "name=name"]
        return function(head, "Batch norm.", [call("return layers.BatchNormalization(", arguments, ")(x)")])
    groups = 1 if norm.kind == "layer" else norm.groups
    about = "Layer norm over height, width and channels." if norm.kind == "layer" else f"Group norm, {groups} groups."
    arguments = [str(groups), f"epsilon={number(norm.epsilon)}", *scale, "name=name"]
    return function(head, about, [call("return layers.GroupNormalization(", arguments, ")(x)")])


_ACTIVATIONS = {
    "relu": ("ReLU.", 'layers.Activation("relu", name=name)(x)'),
    "silu": ("SiLU.", 'layers.Activation("silu", name=name)(x)'),
    "gelu": ("GELU.", 'layers.Activation("gelu", name=name)(x)'),
    "leaky_relu": (
        "Leaky ReLU, with its paper's slope below zero.",
        "layers.LeakyReLU(0.01, name=name)(x)",
    ),
}


def activation(kind: str) -> str:
    about, made = _ACTIVATIONS[kind]
    return function("act(x, name)", about, [f"return {made}"])


def max_pool(graph: g.LayerGraph) -> str:
    """The function for the stem's pool; where it does not stride, another does (Zhang 2019)."""
    (op,) = (layer.op for layer in graph if isinstance(layer.op, g.MaxPooling))
    edge, value = ("zeros", "") if op.zeros else ("minus infinity", ', constant_values=-float("inf")')
    return function(
        "max_pool(x, name)",
        f"The maxima of {op.kernel}x{op.kernel} pixels, beyond the edge {edge}.",
        [
            f"x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)){value})",
            f"return layers.MaxPooling2D({op.kernel}, {op.stride}, name=name)(x)",
        ],
    )


BLUR = function(
    "blur(x, name, stride)",
    "Every stride-th pixel of a map smoothed by 1-2-1 both ways: a mean of neighbours, taken twice.",
    [
        'x = keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")',
        'x = layers.AveragePooling2D(2, 1, name=f"{name}.half")(x)',
        "return layers.AveragePooling2D(2, stride, name=name)(x)",
    ],
)
PAD_CHANNELS = function(
    "pad_channels(x, name, channels)",
    "x with zeros for the channels that it lacks: told that channels come first, the layer pads the last two axes.",
    [
        "sides = ((0, 0), (0, channels - x.shape[-1]))",
        'return layers.ZeroPadding2D(sides, data_format="channels_first", name=name)(x)',
    ],
)
AVERAGE_MAX = function(
    "average_max(x, name)",
    "Half the sum of each channel's mean and maximum.",
    [
        'mean = layers.GlobalAveragePooling2D(name=f"{name}.mean")(x)',
        'most = layers.GlobalMaxPooling2D(name=f"{name}.max")(x)',
        "return layers.Average(name=name)([mean, most])",
    ],
)
DENSE_LAYER = function(
    "dense(x, name, units)",
    "A dense layer whose first weights are small, as torch's are.",
    [f"initial = {DENSE}", "return layers.Dense(units, kernel_initializer=initial, name=name)(x)"],
)


def _learnt(name: str, about: str, units: str, first: str, use: str) -> str:
    """A class of layers that learn numbers, of two axes as a dense layer's kernel."""
    return f'''\
@keras.saving.register_keras_serializable()
class {name}(layers.Layer):
    """{about}"""

    def build(self, input_shape):
        initial = keras.initializers.Constant({first})
        self.value = self.add_weight(shape=(1, {units}), initializer=initial, name="value")

    def call(self, x):
        return x {use} self.value'''


BIAS = _learnt("Bias", "One learnt number that is added, at first 0 (Fixup, Zhang 2019).", "1", "0.0", "+")
SCALE = _learnt("Scale", "One learnt number that multiplies, at first 1 (Fixup, Zhang 2019).", "1", "1.0", "*")


def layer_scale(graph: g.LayerGraph) -> str:
    """The class of layer scale, from where all its factors begin."""
    (value,) = {layer.op.initial for layer in graph if isinstance(layer.op, g.ChannelScale)}
    about = f"A learnt factor for every channel, at first {number(value)} (Touvron 2021)."
    return _learnt("LayerScale", about, "input_shape[-1]", number(value), "*")
