"""Steps of training, many of them in one call: images are picked, moved and scaled on the device, and nothing is
fetched before the call ends.

What a step does is written once, in Keras' operations (`_Objective`); a backend adds how it takes gradients and how it
repeats. On an accelerator all steps of a call are one compiled loop; on a CPU they are calls of one compiled step, for
XLA does not run convolutions on all cores from within a loop.

Several devices share every batch. A step is the same on them as on one, batch norm's statistics included: they are the
whole batch's. On JAX one compiled program runs on all of them; on TensorFlow each has a part of the graph
(`replicas.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from resnet_tf.learning.augment import bordered, moves, picked, scaled
from resnet_tf.learning.backend import device, keras
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.replicas import Replicas

ops = keras.ops
Tensor = Any

MOST = 64  # steps in one call: a compiled loop is made for so many, and runs as many of them as it is told


class Steps(NamedTuple):
    """What k steps of n images each are told: which images of a pool, how each is moved, and what a step does.

    Each image keeps a share `kept` of itself; the rest is the image at the batch's other end.
    """

    indices: np.ndarray  # (k, n) int32
    offsets: np.ndarray  # (k, n, 2) int32
    mirrored: np.ndarray  # (k, n) bool
    kept: np.ndarray  # (k,) float32: 1 without mixup
    rates: np.ndarray  # (k,) float32

    def padded(self) -> Steps:
        """The same for MOST steps, the last of which are nothing."""
        room = MOST - len(self.rates)
        return Steps(*(np.pad(each, [(0, room), *[(0, 0)] * (each.ndim - 1)]) for each in self))


class Measures(NamedTuple):
    """What k steps gave, (k,) float32 each: mean loss, images that were right, norm of the gradient."""

    loss: np.ndarray
    correct: np.ndarray
    gradient_norm: np.ndarray


def planned(
    recipe: Recipe, indices: np.ndarray, rates: Sequence[float], epoch: int, seed: int, random: np.random.Generator
) -> Steps:
    """What the steps of an epoch are told that show these images, (k, n) int32, at these rates."""
    offsets, mirrored = moves(recipe, indices, epoch, seed, random)
    kept = random.beta(recipe.mixup, recipe.mixup, len(indices)) if recipe.mixup else np.ones(len(indices))
    return Steps(indices, offsets, mirrored, kept.astype(np.float32), np.array(rates, np.float32))


class _Objective:
    """What a step computes, on any backend."""

    def __init__(self, model: keras.Model, recipe: Recipe, classes: int, weights: np.ndarray | None) -> None:
        self.model, self.classes = model, classes
        self.mixes, self.border, self.weights = recipe.mixup > 0, recipe.shift, weights
        self._loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)

    def batch(self, pool: tuple[Tensor, Tensor], step: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Images as the network takes them, and what it should answer, (n, classes)."""
        images, labels = pool
        indices, offsets, mirrored, kept = step
        shown = scaled(picked(images, self.border, indices, offsets, mirrored))
        targets = ops.one_hot(ops.take(labels, indices, axis=0), self.classes)
        if self.mixes:
            shown, targets = (kept * each + (1 - kept) * ops.flip(each, axis=0) for each in (shown, targets))
        return shown, targets

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        weights = None if self.weights is None else ops.matmul(targets, ops.convert_to_tensor(self.weights))
        return self._loss(targets, ops.cast(logits, "float32"), sample_weight=weights)

    def correct(self, logits: Tensor, targets: Tensor) -> Tensor:
        """How many were right; of a blend, about the larger part."""
        return ops.sum(ops.cast(ops.argmax(logits, axis=-1) == ops.argmax(targets, axis=-1), "float32"))


