"""Images moved and mirrored: nothing but moves and mirrors."""

import numpy as np
import pytest

from resnet_tf.learning.augment import bordered, moves, picked, scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.recipes import Recipe

pytestmark = pytest.mark.keras

NUMBERS = np.arange(64, dtype=np.int32)
IMAGES = np.random.default_rng(0).integers(1, 256, (64, 6, 5, 3), np.uint8)


def moved(image, y, x):
    """The image moved down by y and right by x, black coming in."""
    out = np.zeros_like(image)
    height, width, _ = image.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - y < height and 0 <= column - x < width:
                out[row, column] = image[row - y, column - x]
    return out


def drawn(recipe, epoch=0, seed=1):
    """The images as one epoch shows them."""
    random = np.random.default_rng(seed)
    (offsets,), (mirrored,) = moves(recipe, NUMBERS[None], epoch, seed, random)
    return chosen(bordered(IMAGES, recipe.shift), recipe.shift, NUMBERS, offsets, mirrored)


def chosen(pool, border, *told):
    ops = keras.ops
    return ops.convert_to_numpy(picked(ops.convert_to_tensor(pool), border, *map(ops.convert_to_tensor, told)))


def test_every_image_is_moved_by_at_most_the_shift_in_any_direction():
    found = set()
    for before, after in zip(IMAGES, drawn(Recipe(shift=2)), strict=True):
        moved_by = [(y, x) for y in range(-2, 3) for x in range(-2, 3) if np.array_equal(moved(before, y, x), after)]
        assert len(moved_by) == 1
        found.add(moved_by[0])
    assert len(found) > 15  # of 25


def mirrored_in(out):
    """Which images are mirrored; none is changed otherwise."""
    mirrored = [np.array_equal(after, before[:, ::-1]) for before, after in zip(IMAGES, out, strict=True)]
    same = [np.array_equal(after, before) for before, after in zip(IMAGES, out, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    return np.array(mirrored)


def test_about_half_of_the_images_are_mirrored_and_none_is_changed_otherwise():
    assert 16 < mirrored_in(drawn(Recipe(flip="random"))).sum() < 48


def test_an_alternating_flip_shows_every_image_both_ways_in_any_two_epochs():
    """Jordan 2024, section 3.6: the first epoch is drawn, all others follow."""
    first, second, third = (mirrored_in(drawn(Recipe(flip="alternating"), epoch)) for epoch in (0, 1, 2))
    assert 16 < first.sum() < 48
    assert np.array_equal(second, ~first)
    assert np.array_equal(third, first)
    assert not np.array_equal(mirrored_in(drawn(Recipe(flip="alternating"), 0, seed=2)), first)


def test_an_image_is_moved_and_then_mirrored():
    out = drawn(Recipe(shift=1, flip="random"), seed=3)
    (offsets,), (mirrored,) = moves(Recipe(shift=1, flip="random"), NUMBERS[None], 0, 3, np.random.default_rng(3))
    for i in range(len(IMAGES)):
        expected = moved(IMAGES[i], *-offsets[i])
        assert np.array_equal(out[i], expected[:, ::-1] if mirrored[i] else expected)


def test_the_chosen_images_of_a_pool_come_in_the_order_asked_for():
    numbers = np.array([5, 0, 63, 5], np.int32)
    still, none = np.zeros((4, 2), np.int32), np.zeros(4, bool)
    assert np.array_equal(chosen(IMAGES, 0, numbers, still, none), IMAGES[numbers])
    assert np.array_equal(chosen(bordered(IMAGES, 2), 2, numbers, still, none), IMAGES[numbers])


def test_without_augmentation_images_stay_as_they_are():
    assert np.array_equal(drawn(Recipe()), IMAGES)


def test_pixels_are_scaled_to_minus_one_to_one():
    pixels = np.array([0, 255], np.uint8)
    assert scaled(pixels).tolist() == [-1.0, 1.0]
    assert keras.ops.convert_to_numpy(scaled(keras.ops.convert_to_tensor(pixels))).tolist() == [-1.0, 1.0]
