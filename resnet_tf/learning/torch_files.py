"""Weights in PyTorch's own files, read without PyTorch and without running what a stranger pickled.

A .pth is a zip of one pickle and the numbers of each tensor. The pickle may name any function to be called; this
reader knows the handful that tensors are made of, and refuses every other by its name.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MOST_PICKLE = 64_000_000  # bytes of names and shapes; ResNet-1202's are under one


class UnsafeFile(ValueError):
    """A file that is no plain file of weights; the sentence says what it asked for."""


# torch's names of storages -> how their numbers lie in the file
_DTYPES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?", "BFloat16Storage": "<u2",
}  # fmt: skip


class _Dtype(NamedTuple):
    """Stands for a class of storage in the pickle."""

    name: str


class _Storage(NamedTuple):
    """A run of numbers in the archive."""

    key: str
    dtype: _Dtype


class _Reader(pickle.Unpickler):
    """An unpickler that makes arrays, dictionaries and plain values, and nothing else."""

    def __init__(self, archive: zipfile.ZipFile, pickled: str) -> None:
        super().__init__(io.BytesIO(archive.read(pickled)))
        self.archive, self.folder = archive, pickled.rpartition("/")[0]

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): self.tensor,
            ("torch._utils", "_rebuild_parameter"): lambda data, *rest: data,
        }
        if (module, name) in known:
            return known[module, name]
        if module in ("torch", "torch.storage") and name in _DTYPES:
            return _Dtype(name)
        raise UnsafeFile(f"The file asks for {module}.{name}, which is no part of a tensor: it was not read")

    def persistent_load(self, reference: Any) -> _Storage:
        kind, storage, key, *_ = reference
        if kind != "storage" or not isinstance(storage, _Dtype) or not str(key).isdigit():
            raise UnsafeFile("The file refers to something that is no tensor's numbers: it was not read")
        return _Storage(str(key), storage)

    def tensor(self, storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
        """An array of the numbers that a tensor sees of its storage."""
        dtype = np.dtype(_DTYPES[storage.dtype.name])
        numbers = np.frombuffer(self.archive.read(f"{self.folder}/data/{storage.key}"), dtype)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if all(size) else offset
        if min((offset, *size, *stride), default=0) < 0 or (all(size) and last >= len(numbers)):
            raise UnsafeFile("A tensor reaches beyond its numbers: the file is damaged")
        seen = np.lib.stride_tricks.as_strided(numbers[offset:], size, [step * dtype.itemsize for step in stride])
        if storage.dtype.name == "BFloat16Storage":  # the upper half of a float32
            return (seen.astype(np.uint32) << 16).view(np.float32)
        return np.array(seen)


def read(path: Path) -> Mapping[str, Any]:
    """What a .pth file holds: names and arrays, or dictionaries of them.

    Raises UnsafeFile for a file that asks for more than tensors, or is not of torch's zip format (since 1.6).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            pickled = [info for info in archive.infolist() if info.filename.endswith("/data.pkl")]
            if len(pickled) != 1 or pickled[0].file_size > MOST_PICKLE:
                raise UnsafeFile(f"{path.name} is a zip, but not one that torch.save wrote")
            found = _Reader(archive, pickled[0].filename).load()
    except zipfile.BadZipFile:
        raise UnsafeFile(
            f"{path.name} is not of the format that torch.save writes since version 1.6: load it with torch and save "
            "it again, or save it as .safetensors"
        ) from None
    except (pickle.UnpicklingError, KeyError, EOFError, TypeError, AttributeError, IndexError) as error:
        raise UnsafeFile(f"{path.name} is damaged, or no file of weights ({error})") from None
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise UnsafeFile(f"{path.name} holds a {kind} and no named tensors: save model.state_dict()")
    return found
