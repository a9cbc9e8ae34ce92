"""What our networks compute when filled as those of other libraries were by tests/fixtures/make_outputs.py."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from filling import CLASSES, LABELS, SIZE, fill, image, places

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import Convolution, Dense, LayerGraph
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
    precise_logits: np.ndarray  # in training mode, of stock layers, as a network is exported, in float64
    gradients: dict[str, np.ndarray]  # of the same


class Named(NamedTuple):
    """A variable of ours and what it is called in the other library."""

    name: str
    layer: keras.Layer
    variable: Any


def spec_of(peer: dict[str, Any]) -> Spec:
    """Our preset, with the sizes that the peer was made with."""
    stride = {"output_stride": peer["output_stride"]} if peer["output_stride"] < 32 else {}
    return preset(peer["preset"], classes=CLASSES, input_shape=(SIZE, SIZE, 3), **stride)


def undrawn(graph: LayerGraph) -> LayerGraph:
    """The graph with kernels that begin as zeros: drawing numbers that are replaced at once is a fifth of the time."""
    zeroed = (
        layer._replace(op=replace(layer.op, gain=0.0)) if isinstance(layer.op, Convolution | Dense) else layer
        for layer in graph
    )
    return replace(graph, layers=tuple(zeroed))


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
    """All that is known of a peer, computed by our preset: as it is trained, and of the layers that are exported."""
    keras.backend.clear_session()
    graph, source = undrawn(as_graph(spec_of(peer))), peer["library"]
    model = assemble(graph, training_makers(), seed=None, name="trained")
    fill_as_peer(model, source)
    filled = model.get_weights()
    logits = model(image(), training=False)
    training_logits = model(image(), training=True)
    statistics = _statistics({each.name: each for each in named(model, source)}, peer)
    precise_logits, gradients = _precisely(graph, filled, peer)
    return Ours(
        np.asarray(logits),
        np.asarray(training_logits),
        float(_loss(training_logits)),
        statistics,
        precise_logits,
        gradients,
    )


def _statistics(ours: dict[str, Named], peer: dict[str, Any]) -> dict[str, Statistics]:
    found = {}
    for norm in peer["statistics"]:
        mean, variance = (ours[name] for name in statistics_of(norm, peer["library"]))
        count = len(image()) * math.prod(mean.layer.output.shape[1:3])
        found[norm] = Statistics(np.asarray(mean.variable), np.asarray(variance.variable), count)
    return found


def _precisely(
    graph: LayerGraph, filled: list[np.ndarray], peer: dict[str, Any]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits and gradients in training mode, of stock layers that compute in float64."""
    source, kernels = peer["library"], [name for name in peer["gradients"] if name != "image"]
    keras.config.set_dtype_policy("float64")
    try:
        model = build(graph)
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights(filled)
    variables = {each.name: each.variable.value for each in named(model, source)}
    x = tf.Variable(image().astype(np.float64))
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = _loss(logits)
    of_image, *gradients = map(np.asarray, tape.gradient(loss, [x, *(variables[name] for name in kernels)]))
    found = {name: there(gradient, source, name) for name, gradient in zip(kernels, gradients, strict=True)}
    return np.asarray(logits), {"image": of_image if source == "keras" else of_image.transpose(0, 3, 1, 2), **found}


def _loss(logits: Any) -> Any:
    labels = np.array(LABELS)
    return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def statistics_of(norm: str, source: str) -> tuple[str, str]:
    """What a norm's moving mean and variance are called in a library."""
    if source == "keras":
        return f"{norm}/moving_mean", f"{norm}/moving_variance"
    return f"{norm}.running_mean", f"{norm}.running_var"


class Differences(NamedTuple):
    """How far ours is from a peer: a share of the largest number, of a gradient the norm's share of its norm."""

    inference: float  # logits
    training: float  # logits, the farther of float32 and float64
    loss: float
    gradients: dict[str, float]
    statistics: dict[str, float]


def differences(ours: Ours, peer: dict[str, Any]) -> Differences:
    training = (difference(logits, peer["training_logits"]) for logits in (ours.training_logits, ours.precise_logits))
    return Differences(
        difference(ours.logits, peer["logits"]),
        max(training),
        difference(ours.loss, peer["loss"]),
        {name: _of_gradient(ours.gradients[name], name, theirs) for name, theirs in peer["gradients"].items()},
        dict(pair for norm in peer["statistics"] for pair in _of_statistics(ours, norm, peer)),
    )


def difference(ours: Any, theirs: Any) -> float:
    """The largest difference, as a share of the largest number."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def _of_gradient(ours: np.ndarray, name: str, theirs: dict[str, Any]) -> float:
    """The larger of two: of the norms, and of the entries that are known, of which the norm is taken to be typical."""
    entries = ours.reshape(-1)[places(name, ours.size, len(theirs["entries"]))]
    typical = theirs["norm"] * math.sqrt(len(entries) / ours.size)
    return max(
        difference(np.linalg.norm(ours), theirs["norm"]), float(np.linalg.norm(entries - theirs["entries"]) / typical)
    )


def _of_statistics(ours: Ours, norm: str, peer: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Keras moves to the mean square, torch to N / (N - 1) times it: what torch saw is scaled to what Keras sees."""
    theirs, (mean, variance, count) = peer["statistics"][norm], ours.statistics[norm]
    scale = 1 if peer["library"] == "keras" else (count - 1) / count
    seen = theirs["mean"], np.array(theirs["variance"]) * scale
    for name, moved, batch in zip(statistics_of(norm, peer["library"]), (mean, variance), seen, strict=True):
        at = places(norm, moved.size, len(batch))
        before = fill(name, moved.shape)[at]
        yield name, difference(moved[at], before + theirs["momentum"] * (np.array(batch) - before))
