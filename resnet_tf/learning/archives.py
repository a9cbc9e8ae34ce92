"""Somebody's own images, from a folder, a zip or an npz, trusted in nothing; NumPy and Pillow only.

A folder and a zip hold one folder of images per class, at any depth: the folder that holds an image names its class, so
that `train/cat` and `test/cat` are one. An npz holds `images` (or `x`), (n, height, width) or (n, height, width, 1 or
3), and `labels` (or `y`), (n,): whole numbers from 0, or names; `class_names` is optional.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from resnet_tf.learning.arrays import read_npz
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.zips import ArchiveError, open_zip

MOST_ARCHIVE = 2_000_000_000  # bytes
MOST_IMAGES = 200_000
MOST_CLASSES = 10_000
MOST_FILE = 64_000_000  # bytes of one image file
MOST_PIXELS = 50_000_000  # of one image
LEAST_PER_CLASS = 2  # one to learn from and one to check with
KEPT_SIDE = 128  # px: larger images are kept at this size
LEAST_SIDE = 8
KEPT_BYTES = 1_000_000_000
NAMED = 5  # files named in a sentence; the others are counted

_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, zipfile.BadZipFile, NotImplementedError,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip  # whatever Pillow and zipfile raise at a file that is not what it says


@dataclass(frozen=True)
class ImageSet:
    """Images (n, height, width, 1 or 3) uint8, labels (n,) int32 and what was left out on the way, a sentence each."""

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()


class _File(NamedTuple):
    path: PurePosixPath
    read: Callable[[], bytes]


def read(source: bytes | str | os.PathLike[str]) -> ImageSet:
    """The images of a folder (by its path), a zip or an npz (by path or as bytes).

    Raises ArchiveError, with a sentence for people, for anything else and for whatever is wrong inside.
    """
    if isinstance(source, bytes):
        return _read_file(io.BytesIO(source), len(source))
    path = Path(source)
    if path.is_dir():
        return _read_images(*_folder(path))
    if not path.is_file():
        raise ArchiveError(f"There is no folder and no file at {path}")
    with path.open("rb") as file:
        return _read_file(file, path.stat().st_size)


def keep(images: ImageSet, title: str, folder: str | os.PathLike[str]) -> DatasetCard:
    """The card of the images, written to an .npz in `folder` that is named by what it holds."""
    digest = hashlib.sha256(images.images.tobytes() + images.labels.tobytes() + repr(images.class_names).encode())
    path = Path(folder) / f"images-{digest.hexdigest()[:16]}.npz"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    names = np.array(images.class_names)
    with unfinished.open("wb") as file:
        np.savez(file, images=images.images, labels=images.labels, class_names=names, title=np.array(title))
    unfinished.replace(path)
    return card_of(path)


def card_of(path: str | os.PathLike[str]) -> DatasetCard:
    """The card of images that `keep` wrote; the file's stem is its name."""
    path = Path(path)
    with np.load(path, allow_pickle=False) as arrays:
        names, title = tuple(str(name) for name in arrays["class_names"]), str(arrays["title"])
        count, *shape = arrays["images"].shape
    return DatasetCard(path.stem, title, names, tuple(shape), count, "your own images", "yours", path=str(path))


def _read_file(file: io.BufferedIOBase, size: int) -> ImageSet:
    if size > MOST_ARCHIVE:
        raise ArchiveError(f"The file has {size / 1e9:,.1f} GB: at most {MOST_ARCHIVE / 1e9:g} GB are read")
    if file.read(2) != b"PK":
        raise ArchiveError("The file is neither a zip nor an npz: pack one folder of images per class into a zip")
    with open_zip(file) as archive:
        names = archive.namelist()
        if names and all(name.endswith(".npy") for name in names):
            images, labels, class_names = read_npz(archive)
            return _checked(images, labels, class_names, [])
        return _read_images(*_entries(archive))


def _folder(root: Path) -> tuple[list[_File], list[str]]:
    files, links = [], 0
    for place, _, names in os.walk(root):  # which follows no links
        for name in sorted(names):
            path = Path(place) / name
            if path.is_symlink():
                links += 1
            elif path.is_file():
                files.append(_File(PurePosixPath(path.relative_to(root)), _reader(path)))
    return files, [f"{links:,} links were left out"] if links else []


def _reader(path: Path) -> Callable[[], bytes]:
    def read_at_most() -> bytes:
        with path.open("rb") as file:
            return file.read(MOST_FILE + 1)

    return read_at_most


