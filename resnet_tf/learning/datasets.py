"""A dataset's name becomes arrays that fit a design: images for training, images for validation, labels."""

from __future__ import annotations

import hashlib
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np
from PIL import Image

from resnet_tf.design.graph import Shape
from resnet_tf.learning.catalogue import DATASETS, DEFAULT, DatasetCard, dataset

VALIDATION_SHARE = 0.2  # of every class, where a dataset has no validation images of its own
NETWORK_PATIENCE = 20.0  # seconds without a byte

Labelled: TypeAlias = tuple[np.ndarray, np.ndarray]


class DatasetUnavailable(RuntimeError):
    """A dataset that cannot be fetched, or whose file is gone; the sentence names what is there instead."""


class DatasetMismatch(ValueError):
    """Images that cannot be made to fit a design; the sentence says which and why."""


@dataclass(frozen=True)
class Split:
    """Images as they are kept, (n, height, width, channels) uint8, their labels, (n,) int32, and the design's input."""

    images: np.ndarray
    labels: np.ndarray
    input_shape: Shape

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: np.ndarray) -> np.ndarray:
        """The chosen images at the design's size and channels, uint8."""
        return resized(self.images[indices], self.input_shape)


@dataclass(frozen=True)
class Data:
    """A dataset fitted to a design. `fingerprint` is the SHA-256 of its images and labels."""

    card: DatasetCard
    train: Split
    validation: Split
    fingerprint: str

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.card.class_names


def load(name_or_card: str | DatasetCard, input_shape: Shape, seed: int = 0) -> Data:
    """The images of a dataset, to be resized to `input_shape` batch by batch.

    `seed` decides which images are for validation where the dataset has no such part; leave it alone to compare runs.
    Raises DatasetUnavailable without network, and DatasetMismatch where channels cannot be converted.
    """
    card = dataset(name_or_card) if isinstance(name_or_card, str) else name_or_card
    _check_channels(card, input_shape)
    if card.path is not None:
        parts = divide(*_kept(card), seed)
    elif card.name in _BUNDLED:
        parts = divide(*_BUNDLED[card.name](), seed)
    else:
        parts = _downloaded(card)
    digest = hashlib.sha256()
    for images, labels in parts:
        digest.update(np.ascontiguousarray(images).data)
        digest.update(np.ascontiguousarray(labels).data)
    train, validation = (Split(images, labels, tuple(input_shape)) for images, labels in parts)
    return Data(card, train, validation, digest.hexdigest())


def divide(images: np.ndarray, labels: np.ndarray, seed: int) -> tuple[Labelled, Labelled]:
    """Images for training and for validation: the same share of every class, at least one where a class has two."""
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        count = round(VALIDATION_SHARE * len(members)) or min(1, len(members) - 1)
        held_out[members[:count]] = True
    return (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])


def resized(images: np.ndarray, input_shape: Shape) -> np.ndarray:
    """Images (n, height, width, 1 or 3) at another size, bilinear, as grey or RGB as the design takes them."""
    height, width, channels = input_shape
    if images.shape[3] != channels:
        images = _recoloured(images)
    if images.shape[1:3] == (height, width):
        return images
    pictures = (Image.fromarray(image[..., 0] if channels == 1 else image) for image in images)
    bilinear = Image.Resampling.BILINEAR
    out = [np.asarray(picture.resize((width, height), bilinear)) for picture in pictures]
    return np.stack(out).reshape(len(images), height, width, channels)


def _recoloured(images: np.ndarray) -> np.ndarray:
    """Grey as RGB, or RGB as grey (ITU-R 601 luma)."""
    if images.shape[3] == 1:
        return np.repeat(images, 3, axis=3)
    luma = images.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(luma).astype(np.uint8)[..., None]


def _check_channels(card: DatasetCard, input_shape: Shape) -> None:
    if input_shape[2] not in (1, 3):
        raise DatasetMismatch(
            f"{card.title} has images of {card.image_shape[2]} channels and the design takes {input_shape[2]}: "
            "grey and RGB are converted into each other, nothing else; give the design 1 or 3 channels"
        )


def _digits() -> Labelled:
    with resources.files("resnet_tf.learning").joinpath("data/digits.npz").open("rb") as file, np.load(file) as arrays:
        ink = arrays["images"].astype(np.float32)  # 0 to 16
        return np.rint(ink * (255 / 16)).astype(np.uint8)[..., None], arrays["labels"].astype(np.int32)


def _kept(card: DatasetCard) -> Labelled:
    try:
        # opened here: NumPy leaves the file of a broken zip open
        with open(card.path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays["images"], arrays["labels"].astype(np.int32)
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, BadZipFile, zlib.error) as error:
        raise DatasetUnavailable(  # a damaged zip may claim encryption or a compression that nobody knows
            f"The images of {card.title} are no longer readable at {card.path} ({error}): add them again, "
            f"or train on {DATASETS[DEFAULT].title}"
        ) from error


_BUNDLED: dict[str, Callable[[], Labelled]] = {"digits": _digits}


def _downloaded(card: DatasetCard) -> tuple[Labelled, Labelled]:
    from resnet_tf.learning.backend import keras

    source = getattr(keras.datasets, card.name)
    try:
        with _patience(NETWORK_PATIENCE):
            train, validation = source.load_data()
    except Exception as error:  # keras raises plain Exception for a failed download, and others for a broken file
        raise DatasetUnavailable(
            f"{card.title} could not be fetched ({error}): it needs the network once; "
            f"{DATASETS[DEFAULT].title} needs none"
        ) from error
    return _in_our_form(*train), _in_our_form(*validation)


def _in_our_form(images: np.ndarray, labels: np.ndarray) -> Labelled:
    return images.reshape(*images.shape[:3], -1), labels.ravel().astype(np.int32)


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """For this long a socket may be silent; without it a blocked network would hang the worker for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
