"""Miniatures against finite differences and closed forms."""

import numpy as np
import pytest

from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.miniature import ORDERS, Miniature, _block, input_gradient, likeness, signals

STEP = 1e-6


def block(network, x):
    """One block with the same weights each time."""
    return _block(network, x, np.random.default_rng(7))


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("order", ORDERS)
def test_the_way_back_through_a_block_is_what_finite_differences_say(order, norm):
    network = Miniature(1, 6, order, carried=0.7, norm=norm)
    luck = np.random.default_rng(0)
    x, towards = luck.standard_normal((5, 6)), luck.standard_normal((5, 6))
    found = block(network, x)[1](towards)
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = STEP
        above, below = (float((block(network, x + sign * nudge)[0] * towards).sum()) for sign in (1, -1))
        assert found[place] == pytest.approx((above - below) / (2 * STEP), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("share", [0.8, 1.0, 1.1])
def test_without_branches_a_scaled_shortcut_multiplies_the_gradient_at_every_block(share):
    """He 2016, equation 8: the product of the scales, nothing else."""
    found = signals(Miniature(12, 16, "pre", carried=share, weights=0.0, norm=False), seed=0).gradients
    assert np.divide(found, found[-1]) == pytest.approx([share ** (11 - i) for i in range(12)])


def test_without_norms_the_mean_square_doubles_at_each_block_on_the_average():
    """De and Smith 2020: the branch, drawn as He 2015 does, is as large as what it is added to."""
    rows = np.array(
        [signals(Miniature(6, 512, "activation-only-pre", norm=False), seed).squares for seed in range(8)]
    )  # fmt: skip
    growth = (rows[:, 1:] / rows[:, :-1]).mean()
    assert growth == pytest.approx(2, rel=0.05)


def test_a_norm_after_the_addition_holds_the_signal_and_pre_activation_adds_one_variance_a_block():
    held = signals(Miniature(24, 64, "norm-after-addition"), seed=0).squares
    assert max(held) < 1  # a ReLU leaves half of a variance of 1
    added = signals(Miniature(24, 256, "pre", carried=1.0), seed=0).squares
    steps = np.diff(added)
    assert steps.mean() == pytest.approx(steps[0], rel=0.35)  # linear, and not geometric


def test_the_gradient_along_a_line_is_the_derivative_of_what_comes_out():
    """Of a network whose branches are none: a line's slope, the same at every point."""
    line = np.linspace(-1, 1, 9)
    found = input_gradient(Miniature(3, 32, "pre", weights=0.0, norm=False), line, seed=0)
    assert found == pytest.approx([found[0]] * 9)
    assert abs(found[0]) > 0


def test_gradients_of_neighbours_are_alike_where_they_are_smooth_and_not_where_they_are_noise():
    assert likeness(np.sin(np.linspace(0, 3, 200))) > 0.99
    assert abs(likeness(np.random.default_rng(0).standard_normal(4000))) < 0.05


def test_deep_plain_gradients_shatter_before_residual_ones_do():
    """Balduzzi 2017, Figure 1."""
    line = np.linspace(-1, 1, 160)
    plain, residual = (
        np.mean([likeness(input_gradient(Miniature(8, 64, carried=carried), line, seed)) for seed in range(4)])
        for carried in (0.0, 1.0)
    )
    assert residual > plain + 0.2


def test_sizes_out_of_bounds_are_refused_with_the_nearest():
    with pytest.raises(SpecError, match="blocks must be from 1 to 200"):
        Miniature(blocks=0)
    with pytest.raises(SpecError, match=r"width must be from 1 to 512 .*; the nearest is 512"):
        Miniature(width=4096)
