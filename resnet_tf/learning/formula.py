"""The talk's formula, number by number: dE/dx_l = dE/dx_K (1 + d/dx_l of the sum of F), He 2016, equation 5.

Both terms are computed apart: the direct one is dE/dx_K itself, the other goes through the branches alone. Their sum is
compared with the gradient that the whole network has, which no part of the formula was used for. It is exact where the
shortcuts are identities and nothing follows the additions; elsewhere what is left over is told.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.junctions import Span, spans
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, begin_again, deep
from resnet_tf.learning.gradients import Batch, classified
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.makers import Maker, Tensor

ops = keras.ops


class Terms(NamedTuple):
    """The gradient at x_l and what the formula makes of it: arrays of x_l's shape, the batch first."""

    span: Span
    total: np.ndarray  # dE/dx_l, through the whole network
    direct: np.ndarray  # dE/dx_K
    branches: np.ndarray  # dE/dx_K times d/dx_l of the sum of F

    @property
    def remainder(self) -> np.ndarray:
        """What the two terms lack."""
        return self.total - self.direct - self.branches

    @property
    def error(self) -> float:
        """The remainder's norm as a share of the gradient's."""
        return float(np.linalg.norm(self.remainder) / np.linalg.norm(self.total))


class Formula:
    """The formula's terms over a span of blocks, for many seeds: the network is built once."""

    def __init__(self, subject: Spec | LayerGraph, span: Span | None = None) -> None:
        """By default over the longest span. Raises SpecError where no shortcut is an identity."""
        self.graph = as_graph(subject)
        self.span = span or longest(self.graph)
        tensors: dict[str, Tensor] = {}

        def kept(make: Maker, op: Any, name: str, *of: Any) -> Tensor:
            tensors[name] = make(op, name, *of)
            return tensors[name]

        makers = {op: partial(kept, make) for op, make in training_makers().items()}
        self._model = model = assemble(self.graph, makers, seed=0, name="whole")
        x_l, x_k = tensors[self.span.start], tensors[self.span.end]
        branches = [tensors[self.graph.by_name[each.join].inputs[0]] for each in self.span.blocks]
        summed = branches[0] if len(branches) == 1 else keras.layers.Add()(branches)
        with deep(self.graph):
            self._below = _function(keras.Model(model.inputs[0], x_l))
            self._within = _function(keras.Model(x_l, [x_k, summed]))
            self._above = _function(keras.Model(x_k, model.outputs[0]))

    def terms(self, batch: Batch, seed: int = 0) -> Terms:
        """The terms of one batch, in training mode, on weights of this seed."""
        begin_again(self._model, seed)
        below, within, above = self._below, self._within, self._above
        gradient = _GRADIENTS[keras.backend.backend()]
        with deep(self.graph):
            images, labels = map(ops.convert_to_tensor, batch)
            start = below(images)
            total = gradient(lambda x: classified(labels, above(within(x)[0])), start)
            direct = gradient(lambda x: classified(labels, above(x)), within(start)[0])
            through = gradient(lambda x: ops.sum(within(x)[1] * direct), start)
        return Terms(self.span, *map(ops.convert_to_numpy, (total, direct, through)))


def terms(subject: Spec | LayerGraph, batch: Batch, span: Span | None = None, seed: int = 0) -> Terms:
    """The formula's terms over a span of blocks, by default the longest, in training mode, on weights of this seed.

    Raises SpecError for a network with no block whose shortcut is an identity.
    """
    return Formula(subject, span).terms(batch, seed)


def longest(graph: LayerGraph) -> Span:
    """The span with most blocks. Raises SpecError where no shortcut is an identity."""
    found = spans(graph)
    if not found:
        raise SpecError("shortcut", "an identity in some block, for the formula's sum to be one", "none", "projection")
    return max(found, key=lambda span: len(span.blocks))


def _function(model: keras.Model) -> Callable[[Tensor], Any]:
    """The model in training mode, as a function that leaves its moving statistics alone."""
    parts = (model.trainable_variables, model.non_trainable_variables)

    def run(x: Tensor) -> Any:
        trainable, fixed = ([weight.value for weight in part] for part in parts)  # as they are now
        return model.stateless_call(trainable, fixed, x, training=True)[0]

    return run


# --- the gradient of a number with respect to a tensor, on each backend

_Gradient: TypeAlias = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]


def _tensorflow(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x)


def _jax(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    import jax

    return jax.grad(function)(x)


def _torch(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    import torch

    at = x.detach().requires_grad_()
    return torch.autograd.grad(function(at), at)[0]


_GRADIENTS: dict[str, _Gradient] = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
