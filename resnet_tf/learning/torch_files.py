"""Weights in PyTorch's own files, read without PyTorch and without running what a stranger pickled.

A .pth is a zip of one pickle and the numbers of each tensor. The pickle may name any function to be called; this
reader knows the handful that tensors are made of, and refuses every other by its name. Nor does a small file fill the
memory: what is made of a file is never larger than what lies in it.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

MOST_PICKLE = 8_000_000  # bytes of names and shapes; ResNet-1202's are under one million


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
        stream = archive.read(pickled)
        _check(stream)
        super().__init__(io.BytesIO(stream))
        self.archive, self.folder = archive, pickled.rpartition("/")[0]
        self.numbers: dict[_Storage, np.ndarray] = {}

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
        """The numbers that a tensor sees of its storage; a view, so that many tensors of one storage take no more."""
        numbers = self.stored(storage)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if all(size) else offset
        beyond = all(size) and (last >= len(numbers) or math.prod(size) > len(numbers))
        if beyond or min((offset, *size, *stride), default=0) < 0:
            raise UnsafeFile("A tensor reaches beyond its numbers: the file is damaged")
        return np.lib.stride_tricks.as_strided(numbers[offset:], size, [step * numbers.itemsize for step in stride])

    def stored(self, storage: _Storage) -> np.ndarray:
        """All numbers of a storage, read once."""
        if storage not in self.numbers:
            content = self.archive.read(f"{self.folder}/data/{storage.key}")
            numbers = np.frombuffer(content, _DTYPES[storage.dtype.name])
            if storage.dtype.name == "BFloat16Storage":  # the upper half of a float32
                numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
            self.numbers[storage] = numbers
        return self.numbers[storage]


def _check(stream: bytes) -> None:
    """Raises UnsafeFile for a pickle that asks for memory which it does not fill.

    genops raises for strings that end before their length; only the memo is as large as the highest number in it.
    """
    for operation, argument, _ in pickletools.genops(stream):
        if operation.name.endswith("PUT") and argument > len(stream):
            raise UnsafeFile("The file's pickle asks for more memory than it fills: it was not read")


# what zipfile, pickle and NumPy raise for bytes that are none of theirs
_DAMAGES = (
    pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError,
    RuntimeError, TypeError, ValueError, zlib.error,
)  # fmt: skip


def read(path: Path) -> Mapping[str, Any]:
    """What a .pth file holds: names and arrays, or dictionaries of them.

    Raises UnsafeFile for a file that asks for more than tensors, or is not of torch's zip format (since 1.6).
    """
    with path.open("rb") as file:
        found = _unpacked(file, path.name, path.stat().st_size)
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise UnsafeFile(f"{path.name} holds a {kind} and no named tensors: save model.state_dict()")
    return found


def _unpacked(file: IO[bytes], name: str, size: int) -> Any:
    try:
        with zipfile.ZipFile(file) as archive:
            pickled = [info for info in archive.infolist() if info.filename.endswith("/data.pkl")]
            if len(pickled) != 1 or pickled[0].file_size > MOST_PICKLE:
                raise UnsafeFile(f"{name} is a zip, but not one that torch.save wrote")
            if sum(info.file_size for info in archive.infolist()) > size:
                raise UnsafeFile(f"{name} unpacks to more than it holds, which no file of torch.save does")
            return _Reader(archive, pickled[0].filename).load()
    except UnsafeFile:
        raise
    except zipfile.BadZipFile:
        raise UnsafeFile(
            f"{name} is not of the format that torch.save writes since version 1.6: load it with torch and save "
            "it again, or save it as .safetensors"
        ) from None
    except _DAMAGES as error:
        raise UnsafeFile(f"{name} is damaged, or no file of weights ({error})") from None
