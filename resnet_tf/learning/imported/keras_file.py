"""A .keras file's network: its config.json is read as data. No layer is made, no class looked up, no weight read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.initializers import VARIANCES, WHITENING
from resnet_tf.design.recognition import Found, Unrecognised
from resnet_tf.learning.imported.building import (
    DAMAGES,
    Building,
    GlobalMaximum,
    Learnt,
    Line,
    Ones,
    Padded,
    Value,
    square,
    worded,
)

Config: TypeAlias = Mapping[str, Any]
# (network so far, layer's name, its config, what it reads, all else that it was called with) -> what it gives
Row: TypeAlias = Callable[[Building, str, Config, Sequence[Value], Config], Value]

MOST_CONFIG = 60_000_000  # bytes: ResNet-1202 takes 12 million
_DEEPEST = 8  # models within models


def read_config(text: bytes | str) -> Found:
    """The network in a Keras 3 model's config. Raises Unrecognised for what is none, or has a layer of no kind here."""
    if len(text) > MOST_CONFIG:
        raise Unrecognised(f"its description takes {len(text):,} bytes: at most {MOST_CONFIG:,} are read")
    try:
        config = json.loads(text)
        return _read(config)
    except DAMAGES as error:
        if isinstance(error, Unrecognised):
            raise
        raise Unrecognised(f"its description is not as Keras 3 writes it ({type(error).__name__}: {error})") from error


def _read(config: Config) -> Found:
    layers = _flat_input(config)
    building = Building(layers)
    given = _model(building, config, ["input"], "", 0)
    return building.found(given)


def _flat_input(config: Config) -> Sequence[Any]:
    """The shape of a model's images."""
    if config["class_name"] not in _MODELS:
        raise Unrecognised(
            f"the model is of the class {config['class_name']}: only what is put together of layers can be read, since "
            "no code of a file is run"
        )
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "InputLayer":
            return tuple(layer["config"]["batch_shape"][1:])
        if layer["class_name"] in _MODELS:
            return _flat_input(layer)
    build = config["config"].get("build_input_shape") or config.get("build_config", {}).get("input_shape")
    if build:
        return tuple(build[1:])
    raise Unrecognised("it has no input of a known shape")


_MODELS = ("Functional", "Sequential", "Model")


def _model(building: Building, config: Config, inputs: Sequence[Value], prefix: str, depth: int) -> Value:
    """What a model gives for its inputs; a model may be a layer of another."""
    if depth > _DEEPEST:
        raise Unrecognised(f"it has models within models, more than {_DEEPEST} deep")
    inner = config["config"]
    values: dict[str, Value] = {}
    last: Value = inputs[0]
    waiting = list(inputs)
    for layer in inner["layers"]:
        kind, name = layer["class_name"], layer.get("name") or layer["config"].get("name", layer["class_name"])
        called = layer.get("inbound_nodes") or []
        if kind == "InputLayer":
            if not waiting:
                raise Unrecognised(f"it has a second input, {name}: designs take one image")
            values[name] = last = waiting.pop(0)
            continue
        if len(called) > 1:
            raise Unrecognised(f"{name} is used {len(called)} times, with the same weights: no design does that")
        reads, others = _arguments(called[0], values) if called else ([last], {})
        full = f"{prefix}{name}"
        if kind in _MODELS:
            last = _model(building, layer, reads, f"{full}/", depth + 1)
        else:
            last = _layer(building, full, layer, reads, others)
        values[name] = last
    outputs = inner.get("output_layers")
    if not outputs:
        return last
    first = outputs[0] if isinstance(outputs[0], list) else outputs
    if isinstance(outputs[0], list) and len(outputs) > 1:
        raise Unrecognised(f"it gives {len(outputs)} outputs: designs give one")
    return values[first[0]]


def _arguments(call: Config, values: Mapping[str, Value]) -> tuple[list[Value], Config]:
    """The tensors that a layer was called with, in order, and the rest by name."""
    tensors: list[Value] = []

    def gather(part: Any) -> None:
        if isinstance(part, Mapping) and part.get("class_name") == "__keras_tensor__":
            name, call_index, output = part["config"]["keras_history"]
            if call_index or output:
                raise Unrecognised(f"a layer reads output {output} of call {call_index} of {name}: no design does that")
            tensors.append(values[name])
        elif isinstance(part, list):
            for each in part:
                gather(each)

    gather(call["args"])
    gather([call["kwargs"][name] for name in call["kwargs"]])
    return tensors, {**call["kwargs"], "args": call["args"]}


