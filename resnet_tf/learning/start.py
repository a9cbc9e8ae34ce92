"""First weights that are not drawn: an earlier training's, or a file's. Names and numbers only: no Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import Convolution, LayerGraph, Shape
from resnet_tf.design.spec import Spec
from resnet_tf.learning import catalogue
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.matching import HEAD, Peer, match, peers, plain_names, recognised, weights_of
from resnet_tf.learning.published import Fetch, published
from resnet_tf.learning.scaling import TRAINING, Scaling, scaling, usual
from resnet_tf.learning.weight_files import READERS, WeightsError, is_ours, read

if TYPE_CHECKING:
    from resnet_tf.learning.checkpoint import Checkpoint


@dataclass(frozen=True)
class Start:
    """Where first weights come from: a checkpoint, a file of weights, or a name that timm publishes.

    `classes` are those that its head tells apart, where they are known: a head for others is made anew.
    """

    weights: Checkpoint | str | os.PathLike[str]
    title: str = ""  # as people are told
    classes: tuple[str, ...] | None = None


Beginning: TypeAlias = "Start | Checkpoint | str | os.PathLike[str]"


def as_start(weights: Beginning) -> Start:
    return weights if isinstance(weights, Start) else Start(weights)


class Given(NamedTuple):
    """The tensors of a start by name, and how their network takes pixels; None where its names decide."""

    title: str
    tensors: dict[str, np.ndarray]
    pixels: Scaling | None

    @property
    def shapes(self) -> dict[str, Shape]:
        return {name: array.shape for name, array in self.tensors.items()}


class First(NamedTuple):
    """A network's first weights by their paths, and the layers that are left as they are drawn."""

    title: str
    weights: dict[str, np.ndarray]
    fresh: tuple[str, ...]

    def __str__(self) -> str:
        count = len({path.rpartition("/")[0] for path in self.weights})
        new = f"; {' and '.join(self.fresh)} is new" if self.fresh else ""
        return f"{count:,} layers begin with the weights of {self.title}{new}"

    def as_json(self) -> dict[str, Any]:
        """For an event: `title`, the `fresh` layers, and all of it as a `sentence`."""
        return {"title": self.title, "fresh": list(self.fresh), "sentence": str(self)}


def given(start: Start, fetch: Fetch | None = None) -> Given:
    """What a start holds. Raises WeightsError, UnsafeFile, SpecError or PretrainedUnavailable for what cannot be used.

    A file of ours is of a network that takes pixels as training gives them, under whatever names its tensors are.
    """
    weights = start.weights
    if not isinstance(weights, str | os.PathLike):
        return Given(start.title or "a checkpoint", weights.judged, TRAINING)
    path = Path(weights)
    if isinstance(weights, str) and path.suffix not in READERS:
        found = published(weights, fetch)
        mean, deviation = (tuple(255 * each for each in row) for row in (found.mean, found.std))
        tensors = plain_names(read(found.weights))
        return Given(start.title or found.source, tensors, Scaling("published", "", mean, deviation))
    tensors = plain_names(read(path))
    ours = path.suffix == ".safetensors" and is_ours(path)
    return Given(start.title or path.name, tensors, TRAINING if ours else None)


def fit(spec: Spec, card: DatasetCard, image_size: int | None, shapes: Mapping[str, Shape]) -> Spec:
    """The design as `catalogue.fit` has it, with the channels that tensors of these shapes take.

    Grey images become RGB, and RGB grey, as they are read. Raises WeightsError where no channels fit.
    """
    refused = None
    for channels in dict.fromkeys((card.image_shape[2], 3, 1)):
        recoloured = replace(card, image_shape=(*card.image_shape[:2], channels))
        fitted = catalogue.fit(spec, recoloured, image_size)
        try:
            matched(expand(fitted), shapes)
        except WeightsError as error:
            refused = refused or error
        else:
            return fitted
    raise refused


def matched(graph: LayerGraph, shapes: Mapping[str, Shape], *, new_head: bool = False) -> tuple[list[Peer], str]:
    """Which tensor is which weight, but for a head of other classes, and whose names they have."""
    weights, layers = weights_of(graph), [layer.name for layer in graph]
    source = recognised(weights, layers, shapes)
    return match(peers(weights, layers, source), shapes, source, new_head=new_head)[0], source


def first_weights(graph: LayerGraph, start: Start, classes: tuple[str, ...], fetch: Fetch | None = None) -> First:
    """The weights that a network begins with, made for pixels from -1 to 1. Raises as `given`, and as `matched`."""
    found = given(start, fetch)
    new_head = start.classes is not None and start.classes != classes
    taken, source = matched(graph, found.shapes, new_head=new_head)
    weights = {peer.weight.path: peer.to_ours(numbers(found.tensors[peer.name], peer.name)) for peer in taken}
    pixels = found.pixels or scaling(usual(source, graph.input_shape[2]), graph.input_shape[2])
    fresh = () if any(peer.weight.layer == HEAD for peer in taken) else (HEAD,)
    return First(found.title, absorbed(weights, graph, pixels), fresh)


def numbers(array: np.ndarray, name: str) -> np.ndarray:
    """A tensor as float32. Raises WeightsError for one that is not all finite numbers."""
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise WeightsError(f"{name} holds what is no number: these weights cannot be trained on", [], [], [])
    return np.asarray(array, np.float32)


def absorbed(weights: dict[str, np.ndarray], graph: LayerGraph, pixels: Scaling) -> dict[str, np.ndarray]:
    """The weights with another way to take pixels worked into the first convolution.

    Exact but at the edge, where zeros are padded: they stand for the mean in one way and for mid-grey in the other.
    What is shifted goes into a bias or a batch norm's mean; without either it stays, and is small for ImageNet's rows.
    """
    layer = next(layer for layer in graph if layer.inputs)
    if {*pixels.mean, *pixels.deviation} == {127.5} or not isinstance(layer.op, Convolution) or layer.op.standardized:
        return weights
    channels, turn = graph.input_shape[2], -1 if pixels.reversed else 1
    mean, deviation = (np.resize(np.float32(row), channels)[::turn] for row in (pixels.mean, pixels.deviation))
    kernel = weights[f"{layer.name}/kernel"][:, :, ::turn]
    shift = np.einsum("hwio,i->o", kernel, (127.5 - mean) / deviation)
    changed = {f"{layer.name}/kernel": kernel * (127.5 / deviation)[:, None]}
    for name, sign in ((f"{layer.name}/bias", 1), (f"{layer.name.replace('conv', 'norm')}/moving_mean", -1)):
        if name in weights:
            changed[name] = weights[name] + sign * shift
            break
    return {**weights, **changed}
