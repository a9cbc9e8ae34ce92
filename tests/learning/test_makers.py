"""Each operation computes what its formula says."""

import math

import numpy as np
import pytest

from resnet_tf.design import graph as g
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build, folded
from resnet_tf.learning.makers import MAKERS

pytestmark = pytest.mark.keras


def test_every_operation_has_a_row():
    assert set(MAKERS) == set(g.OPERATIONS)


def one_operation(op, shape):
    """A network of one operation, as a graph."""
    out = g.SHAPES[type(op)](op, shape)
    layers = (g.Layer("input", g.Input(shape), (), shape, "path"), g.Layer("it", op, ("input",), out, "path"))
    return g.LayerGraph(layers, (g.Block("head", "head", "head", 0, 2, "none"),))


def run(op, images):
    graph = one_operation(op, images.shape[1:])
    out = keras.ops.convert_to_numpy(build(graph, seed=0)(images))
    assert out.shape[1:] == graph.output.shape
    return out


def learnt(op, images):
    """A network of one operation whose weights are no longer what they began as; and those weights."""
    model = build(one_operation(op, images.shape[1:]), seed=0)
    random = np.random.default_rng(2)
    for weight in model.weights:
        weight.assign(random.normal(1, 0.5, weight.shape))
    return keras.ops.convert_to_numpy(model(images)), [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def signed(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def windows(images, kernel, stride, padding, fill):
    """(batch, rows, columns, kernel, kernel, channels): what a sliding window sees, by definition."""
    p = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(images, p, constant_values=fill), (kernel, kernel), (1, 2))
    return np.moveaxis(seen[:, ::stride, ::stride], 3, -1)


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 2), (7, 2), (5, 3), (1, 1)])
def test_a_convolution_is_padded_by_half_its_kernel_on_every_side(side, kernel, stride):
    op, images = g.Convolution(5, kernel, stride, bias=True), signed(2, side, side, 3)
    model = build(one_operation(op, images.shape[1:]), seed=0)
    weight = keras.ops.convert_to_numpy(model.get_layer("it").kernel)
    expected = np.einsum("brcijk,ijkf->brcf", windows(images, kernel, stride, kernel // 2, 0), weight)
    np.testing.assert_allclose(model(images), expected, atol=1e-5)


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 2, 1), (2, 2, 0), (3, 1, 1)])
def test_a_max_pool_never_lets_its_padding_win(side, kernel, stride, padding):
    images = signed(2, side, side, 3) - 10  # all negative: zeros would show
    expected = windows(images, kernel, stride, padding, -np.inf).max(axis=(3, 4))
    assert np.array_equal(run(g.MaxPooling(kernel, stride, padding), images), expected)


@pytest.mark.parametrize("side", [7, 8])
def test_an_average_pool_counts_only_what_is_inside(side):
    images = signed(2, side, side, 3)
    padded = np.pad(images, ((0, 0), (0, side % 2), (0, side % 2), (0, 0)), constant_values=np.nan)
    expected = np.nanmean(windows(padded, 2, 2, 0, 0), axis=(3, 4))
    np.testing.assert_allclose(run(g.AveragePooling(2, 2), images), expected, atol=1e-6)


def test_subsampling_keeps_every_second_pixel_and_zero_padding_appends_channels():
    images = signed(2, 7, 7, 3)
    assert np.array_equal(run(g.Subsample(2), images), images[:, ::2, ::2])
    padded = run(g.PadChannels(8), images)
    assert np.array_equal(padded[..., :3], images)
    assert not padded[..., 3:].any()


@pytest.mark.parametrize(
    ("kind", "formula"),
    [
        ("relu", lambda x: np.maximum(x, 0)),
        ("silu", lambda x: x / (1 + np.exp(-x))),
        ("gelu", lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / 2**0.5))),
        ("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x)),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    ],
)
def test_an_activation_is_its_formula(kind, formula):
    images = signed(2, 4, 4, 3)
    np.testing.assert_allclose(run(g.Activation(kind), images), formula(images), atol=1e-6)


def test_a_gate_scales_its_channels():
    layers = (
        g.Layer("input", g.Input((4, 4, 3)), (), (4, 4, 3), "path"),
        g.Layer("mean", g.GlobalAveragePooling(keep_axes=True), ("input",), (1, 1, 3), "gate"),
        g.Layer("scale", g.Multiplication(), ("input", "mean"), (4, 4, 3), "branch"),
    )
    images = signed(2, 4, 4, 3)
    out = build(g.LayerGraph(layers, ()))(images)
    np.testing.assert_allclose(out, images * images.mean(axis=(1, 2), keepdims=True), atol=1e-6)


@pytest.mark.parametrize(("stride", "dilation"), [(1, 2), (1, 4)])
def test_a_dilated_kernel_skips_pixels_and_is_padded_by_half_of_what_it_spans(stride, dilation):
    op, images = g.Convolution(5, 3, stride, dilation=dilation), signed(2, 13, 13, 3)
    out, (weight,) = learnt(op, images)
    seen = windows(images, 2 * dilation + 1, stride, dilation, 0)[:, :, :, ::dilation, ::dilation]
    np.testing.assert_allclose(out, np.einsum("brcijk,ijkf->brcf", seen, weight), atol=1e-4)


