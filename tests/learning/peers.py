"""What our networks compute when filled as those of other libraries were by tests/fixtures/make_outputs.py."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from filling import CLASSES, LABELS, SIZE, fill, image

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, build
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.naming import modules
from resnet_tf.learning.weights import load_weights

OUTPUTS = Path(__file__).parents[1] / "fixtures" / "outputs"
PEERS = {path.stem: json.loads(path.read_text()) for path in sorted(OUTPUTS.glob("*.json"))}

TORCH = {
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
    "moving_variance": "running_var",
}  # fmt: skip
# where torch has a kernel's axes, by how many there are: convolution, convolution along channels, dense layer
TORCH_AXES = {4: (3, 2, 0, 1), 3: (2, 1, 0), 2: (1, 0)}


class Statistics(NamedTuple):
    """A batch norm's moving statistics after one step, and how many numbers of each channel it saw."""

    mean: np.ndarray
    variance: np.ndarray
    count: int


class Ours(NamedTuple):
    """What our network computes, by the peer's names and in its layout."""

    logits: np.ndarray  # in inference mode
    training_logits: np.ndarray
    loss: float
    statistics: dict[str, Statistics]
    stock_logits: np.ndarray  # in inference mode, of the network that is exported
    gradients: dict[str, np.ndarray]  # in training mode, in float64, of the same


class Named(NamedTuple):
    """A variable of ours and what it is called in the other library."""

    name: str
    layer: keras.Layer
    variable: Any


def spec_of(peer: dict[str, Any]) -> Spec:
    """Our preset, with the sizes that the peer was made with."""
    stride = {"output_stride": peer["output_stride"]} if peer["output_stride"] < 32 else {}
    return preset(peer["preset"], classes=CLASSES, input_shape=(SIZE, SIZE, 3), **stride)


def named(model: keras.Model, source: str) -> Iterator[Named]:
    """All variables of a model."""
    layers = [layer for layer in model.layers if layer.weights]
    names = modules([layer.name for layer in model.layers], [layer.name for layer in layers], source)
    for layer in layers:
        for variable in layer.weights:
            end = f"/{variable.name}" if source == "keras" else f".{TORCH[variable.name]}"
            yield Named(names[layer.name] + end, layer, variable)


def fill_as_peer(model: keras.Model, source: str) -> None:
    """Gives the model the numbers that its peer was filled with."""
    shapes = {each.name: there(each.variable, source, each.name).shape for each in named(model, source)}
    load_weights(model, {name: fill(name, shape) for name, shape in shapes.items()}, source=source)


def there(array: Any, source: str, name: str) -> np.ndarray:
    """A kernel, or the gradient of one, in the other library's layout; anything else as it is."""
    array = np.asarray(array)
    if source == "keras" or array.ndim == 1:
        return array
    array = array.transpose(TORCH_AXES[array.ndim])
    return array[..., None, None] if name == "head.fc.weight" else array  # timm's V2 classifies by a convolution


def compute(peer: dict[str, Any]) -> Ours:
    """All that is known of a peer, computed by our preset: as it is trained, and as it is exported."""
    keras.backend.clear_session()
    graph, source = as_graph(spec_of(peer)), peer["library"]
    model = assemble(graph, training_makers(), seed=None, name="trained")
    fill_as_peer(model, source)
    logits = np.asarray(model(image(), training=False))
    training_logits = model(image(), training=True)
    statistics = _statistics({each.name: each for each in named(model, source)}, peer)
    stock_logits, gradients = _precisely(graph, peer)
    return Ours(logits, np.asarray(training_logits), float(_loss(training_logits)), statistics, stock_logits, gradients)


def _statistics(ours: dict[str, Named], peer: dict[str, Any]) -> dict[str, Statistics]:
    found = {}
    for norm in peer["statistics"]:
        mean, variance = (ours[name] for name in statistics_of(norm, peer["library"]))
        count = len(image()) * math.prod(mean.layer.output.shape[1:3])
        found[norm] = Statistics(np.asarray(mean.variable), np.asarray(variance.variable), count)
    return found


def _precisely(graph: LayerGraph, peer: dict[str, Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits in inference mode and gradients in training mode, of stock layers that compute in float64."""
    source, kernels = peer["library"], [name for name in peer["gradients"] if name != "image"]
    keras.config.set_dtype_policy("float64")
    try:
        model = build(graph)
    finally:
        keras.config.set_dtype_policy("float32")
    fill_as_peer(model, source)
    variables = {each.name: each.variable.value for each in named(model, source)}
    x = tf.Variable(image().astype(np.float64))
    logits = np.asarray(model(x, training=False))
    with tf.GradientTape() as tape:
        loss = _loss(model(x, training=True))
    of_image, *gradients = map(np.asarray, tape.gradient(loss, [x, *(variables[name] for name in kernels)]))
    found = {name: there(gradient, source, name) for name, gradient in zip(kernels, gradients, strict=True)}
    return logits, {"image": of_image if source == "keras" else of_image.transpose(0, 3, 1, 2), **found}


def _loss(logits: Any) -> Any:
    labels = np.array(LABELS)
    return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def statistics_of(norm: str, source: str) -> tuple[str, str]:
    """What a norm's moving mean and variance are called in a library."""
    if source == "keras":
        return f"{norm}/moving_mean", f"{norm}/moving_variance"
    return f"{norm}.running_mean", f"{norm}.running_var"


def difference(ours: Any, theirs: Any) -> float:
    """The largest difference, as a share of the largest number."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())
