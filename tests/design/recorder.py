"""A stand-in for Keras that builds nothing: it notes each layer with its settings, what it reads and what comes out."""

import math
import sys
from types import MappingProxyType, ModuleType, SimpleNamespace
from typing import NamedTuple


class Tensor(NamedTuple):
    shape: tuple  # (None, height, width, channels)
    source: str  # the layer that gave it
    edge: float | str | None = None  # what was padded around it by `keras.ops.pad`: a value, or how


class Layer:
    """A layer that was made: its settings by name, then what it read and its weights."""

    order = ()  # the names of its positional settings
    defaults = MappingProxyType({})

    def __init__(self, *values, name, **settings):
        assert len(values) <= len(self.order)
        self.name = name
        self.settings = {**self.defaults, **dict(zip(self.order, values, strict=False)), **settings}
        self.weights = []

    def add_weight(self, *, shape, initializer, name):
        self.weights.append(tuple(shape))
        self.settings["initial"] = initializer

    def __getattr__(self, name):
        if name not in self.__dict__.get("settings", {}):
            raise AttributeError(name)
        return self.settings[name]

    def __call__(self, inputs):
        read = inputs if isinstance(inputs, list) else [inputs]
        if hasattr(type(self), "build"):
            self.build(read[0].shape)
        self.read, self.edge = [each.source for each in read], read[0].edge
        self.shape = (None, *self.give(*(each.shape[1:] for each in read)))
        assert self.name not in RECORD, f"{self.name} is made twice"
        RECORD[self.name] = self
        return Tensor(self.shape, self.name)

    def give(self, *shapes):
        return shapes[0]


RECORD = {}


def _windows(size, kernel, stride, padding):
    return -(-size // stride) if padding == "same" else (size - kernel) // stride + 1


class Window(Layer):
    def slid(self, shape, kernel, stride, channels):
        return *(_windows(size, kernel, stride, self.padding) for size in shape[:2]), channels


class Conv2D(Window):
    order = ("filters", "kernel", "strides", "padding")
    defaults = MappingProxyType(
        {
            "strides": 1,
            "padding": "valid",
            "dilation_rate": 1,
            "groups": 1,
            "use_bias": True,
            "kernel_initializer": "glorot",
            "bias_initializer": "zeros",
            "trainable": True,
        }
    )

    def give(self, shape):
        assert shape[2] % self.groups == self.filters % self.groups == 0
        assert self.strides == 1 or self.dilation_rate == 1  # Keras refuses both
        self.weights = [(self.kernel, self.kernel, shape[2] // self.groups, self.filters)]
        self.weights += [(self.filters,)] if self.use_bias else []
        span = (self.kernel - 1) * self.dilation_rate + 1
        return self.slid(shape, span, self.strides, self.filters)


class Conv1D(Layer):
    order = ("filters", "kernel")
    defaults = MappingProxyType({"use_bias": True})

    def give(self, shape):
        self.weights = [(self.kernel, shape[1], self.filters), *([(self.filters,)] if self.use_bias else [])]
        return shape[0], self.filters


class Dense(Layer):
    order = ("units",)

    def give(self, shape):
        self.weights = [(shape[0], self.units), (self.units,)]
        return (self.units,)


class BatchNormalization(Layer):
    defaults = MappingProxyType({"gamma_initializer": "ones"})

    def give(self, shape):
        self.weights = [(shape[-1],)] * 4
        return shape


class GroupNormalization(Layer):
    order = ("groups",)
    defaults = MappingProxyType({"gamma_initializer": "ones"})

    def give(self, shape):
        assert shape[-1] % self.groups == 0
        self.weights = [(shape[-1],)] * 2
        return shape


class Pooling2D(Window):
    order = ("size", "strides", "padding")
    defaults = MappingProxyType({"padding": "valid", "strides": None})

    def give(self, shape):
        self.settings["strides"] = self.strides or self.size
        return self.slid(shape, self.size, self.strides, shape[2])


class MaxPooling2D(Pooling2D):
    pass


class AveragePooling2D(Pooling2D):
    pass


class ZeroPadding2D(Layer):
    order = ("sides",)

    def give(self, shape):
        if isinstance(self.sides, int):
            return shape[0] + 2 * self.sides, shape[1] + 2 * self.sides, shape[2]
        assert self.data_format == "channels_first"  # then it pads the last two axes
        (left, right), (before, after) = self.sides
        return shape[0], shape[1] + left + right, shape[2] + before + after


class GlobalAveragePooling2D(Layer):
    defaults = MappingProxyType({"keepdims": False})

    def give(self, shape):
        return (1, 1, shape[2]) if self.keepdims else (shape[2],)


class GlobalMaxPooling2D(GlobalAveragePooling2D):
    pass


class Reshape(Layer):
    order = ("target",)

    def give(self, shape):
        assert math.prod(shape) == math.prod(self.target)
        return self.target


class Flatten(Layer):
    def give(self, shape):
        return (math.prod(shape),)


class Add(Layer):
    def give(self, *shapes):
        assert len(set(shapes)) == 1
        return shapes[0]


class Average(Add):
    pass


class Multiply(Layer):
    pass


class Concatenate(Layer):
    def give(self, *shapes):
        return *shapes[0][:2], sum(shape[2] for shape in shapes)


class Dropout(Layer):
    order = ("rate",)
    defaults = MappingProxyType({"noise_shape": None})


class Rescaling(Layer):
    order = ("scale", "offset")
    defaults = MappingProxyType({"offset": 0.0})


class Activation(Layer):
    order = ("kind",)


class LeakyReLU(Layer):
    order = ("slope",)


class Model(NamedTuple):
    inputs: Tensor
    outputs: Tensor
    name: str


def _pad(x, sides, mode="constant", constant_values=0.0):
    _, height, width, channels = x.shape
    (_, (top, bottom), (left, right), _) = sides
    edge = constant_values if mode == "constant" else mode
    return Tensor((None, height + top + bottom, width + left + right, channels), x.source, edge)


def _input(shape, name):
    return Tensor((None, *shape), name)


class _Initializers:
    """Every initializer, as its name and its arguments."""

    def __getattr__(self, name):
        return lambda *values: (name, *values)


def run(code, monkeypatch):
    """What a text makes of its `network()`: the model, and each layer by its name."""
    layers = {kind.__name__: kind for kind in globals().values() if isinstance(kind, type) and issubclass(kind, Layer)}
    keras = ModuleType("keras")
    keras.layers, keras.Input, keras.Model = SimpleNamespace(**layers), _input, Model
    keras.ops, keras.initializers = SimpleNamespace(pad=_pad), _Initializers()
    keras.saving = SimpleNamespace(register_keras_serializable=lambda: lambda kind: kind)
    monkeypatch.setitem(sys.modules, "keras", keras)
    RECORD.clear()
    names = {"__name__": "generated"}
    exec(code, names)
    return names["network"](), dict(RECORD)