@pytest.mark.parametrize("side", [8, 11])
def test_a_patch_convolution_reads_whole_tiles_only(side):
    op, images = g.Convolution(5, 4, 4, padded=False), signed(2, side, side, 3)
    out, (weight,) = learnt(op, images)
    np.testing.assert_allclose(out, np.einsum("brcijk,ijkf->brcf", windows(images, 4, 4, 0, 0), weight), atol=1e-4)


def test_a_zero_padded_max_pool_lets_its_padding_win():
    images = signed(2, 8, 8, 3) - 10
    expected = windows(images, 3, 2, 1, 0).max(axis=(3, 4))
    assert np.array_equal(run(g.MaxPooling(3, 2, 1, zeros=True), images), expected)
    assert (expected[:, 0] == 0).all()


def test_a_whole_average_pool_leaves_out_a_window_that_would_hang_over():
    images = signed(2, 7, 7, 3)
    expected = windows(images, 2, 2, 0, 0).mean(axis=(3, 4))
    assert expected.shape == (2, 3, 3, 3)
    np.testing.assert_allclose(run(g.AveragePooling(2, 2, whole=True), images), expected, atol=1e-6)


@pytest.mark.parametrize(("side", "stride"), [(7, 2), (8, 2), (9, 3), (6, 1)])
def test_a_blur_pool_weighs_one_two_one_along_both_sides_of_a_reflected_map(side, stride):
    """Zhang 2019: the outer product of 1-2-1, divided by 16."""
    images = signed(2, side, side, 3)
    reflected = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    weight = np.outer([1, 2, 1], [1, 2, 1]) / 16
    expected = np.einsum("brcijk,ij->brck", windows(reflected, 3, stride, 0, 0), weight)
    np.testing.assert_allclose(run(g.BlurPooling(stride), images), expected, atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_a_group_norm_has_the_mean_and_the_variance_of_each_image_and_group(groups):
    images = signed(2, 5, 4, 6) * 3 + 1
    out, (gamma, beta) = learnt(g.GroupNormalization(groups, 1e-5), images)
    parts = images.reshape(2, 5, 4, groups, -1)
    mean, variance = parts.mean(axis=(1, 2, 4), keepdims=True), parts.var(axis=(1, 2, 4), keepdims=True)
    expected = ((parts - mean) / np.sqrt(variance + 1e-5)).reshape(images.shape) * gamma + beta
    np.testing.assert_allclose(out, expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 4, 4, 3), (2, 7)])
def test_fixups_scalars_are_one_number_each_and_begin_as_nothing(shape):
    images = signed(*shape)
    np.testing.assert_array_equal(run(g.ScalarBias(), images), images)
    np.testing.assert_array_equal(run(g.ScalarScale(), images), images)
    for op, formula in ((g.ScalarBias(), np.add), (g.ScalarScale(), np.multiply)):
        out, (number,) = learnt(op, images)
        assert number.size == 1
        np.testing.assert_allclose(out, formula(images, number.item()), atol=1e-6)


def test_a_layer_scale_multiplies_each_channel_by_a_number_of_its_own():
    images = signed(2, 4, 4, 3)
    np.testing.assert_allclose(run(g.ChannelScale(0.25), images), images * 0.25, atol=1e-7)
    out, (scale,) = learnt(g.ChannelScale(0.25), images)
    assert scale.size == 3
    np.testing.assert_allclose(out, images * scale.reshape(3), atol=1e-6)


def test_a_constant_multiplies_and_another_is_added_and_nothing_is_learnt():
    images = signed(2, 4, 4, 3)
    np.testing.assert_allclose(run(g.Rescaling(0.3), images), 0.3 * images, atol=1e-7)
    np.testing.assert_allclose(run(g.Rescaling(-1.0, 1.0), images), 1 - images, atol=1e-7)
    assert not build(one_operation(g.Rescaling(0.3), (4, 4, 3))).weights


def test_a_bias_begins_where_it_is_told_to():
    out = run(g.Convolution(5, 1, bias=True, gain=0.0, first_bias=-6.0), signed(2, 4, 4, 3))
    np.testing.assert_array_equal(out, np.full((2, 4, 4, 5), -6.0))


def test_stochastic_depth_drops_whole_images_in_training_only():
    images = signed(400, 4, 4, 3)
    model = build(one_operation(g.StochasticDepth(0.25), (4, 4, 3)), seed=0)
    np.testing.assert_array_equal(model(images, training=False), images)
    out = keras.ops.convert_to_numpy(model(images, training=True))
    kept = np.abs(out).sum(axis=(1, 2, 3)) > 0
    np.testing.assert_allclose(out[kept], images[kept] / 0.75, rtol=1e-5)
    assert 0.75 - 4 * (0.75 * 0.25 / 400) ** 0.5 < kept.mean() < 0.75 + 4 * (0.75 * 0.25 / 400) ** 0.5


