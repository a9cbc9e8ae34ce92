"""The tensors of a stranger's file by name: read as data, never run, or refused in a sentence. No Keras."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from resnet_tf.learning import torch_files

OURS = {"producer": "resnet_tf"}  # what a .safetensors of ours says of itself
MOST_COMPRESSED = 4  # how many times its file a tensor may take: trained numbers hardly compress, an empty one does


class WeightsError(ValueError):
    """Weights that do not fit a network, with the names of all that are missing, left over or of another shape."""

    def __init__(self, sentence: str, missing: list[str], extra: list[str], misshapen: list[str]) -> None:
        self.missing, self.extra, self.misshapen = missing, extra, misshapen
        super().__init__(sentence)


def _safetensors(path: Path) -> Mapping[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from None


def is_ours(path: Path) -> bool:
    """Whether a .safetensors says that this package wrote it, under whatever names."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return OURS.items() <= (file.metadata() or {}).items()
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is damaged, or no file of weights ({error})", [], [], []) from error


def _npz(path: Path) -> Mapping[str, np.ndarray]:
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        size = sum(info.file_size for info in archive.infolist())
        if size > MOST_COMPRESSED * path.stat().st_size:
            raise ValueError(f"it unpacks to {size:,} bytes, more than weights would")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)


def _h5(path: Path) -> Mapping[str, np.ndarray]:
    """keras.applications' files: a group for each layer, with the names of its weights; or those of `save_weights`."""
    import h5py

    with h5py.File(path) as file:
        layers = file.get("model_weights", file)
        if "layer_names" not in layers.attrs:
            return dict(_variables(file, path))
        found = {}
        for layer in map(_text, layers.attrs["layer_names"]):
            for name in map(_text, layers[layer].attrs["weight_names"]):
                variable = re.sub(r":\d+$", "", name.rpartition("/")[2])
                found[f"{layer}/{variable}"] = _dataset(layers[layer][name], file, path)
        return found


def _keras(path: Path) -> Mapping[str, np.ndarray]:
    """A .keras file is a zip with the weights as HDF5; its layers' code and settings are left alone."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        if sum(info.file_size for info in archive.infolist()) > MOST_COMPRESSED * path.stat().st_size:
            raise ValueError("it unpacks to more than weights would")
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        return dict(_variables(file, path))


# Keras 3 numbers a layer's variables: how many there are -> their names
_NUMBERED = {0: (), 1: ("kernel",), 2: ("kernel", "bias")}
_NORM = {2: ("gamma", "beta"), 4: ("gamma", "beta", "moving_mean", "moving_variance")}


def _variables(file: Any, path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Layer/variable and its numbers, as Keras 3 writes them: a group `vars` for each layer, which says its name."""
    groups: list[str] = []
    file.visit(groups.append)
    kept = [name for name in groups if re.fullmatch(r"(layers/[^/]+/)+vars", name) and "name" in file[name].attrs]
    if not kept:
        raise WeightsError(f"{path.name} has no layers by name: give the .keras file instead", [], [], [])
    for group in kept:
        numbers, layer = file[group], _text(file[group].attrs["name"])
        names = (_NORM if "normalization" in group else _NUMBERED).get(len(numbers))
        if names is None:
            raise ValueError(f"{layer} has {len(numbers)} variables, as no layer of these networks has")
        for i, name in enumerate(names):
            yield f"{layer}/{name}", _dataset(numbers[str(i)], file, path)


def _dataset(dataset: Any, file: Any, path: Path) -> np.ndarray:
    """Its numbers. A dataset may also point into other files of this machine, or claim numbers that no file holds."""
    if dataset.external or dataset.is_virtual or dataset.file.filename != file.filename:
        raise ValueError(f"{dataset.name} refers to another file")
    if dataset.nbytes > MOST_COMPRESSED * path.stat().st_size:
        raise ValueError(f"{dataset.name} is said to take {dataset.nbytes:,} bytes, more than the file can hold")
    return np.array(dataset)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


READERS: dict[str, Callable[[Path], Mapping[str, Any]]] = {
    ".safetensors": _safetensors,
    ".pth": torch_files.read,
    ".pt": torch_files.read,
    ".bin": torch_files.read,
    ".npz": _npz,
    ".h5": _h5,
    ".keras": _keras,
}


# what the readers' libraries raise for bytes that are none of theirs, or that say more than NumPy knows
_DAMAGES = (
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The tensors of a file by name. Raises WeightsError for an unknown or damaged file, UnsafeFile for a trap."""
    path = Path(path)
    if path.suffix not in READERS:
        raise WeightsError(f"{path.name} must end in one of {', '.join(READERS)}", [], [], [])
    with path.open("rb"):  # a file that is not there, or not ours to read, says so itself
        pass
    try:
        return READERS[path.suffix](path)
    except (WeightsError, torch_files.UnsafeFile):
        raise
    except _DAMAGES as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"{path.name} is damaged, or no file of weights ({said})", [], [], []) from error
