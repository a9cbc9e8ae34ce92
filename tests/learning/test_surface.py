"""The loss around weights, against the same in NumPy, against networks that have the moved weights, and theory."""

import math

import numpy as np
import pytest
from filling import fill
from small import TINY

from resnet_tf.design import graph as g
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.build import build
from resnet_tf.learning.evaluate import scores
from resnet_tf.learning.surface import Plane, directions, filter_normalized, loss_surface, surveyed

pytestmark = pytest.mark.keras

RANDOM = np.random.default_rng(0)

# logits are a matrix times the pixels, and a bias
LINEAR = g.LayerGraph(
    (
        g.Layer("input", g.Input((4, 4, 1)), (), (4, 4, 1), "path"),
        g.Layer("head.flatten", g.Flatten(), ("input",), (16,), "path"),
        g.Layer("head.classifier", g.Dense(3), ("head.flatten",), (3,), "path"),
    ),
    (g.Block("head", "head", "head", 1, 3, "none"),),
)
KERNEL, BIAS = "head.classifier/kernel", "head.classifier/bias"
MATRIX = {KERNEL: RANDOM.normal(size=(16, 3)).astype("float32"), BIAS: RANDOM.normal(size=3).astype("float32")}
PIXELS = RANDOM.normal(size=(300, 4, 4, 1)).astype("float32"), RANDOM.integers(0, 3, 300, np.int32)  # in two parts


@pytest.fixture(scope="module")
def linear():
    return loss_surface(LINEAR, PIXELS, MATRIX, points=7, reach=1.5, seed=3)


def cross_entropy(logits, labels):
    """The mean, in float64, of probabilities written out."""
    powers = np.exp(logits)
    return -np.mean(np.log(powers[np.arange(len(labels)), labels] / powers.sum(axis=1)))


def test_a_linear_networks_surface_is_the_one_that_numpy_computes(linear):
    images, labels = PIXELS[0].reshape(300, 16).astype("float64"), PIXELS[1]
    first, second = (each[KERNEL].astype("float64") for each in directions({KERNEL: MATRIX[KERNEL]}, seed=3))
    assert linear.steps == (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
    for a, row in zip(linear.steps, linear.losses, strict=True):
        theirs = [
            cross_entropy(images @ (MATRIX[KERNEL] + a * first + b * second) + MATRIX[BIAS], labels)
            for b in linear.steps
        ]
        assert row == pytest.approx(theirs, rel=1e-5)
    assert linear.centre == linear.losses[3][3]


def test_a_linear_classifiers_loss_is_convex_along_every_line(linear):
    losses = np.array(linear.losses)
    for line in (*losses, *losses.T, np.diag(losses), np.diag(losses[::-1])):
        assert (np.diff(line, 2) > -1e-5).all()


@pytest.mark.parametrize("shape", [(3, 3, 8, 16), (3, 1, 1), (16, 10)])
def test_every_filter_of_a_direction_has_the_norm_of_the_kernels(shape):
    kernel = RANDOM.normal(size=shape).astype("float32") * np.linspace(0, 5, shape[-1], dtype="float32")
    (found,) = filter_normalized({"some/kernel": kernel}, seed=1).values()
    for i in range(shape[-1]):
        assert np.linalg.norm(found[..., i]) == pytest.approx(np.linalg.norm(kernel[..., i]), rel=1e-5)


def test_two_directions_are_all_but_orthogonal_and_a_seed_says_which():
    kernels = {"some/kernel": RANDOM.normal(size=(3, 3, 64, 64)).astype("float32")}
    first, second = (each["some/kernel"] for each in directions(kernels, 0))
    cosine = np.sum(first * second) / np.linalg.norm(first) / np.linalg.norm(second)
    assert abs(cosine) < 4 / math.sqrt(first.size)  # four standard deviations
    again, other = (directions(kernels, seed)[0]["some/kernel"] for seed in (0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("changes", [{}, {"normalization": {"kind": "fixup"}}, {"attention": {"kind": "eca"}}])
def test_a_point_is_the_loss_of_a_stock_network_with_the_moved_kernels(changes):
    spec = edit(TINY, **changes)
    model = build(spec)
    weights = {weight.path: fill(weight.path, tuple(weight.shape)) for weight in model.weights}
    images = RANDOM.normal(size=(20, 8, 8, 1)).astype("float32")
    labels = RANDOM.integers(0, 10, 20, np.int32)
    plane = Plane(spec, (images, labels), weights, seed=5)
    # a kernel is what a convolution or a dense layer multiplies by; Fixup's numbers, which learn as such, are none
    kernels = {
        path: weight for path, weight in weights.items()
        if path.endswith("kernel") and not any(part in path for part in ("shift", "bias", "scale", "norm"))
    }  # fmt: skip
    assert len(kernels) == 7 + 2 * ("attention" in changes)
    first, second = directions(kernels, 5)
    for a, b in ((0.0, 0.0), (0.5, -0.25)):
        for weight in model.weights:
            value = weights[weight.path]
            if weight.path in kernels:
                value = value + a * first[weight.path] + b * second[weight.path]
            weight.assign(value)
        loss, _ = scores(np.asarray(model(images, training=False)), labels)
        assert plane.loss(a, b) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"points": 20}, r"points must be odd.*\(got 20\); the nearest is 21"),
        ({"points": 1}, "points must be from 3"),
        ({"reach": 0.0}, "reach must be a number above 0"),
        ({"reach": math.inf}, "reach must be"),
    ],
)
def test_a_grid_without_the_weights_in_its_middle_is_refused(what, sentence):
    with pytest.raises(SpecError, match=sentence):
        loss_surface(LINEAR, PIXELS, MATRIX, **what)


def test_a_weight_that_is_not_given_is_named():
    with pytest.raises(KeyError, match=BIAS):
        loss_surface(LINEAR, PIXELS, {KERNEL: MATRIX[KERNEL]})


def test_the_grid_is_told_row_by_row(linear):
    *rows, last = surveyed(LINEAR, PIXELS, MATRIX, points=7, reach=1.5, seed=3)
    assert [(each.done, each.of, each.found) for each in rows] == [(row, 7, None) for row in range(1, 8)]
    assert rows[1].what == "14 of 49 points"
    assert last.found == linear