def _layer(building: Building, name: str, layer: Config, reads: Sequence[Value], others: Config) -> Value:
    kind, config = layer["class_name"], layer["config"]
    if layer.get("registered_name") not in (None, kind) and ">" in str(layer.get("registered_name")):
        raise Unrecognised(f"{name} is a layer of somebody's own, {layer['registered_name']}: its code is not run")
    if config.get("data_format") == "channels_first" and kind != "ZeroPadding2D":
        raise Unrecognised(f"{name} has its channels first: only models with channels last are read")
    if kind not in _ROWS:
        raise Unrecognised(f"layer {name} is {worded(kind)}: no block here has one")
    return _ROWS[kind](building, name, config, reads, others)


# --- rows


def _initializer(config: Any) -> tuple[str, float]:
    """The name of an initializer here and what it is multiplied by."""
    kind, inner = config["class_name"], config["config"]
    if kind == "Zeros":
        return "he_normal_fan_out", 0.0
    if kind == "VarianceScaling":
        how = inner["mode"], inner["distribution"]
        alike = [name for name, row in VARIANCES.items() if row[1:] == how]
        exact = [name for name in alike if VARIANCES[name][0] == inner["scale"]]
        return (exact or alike or ["he_normal_fan_out"])[0], 1.0
    names = {"HeNormal": "he_normal", "HeUniform": "he_uniform", "GlorotNormal": "glorot_normal",
             "GlorotUniform": "glorot_uniform", "LecunNormal": "lecun_normal", "Orthogonal": "orthogonal",
             "OrthogonalInitializer": "orthogonal"}  # fmt: skip
    return names.get(kind, "he_normal_fan_out"), 1.0


def _begins_at(initializer: Any) -> float:
    """The number that numbers begin at; 0 where they are drawn, or nothing is said."""
    constant = isinstance(initializer, Mapping) and initializer.get("class_name") == "Constant"
    return float(initializer["config"].get("value", 0.0)) if constant else 0.0


