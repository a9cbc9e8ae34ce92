"""A backbone's maps, and networks on top of them, built and trained."""

import numpy as np
import pytest

from benchmarks.segmentation import BACKBONE
from resnet_tf.design.costs import costs
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.presets import preset
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.datasets import load
from resnet_tf.learning.scenes import CLASSES, canvases, intersection_over_union

pytestmark = pytest.mark.keras

IMAGES = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)


def test_the_maps_are_what_the_whole_network_computes_on_its_way():
    spec = preset("resnet18", input_shape=(64, 64, 3), classes=10)
    whole, backbone = build(spec, seed=1), build(features(spec), seed=1)
    inside = keras.Model(whole.input, [whole.get_layer(name).output for name in backbone.output_names])
    maps = backbone(IMAGES)
    assert list(maps) == backbone.output_names == [f"stage{s}.block2.act" for s in (1, 2, 3, 4)]
    for name, expected in zip(maps, inside(IMAGES), strict=True):
        np.testing.assert_allclose(maps[name], expected, atol=1e-5)


def test_a_dilated_network_has_the_weights_of_the_strided_one():
    spec = preset("resnet18", input_shape=(64, 64, 3))
    strided, dilated = build(features(spec)), build(features(spec, output_stride=8))
    assert [w.shape for w in dilated.weights] == [w.shape for w in strided.weights]
    assert [tuple(m.shape[1:3]) for m in dilated(IMAGES).values()] == [(16, 16), (8, 8), (8, 8), (8, 8)]


def test_a_feature_pyramid_is_its_formula():
    """Lin 2017: the lateral 1x1 plus the map above it enlarged by two, then a 3x3; here recomputed in NumPy."""
    spec = preset("resnet20_cifar10")
    graph = fpn(features(spec, [2, 3]), channels=8)
    model = build(graph, seed=2)
    inside = keras.Model(
        model.input,
        [model.get_layer(f"stage{s}.block3.act").output for s in (2, 3)]
        + [model.get_layer(f"neck.level{level}.smooth").input for level in (1, 2)],
    )
    low, high, low_sum, high_sum = (keras.ops.convert_to_numpy(x) for x in inside(IMAGES[:, :32, :32]))

    def lateral(level, x):
        kernel, bias = model.get_layer(f"neck.level{level}.lateral").get_weights()
        return x @ kernel[0, 0] + bias

    np.testing.assert_allclose(high_sum, lateral(2, high), atol=1e-4)
    enlarged = lateral(2, high).repeat(2, 1).repeat(2, 2)
    np.testing.assert_allclose(low_sum, lateral(1, low) + enlarged, atol=1e-4)


def test_a_segmentation_network_learns_what_every_pixel_is():
    graph = segmentation(fpn(features(BACKBONE), channels=16), CLASSES, channels=16)
    model = build(graph, seed=0)
    assert model.count_params() == costs(graph).parameters
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, labels = canvases(load("digits", (8, 8, 1)).train, 16, np.random.default_rng(0))
    losses = [float(model.train_on_batch(scaled(images), labels)) for _ in range(40)]
    assert losses[-1] < 0.3 * losses[0]  # one batch, learnt by heart


def test_the_share_of_right_pixels_is_counted_as_everybody_does():
    truth = np.array([[0, 1, 1], [2, 2, 0]])
    assert intersection_over_union(truth, truth) == pytest.approx(0.2)  # 2 of 10 digits are there, both found whole
    answers = np.array([[0, 1, 0], [2, 2, 2]])
    assert intersection_over_union(answers, truth) == pytest.approx((1 / 2 + 2 / 3) / 10)