def _entries(archive: zipfile.ZipFile) -> tuple[list[_File], list[str]]:
    def reader(entry: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read_at_most() -> bytes:
            with archive.open(entry) as file:
                return file.read(MOST_FILE + 1)

        return read_at_most

    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    return [_File(PurePosixPath(entry.filename.replace("\\", "/")), reader(entry)) for entry in entries], []


def _read_images(files: Sequence[_File], notes: list[str]) -> ImageSet:
    """The images of class folders, at one size: first every header, to choose the size, then every image."""
    files = [f for f in files if not any(part.startswith((".", "__MACOSX")) for part in f.path.parts)]
    files.sort(key=lambda file: file.path)
    candidates = [file for file in files if file.path.suffix.lower() in _SUFFIXES]
    notes = notes + _left_out("no image", [str(f.path) for f in files if f.path.suffix.lower() not in _SUFFIXES])
    sorted_in = [file for file in candidates if len(file.path.parts) > 1]
    if candidates and not sorted_in:
        raise ArchiveError("No class was found: images must lie in folders, one folder per class, named by it")
    notes += _left_out("in no class folder", [str(f.path) for f in candidates if len(f.path.parts) == 1])
    if len(sorted_in) > MOST_IMAGES:
        raise ArchiveError(f"There are {len(sorted_in):,} images: at most {MOST_IMAGES:,} are read")
    broken: list[str] = []
    sides = {file: side for file in sorted_in if (side := _attempt(file, _shorter_side, broken))}
    if not sides:
        raise ArchiveError(f"No image could be read. {' '.join(_left_out('unreadable', broken)) or 'There is none.'}")
    side = _common_side(list(sides.values()))
    decode = partial(_decode, side=side)
    decoded = {file: image for file in sides if (image := _attempt(file, decode, broken)) is not None}
    notes += _left_out("unreadable", broken)
    class_names = tuple(sorted({file.path.parent.name for file in decoded}))
    numbers = {name: i for i, name in enumerate(class_names)}
    images = np.stack(list(decoded.values())) if decoded else np.zeros((0, side, side, 3), np.uint8)
    if (images[..., 0] == images[..., 1]).all() and (images[..., 0] == images[..., 2]).all():
        images = images[..., :1]
    labels = np.array([numbers[file.path.parent.name] for file in decoded], np.int32)
    return _checked(images, labels, class_names, notes)


def _attempt(file: _File, work: Callable[[bytes], object], broken: list[str]):
    """What `work` makes of the file; None, and the file's name and trouble added to `broken`, where it cannot."""
    try:
        data = file.read()
        if len(data) > MOST_FILE:
            raise ValueError(f"more than {MOST_FILE / 1e6:g} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return work(data)
    except _BROKEN as error:
        reason = "not an image" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        broken.append(f"{file.path} ({reason})")
        return None


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=_FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(f"{image.width:,} x {image.height:,} px, more than {MOST_PIXELS / 1e6:g} million")
    return image


def _shorter_side(data: bytes) -> int:
    return min(_opened(data).size)


def _common_side(sides: list[int]) -> int:
    """The usual shorter side, within what is kept."""
    side = min(max(int(np.median(sides)), LEAST_SIDE), KEPT_SIDE)
    affordable = int((KEPT_BYTES / (3 * len(sides))) ** 0.5)
    return max(min(side, affordable), LEAST_SIDE)


def _decode(data: bytes, side: int) -> np.ndarray:
    """The middle square of an image, RGB, at a size."""
    image = ImageOps.exif_transpose(_opened(data)).convert("RGB")
    return np.asarray(ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR))


def _left_out(why: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    files = "file was" if len(names) == 1 else "files were"
    return [f"{len(names):,} {files} left out ({why}): {', '.join(names[:NAMED])}{more}."]


def _checked(images: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...], notes: list[str]) -> ImageSet:
    """The set, once it can be learned from."""
    told = f" {' '.join(notes)}" if notes else ""
    if len(class_names) < 2:
        found = f"only {class_names[0]!r} was found" if class_names else "none was found"
        raise ArchiveError(f"At least two classes are needed, and {found}.{told}")
    if len(class_names) > MOST_CLASSES:
        raise ArchiveError(f"There are {len(class_names):,} classes: at most {MOST_CLASSES:,} are read")
    counts = Counter(labels.tolist())
    few = [name for i, name in enumerate(class_names) if counts[i] < LEAST_PER_CLASS]
    if few:
        raise ArchiveError(
            f"Class {few[0]!r} has {counts[class_names.index(few[0])]} images: at least {LEAST_PER_CLASS} are needed, "
            f"one to learn from and one to check with.{told}"
        )
    return ImageSet(images, labels.astype(np.int32), class_names, tuple(notes))