def _convolution(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    initializer, gain = _initializer(config["kernel_initializer"])
    if not config.get("trainable", True) and initializer == "orthogonal":
        initializer = WHITENING
    x = to.convolution(
        name, reads[0], config["filters"], config["kernel_size"], config["strides"], config["padding"],
        groups=config.get("groups", 1), dilation=config.get("dilation_rate", (1, 1)), bias=config["use_bias"],
        initializer=initializer, gain=gain, first_bias=_begins_at(config.get("bias_initializer")),
    )  # fmt: skip
    return to.activation(f"{name} {_kind(config)}", x, _kind(config))


def _kind(config: Config) -> str:
    """An activation's name; Keras writes a function of its own by its name, or as an object."""
    said = config.get("activation", "linear")
    said = said.get("config", said.get("class_name")) if isinstance(said, Mapping) else said
    return {"swish": "silu", None: "linear"}.get(said, str(said))


def _channel_convolution(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    (x,) = reads
    if not isinstance(x, Line) or config["filters"] != 1 or config["use_bias"] or config["padding"] != "same":
        raise Unrecognised(f"layer {name} is a convolution along one axis: only channel attention here has one")
    return Line(to.add(name, g.ChannelConvolution(square(name, config["kernel_size"])), x.source))


def _batch_norm(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    _last_axis(to, name, config, reads[0])
    zero = config["gamma_initializer"]["class_name"] == "Zeros"
    return to.add(name, g.BatchNormalization(config["epsilon"], config["momentum"], zero), *reads)


def _group_norm(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    _last_axis(to, name, config, reads[0])
    zero = config["gamma_initializer"]["class_name"] == "Zeros"
    groups = config["groups"] if config["groups"] > 0 else to.shape(reads[0])[-1]
    return to.add(name, g.GroupNormalization(groups, config["epsilon"], zero), *reads)


def _last_axis(to: Building, name: str, config: Config, x: Value) -> None:
    axis = config["axis"][0] if isinstance(config["axis"], list) else config["axis"]
    if axis not in (-1, len(to.shape(x))) or not (config["center"] and config["scale"]):
        raise Unrecognised(f"{name} norms another axis than the channels, or learns no scale and offset")


def _activation(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    return to.activation(name, reads[0], _kind(config))


def _relu(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    slope, most, threshold = (config.get(key) or 0 for key in ("negative_slope", "max_value", "threshold"))
    if most or threshold or slope not in (0, 0.01):
        raise Unrecognised(f"{name} is a ReLU with a limit or a slope of its own: designs have relu and leaky_relu")
    return to.activation(name, reads[0], "leaky_relu" if slope else "relu")


def _zero_padding(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    (x,) = reads
    (top, bottom), (left, right) = config["padding"]
    if config.get("data_format") == "channels_first":  # as ours adds channels
        if top or bottom or left:
            raise Unrecognised(f"{name} pads channels before the first, or a side: designs append them")
        return to.add(name, g.PadChannels(to.shape(x)[-1] + right), x)
    if len({top, bottom, left, right}) > 1:
        raise Unrecognised(f"{name} pads by {top}, {bottom}, {left} and {right}: designs pad by the same on every side")
    return Padded(to.name_of(x, name), top, 0.0) if top else x


def _pad(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    sides = [n for pair in config["pad_width"] for n in pair]
    if sides[:2] + sides[6:] != [0] * 4 or len(set(sides[2:6])) > 1:
        raise Unrecognised(f"{name} pads by {config['pad_width']}: designs pad a map by the same on every side")
    value = "reflect" if config["mode"] == "reflect" else float(others.get("constant_values") or 0.0)
    return Padded(to.name_of(reads[0], name), sides[2], value)  # type: ignore[arg-type]


def _max_pool(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    return to.max_pool(name, reads[0], config["pool_size"], config["strides"], config["padding"])


def _average_pool(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    return to.average_pool(name, reads[0], config["pool_size"], config["strides"], config["padding"])


def _global_average(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    return to.add(name, g.GlobalAveragePooling(bool(config.get("keepdims"))), *reads)


def _reshape(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    """A gate's channels in a line and back, a gate's vector as a map, learnt numbers beside a map: nothing else."""
    (x,) = reads
    target = list(config.get("target_shape") or config.get("newshape") or [])
    if isinstance(x, Line):
        return x.source
    if isinstance(x, Learnt | Ones):
        return x
    shape = to.shape(x)
    if target[-2:] == [shape[-1], 1] and shape[:-1] in ((1, 1), ()):
        return Line(to.name_of(x, name))
    if target == [1, 1, shape[-1]] and len(shape) == 1:
        return _kept(to, x)
    if len(target) == 2 and target[0] == -1:  # on the way to a one
        return x
    raise Unrecognised(f"{name} gives its map the shape {target}: no block here does")


def _kept(to: Building, x: Value) -> Value:
    """A pool whose axes are put back is one that keeps them."""
    layer = next(each for each in to.net.layers if each.name == x)
    if not isinstance(layer.op, g.GlobalAveragePooling) or layer is not to.net.layers[-1]:
        raise Unrecognised(f"{x} becomes a map again: no block here does that")
    to.net.layers.pop()
    del to.net.shapes[layer.name]
    return to.add(layer.name, g.GlobalAveragePooling(keep_axes=True), *layer.inputs)


def _dropout(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    noise = config.get("noise_shape")
    if not config["rate"]:
        return reads[0]
    whole = noise is not None and list(noise)[1:] == [1] * (len(noise) - 1)
    return to.add(name, g.StochasticDepth(config["rate"]) if whole else g.Dropout(config["rate"]), *reads)


def _dense(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    initial = _begins_at(config["kernel_initializer"])
    x = to.dense(name, reads[0], config["units"], bias=config["use_bias"], initial=initial)
    return to.activation(f"{name} {_kind(config)}", x, _kind(config))


def _rescaling(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    if reads[0] == "input":
        return _of_pixels(to, name, config, reads, others)
    return to.add(name, g.Rescaling(float(config["scale"]), float(config["offset"])), *reads)


def _of_pixels(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    to.notes.append("It scales its pixels itself: that is left out, since a design takes what a training scales.")
    return reads[0]


def _first(to: Building, name: str, config: Config, reads: Sequence[Value], others: Config) -> Value:
    return reads[0]


_ROWS: dict[str, Row] = {
    "Conv2D": _convolution,
    "Conv1D": _channel_convolution,
    "BatchNormalization": _batch_norm,
    "GroupNormalization": _group_norm,
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _relu,
    "Softmax": lambda to, name, config, reads, others: to.activation(name, reads[0], "softmax"),
    "ZeroPadding2D": _zero_padding,
    "Pad": _pad,
    "MaxPooling2D": _max_pool,
    "AveragePooling2D": _average_pool,
    "GlobalAveragePooling2D": _global_average,
    "GlobalMaxPooling2D": lambda to, name, config, reads, others: GlobalMaximum(to.name_of(reads[0], name)),
    "Average": lambda to, name, config, reads, others: to.mean_of(name, reads),
    "Add": lambda to, name, config, reads, others: to.add_up(name, *reads),
    "Multiply": lambda to, name, config, reads, others: to.multiply(name, *reads),
    "Concatenate": lambda to, name, config, reads, others: to.concatenate(name, reads),
    "Reshape": _reshape,
    "GetItem": _first,
    "OnesLike": lambda to, name, config, reads, others: Ones(),
    "Flatten": lambda to, name, config, reads, others: to.flatten(name, reads[0]),
    "Dropout": _dropout,
    "SpatialDropout2D": _dropout,
    "Dense": _dense,
    "Rescaling": _rescaling,
    "Normalization": _of_pixels,
    "Identity": _first,
}
