"""Does a study, a row for each kind: of a design at its first weights, or of the weights that a training gave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from resnet_tf.design.orders import in_orders
from resnet_tf.design.spec import Spec
from resnet_tf.learning.datasets import Data
from resnet_tf.learning.lesion import operated
from resnet_tf.learning.measure import drawn
from resnet_tf.learning.path_gradients import walked
from resnet_tf.learning.profile import BATCH
from resnet_tf.learning.studies import IN_LESION, ON_SURFACE, Progress, as_json
from resnet_tf.learning.surface import surveyed
from resnet_tf.learning.variance import measured

Weights: TypeAlias = Mapping[str, np.ndarray]  # by path; none of a design at its first weights


def paths(spec: Spec, data: Data, weights: Weights) -> Iterator[Progress]:
    """The gradient that comes by paths of each length, on the batch that a profile is of."""
    batch = drawn(data.train, BATCH)
    return _told(walked(spec, batch), batch[1])


def variance(spec: Spec, data: Data, weights: Weights) -> Iterator[Progress]:
    """The signal by depth in all orders that the design can have, on the batch that a profile is of."""
    batch = drawn(data.train, BATCH)
    orders = tuple(in_orders(spec)[0])
    return _told(measured(spec, batch, orders=orders), batch[1])


def lesion(spec: Spec, data: Data, weights: Weights) -> Iterator[Progress]:
    """Branches left out and blocks exchanged, on images that the training did not see."""
    batch = drawn(data.validation, IN_LESION)
    return _told(operated(spec, batch, weights), batch[1])


def surface(spec: Spec, data: Data, weights: Weights) -> Iterator[Progress]:
    """The loss around the weights, on images of the training, as Li 2018 draws it."""
    batch = drawn(data.train, ON_SURFACE)
    return _told(surveyed(spec, batch, weights), batch[1])


STUDIES: dict[str, Callable[[Spec, Data, Weights], Iterator[Progress]]] = {
    "paths": paths, "variance": variance, "lesion": lesion, "surface": surface,
}  # fmt: skip


def _told(steps: Iterator[Progress], labels: np.ndarray) -> Iterator[Progress]:
    """The steps, what was found as JSON and of how many images."""
    for each in steps:
        found = each.found
        yield each if found is None else each._replace(found={"images": len(labels), "found": as_json(found)})
