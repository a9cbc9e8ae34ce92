"""The one place that imports Keras: what must be set before TensorFlow loads is set here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

# TensorFlow switches oneDNN on by itself only on CPUs with VNNI, bf16 or AMX; on the others it doubles the speed.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras


def _allow_dots() -> None:
    """Lets layers have dots in their names on PyTorch: Keras keeps a layer's variables there under their paths, and
    PyTorch takes no dot in the name of a parameter. They are found by their paths all the same.
    """
    import torch
    from keras.src.backend.torch.layer import TorchLayer

    def key(variable: keras.Variable) -> str:
        return variable.path.replace(".", "_")

    def track_all(layer: TorchLayer) -> None:
        layer._torch_params = torch.nn.ParameterDict({key(v): v.value for v in layer.variables})

    def track(layer: TorchLayer, variable: keras.Variable) -> None:
        if hasattr(layer, "_torch_params"):
            layer.torch_params[key(variable)] = variable.value

    def untrack(layer: TorchLayer, variable: keras.Variable) -> None:
        if hasattr(layer, "_torch_params"):
            layer.torch_params.pop(key(variable))

    TorchLayer._track_variables, TorchLayer._post_track_variable = track_all, track
    TorchLayer._post_untrack_variable = untrack


if keras.backend.backend() == "torch":
    _allow_dots()


class Device(NamedTuple):
    """Where Keras computes, and a sentence that says why there."""

    name: str
    why: str


def _tensorflow() -> Device:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return Device("GPU", f"TensorFlow sees {details.get('device_name', gpus[0].name)}")
    if tf.test.is_built_with_cuda():
        return Device("CPU", "TensorFlow sees no GPU on this machine")
    return Device("CPU", "this TensorFlow is the build for CPUs")


def _jax() -> Device:
    import jax

    device = jax.devices()[0]
    return Device(device.platform.upper(), f"JAX chose {device.device_kind}")


def _torch() -> Device:
    import torch

    if torch.cuda.is_available():
        return Device("GPU", f"PyTorch sees {torch.cuda.get_device_name(0)}")
    return Device("CPU", "PyTorch sees no GPU on this machine")


_DEVICES = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


def device() -> Device:
    """The device that the next model is trained on, and why."""
    return _DEVICES[keras.backend.backend()]()


def devices(most: int | None = None) -> tuple[str, ...]:
    """The names of the devices that a training may share its batches over: all GPUs, or one CPU; `most` at most.

    Asked for, several CPUs are taken where the backend was told to have them. PyTorch takes one device.
    """
    found = _NAMES[keras.backend.backend()]()
    return found[: most or (1 if device().name == "CPU" else len(found))]


def _tensorflow_names() -> tuple[str, ...]:
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tuple(each.name for each in found)


def _jax_names() -> tuple[str, ...]:
    import jax

    return tuple(map(str, jax.local_devices()))


_NAMES = {"tensorflow": _tensorflow_names, "jax": _jax_names, "torch": lambda: ("the only one",)}


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Layers made here compute in "float32" or "mixed_bfloat16", their weights float32 in both, or all in "float64"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def sum_of_squares(x: Any) -> Any:
    """The sum of a tensor's squares; TensorFlow has one operation for half of it, without a copy."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return 2 * tf.nn.l2_loss(x)
    return keras.ops.sum(keras.ops.square(x))


__all__ = ["Device", "computing_in", "device", "devices", "keras", "sum_of_squares"]
