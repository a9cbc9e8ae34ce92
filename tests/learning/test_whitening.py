"""The kernel of a stem that whitens is that of its formula, and training leaves it alone."""

import numpy as np
import pytest
from small import TINY

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import edit
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.whitening import FLAT, patches, whiten, whitened, whitening_kernel

RANDOM = np.random.default_rng(0)


def blurred(count, side, channels):
    """Images whose neighbouring pixels and channels are alike, as those of photographs."""
    images = RANDOM.normal(size=(count, side + 4, side + 4, channels))
    smooth = sum(images[:, y : y + side, x : x + side] for y in range(5) for x in range(5))
    return (smooth @ RANDOM.uniform(0.2, 1, (channels, channels))).astype(np.float32)


def windows(images, side):
    """Every patch of some images, in rows."""
    found = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    return found.transpose(0, 1, 2, 4, 5, 3).reshape(-1, side * side * images.shape[3])


@pytest.mark.parametrize(("side", "channels"), [(2, 3), (3, 1), (3, 3), (1, 3)])
def test_patches_through_the_kernel_are_uncorrelated_and_vary_by_one(side, channels):
    """The covariance of what it gives is the identity, but for what `FLAT` takes from directions that hardly vary."""
    images = blurred(400, 12, channels)
    rows = windows(images, side)
    directions = rows.shape[1]
    kernel = whitening_kernel(rows, 2 * directions)
    variances = np.linalg.eigvalsh(np.cov(rows, rowvar=False))[::-1]
    expected = variances / (variances + FLAT * variances.mean())
    np.testing.assert_allclose(np.cov(rows @ kernel[:, :directions], rowvar=False), np.diag(expected), atol=2e-3)
    assert expected[0] > 0.999
    assert np.array_equal(kernel[:, directions:], -kernel[:, :directions])
    assert np.array_equal(whitening_kernel(rows, 4), kernel[:, :4])
    assert np.array_equal(whitening_kernel(-rows, 4), kernel[:, :4])  # whatever sign the library prefers


def test_some_patches_of_some_images_tell_about_as_much_as_all():
    images = blurred(400, 12, 3)
    kernel = whitening_kernel(patches(images[:200], 3, np.random.default_rng(1)), 27)
    given = np.cov(windows(images, 3) @ kernel[:, :9], rowvar=False)
    np.testing.assert_allclose(given, np.eye(9), atol=0.1)


def test_patches_lie_anywhere_in_their_image():
    images = np.arange(2 * 4 * 5 * 3, dtype=np.float32).reshape(2, 4, 5, 3)
    found = patches(images, 3, np.random.default_rng(2), count=200)
    assert found.shape == (400, 27)
    assert {tuple(row) for row in found[:200]} == {tuple(row) for row in windows(images[:1], 3)}
    assert {tuple(row) for row in found[200:]} == {tuple(row) for row in windows(images[1:], 3)}
    small = patches(images, 7, np.random.default_rng(2), count=1)[0].reshape(7, 7, 3)
    assert np.array_equal(small[:4, :5], images[0])
    assert not small[4:].any()
    assert not small[:, 5:].any()


def test_images_of_one_colour_give_a_kernel_of_numbers():
    assert np.isfinite(whitening_kernel(np.ones((50, 9), np.float32), 18)).all()


WHITE = edit(TINY, stem={"kernel": 3, "stride": 1, "widths": (18,), "pool": "none", "whitening": True})


@pytest.fixture(scope="module")
def states():
    from resnet_tf.learning.recipes import recipe
    from resnet_tf.learning.train import train

    events = train(WHITE, "digits", recipe("quick", epochs=2, batch_size=256), seed=3)
    return [event.values["state"] for event in events if event.kind == "checkpoint"]


@pytest.mark.keras
def test_training_begins_with_the_kernel_made_of_its_images_and_leaves_it_alone(states):
    from resnet_tf.learning.build import build
    from resnet_tf.learning.datasets import load

    model, split = build(WHITE, seed=3), load("digits", WHITE.input_shape).train
    whiten(model, expand(WHITE), split, 3)
    (kernel,) = model.get_layer("stem.conv").get_weights()
    for state in states:
        assert np.array_equal(state.weights["stem.conv/kernel"], kernel)
    images = scaled(split.batch(np.arange(len(split))))
    given = np.asarray(model.get_layer("stem.conv")(images))[:, 1:-1, 1:-1]  # where no padding comes in
    np.testing.assert_allclose(np.cov(given[..., :6].reshape(-1, 6), rowvar=False), np.eye(6), atol=0.15)
    assert sum(weight.path.startswith("stem.conv/") for weight in model.trainable_variables) == 0
    assert sum(weight.shape.num_elements() for weight in model.trainable_variables) == (
        costs(WHITE).trainable_parameters
    )


@pytest.mark.keras
def test_a_network_without_such_a_stem_stays_as_it_is():
    from resnet_tf.learning.build import build

    model = build(TINY, seed=3)
    before = model.get_weights()
    whiten(model, expand(TINY), None, 3)
    assert whitened(expand(TINY)) is None
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.keras
def test_the_first_weights_without_images_are_orthogonal():
    from resnet_tf.learning.build import build

    kernel = build(WHITE, seed=3).get_layer("stem.conv").get_weights()[0].reshape(9, 18)
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(9), atol=1e-5)
