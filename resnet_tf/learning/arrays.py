"""The arrays of an npz from a stranger: looked at before they are read, pickles never loaded."""

from __future__ import annotations

import zipfile
from math import prod

import numpy as np

from resnet_tf.learning.zips import ArchiveError

MOST_BYTES = 2_000_000_000  # of one array
MOST_CLASSES = 10_000
_IMAGES, _LABELS = ("images", "x", "x_train"), ("labels", "y", "y_train")


def read_npz(archive: zipfile.ZipFile) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Images (n, height, width, 1 or 3) uint8, labels (n,) counted from 0, and the names of the classes.

    Raises ArchiveError for arrays that are missing, malformed, of another shape or out of range.
    """
    images = _pixels(_array(archive, _IMAGES))
    labels = _array(archive, _LABELS)
    if labels.shape not in ((len(images),), (len(images), 1)):
        raise ArchiveError(f"There must be one label per image: {len(images):,} images, labels of shape {labels.shape}")
    names = _array(archive, ("class_names",)) if "class_names.npy" in archive.namelist() else None
    return images, *_classes(labels.ravel(), names)


def _array(archive: zipfile.ZipFile, names: tuple[str, ...]) -> np.ndarray:
    found = next((f"{name}.npy" for name in names if f"{name}.npy" in archive.namelist()), None)
    if found is None:
        held = ", ".join(repr(name.removesuffix(".npy")) for name in archive.namelist()[:10])
        raise ArchiveError(f"The npz needs an array {names[0]!r} (or {names[1]!r}); it holds {held}")
    try:
        with archive.open(found) as file:
            _check_header(found, *_header(file))
        with archive.open(found) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except ArchiveError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ArchiveError(f"The array {found!r} cannot be read: {error}") from None


def _header(file: zipfile.ZipExtFile) -> tuple[tuple[int, ...], np.dtype]:
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in readers:
        raise ValueError(f"unknown version {version}")
    shape, _, dtype = readers[version](file)
    return shape, dtype


def _check_header(name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise ArchiveError(f"The array {name!r} holds Python objects, which are never loaded: save plain numbers")
    size = prod(shape) * dtype.itemsize
    if size > MOST_BYTES:
        raise ArchiveError(f"The array {name!r} takes {size / 1e9:,.1f} GB: at most {MOST_BYTES / 1e9:g} GB are read")


def _pixels(images: np.ndarray) -> np.ndarray:
    """Images as (n, height, width, channels) uint8; floats from 0 to 1 are taken as shares of 255."""
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        raise ArchiveError(
            f"Images must be of shape (n, height, width) or (n, height, width, 1 or 3); these are {images.shape}"
        )
    if images.dtype.kind not in "uif":
        raise ArchiveError(f"Images must be numbers from 0 to 255, or from 0 to 1; these are {images.dtype}")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):  # NaN is refused too
        raise ArchiveError(f"Images must be numbers from 0 to 255, or from 0 to 1; these go from {low:g} to {high:g}")
    if images.dtype.kind == "f" and high <= 1:
        images = images * 255
    return np.rint(images).astype(np.uint8) if images.dtype != np.uint8 else images


def _classes(labels: np.ndarray, names: np.ndarray | None) -> tuple[np.ndarray, tuple[str, ...]]:
    if labels.dtype.kind == "U":
        words, numbers = np.unique(labels, return_inverse=True)
        return numbers, tuple(str(word) for word in words)
    if labels.dtype.kind not in "ui":
        raise ArchiveError(f"Labels must be whole numbers from 0, or names; these are {labels.dtype}")
    low, high = int(labels.min()), int(labels.max())
    count = high + 1 if names is None else len(names)
    if low < 0 or high >= count or count > MOST_CLASSES:
        most = f"{min(count, MOST_CLASSES) - 1:,}"
        raise ArchiveError(f"Labels must be whole numbers from 0 to {most}; these go from {low:,} to {high:,}")
    class_names = tuple(str(i) for i in range(count)) if names is None else tuple(str(name) for name in names)
    return labels, class_names
