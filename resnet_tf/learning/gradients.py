"""How a loss flows back through a network, measured in one compiled pass.

A `Tap` stands in a line of the network and changes nothing; the gradient of its one number is the summed squares of
what comes back along that line. So every reading is a gradient with respect to a number, nothing large is kept, and
all backends do it the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.junctions import Edge, Junction, junctions
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import computing_in, keras, sum_of_squares
from resnet_tf.learning.build import assemble, begin_again, deep
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.makers import MAKERS, Maker, Seed, Tensor
from resnet_tf.learning.signals import BlockSignal, GradientFlow, LayerSignal

ops = keras.ops

Batch: TypeAlias = tuple[np.ndarray, np.ndarray]  # images as the network takes them, and their classes
TINY = 1e-30


@ops.custom_gradient
def _tapped(x: Tensor, reading: Tensor) -> Any:
    def backward(*args: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
        gradient = args[0] if upstream is None else upstream
        return gradient, sum_of_squares(gradient)

    return x, backward


class Tap(keras.layers.Layer):
    """Passes on what it is given; the gradient of its `reading` is the summed squares of what comes back."""

    reading_initializer = keras.initializers.Zeros()

    def build(self, shape: Any) -> None:
        self.reading = self.add_weight(shape=(), initializer=self.reading_initializer, name="reading")

    def call(self, x: Tensor) -> Tensor:
        return _tapped(x, ops.convert_to_tensor(self.reading))


class Squares(keras.layers.Layer):
    """The sum of the squares of what it is given, a number."""

    def call(self, x: Tensor) -> Tensor:
        return sum_of_squares(x)

    def compute_output_spec(self, x: Tensor) -> Tensor:
        return keras.KerasTensor((), x.dtype)


class _Reader(NamedTuple):
    """The model with its taps, and which of its outputs and weights say what."""

    model: keras.Model  # image -> logits, and figures by name
    taps: dict[str, Tap]


class Profiler:
    """Profiles a network many times: with other seeds, other weights, other batches of the same size."""

    def __init__(self, subject: Spec | g.LayerGraph, precision: str = "float32") -> None:
        """`precision` is that of every number, "float32" or "float64"."""
        self.graph = as_graph(subject)
        self.ways = {each.block.name: each for each in junctions(self.graph)}
        # the faster layers know float32 alone
        makers = training_makers() if precision == "float32" else MAKERS
        with computing_in(precision):
            self._reader = _reader(self.graph, self.ways, makers)
        self._run = RUNS[keras.backend.backend()](self._reader.model)
        self._given = False  # whether its weights were given, not drawn

    def flow(self, batch: Batch, seed: int = 0, weights: Mapping[str, np.ndarray] | None = None) -> GradientFlow:
        """The signals of one batch, in training mode; weights are drawn from the seed, or given by their paths.

        Raises KeyError for a weight that is not given.
        """
        model = self._reader.model
        # once they are so, scales and shifts stay; moving statistics, which a training mode does not read, are nothing
        begin_again(model, seed, drawn_alone=not self._given)
        self._given = weights is not None
        if weights is not None:
            for layer in model.layers:
                for weight in () if isinstance(layer, Tap) else layer.weights:
                    weight.assign(weights[weight.path])
        loss, figures, squares = self._run(*batch)
        return self._signals(float(loss), seed, figures, dict(zip(_paths(model), squares, strict=True)))

    def _signals(
        self, loss: float, seed: int, figures: dict[str, np.ndarray], squares: dict[str, float]
    ) -> GradientFlow:
        back = {name: float(np.sqrt(squares[tap.reading.path])) for name, tap in self._reader.taps.items()}
        blocks = tuple(self._block(block, figures, back) for block in self.graph.blocks)
        layers = tuple(self._layer(layer, figures, squares) for layer in self.graph if _told(layer))
        return GradientFlow(loss, seed, blocks, layers)

    def _block(self, block: g.Block, ahead: dict[str, np.ndarray], back: dict[str, float]) -> BlockSignal:
        last = self.graph.layers[block.stop - 1]
        two: tuple[float | None, ...] = (None,) * 4
        if way := self.ways.get(block.name):
            branch = [back[_edge(each)] ** 2 for each in way.branch]
            two = (_norm(ahead[f"{way.join}:0"]), _norm(ahead[f"{way.join}:1"]),
                   float(np.sqrt(sum(branch))), back[_edge(way.shortcut)])  # fmt: skip
        means = ahead[f"{last.name}:mean"]
        return BlockSignal(
            block.name, block.shortcut, _norm(ahead[last.name]), back[last.name], effective_rank(means), *two,
            _variance(ahead[last.name], means, last.shape),
        )  # fmt: skip

    def _layer(self, layer: g.Layer, ahead: dict[str, np.ndarray], squares: dict[str, float]) -> LayerSignal:
        dead = ahead.get(f"{layer.name}:most")
        kernel = None if dead is not None else self._kernel(layer)
        if kernel is None:
            share = None if dead is None else float(np.mean(dead <= 0))
            return LayerSignal(layer.name, _norm(ahead[layer.name]), dead=share)
        weight = float(np.linalg.norm(ops.convert_to_numpy(kernel)))
        gradient = float(np.sqrt(squares[kernel.path])) if kernel.path in squares else None
        return LayerSignal(layer.name, _norm(ahead[layer.name]), weight, gradient)

    def _kernel(self, layer: g.Layer) -> Any:
        return getattr(self._reader.model.get_layer(layer.name), "kernel", None)


def _told(layer: g.Layer) -> bool:
    """Whether a layer has a row of its own: those with kernels, and activations, whose channels can die."""
    return isinstance(layer.op, g.Convolution | g.Dense | g.Activation) and layer.role != "gate"


def _norm(squares: np.ndarray) -> float:
    return float(np.sqrt(squares))


def _variance(squares: np.ndarray, means: np.ndarray, shape: g.Shape) -> float:
    """The mean over channels of their variance, of summed squares and of each image's means, (n, channels)."""
    square = float(squares) / (len(means) * math.prod(shape))
    return max(square - float(np.mean(np.square(means.mean(axis=0, dtype=np.float64)))), 0.0)


