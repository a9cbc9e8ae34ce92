"""Weights from other libraries into our networks, and back, by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.spec import Spec, SpecError, nearest_word
from resnet_tf.learning.backend import keras
from resnet_tf.learning.naming import modules
from resnet_tf.learning.weight_files import WeightsError, read

MOST_LISTED = 8  # names of each kind in an error
HEAD = "head.classifier"


class Loaded(NamedTuple):
    """What came of loading: how many tensors were used, and those that were left out on purpose."""

    used: int
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        kept = f"; the head keeps its first weights, since {' and '.join(self.left_out)} are of other classes"
        return f"{self.used:,} tensors were used{kept if self.left_out else ''}"


class _Weight(NamedTuple):
    """A variable of ours and what it is in the peer: its tensor's name and how the numbers lie there."""

    variable: Any
    name: str
    layer: str
    to_theirs: Callable[[np.ndarray], np.ndarray]
    to_ours: Callable[[np.ndarray], np.ndarray]


def _as_it_is(array: np.ndarray) -> np.ndarray:
    return array


def _swapped(*axes: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: array.transpose(axes)


def _convolution_of_one_pixel(array: np.ndarray) -> np.ndarray:
    return array.T[:, :, None, None]


# layer's class -> how its kernel becomes torch's (filters, channels, height, width), and how it comes back
_TORCH_KERNELS: dict[type, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    keras.layers.Conv2D: (_swapped(3, 2, 0, 1), _swapped(2, 3, 1, 0)),
    keras.layers.Conv1D: (_swapped(2, 1, 0), _swapped(2, 1, 0)),
    keras.layers.Dense: (_swapped(1, 0), lambda array: array.reshape(array.shape[:2]).T),
}
_TORCH_NAMES = {
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
    "moving_variance": "running_var",
}  # fmt: skip


def _weights(model: keras.Model, source: str) -> Iterator[_Weight]:
    """Every variable of the model with its place in the peer."""
    weighted = [layer for layer in model.layers if layer.weights]
    names = modules([layer.name for layer in model.layers], [layer.name for layer in weighted], source)
    torch = source in ("timm", "torchvision")
    for layer in weighted:
        for variable in layer.weights:
            if not torch:
                yield _Weight(variable, f"{names[layer.name]}/{variable.name}", layer.name, _as_it_is, _as_it_is)
                continue
            there, back = _as_it_is, _as_it_is
            if variable.name == "kernel":
                there, back = next(both for kind, both in _TORCH_KERNELS.items() if isinstance(layer, kind))
                if names[layer.name] == "head.fc":  # timm's V2 classifies by a convolution of one pixel
                    there = _convolution_of_one_pixel
            yield _Weight(variable, f"{names[layer.name]}.{_TORCH_NAMES[variable.name]}", layer.name, there, back)


def load_weights(
    model: keras.Model, weights: str | os.PathLike[str] | Mapping[str, Any], *, source: str = "torchvision"
) -> Loaded:
    """What was loaded into a model of ours from a file, or from tensors by name, of another library.

    `source` is "torchvision", "timm", "keras" (keras.applications) or "resnet_tf" (a .keras of ours). Files: .pth and
    .pt (never unpickled beyond tensors, no torch needed), .safetensors, .h5, .keras, .npz. Every tensor is used once: a
    WeightsError lists those that are missing, left over or of another shape, and nothing is changed. The head of other
    classes is left out, and said so.
    """
    given = _plain_names(read(weights) if isinstance(weights, str | os.PathLike) else weights)
    wanted = {weight.name: weight for weight in _weights(model, source)}
    left_out = tuple(name for name, weight in wanted.items() if weight.layer == HEAD and _other_classes(weight, given))
    wanted = {name: weight for name, weight in wanted.items() if name not in left_out}
    missing = sorted(wanted.keys() - given.keys())
    extra = sorted(given.keys() - wanted.keys() - set(left_out))
    shapes = {name: _their_shape(weight) for name, weight in wanted.items()}
    misshapen = [
        f"{name} {given[name].shape} instead of {shape}"
        for name, shape in shapes.items()
        if name in given and given[name].shape != shape
    ]
    if missing or extra or misshapen:
        raise WeightsError(_sentence(source, missing, extra, misshapen), missing, extra, misshapen)
    for name, weight in wanted.items():
        weight.variable.assign(weight.to_ours(np.asarray(given[name], np.float32)))
    return Loaded(len(wanted), left_out)


def _their_shape(weight: _Weight) -> tuple[int, ...]:
    """The shape of a tensor in the peer's layout; no number is copied for it."""
    return weight.to_theirs(np.broadcast_to(np.float32(0), weight.variable.shape)).shape


def _other_classes(weight: _Weight, given: Mapping[str, np.ndarray]) -> bool:
    """Whether a tensor of the head differs in the number of classes and in nothing else."""
    if weight.name not in given:
        return False
    ours = tuple(weight.variable.shape)
    try:
        theirs = weight.to_ours(given[weight.name]).shape
    except ValueError:
        return False
    return len(ours) == len(theirs) and ours[:-1] == theirs[:-1] and ours != theirs


def _sentence(source: str, missing: list[str], extra: list[str], misshapen: list[str]) -> str:
    parts = [
        f"{len(names):,} {what} ({', '.join(names[:MOST_LISTED])}{', ...' if len(names) > MOST_LISTED else ''})"
        for names, what in ((missing, "missing"), (extra, "not of this network"), (misshapen, "of another shape"))
        if names
    ]
    return f"These are not the weights of this network in {source}: {'; '.join(parts)}. Nothing was changed."


def _plain_names(tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Tensors by the names that they have in their network, without what trainers wrap around it."""
    for wrapper in ("state_dict", "model", "state_dict_ema", "model_ema"):
        if isinstance(tensors.get(wrapper), Mapping):
            return _plain_names(tensors[wrapper])
    found = {name.removeprefix("module."): np.asarray(value) for name, value in tensors.items()}
    return {name: array for name, array in found.items() if not name.endswith("num_batches_tracked")}


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
    tensors = {}
    for weight in _weights(model, naming):
        tensors[weight.name] = np.ascontiguousarray(weight.to_theirs(_array(weight.variable)))
        if weight.name.endswith("running_mean"):
            tensors[weight.name.replace("running_mean", "num_batches_tracked")] = np.zeros((), np.int64)
    path = Path(path)
    save_file(tensors, path, metadata={"format": "pt", "producer": "resnet_tf"})
    return path


def _array(variable: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)


__all__ = ["Loaded", "WeightsError", "load_weights", "save_weights"]
