"""Weights from other libraries into our networks, and back, by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.spec import Spec, SpecError, nearest_word
from resnet_tf.learning.backend import keras
from resnet_tf.learning.matching import Kernel, Peer, Weight, match, peers, plain_names
from resnet_tf.learning.weight_files import OURS, WeightsError, read


class Loaded(NamedTuple):
    """What came of loading: how many tensors were used, and those that were left out on purpose."""

    used: int
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        kept = f"; the head keeps its first weights, since {' and '.join(self.left_out)} are of other classes"
        return f"{self.used:,} tensors were used{kept if self.left_out else ''}"


_KERNELS: dict[type, Kernel] = {
    keras.layers.Conv2D: "convolution", keras.layers.Conv1D: "line", keras.layers.Dense: "dense",
}  # fmt: skip


def _peers(model: keras.Model, source: str) -> list[Peer]:
    """Every variable of the model with its place in the peer."""
    weights = [
        Weight(layer.name, variable.name, tuple(variable.shape), _kernel(layer) if variable.name == "kernel" else None)
        for layer in model.layers
        for variable in layer.weights
    ]
    return peers(weights, [layer.name for layer in model.layers], source)


def _kernel(layer: keras.Layer) -> Kernel:
    return next(kernel for kind, kernel in _KERNELS.items() if isinstance(layer, kind))


def _variables(model: keras.Model) -> dict[tuple[str, str], Any]:
    return {(layer.name, variable.name): variable for layer in model.layers for variable in layer.weights}


def load_weights(
    model: keras.Model, weights: str | os.PathLike[str] | Mapping[str, Any], *, source: str = "torchvision"
) -> Loaded:
    """What was loaded into a model of ours from a file, or from tensors by name, of another library.

    `source` is "torchvision", "timm", "keras" (keras.applications) or "resnet_tf" (a .keras of ours). Files: .pth and
    .pt (never unpickled beyond tensors, no torch needed), .safetensors, .h5, .keras, .npz. Every tensor is used once: a
    WeightsError lists those that are missing, left over or of another shape, and nothing is changed. The head of other
    classes is left out, and said so.
    """
    given = plain_names(read(weights) if isinstance(weights, str | os.PathLike) else weights)
    taken, left_out = match(_peers(model, source), {name: array.shape for name, array in given.items()}, source)
    variables = _variables(model)
    for peer in taken:
        variables[peer.weight[:2]].assign(peer.to_ours(np.asarray(given[peer.name], np.float32)))
    return Loaded(len(taken), left_out)


def save_weights(
    model: keras.Model, spec: Spec | LayerGraph | None, path: str | os.PathLike[str], *, naming: str = "timm"
) -> Path:
    """The file that was written: the weights as .safetensors under the names and in the layout of timm or torchvision.

    `timm.create_model(name, num_classes=n).load_state_dict(safetensors.torch.load_file(path))` takes it. Raises
    NoCounterpart where the network has a layer that the library's has not.
    """
    from safetensors.numpy import save_file

    if naming not in ("timm", "torchvision"):
        raise SpecError("naming", "timm or torchvision", naming, nearest_word(naming, ["timm", "torchvision"]))
    tensors, variables = {}, _variables(model)
    for peer in _peers(model, naming):
        tensors[peer.name] = np.ascontiguousarray(peer.to_theirs(_array(variables[peer.weight[:2]])))
        if peer.name.endswith("running_mean"):
            tensors[peer.name.replace("running_mean", "num_batches_tracked")] = np.zeros((), np.int64)
    path = Path(path)
    save_file(tensors, path, metadata={"format": "pt", **OURS})
    return path


def _array(variable: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)


__all__ = ["Loaded", "WeightsError", "load_weights", "save_weights"]