def _edge(edge: Edge) -> str:
    return f"{edge[0]}:{edge[1]}"


def effective_rank(features: np.ndarray) -> float:
    """e to the entropy of the singular values' shares, of (n, channels) around their mean (Roy 2007): 1 to n.

    Not a number for features that have outgrown their precision.
    """
    if not np.isfinite(features).all():
        return math.nan
    values = np.linalg.svd(features - features.mean(axis=0), compute_uv=False)
    shares = values / max(values.sum(), TINY)
    return float(np.exp(-np.sum(shares * np.log(np.maximum(shares, TINY)))))


# --- the model that tells


def _reader(graph: g.LayerGraph, ways: dict[str, Junction], table: dict[type, Maker]) -> _Reader:
    edges = {edge for way in ways.values() for edge in (*way.branch, way.shortcut)}
    ends = {graph.layers[block.stop - 1].name for block in graph.blocks}
    joins = {way.join for way in ways.values()}
    taps: dict[str, Tap] = {}
    figures: dict[str, Tensor] = {}

    def tap(x: Tensor, name: str) -> Tensor:
        taps[name] = Tap(name=f"tap.{name.replace(':', '.')}")
        return taps[name](x)

    def telling(make: Maker, op: Any, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
        given = [tap(x, f"{name}:{i}") if (name, i) in edges else x for i, x in enumerate(inputs)]
        if name in joins:
            figures.update({f"{name}:{i}": Squares()(x) for i, x in enumerate(given)})
        y = make(op, name, given, seed)
        if name in ends or _told(graph.by_name[name]):
            figures[name] = Squares()(y)
        if isinstance(op, g.Activation) and op.kind == "relu":
            figures[f"{name}:most"] = ops.max(y, axis=tuple(range(len(y.shape) - 1)))
        if name in ends:
            figures[f"{name}:mean"] = ops.mean(y, axis=tuple(range(1, len(y.shape) - 1))) if len(y.shape) > 2 else y
            y = tap(y, name)
        return y

    makers: dict[type, Maker] = {op: partial(telling, make) for op, make in table.items()}
    plain = assemble(graph, makers, seed=0, name="network")
    with deep(graph):
        return _Reader(keras.Model(plain.inputs[0], [plain.outputs[0], figures], name="profiled"), taps)


def _paths(model: keras.Model) -> list[str]:
    return [weight.path for weight in model.trainable_weights]


def classified(labels: Tensor, logits: Tensor) -> Tensor:
    """The loss E: the mean cross-entropy of a batch."""
    return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))


