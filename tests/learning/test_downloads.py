"""Datasets that Keras fetches: in our form when they come, a sentence when they do not."""

import socket

import numpy as np
import pytest

from resnet_tf.learning.backend import keras
from resnet_tf.learning.catalogue import dataset
from resnet_tf.learning.datasets import DatasetUnavailable, load

pytestmark = pytest.mark.keras
FETCHED = ["mnist", "fashion_mnist", "cifar10", "cifar100"]


@pytest.mark.parametrize("name", FETCHED)
def test_without_network_a_sentence_offers_the_default(name, monkeypatch, tmp_path):
    def unreachable(*address, **options):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))  # nothing fetched before counts
    before = socket.getdefaulttimeout()
    with pytest.raises(DatasetUnavailable, match=r"it needs the network once; Handwritten digits .* needs none"):
        load(name, dataset(name).image_shape)
    assert socket.getdefaulttimeout() == before


@pytest.mark.parametrize("name", FETCHED)
def test_what_keras_gives_has_our_shape_and_its_own_validation_images(name, monkeypatch):
    card = dataset(name)
    shape = card.image_shape if card.image_shape[2] == 3 else card.image_shape[:2]
    column = (lambda n: (n, 1)) if name.startswith("cifar") else (lambda n: (n,))  # as Keras shapes their labels

    def part(count):
        images = np.random.default_rng(count).integers(0, 256, (count, *shape), np.uint8)
        return images, np.arange(count).reshape(column(count)).astype(np.uint8) % card.classes

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", lambda: (part(50), part(20)))
    data = load(name, (40, 40, 3))
    assert (len(data.train), len(data.validation)) == (50, 20)
    assert data.train.images.shape == (50, *card.image_shape)
    assert data.train.labels.shape == (50,)
    assert data.validation.batch(np.arange(20)).shape == (20, 40, 40, 3)
