"""Everything that training needs to go on as if it had never stopped."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build


@dataclass(frozen=True)
class Checkpoint:
    """The state after `epoch` epochs. `weights` and `slots` (the optimiser's) are keyed by the variables' paths."""

    epoch: int
    step: int
    seconds: float  # of training so far
    weights: dict[str, np.ndarray]
    slots: dict[str, np.ndarray]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the checkpoint to a file: whole, then moved, so that a reader never finds half of one."""
        path = Path(path)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        arrays = {f"weights {key}": value for key, value in self.weights.items()}
        arrays |= {f"slots {key}": value for key, value in self.slots.items()}
        with unfinished.open("wb") as file:
            np.savez(file, counts=np.array([self.epoch, self.step], np.int64), seconds=self.seconds, **arrays)
        unfinished.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Checkpoint:
        """The checkpoint that `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            epoch, step = (int(n) for n in file["counts"])
            weights, slots = (
                {key.removeprefix(kind): file[key] for key in file.files if key.startswith(kind)}
                for kind in ("weights ", "slots ")
            )
            return cls(epoch, step, float(file["seconds"]), weights, slots)


def arrays_of(variables: Iterable[Any]) -> dict[str, np.ndarray]:
    """The values of Keras variables by their paths, copied."""
    return {variable.path: np.array(keras.ops.convert_to_numpy(variable)) for variable in variables}


def assign(variables: Iterable[Any], arrays: dict[str, np.ndarray]) -> None:
    """Gives every variable the value of its path. Raises KeyError or ValueError for another model's arrays."""
    for variable in variables:
        variable.assign(arrays[variable.path])


def state_of(model: keras.Model) -> list[Any]:
    """The variables that make a model: weights, moving statistics, the state of its dropouts."""
    return [*model.trainable_variables, *model.non_trainable_variables]


def restore(spec: Spec, checkpoint: Checkpoint) -> keras.Model:
    """The trained network of a checkpoint, of stock Keras layers, ready for use or export."""
    model = build(spec)
    assign(model.weights, checkpoint.weights)
    return model