class Engine(ABC):
    """Trains a model on a pool of images, (N, height, width, channels) uint8, that stays where `put` puts it."""

    def __init__(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer, objective: _Objective, devices: Sequence[str]
    ) -> None:
        """`devices` share every batch evenly; none is the one that the backend chooses."""
        self._model, self._optimizer, self._objective = model, optimizer, objective
        self._whole = device().name != "CPU"

    def put(self, images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
        """The pool on the device."""
        return ops.convert_to_tensor(bordered(images, self._objective.border)), ops.convert_to_tensor(labels)

    @abstractmethod
    def run(self, pool: tuple[Tensor, Tensor], steps: Steps) -> Measures:
        """Takes the steps, at most MOST."""


class _TensorFlow(Engine):
    def __init__(self, model: keras.Model, *of: Any) -> None:
        super().__init__(model, *of)
        import tensorflow as tf

        self._tf, devices = tf, of[-1]
        self._network = partial(model, training=True)
        if devices[1:]:
            self._network, self._whole = Replicas(model, devices), False  # XLA compiles for one device
        self._variables = [variable.value for variable in self._model.trainable_variables]
        run = self._loop if self._whole else self._step
        self._compiled = tf.function(run, autograph=False, jit_compile=self._whole)

    def run(self, pool: tuple[Tensor, Tensor], steps: Steps) -> Measures:
        tf, count = self._tf, len(steps.rates)
        if self._whole:
            given = Steps(*map(tf.constant, steps.padded()))
            return Measures(*(each.numpy()[:count] for each in self._compiled(pool, given, tf.constant(count))))
        told = [tuple(map(tf.constant, step)) for step in zip(*steps, strict=True)]
        return _stacked([self._compiled(pool, step) for step in told])

    def _step(self, pool: tuple[Tensor, Tensor], step: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        *which, rate = step
        images, targets = self._objective.batch(pool, which)
        with self._tf.GradientTape() as tape:
            logits = self._network(images)
            loss = self._objective.loss(logits, targets)
        self._optimizer.learning_rate = rate
        self._optimizer.apply(tape.gradient(loss, self._variables), self._model.trainable_variables)
        return loss, self._objective.correct(logits, targets), self._tf.identity(self._optimizer.gradient_norm.value)

    def _loop(self, pool: tuple[Tensor, Tensor], steps: Steps, count: Tensor) -> Sequence[Tensor]:
        tf = self._tf

        def one(i: Tensor, measures: Sequence[Tensor]) -> tuple[Tensor, Sequence[Tensor]]:
            given = self._step(pool, tuple(each[i] for each in steps))
            written = [tf.tensor_scatter_nd_update(a, [[i]], [b]) for a, b in zip(measures, given, strict=True)]
            return i + 1, written

        nothing = [tf.zeros(MOST)] * 3
        return tf.while_loop(lambda i, _: i < count, one, (0, nothing), parallel_iterations=1)[1]


class _Jax(Engine):
    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        import jax

        self._jax, optimizer = jax, self._optimizer
        self._mesh = _mesh(of[-1]) if of[-1][1:] else None
        own = [id(variable) for variable in optimizer.variables]
        self._rate, self._norm = own.index(id(optimizer._learning_rate)), own.index(id(optimizer.gradient_norm))
        self._compiled = jax.jit(self._loop if self._whole else self._step, donate_argnums=0)
        self._gradient = jax.value_and_grad(self._forward, has_aux=True)

    def run(self, pool: tuple[Tensor, Tensor], steps: Steps) -> Measures:
        count, state = len(steps.rates), self._state()
        if self._whole:
            state, measures = self._compiled(state, pool, steps.padded(), count)
            measures = Measures(*(np.asarray(each)[:count] for each in measures))
        else:
            taken = []
            for step in zip(*steps, strict=True):
                state, measured = self._compiled(state, pool, step)
                taken.append(measured)
            measures = _stacked(taken)
        for variable, value in zip(self._variables(), [*state[0], *state[1], *state[2]], strict=True):
            variable.assign(value)
        return measures

    def _variables(self) -> list[Any]:
        model = self._model
        return [*model.trainable_variables, *model.non_trainable_variables, *self._optimizer.variables]

    def put(self, images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
        return self._laid(super().put(images, labels))

    def _state(self) -> tuple[list[Tensor], ...]:
        parts = self._model.trainable_variables, self._model.non_trainable_variables, self._optimizer.variables
        return self._laid(tuple([variable.value for variable in part] for part in parts))

    def _laid(self, values: Any, *axes: str) -> Any:
        """Values whole on each of several devices, or divided along their first axis over them."""
        if self._mesh is None:
            return values
        jax = self._jax
        return jax.device_put(values, jax.sharding.NamedSharding(self._mesh, jax.sharding.PartitionSpec(*axes)))

    def _forward(self, trainable: list[Tensor], fixed: list[Tensor], images: Tensor, targets: Tensor) -> Any:
        logits, fixed = self._model.stateless_call(trainable, fixed, images, training=True)
        return self._objective.loss(logits, targets), (logits, fixed)

    def _step(self, state: Any, pool: tuple[Tensor, Tensor], step: Sequence[Tensor]) -> tuple[Any, Any]:
        trainable, fixed, own = state
        *which, rate = step
        images, targets = self._laid(self._objective.batch(pool, which), _IMAGES)
        (loss, (logits, fixed)), gradients = self._gradient(trainable, fixed, images, targets)
        own = [*own[: self._rate], rate, *own[self._rate + 1 :]]
        trainable, own = self._optimizer.stateless_apply(own, gradients, trainable)
        return self._laid((trainable, fixed, own)), (loss, self._objective.correct(logits, targets), own[self._norm])

    def _loop(self, state: Any, pool: tuple[Tensor, Tensor], steps: Steps, count: int) -> tuple[Any, Any]:
        def one(i: Tensor, carried: Any) -> Any:
            state, measures = carried
            state, given = self._step(state, pool, tuple(each[i] for each in steps))
            return state, tuple(a.at[i].set(b) for a, b in zip(measures, given, strict=True))

        nothing = (self._jax.numpy.zeros(MOST),) * 3
        return self._jax.lax.fori_loop(0, count, one, (state, nothing))


_IMAGES = "images"  # the axis along which a batch is divided


def _mesh(devices: Sequence[str]) -> Any:
    """JAX's devices of these names, in a row."""
    import jax

    by_name = {str(device): device for device in jax.local_devices()}
    return jax.sharding.Mesh(np.array([by_name[name] for name in devices]), (_IMAGES,))


class _Torch(Engine):
    """PyTorch takes its steps one by one, as they are written."""

    def run(self, pool: tuple[Tensor, Tensor], steps: Steps) -> Measures:
        return _stacked([self._step(pool, step) for step in zip(*steps, strict=True)])

    def _step(self, pool: tuple[Tensor, Tensor], step: Sequence[np.ndarray]) -> tuple[Tensor, Tensor, Tensor]:
        *which, rate = step
        images, targets = self._objective.batch(pool, [*map(ops.convert_to_tensor, which)])
        self._model.zero_grad()
        logits = self._model(images, training=True)
        loss = self._objective.loss(logits, targets)
        loss.backward()
        self._optimizer.learning_rate = float(rate)
        variables = self._model.trainable_variables
        import torch

        with torch.no_grad():
            self._optimizer.apply([variable.value.grad for variable in variables], variables)
        correct = self._objective.correct(logits, targets)
        return loss.detach(), correct, self._optimizer.gradient_norm.value.detach().clone()


def _stacked(steps: list[tuple[Tensor, Tensor, Tensor]]) -> Measures:
    columns = zip(*steps, strict=True)
    return Measures(*(np.array([ops.convert_to_numpy(each) for each in column], np.float32) for column in columns))


_ENGINES = {"tensorflow": _TensorFlow, "jax": _Jax, "torch": _Torch}


def engine(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, recipe: Recipe, classes: int,
    weights: np.ndarray | None = None, devices: Sequence[str] = (),
) -> Engine:  # fmt: skip
    """What trains a model on the backend that Keras runs on. `weights` (classes,) say how much each class counts.

    Of several `devices` (`backend.devices`) each has as many images of a batch: their number must divide it.
    """
    return _ENGINES[keras.backend.backend()](model, optimizer, _Objective(model, recipe, classes, weights), devices)
