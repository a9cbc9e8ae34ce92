"""The loss around a network's weights, on the plane of two random directions (Li 2018, arXiv:1712.09913, section 4)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, seed_of
from resnet_tf.learning.gradients import Batch
from resnet_tf.learning.inference import Weights, batches, compiled, inference, tensors
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.makers import Tensor
from resnet_tf.learning.studies import POINTS, Progress, Surface

ops = keras.ops

MOST_POINTS = 401  # along a side


def filter_normalized(kernels: Mapping[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """A random direction, whose every filter has the norm of the kernel's (Li 2018, section 4).

    The last axis of a kernel counts its filters, or the units of a dense layer. Drawn from the seed and a kernel's
    name, so that it is the same whatever else the network has.
    """
    return {name: _scaled(kernel, seed_of(seed, name)) for name, kernel in kernels.items()}


def directions(kernels: Mapping[str, np.ndarray], seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The two directions of a seed; of so many numbers two are all but orthogonal (Li 2018, section 4)."""
    return filter_normalized(kernels, seed_of(seed, "first")), filter_normalized(kernels, seed_of(seed, "second"))


def _scaled(kernel: np.ndarray, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal(kernel.shape, np.float32)
    return drawn * (_norms(kernel) / _norms(drawn))


def _norms(kernel: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(kernel).sum(axis=tuple(range(kernel.ndim - 1)), keepdims=True))


class Plane:
    """The loss at any point of the plane, by one compiled function.

    Convolutions and dense layers alone have directions: biases, and scales and shifts of norms stay as they are, as do
    moving statistics, which the network uses (inference mode), all as the authors' code has it by default.
    """

    def __init__(
        self, subject: Spec | g.LayerGraph, batch: Batch, weights: Mapping[str, np.ndarray], seed: int = 0
    ) -> None:
        """`weights` are by path, as a checkpoint has them. Raises KeyError for one that is not given."""
        graph = as_graph(subject)
        model = assemble(graph, training_makers(), seed=0, name="network")
        self._parts, self._count = list(batches(batch)), len(batch[1])
        self._weights = tensors(model, weights)
        kernels = {path: np.asarray(weights[path]) for path in _moved(graph, model)}
        self._directions = [
            {path: ops.convert_to_tensor(each) for path, each in direction.items()}
            for direction in directions(kernels, seed)
        ]
        self._logits = inference(model)
        self._loss = compiled(self._summed)

    def loss(self, first: float, second: float) -> float:
        """The mean loss so many steps along each of the directions."""
        at = ops.convert_to_tensor(np.array([first, second], np.float32))
        losses = (self._loss(at, self._weights, *self._directions, *part) for part in self._parts)
        return sum(float(ops.convert_to_numpy(loss)) for loss in losses) / self._count

    def _summed(
        self, at: Tensor, weights: Weights, first: Weights, second: Weights, images: Tensor, labels: Tensor
    ) -> Tensor:
        moved = {path: weights[path] + at[0] * first[path] + at[1] * second[path] for path in first}
        logits = self._logits({**weights, **moved}, images)
        return ops.sum(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def _moved(graph: g.LayerGraph, model: keras.Model) -> list[str]:
    """The paths of the kernels that have a direction: those that are trained, of layers that multiply by them."""
    multiply = (g.Convolution, g.ChannelConvolution, g.Dense)
    trained = (x for x in graph if isinstance(x.op, multiply) and not getattr(x.op, "frozen", False))
    return [model.get_layer(layer.name).kernel.path for layer in trained]


def loss_surface(
    subject: Spec | g.LayerGraph, batch: Batch, weights: Mapping[str, np.ndarray], *,
    points: int = POINTS, reach: float = 1.0, seed: int = 0,
) -> Surface:  # fmt: skip
    """The losses of a batch on a grid of `points` a side, from -`reach` to `reach` along two directions of this seed.

    `batch` is images as the network takes them and their classes, as for `gradient_flow`; it is shown in parts, so that
    it may be a whole data set. `weights` are by path, as a checkpoint has them. Raises SpecError for an even number of
    points, which would leave the weights out, for too few or too many, and for a reach that is not above 0.
    """
    *_, last = surveyed(subject, batch, weights, points=points, reach=reach, seed=seed)
    return last.found


def surveyed(
    subject: Spec | g.LayerGraph, batch: Batch, weights: Mapping[str, np.ndarray], *,
    points: int = POINTS, reach: float = 1.0, seed: int = 0,
) -> Iterator[Progress]:  # fmt: skip
    """Each row of the grid as it is done, then the `Surface`, as `loss_surface` has it."""
    steps, losses = _steps(points, reach), []
    plane = Plane(subject, batch, weights, seed)
    for done, first in enumerate(steps, 1):
        losses.append(tuple(plane.loss(first, second) for second in steps))
        yield Progress(done, points, f"{done * points:,} of {points**2:,} points")
    yield Progress(points, points, "all", Surface(steps, tuple(losses), seed))


def _steps(points: int, reach: float) -> tuple[float, ...]:
    if not 3 <= points <= MOST_POINTS:
        raise SpecError("points", f"from 3 to {MOST_POINTS}", points, min(max(points, 3), MOST_POINTS))
    if points % 2 == 0:
        raise SpecError("points", "odd, so that the weights are in the middle", points, points + 1)
    if not 0 < reach < math.inf:
        raise SpecError("reach", "a number above 0", reach, 1.0)
    half = points // 2
    return tuple(reach * i / half for i in range(-half, half + 1))
