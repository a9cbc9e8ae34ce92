"""Everything that training needs to go on as if it had never stopped."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.matching import AVERAGE, WEIGHT
from resnet_tf.learning.optimizers import averages


@dataclass(frozen=True)
class Checkpoint:
    """The state after `epoch` epochs: `weights` by their paths, and in order the `slots` of optimiser and dropouts.

    Of weights that are averaged (`Recipe.average`), `averages` has the averages, by the same paths: they are what was
    judged and what is taken away. `best` is the best validation accuracy so far, `waited` the epochs since;
    `data` the fingerprint of the images.
    """

    epoch: int
    step: int
    seconds: float  # of training so far
    weights: dict[str, np.ndarray]
    slots: tuple[np.ndarray, ...]
    averages: dict[str, np.ndarray] = field(default_factory=dict)
    best: float = -1.0
    waited: int = 0
    data: str = ""

    @property
    def judged(self) -> dict[str, np.ndarray]:
        """The weights that were judged, by their paths: averages where there are any."""
        return {**self.weights, **self.averages}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the checkpoint to a file: whole, then moved, so that a reader never finds half of one."""
        path = Path(path)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        arrays = {f"{WEIGHT}{key}": value for key, value in self.weights.items()}
        arrays |= {f"{_SLOT}{i}": value for i, value in enumerate(self.slots)}
        arrays |= {f"{AVERAGE}{key}": value for key, value in self.averages.items()}
        counts = np.array([self.epoch, self.step, self.waited], np.int64)
        with unfinished.open("wb") as file:
            np.savez(file, counts=counts, seconds=self.seconds, best=self.best, data=self.data, **arrays)
        unfinished.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Checkpoint:
        """The checkpoint that `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            epoch, step, *rest = (int(n) for n in file["counts"])
            weights, averages = (
                {key.removeprefix(kind): file[key] for key in file.files if key.startswith(kind)}
                for kind in (WEIGHT, AVERAGE)
            )
            slots = (file[key] for key in file.files if key.startswith(_SLOT))
            best, waited = (float(file["best"]), *rest) if rest else (-1.0, 0)  # earlier versions had none
            data = str(file["data"]) if "data" in file.files else ""
            return cls(epoch, step, float(file["seconds"]), weights, tuple(slots), averages, best, waited, data)


_SLOT = "slot "
NOTHING = Checkpoint(0, 0, 0.0, {}, ())  # before the first step


def state_of(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """What a training holds beside weights and their averages: the optimiser's variables, the state of dropouts."""
    named = {id(variable) for variable in (*model.weights, *averages(optimizer, model).values())}
    return [v for v in (*optimizer.variables, *model.non_trainable_variables) if id(v) not in named]


def take(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, epoch: int, step: int, seconds: float, best: float,
    waited: int, data: str,
) -> Checkpoint:  # fmt: skip
    """The checkpoint of a model in training."""
    slots = tuple(_array(variable) for variable in state_of(model, optimizer))
    weights = {weight.path: _array(weight) for weight in model.weights}
    kept = {path: _array(average) for path, average in averages(optimizer, model).items()}
    return Checkpoint(epoch, step, seconds, weights, slots, kept, best, waited, data)


def take_up(model: keras.Model, optimizer: keras.optimizers.Optimizer, checkpoint: Checkpoint) -> None:
    """Gives a model in training the state of a checkpoint. Raises KeyError or ValueError for another model's."""
    _assign_weights(model, checkpoint.weights)
    for path, average in averages(optimizer, model).items():
        average.assign(checkpoint.averages[path])
    for variable, value in zip(state_of(model, optimizer), checkpoint.slots, strict=True):
        variable.assign(value)


def restore(spec: Spec, checkpoint: Checkpoint, name: str = "network") -> keras.Model:
    """The trained network of a checkpoint, of stock Keras layers, ready for use or export."""
    model = build(spec, name=name)
    _assign_weights(model, checkpoint.judged)
    return model


def give(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Gives a model those weights, by their paths; the others stay as they are."""
    for weight in model.weights:
        if weight.path in weights:
            weight.assign(weights[weight.path])


def _assign_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    for weight in model.weights:
        weight.assign(weights[weight.path])


def _array(variable: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable))