# --- one pass on each backend: images, labels -> loss, figures by name, summed squares of each weight's gradient

_Run: TypeAlias = Callable[[np.ndarray, np.ndarray], tuple[Any, dict[str, np.ndarray], list[float]]]


def _fetched(loss: Tensor, figures: dict[str, Tensor], squares: Sequence[Tensor]) -> tuple[Any, Any, list[float]]:
    as_array = ops.convert_to_numpy
    return (
        as_array(loss),
        {name: as_array(each) for name, each in figures.items()},
        [float(as_array(s)) for s in squares],
    )


def _tensorflow(model: keras.Model) -> _Run:
    import tensorflow as tf

    def run(images: Tensor, labels: Tensor) -> Any:
        weights = [weight.value for weight in model.trainable_weights]
        with tf.GradientTape() as tape:
            logits, figures = model(images, training=True)
            loss = classified(labels, logits)
        given = tape.gradient(loss, weights)
        return loss, figures, [_own(weight, each) for weight, each in zip(model.trainable_weights, given, strict=True)]

    compiled = tf.function(run, autograph=False)
    return lambda images, labels: _fetched(*compiled(tf.constant(images), tf.constant(labels)))


def _jax(model: keras.Model) -> _Run:
    import jax

    def forward(trainable: Any, fixed: Any, images: Tensor, labels: Tensor) -> Any:
        (logits, figures), _ = model.stateless_call(trainable, fixed, images, training=True)
        return classified(labels, logits), figures

    def run(trainable: Any, fixed: Any, images: Tensor, labels: Tensor) -> Any:
        (loss, figures), given = jax.value_and_grad(forward, has_aux=True)(trainable, fixed, images, labels)
        return loss, figures, [_own(weight, each) for weight, each in zip(model.trainable_weights, given, strict=True)]

    compiled = jax.jit(run)

    def ran(images: np.ndarray, labels: np.ndarray) -> Any:
        state = ([weight.value for weight in part] for part in (model.trainable_weights, model.non_trainable_weights))
        return _fetched(*compiled(*state, images, labels))

    return ran


def _torch(model: keras.Model) -> _Run:
    import torch

    def run(images: np.ndarray, labels: np.ndarray) -> Any:
        logits, figures = model(ops.convert_to_tensor(images), training=True)
        loss = classified(ops.convert_to_tensor(labels), logits)
        weights = model.trainable_weights
        given = torch.autograd.grad(loss, [weight.value for weight in weights])
        return _fetched(loss, figures, [_own(weight, each) for weight, each in zip(weights, given, strict=True)])

    return run


def _own(weight: Any, gradient: Tensor) -> Tensor:
    """Summed squares of a gradient; a tap's is that already."""
    return gradient if weight.path.startswith("tap.") else sum_of_squares(gradient)


RUNS: dict[str, Callable[[keras.Model], _Run]] = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


def gradient_flow(
    subject: Spec | g.LayerGraph, batch: Batch, seed: int = 0, weights: Mapping[str, np.ndarray] | None = None
) -> GradientFlow:
    """What one batch makes of a network, forward and backward: norms by block and by layer (`signals.py`).

    `batch` is images as the network takes them, (n, height, width, channels) float32, and their classes, (n,) int32.
    The network is in training mode, so that batch norm uses the batch's own statistics. For several seeds or weights
    make a `Profiler` once, which compiles once.
    """
    return Profiler(subject).flow(batch, seed, weights)
