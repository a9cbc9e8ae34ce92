"""Images as arrays: the bundled digits, the split, sizes and colours; what is missing is said in a sentence."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from resnet_tf.learning.archives import ImageSet, keep
from resnet_tf.learning.datasets import DatasetMismatch, DatasetUnavailable, divide, load, resized

# of the arrays that scikit-learn 1.9.1's load_digits gives, as uint8
DIGITS_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


def test_the_digits_are_those_of_scikit_learn():
    data = load("digits", (8, 8, 1))
    assert len(data.train) + len(data.validation) == 1_797
    assert data.train.images.shape[1:] == (8, 8, 1)
    counts = np.bincount(np.concatenate([data.train.labels, data.validation.labels]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as scikit-learn documents them
    with np.load("resnet_tf/learning/data/digits.npz") as raw:
        assert hashlib.sha256(raw["images"].tobytes() + raw["labels"].tobytes()).hexdigest() == DIGITS_SHA256


def test_a_fifth_of_every_class_is_for_validation_and_no_image_is_in_both():
    labels = np.repeat(np.arange(10), 50)
    images = np.arange(500)
    (train, train_labels), (validation, validation_labels) = divide(images, labels, seed=0)
    assert np.bincount(validation_labels).tolist() == [10] * 10
    assert sorted([*train, *validation]) == list(range(500))
    assert np.array_equal(labels[train], train_labels)


def test_a_class_of_two_images_has_one_of_them_in_each_part():
    (_, train), (_, validation) = divide(np.arange(4), np.array([0, 0, 1, 1]), seed=0)
    assert sorted(train) == sorted(validation) == [0, 1]


def test_the_split_is_the_same_every_time_and_another_for_another_seed():
    first, again, other = (load("digits", (8, 8, 1), seed) for seed in (0, 0, 1))
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_images_are_resized_as_pillow_does_it():
    images = np.random.default_rng(0).integers(0, 256, (3, 9, 7, 3), np.uint8)
    out = resized(images, (20, 30, 3))
    expected = [Image.fromarray(image).resize((30, 20), Image.Resampling.BILINEAR) for image in images]
    assert np.array_equal(out, np.stack([np.asarray(picture) for picture in expected]))


def test_grey_becomes_rgb_and_rgb_becomes_grey():
    grey = np.arange(75, dtype=np.uint8).reshape(1, 5, 15, 1)
    colour = resized(grey, (5, 15, 3))
    assert all(np.array_equal(colour[..., i : i + 1], grey) for i in range(3))
    assert np.array_equal(resized(colour, (5, 15, 1)), grey)
    red = np.zeros((1, 1, 1, 3), np.uint8)
    red[..., 0] = 255
    assert resized(red, (1, 1, 1)).item() == Image.new("RGB", (1, 1), (255, 0, 0)).convert("L").getpixel((0, 0))


def test_a_design_of_four_channels_is_refused_by_name():
    with pytest.raises(DatasetMismatch, match=r"Handwritten digits .* of 1 channels and the design takes 4"):
        load("digits", (32, 32, 4))


def test_own_images_are_loaded_from_where_they_were_kept(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), np.uint8)
    card = keep(ImageSet(images, np.arange(20, dtype=np.int32) % 2, ("no", "yes")), "Mine", tmp_path)
    data = load(card, (12, 12, 3))
    assert (len(data.train), len(data.validation)) == (16, 4)
    assert data.train.batch(np.arange(5)).shape == (5, 12, 12, 3)
    assert data.class_names == ("no", "yes")


def test_own_images_that_are_gone_are_said_to_be_gone(tmp_path):
    images = np.zeros((4, 6, 6, 1), np.uint8)
    card = keep(ImageSet(images, np.array([0, 1, 0, 1], np.int32), ("a", "b")), "Mine", tmp_path)
    (tmp_path / card.path).unlink()
    with pytest.raises(DatasetUnavailable, match="Mine are no longer readable"):
        load(card, (12, 12, 3))


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_own_images_damaged_anywhere_are_the_same_or_a_sentence(own_images, share, bit):
    card, images = own_images
    whole = Path(card.path).read_bytes()
    damaged = bytearray(whole)
    damaged[int(share * len(whole))] ^= 1 << bit
    Path(card.path).write_bytes(damaged)
    said = None
    try:
        data = load(card, (6, 6, 3))
    except DatasetUnavailable as error:
        said = str(error)
    finally:
        Path(card.path).write_bytes(whole)
    if said is None:
        assert sorted(map(bytes, [*data.train.images, *data.validation.images])) == sorted(map(bytes, images))
    else:
        assert "Mine are no longer readable" in said


@pytest.fixture(scope="module")
def own_images(tmp_path_factory):
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), np.uint8)
    labels = np.arange(20, dtype=np.int32) % 2
    return keep(ImageSet(images, labels, ("no", "yes")), "Mine", tmp_path_factory.mktemp("own")), images
