"""The faster layers give the numbers of the formula, in value and gradient, and leave no trace."""

import numpy as np
import pytest
import tensorflow as tf

from resnet_tf.design import graph as g
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import preset
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import assemble, build
from resnet_tf.learning.kernels import FusedBatchNormalization, GroupedConvolution, training_makers
from resnet_tf.learning.makers import MAKERS

pytestmark = pytest.mark.keras

RANDOM = np.random.default_rng(0)


def normalized(x, gamma, beta, epsilon):
    """Batch norm by its formula, and its gradients for an upstream gradient, in float64 (Ioffe and Szegedy 2015)."""
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    scale = 1 / np.sqrt(variance + epsilon)
    standard = (x - mean) * scale

    def back(dy):
        dgamma, dbeta = (dy * standard).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))
        count = x.size / x.shape[-1]
        return gamma * scale * (dy - dbeta / count - standard * dgamma / count), dgamma, dbeta

    return gamma * standard + beta, mean, variance, back


@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (2, 1, 1, 7), (64, 8, 8, 16)])
def test_the_fused_norm_is_the_formula_in_float64(shape):
    x = RANDOM.normal(3, 2, shape)
    gamma, beta, dy = RANDOM.normal(size=shape[-1]), RANDOM.normal(size=shape[-1]), RANDOM.normal(size=shape)
    layer = FusedBatchNormalization(momentum=0.9, epsilon=1e-3)
    layer.build(shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    images = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        out = layer(images, training=True)
        loss = tf.reduce_sum(out * tf.constant(dy, tf.float32))
    gradients = tape.gradient(loss, [images, layer.gamma.value, layer.beta.value])
    expected, mean, variance, back = normalized(x, gamma, beta, 1e-3)
    np.testing.assert_allclose(out, expected, atol=2e-5)
    for found, wanted in zip(gradients, back(dy), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=2e-5 * np.abs(dy).sum() ** 0.5)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, rtol=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "groups"), [(3, 1, 4), (3, 2, 2), (1, 1, 8)])
def test_a_grouped_convolution_is_its_groups_convolved_one_by_one(kernel, stride, groups):
    op = g.Convolution(16, kernel, stride, groups)
    layers = (
        g.Layer("input", g.Input((9, 9, 8)), (), (9, 9, 8), "path"),
        g.Layer("it", op, ("input",), g.SHAPES[g.Convolution](op, (9, 9, 8)), "path"),
    )
    model = assemble(g.LayerGraph(layers, ()), training_makers(), seed=0, name="grouped")
    weight = model.get_layer("it").kernel
    assert isinstance(model.get_layer("it"), GroupedConvolution)
    images = tf.constant(RANDOM.normal(size=(3, 9, 9, 8)), tf.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(images)
            out = model(images, training=True)
            loss = tf.reduce_sum(out**3)
        return out, *tape.gradient(loss, [images, weight.value])

    wide, deep = tf.cast(images, tf.float64), tf.cast(weight.value, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([wide, deep])
        p = op.padding
        padded = tf.pad(wide, ((0, 0), (p, p), (p, p), (0, 0)))
        parts = zip(tf.split(padded, groups, -1), tf.split(deep, groups, -1), strict=True)
        expected = tf.concat([tf.nn.conv2d(x, w, stride, "VALID") for x, w in parts], -1)
        loss = tf.reduce_sum(expected**3)
    for found, wanted in zip(step(), (expected, *tape.gradient(loss, [wide, deep])), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["resnet20_cifar10", "resnext50_32x4d"])
def test_a_network_in_training_has_the_variables_and_the_answers_of_the_stock_one(name):
    spec = preset(name, input_shape=(32, 32, 3), classes=10)
    stock, fast = build(spec, seed=2), assemble(expand(spec), training_makers(), seed=2, name="network")
    images = RANDOM.normal(size=(4, 32, 32, 3)).astype(np.float32)
    assert [w.path for w in stock.weights] == [w.path for w in fast.weights]
    for training in (False, True, False):  # the last one sees the statistics that the second one moved
        np.testing.assert_allclose(
            fast(images, training=training), stock(images, training=training), rtol=2e-3, atol=2e-3
        )


def test_what_is_built_for_others_holds_none_of_these_layers():
    ours = (FusedBatchNormalization, GroupedConvolution)
    assert not any(isinstance(layer, ours) for layer in build(preset("resnext50_32x4d")).layers)


def test_another_backend_trains_the_stock_layers(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert training_makers() is MAKERS
