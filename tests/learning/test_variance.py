"""Signals by depth, against NumPy on a stock network's maps, and against what theory says of untrained networks."""

import json
import math

import numpy as np
import pytest
from filling import image

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.variance import ORDERS, signal_by_depth

pytestmark = pytest.mark.keras

SIDE = 16
STEM = Stem(kernel=3, stride=1, widths=(8,), pool="none")
SMALL = ResNetSpec(
    input_shape=(SIDE, SIDE, 3), classes=10, stem=STEM,
    stages=(Stage(blocks=1, width=8), Stage(blocks=1, width=16, stride=2)),
)  # fmt: skip
# one stage of eight blocks, all alike
STACK = edit(SMALL, stem={**STEM.model_dump(), "widths": [32]}, stages=[{"blocks": 8, "width": 32}])
BATCH = image(8, SIDE), np.random.default_rng(0).integers(0, 10, 8, np.int32)
# of the nine pixels that a 3x3 kernel reads, the share that are in the map: the others are zeros
INSIDE = ((3 * SIDE - 2) / (3 * SIDE)) ** 2


def stack(order, seeds=(0, 1), **changes):
    """The blocks of the stage alone."""
    (found,) = signal_by_depth(edit(STACK, **changes), BATCH, seeds, [order])
    assert found.order == order
    return [block for block in found.blocks if block.block.startswith("stage")]


def test_the_figures_are_numpys_on_the_maps_of_a_stock_network():
    graph = expand(SMALL)
    (found,) = signal_by_depth(SMALL, BATCH, [7], ["post"])
    model = build(SMALL, seed=7)
    ends = [graph.layers[block.stop - 1].name for block in graph.blocks]
    adds = ["stage1.block1.norm2", "stage2.block1.norm2"]  # what the branches end with
    several = keras.Model(model.inputs[0], [model.get_layer(name).output for name in (*ends, *adds)])
    maps = [np.asarray(each, np.float64) for each in several(BATCH[0], training=True)]
    assert [block.block for block in found.blocks] == ["stem", "stage1.block1", "stage2.block1", "head"]
    for block, y in zip(found.blocks, maps, strict=False):
        flat = y.reshape(-1, y.shape[-1])
        assert block.square.mean == pytest.approx(np.mean(y**2), rel=1e-4)
        assert block.variance.mean == pytest.approx(np.mean(flat.var(axis=0)), rel=1e-4)
        assert block.square.deviation == 0
    branches = [block.branch.mean for block in found.blocks if block.branch is not None]
    assert branches == pytest.approx([np.mean(y**2) for y in maps[4:]], rel=1e-4)
    # the gradient of the mean cross-entropy at the logits is (p - y) / n
    powers = np.exp(maps[3])
    left = (powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[BATCH[1]]) / len(BATCH[1])
    assert found.blocks[3].gradient.mean == pytest.approx(np.mean(left**2), rel=1e-3)


def test_with_pre_activation_the_signal_grows_linearly_and_its_gradient_falls_back_as_it_grew():
    """De and Smith 2020, section 3: each branch ends with a convolution of a normalised signal, and adds as much."""
    blocks = stack("pre")
    squares = [block.square.mean for block in blocks]
    slope, _ = np.polyfit(range(8), squares, 1)
    assert slope == pytest.approx(INSIDE, rel=0.2)
    assert np.corrcoef(range(8), squares)[0, 1] > 0.98
    assert [block.branch.mean for block in blocks] == pytest.approx([INSIDE] * 8, rel=0.35)
    gradients = [block.gradient.mean for block in blocks]
    assert gradients == sorted(gradients, reverse=True)


def test_without_norms_the_signal_doubles_at_each_block_but_for_what_the_border_loses():
    """De and Smith 2020, section 3: a branch of He's first weights keeps the square of what it is given."""
    squares = [block.square.mean for block in stack("pre", normalization={"kind": "none"})]
    growth = (squares[-1] / squares[0]) ** (1 / 7)
    assert growth == pytest.approx(1 + INSIDE**2, rel=0.15)


def test_branches_that_are_never_negative_add_up_to_a_signal_that_grows_quadratically():
    """He 2016, section 4.1: the forward signal increases monotonically.

    The positive part of a standard normal has the mean 1 / sqrt(2 pi), its square 1/2; the stem ends with one too.
    """
    mean = 1 / math.sqrt(2 * math.pi)
    for depth, block in enumerate(stack("activation-before-addition"), 2):
        assert block.branch.mean == pytest.approx(0.5, rel=0.1)
        assert block.square.mean == pytest.approx((mean * depth) ** 2 + (0.5 - mean**2) * depth, rel=0.2)


def test_a_norm_after_the_addition_keeps_the_signal_as_large_as_it_is():
    """Of a signal of variance 1 the positive part has a square below 1, and the same one at every depth."""
    squares = [block.square.mean for block in stack("norm-after-addition", (0,))]
    assert 0.5 < min(squares) <= max(squares) < 1
    assert max(squares) == pytest.approx(min(squares), rel=0.15)


def test_all_five_orders_are_compared_by_default_and_go_to_json():
    found = signal_by_depth(SMALL, BATCH, (0, 1))
    assert tuple(each.order for each in found) == ORDERS
    assert len(set(ORDERS)) == 5  # He 2016, Figure 4
    told = json.loads(json.dumps(found[0].as_json()))
    assert told["order"] == "post"
    assert told["seeds"] == [0, 1]
    assert told["blocks"][1]["square"] == found[0].blocks[1].square._asdict()
    assert told["blocks"][0]["branch"] is None
    assert found[0].blocks[1].square.deviation > 0


def test_what_has_no_order_is_refused_in_words():
    with pytest.raises(SpecError, match="family must be 'resnet'"):
        signal_by_depth(preset("vgg16"), BATCH)
    with pytest.raises(SpecError, match="seeds must be at least one"):
        signal_by_depth(SMALL, BATCH, ())
    with pytest.raises(SpecError, match="Fixup"):
        signal_by_depth(edit(SMALL, normalization={"kind": "fixup"}), BATCH, (0,), ["pre"])
