"""Images moved and mirrored: nothing but moves and mirrors."""

import numpy as np

from resnet_tf.learning.augment import augmented, scaled
from resnet_tf.learning.recipes import Recipe

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


def test_every_image_is_moved_by_at_most_the_shift_in_any_direction():
    out = augmented(IMAGES, Recipe(shift=2), np.random.default_rng(1))
    found = set()
    for before, after in zip(IMAGES, out, strict=True):
        moves = [(y, x) for y in range(-2, 3) for x in range(-2, 3) if np.array_equal(moved(before, y, x), after)]
        assert len(moves) == 1
        found.add(moves[0])
    assert len(found) > 15  # of 25


def test_about_half_of_the_images_are_mirrored_and_none_is_changed_otherwise():
    out = augmented(IMAGES, Recipe(flip=True), np.random.default_rng(1))
    mirrored = [np.array_equal(after, before[:, ::-1]) for before, after in zip(IMAGES, out, strict=True)]
    same = [np.array_equal(after, before) for before, after in zip(IMAGES, out, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 16 < sum(mirrored) < 48


def test_without_augmentation_images_stay_as_they_are():
    assert np.array_equal(augmented(IMAGES, Recipe(), np.random.default_rng(1)), IMAGES)


def test_pixels_are_scaled_to_minus_one_to_one():
    assert scaled(np.array([0, 255], np.uint8)).tolist() == [-1.0, 1.0]
