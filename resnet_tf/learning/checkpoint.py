"""Everything that training needs to go on as if it had never stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build


@dataclass(frozen=True)
class Checkpoint:
    """The state after `epoch` epochs: `weights` by their paths, and in order the `slots` of optimiser and dropouts."""

    epoch: int
    step: int
    seconds: float  # of training so far
    weights: dict[str, np.ndarray]
    slots: tuple[np.ndarray, ...]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the checkpoint to a file: whole, then moved, so that a reader never finds half of one."""
        path = Path(path)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        arrays = {f"{_WEIGHT}{key}": value for key, value in self.weights.items()}
        arrays |= {f"{_SLOT}{i}": value for i, value in enumerate(self.slots)}
        with unfinished.open("wb") as file:
            np.savez(file, counts=np.array([self.epoch, self.step], np.int64), seconds=self.seconds, **arrays)
        unfinished.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Checkpoint:
        """The checkpoint that `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            epoch, step = (int(n) for n in file["counts"])
            weights = {key.removeprefix(_WEIGHT): file[key] for key in file.files if key.startswith(_WEIGHT)}
            slots = (file[key] for key in file.files if key.startswith(_SLOT))
            return cls(epoch, step, float(file["seconds"]), weights, tuple(slots))


_WEIGHT, _SLOT = "weight ", "slot "


def state_of(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """What a model in training holds beside its weights: the optimiser's variables and the state of its dropouts."""
    weights = {id(weight) for weight in model.weights}
    return [*optimizer.variables, *(v for v in model.non_trainable_variables if id(v) not in weights)]


def take(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, epoch: int, step: int, seconds: float
) -> Checkpoint:
    """The checkpoint of a model in training."""
    slots = tuple(_array(variable) for variable in state_of(model, optimizer))
    return Checkpoint(epoch, step, seconds, {weight.path: _array(weight) for weight in model.weights}, slots)


def take_up(model: keras.Model, optimizer: keras.optimizers.Optimizer, checkpoint: Checkpoint) -> None:
    """Gives a model in training the state of a checkpoint. Raises KeyError or ValueError for another model's."""
    _assign_weights(model, checkpoint)
    for variable, value in zip(state_of(model, optimizer), checkpoint.slots, strict=True):
        variable.assign(value)


def restore(spec: Spec, checkpoint: Checkpoint, name: str = "network") -> keras.Model:
    """The trained network of a checkpoint, of stock Keras layers, ready for use or export."""
    model = build(spec, name=name)
    _assign_weights(model, checkpoint)
    return model


def _assign_weights(model: keras.Model, checkpoint: Checkpoint) -> None:
    for weight in model.weights:
        weight.assign(checkpoint.weights[weight.path])


def _array(variable: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable))