def test_a_mean_and_a_maximum_count_half_each():
    images = signed(2, 5, 4, 3)
    expected = (images.mean(axis=(1, 2)) + images.max(axis=(1, 2))) / 2
    np.testing.assert_allclose(run(g.GlobalAverageMaxPooling(), images), expected, atol=1e-6)


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_channel_convolution_slides_along_the_channels(kernel):
    images = signed(2, 1, 1, 9)
    out, (weight,) = learnt(g.ChannelConvolution(kernel), images)
    expected = [np.correlate(row, weight.reshape(-1), mode="same") for row in images.reshape(2, 9)]
    np.testing.assert_allclose(out.reshape(2, 9), expected, atol=1e-5)


def test_a_concatenation_puts_what_was_there_before_what_is_new():
    layers = (
        g.Layer("input", g.Input((4, 4, 3)), (), (4, 4, 3), "path"),
        g.Layer("new", g.Convolution(2, 1), ("input",), (4, 4, 2), "branch"),
        g.Layer("both", g.Concatenation(), ("new", "input"), (4, 4, 5), "join"),
    )
    images = signed(2, 4, 4, 3)
    out = keras.ops.convert_to_numpy(build(g.LayerGraph(layers, ()))(images))
    np.testing.assert_array_equal(out[..., :3], images)


def test_a_map_is_enlarged_by_its_nearest_pixels_or_linearly_between_them():
    images = signed(2, 3, 4, 2)
    np.testing.assert_array_equal(run(g.Resize(6, 8, "nearest"), images), images.repeat(2, 1).repeat(2, 2))
    ramp = np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1) + np.zeros((1, 4, 4, 1), np.float32)
    out = run(g.Resize(8, 4, "bilinear"), ramp)  # pixels' centres lie at 0.5, 1.5 ...: new ones in between, ends held
    np.testing.assert_allclose(out[0, :, 0, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_standardised_kernel_has_mean_0_and_variance_1_per_filter(groups):
    op, images = g.Convolution(6, 3, groups=groups, standardized=True), signed(2, 5, 5, 4)
    out, (weight,) = learnt(op, images)
    kernel = (weight - weight.mean(axis=(0, 1, 2))) / np.sqrt(weight.var(axis=(0, 1, 2)) + 1e-8)
    seen = windows(images, 3, 1, 1, 0).reshape(2, 5, 5, 3, 3, groups, -1)
    expected = np.einsum("brcijgk,ijkgf->brcgf", seen, kernel.reshape(3, 3, -1, groups, 6 // groups))
    np.testing.assert_allclose(out, expected.reshape(out.shape), atol=1e-4)


def test_a_folded_network_computes_the_same_without_a_layer_of_ours():
    graph = one_operation(g.Convolution(6, 3, standardized=True), (5, 5, 4))
    model = build(graph, seed=1)
    stock = folded(model, graph)
    assert type(stock.get_layer("it")) is keras.layers.Conv2D
    assert type(model.get_layer("it")) is not keras.layers.Conv2D
    images = signed(2, 5, 5, 4)
    np.testing.assert_allclose(stock(images), model(images), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "variance"),
    [("he_normal_fan_out", 2 / (9 * 64)), ("he_normal", 2 / (9 * 32)), ("he_uniform", 2 / (9 * 32)),
     ("glorot_normal", 2 / (9 * 96)), ("glorot_uniform", 2 / (9 * 96)), ("lecun_normal", 1 / (9 * 32))],
)  # fmt: skip
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_first_weights_have_the_variance_that_their_name_says(name, variance, gain):
    """He 2015, Glorot 2010, LeCun 1998."""
    model = build(one_operation(g.Convolution(64, 3, initializer=name, gain=gain), (5, 5, 32)), seed=0)
    kernel = keras.ops.convert_to_numpy(model.get_layer("it").kernel)
    assert kernel.std() == pytest.approx(gain * variance**0.5, rel=0.03)
    assert ("uniform" in name) == (np.abs(kernel).max() < 1.75 * kernel.std())


def test_orthogonal_first_weights_are_orthogonal_and_no_gain_is_zeros():
    model = build(one_operation(g.Convolution(16, 3, initializer="orthogonal", gain=2.0), (5, 5, 8)), seed=0)
    kernel = keras.ops.convert_to_numpy(model.get_layer("it").kernel).reshape(-1, 16)
    np.testing.assert_allclose(kernel.T @ kernel, 4 * np.eye(16), atol=1e-5)
    zeros = build(one_operation(g.Convolution(16, 3, gain=0.0), (5, 5, 8)), seed=0)
    assert not keras.ops.convert_to_numpy(zeros.get_layer("it").kernel).any()


@pytest.mark.parametrize("op", [g.BatchNormalization(1e-5, 0.9, True), g.GroupNormalization(3, 1e-5, True)])
def test_a_norm_that_starts_at_zero_begins_as_nothing(op):
    assert not run(op, signed(2, 4, 4, 3)).any()
