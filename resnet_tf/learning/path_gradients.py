"""How much of the gradient comes by paths of each length (Veit 2016, arXiv:1605.06431, section 5 and Figure 6).

Forward nothing is changed. On the way back each block is passed by one of its two ways alone, by the branch in so many
blocks as the path is long, by the shortcut in all others: so the gradient of a single path is left, and its norm is
taken where the blocks begin. As many paths as there are of a length count as often.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import comb
from typing import Any

import numpy as np

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.junctions import Junction, junctions
from resnet_tf.design.lesions import ADDED
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, begin_again, deep
from resnet_tf.learning.gradients import RUNS, Batch, Squares, Tap
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.makers import Maker, Seed, Tensor
from resnet_tf.learning.studies import DRAWS, LENGTHS, SEEDS, PathGradient, PathGradients, Progress

ops = keras.ops


@ops.custom_gradient
def _passed(x: Tensor, share: Tensor) -> Any:
    def backward(*args: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
        gradient = args[0] if upstream is None else upstream
        return gradient * share, ops.zeros_like(share)

    return x, backward


class Way(keras.layers.Layer):
    """Passes on what it is given; what comes back along it is multiplied by its `share`, 1 or 0."""

    share_initializer = keras.initializers.Ones()

    def build(self, shape: Any) -> None:
        self.share = self.add_weight(shape=(), initializer=self.share_initializer, trainable=False, name="share")

    def call(self, x: Tensor) -> Tensor:
        return _passed(x, ops.convert_to_tensor(self.share))


class Walker:
    """A network at its first weights, in which the gradient is let back along any one path."""

    def __init__(self, subject: Spec | g.LayerGraph) -> None:
        """Raises SpecError where no block has a shortcut that is added."""
        self.graph = as_graph(subject)
        self.ways: dict[str, Junction] = {each.block.name: each for each in junctions(self.graph) if each.kind in ADDED}
        if not self.ways:
            raise SpecError("shortcut", "one that is added, in some block", "none", "projection")
        self._model, tap = _walked(self.graph, list(self.ways.values()))
        self._run = RUNS[keras.backend.backend()](self._model)
        self._place = [weight.path for weight in self._model.trainable_weights].index(tap.reading.path)

    def begin(self, seed: int) -> None:
        """Draws the weights from a seed; both ways of every block are open."""
        begin_again(self._model, seed)

    def norm(self, batch: Batch, branches: Collection[str] | None = None) -> float:
        """The norm of dE/dx at the first block, by the path through the branches of these blocks; None is all paths."""
        for name, way in self.ways.items():
            open_branch = branches is None or name in branches
            for edge in way.branch:
                self._let(edge, open_branch)
            self._let(way.shortcut, branches is None or not open_branch)
        _, _, squares = self._run(*batch)
        return float(np.sqrt(squares[self._place]))

    def _let(self, edge: tuple[str, int], is_open: bool) -> None:
        self._model.get_layer(_named(*edge)).share.assign(float(is_open))


def _named(layer: str, place: int) -> str:
    return f"way.{layer}.{place}"


def _walked(graph: g.LayerGraph, ways: Sequence[Junction]) -> tuple[keras.Model, Tap]:
    """The network with a gate at both ways of each block, and a tap where the first of them begins."""
    edges = {edge for way in ways for edge in (*way.branch, way.shortcut)}
    tap, figures = Tap(name="tap.start"), {}

    def telling(make: Maker) -> Maker:
        def made(op: Any, name: str, inputs: Sequence[Tensor], seed: Seed) -> Tensor:
            given = [Way(name=_named(name, i))(x) if (name, i) in edges else x for i, x in enumerate(inputs)]
            y = make(op, name, given, seed)
            if name != ways[0].split:
                return y
            figures["start"] = Squares()(y)
            return tap(y)

        return made

    plain = assemble(graph, {op: telling(make) for op, make in training_makers().items()}, seed=0, name="network")
    with deep(graph):
        return keras.Model(plain.inputs[0], [plain.outputs[0], figures], name="walked"), tap


def walked(
    subject: Spec | g.LayerGraph, batch: Batch, *, seeds: Sequence[int] = SEEDS, draws: int = DRAWS,
    lengths: int = LENGTHS,
) -> Iterator[Progress]:  # fmt: skip
    """Each length as it is done, then `PathGradients`: `draws` paths of each length at each seed's first weights.

    Of a network with more blocks so many lengths are taken, evenly. It is in training mode, as for a profile. Raises
    SpecError where no block has a shortcut that is added.
    """
    walker = Walker(subject)
    names = list(walker.ways)
    most = len(names)
    taken = sorted({round(i * most / (min(lengths, most + 1) - 1)) for i in range(min(lengths, most + 1))})
    norms: dict[int, list[float]] = {length: [] for length in taken}
    wholes, done = [], 0
    for seed in seeds:
        walker.begin(seed)
        wholes.append(walker.norm(batch))
        random = np.random.default_rng(seed)
        for length in taken:
            for _ in range(min(draws, comb(most, length))):
                norms[length].append(walker.norm(batch, set(random.choice(names, length, replace=False))))
            done += 1
            yield Progress(done, len(seeds) * len(taken), f"paths through {length:,} branches, seed {seed}")
    found = tuple(PathGradient(length, comb(most, length), tuple(norms[length])) for length in taken)
    yield Progress(done, done, "all", PathGradients(found, tuple(wholes), tuple(seeds)))
