"""Two networks trained in step: with one seed from the same first weights, on the same batches, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from resnet_tf.design.expand import expand
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, begin_again
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.datasets import Data, load
from resnet_tf.learning.gradients import Batch, Profiler
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.measure import batch_of
from resnet_tf.learning.profile import BATCH, dead_units
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.shelf import Shelf
from resnet_tf.learning.signals import GradientFlow
from resnet_tf.learning.train import train
from resnet_tf.learning.versus import Figures, Moment, Versus, looks_of
from resnet_tf.learning.whitening import whiten


class Advance(NamedTuple):
    """How far it is: steps of both that are done and that there are in all, and all that is known so far."""

    done: int
    of: int
    seed: int
    epoch: int  # that is under way; with a `moment`, that is over
    found: Versus
    moment: Moment | None = None  # what is new


def in_step(
    sides: Mapping[str, Spec], dataset: str | DatasetCard, recipe: Recipe, seeds: Sequence[int], *,
    most_devices: int | None = None,
) -> Iterator[Advance]:  # fmt: skip
    """How far it is, every few steps; and how both sides stand, before the first epoch of a seed and after each.

    Both are `train`ed with one seed: layers of the same name begin with the same weights, and the same images are
    shown in the same order, moved alike. Gradients are of one batch that both see, in training mode, with the weights
    of the moment. A side that diverges is left at that; the other goes on. Raises what `train` raises.
    """
    recipe = recipe.model_copy(update={"patience": None})  # neither ends before the other
    specs = list(sides.values())
    data = load(dataset, specs[0].input_shape)
    batch = batch_of(data, BATCH)
    blocks = tuple(block.name for block in expand(specs[0]).blocks)
    found = Versus(tuple(sides), blocks, recipe.epochs, len(seeds), len(batch[1]), data.card.title)
    both = [_Side(spec, dataset, data, batch, recipe, most_devices) for spec in specs]
    try:
        for number, seed in enumerate(seeds):
            steps = sum(side.begin(seed) for side in both)
            if not number:
                yield Advance(0, steps * len(seeds), seed, 0, found)
            for epoch in range(recipe.epochs + 1):
                for side in both if epoch else ():
                    for _ in side.one_epoch():
                        yield Advance(_done(both, number * steps), steps * len(seeds), seed, epoch, found)
                moment = _moment(both, seed, epoch, epoch in looks_of(recipe.epochs))
                found = replace(found, moments=(*found.moments, moment))
                yield Advance(_done(both, number * steps), steps * len(seeds), seed, epoch, found, moment)
    finally:
        for side in both:
            side.end()


class _Side:
    """One of the two: what is compiled of it once for all seeds, and its training that is under way."""

    def __init__(
        self, spec: Spec, dataset: str | DatasetCard, data: Data, batch: Batch, recipe: Recipe, devices: int | None
    ) -> None:
        self._asked, self._devices = (spec, dataset, recipe), devices
        self._data, self._batch, self._graph = data, batch, expand(spec)
        self._shelf = Shelf()
        self._reader: tuple[Profiler, keras.Model] | None = None  # made once they are needed: that takes seconds
        self._events: Any = None

    def begin(self, seed: int) -> int:
        """Begins a training anew; how many steps it will have."""
        self.end()
        self._seed, self.step = seed, 0
        self.figures: Figures | None = None
        self._weights: Mapping[str, np.ndarray] | None = None
        self._events = train(*self._asked, seed, most_devices=self._devices, shelf=self._shelf)
        return int(next(self._events).values["steps"])

    def one_epoch(self) -> Iterator[None]:
        """Trains for an epoch, in so many parts; of a side that has diverged there are none."""
        self.figures = self._weights = None
        for event in self._events:
            self.step = event.step
            if event.kind == "step":
                yield
            elif event.kind == "epoch":
                self.figures = Figures(*(event.values[name] for name in Figures._fields))
            elif event.kind == "checkpoint":
                self._weights = event.values["state"].weights
                return

    def signals(self, epoch: int) -> GradientFlow | None:
        """What every block passes on, forward and back, with the weights as they are after an epoch."""
        if self._reader is None:
            drawn = assemble(self._graph, training_makers(), seed=0, name="network")
            self._reader = Profiler(self._graph), drawn
        profiler, drawn = self._reader
        weights = self._first(drawn) if epoch == 0 else self._weights
        if weights is None:
            return None
        return profiler.flow(self._batch, self._seed, weights)

    def _first(self, drawn: keras.Model) -> dict[str, np.ndarray]:
        """The weights that a training with this seed begins with."""
        begin_again(drawn, self._seed)
        whiten(drawn, self._graph, self._data.train, self._seed)
        return {weight.path: np.array(keras.ops.convert_to_numpy(weight)) for weight in drawn.weights}

    def end(self) -> None:
        """Leaves what it has compiled for a next training."""
        if self._events is not None:
            self._events.close()


def _moment(both: Sequence[_Side], seed: int, epoch: int, is_look: bool) -> Moment:
    flows = [side.signals(epoch) if is_look else None for side in both]
    return Moment(
        seed, epoch, tuple(side.figures for side in both),
        gradients=tuple(each and tuple(block.gradient for block in each.blocks) for each in flows),
        ways=tuple(each and tuple((block.gradient_branch, block.gradient_around) for block in each.blocks)
                   for each in flows),
        ranks=tuple(each and tuple(block.rank for block in each.blocks) for each in flows),
        dead=tuple(each and _dead(each) for each in flows),
    )  # fmt: skip


def _dead(flow: GradientFlow) -> tuple[float | None, ...]:
    shares = dead_units(flow)
    return tuple(shares.get(block.name) for block in flow.blocks)


def _done(both: Sequence[_Side], before: int) -> int:
    return before + sum(side.step for side in both)
