"""The gradient of single paths, against the profile, whose taps see the two ways of a block and the ends of a span."""

import json
import math

import numpy as np
import pytest
from filling import image

from resnet_tf.design.presets import edit
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem
from resnet_tf.learning.gradients import Profiler
from resnet_tf.learning.path_gradients import Walker, walked
from resnet_tf.learning.studies import PathGradients

pytestmark = pytest.mark.keras

THREE = ResNetSpec(
    input_shape=(8, 8, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"), order="pre",
    stages=(Stage(blocks=3, width=8),),
)  # fmt: skip
BATCH = image(8, 8), np.random.default_rng(0).integers(0, 10, 8, np.int32)


@pytest.mark.parametrize("order", ["pre", "post"])
def test_of_one_block_the_two_paths_are_the_two_ways_that_the_profile_measures(order):
    spec = edit(THREE, order=order, stages=[{"blocks": 1, "width": 16, "stride": 2}])  # its shortcut is a projection
    walker, flow = Walker(spec), Profiler(spec).flow(BATCH, 5)
    walker.begin(5)
    stem, block, _ = flow.blocks
    assert walker.norm(BATCH, set()) == pytest.approx(block.gradient_around, rel=1e-4)
    assert walker.norm(BATCH, {"stage1.block1"}) == pytest.approx(block.gradient_branch, rel=1e-4)
    if order == "post":  # with pre-activation both ways begin after a norm of the block's own
        assert walker.norm(BATCH) == pytest.approx(stem.gradient, rel=1e-4)


def test_around_all_branches_the_gradient_arrives_as_it_left_the_last_block():
    """He 2016, equation 5: the direct term is dE/dx_K itself."""
    walker, flow = Walker(THREE), Profiler(THREE).flow(BATCH, 2)
    walker.begin(2)
    assert walker.norm(BATCH, set()) == pytest.approx(flow.blocks[-2].gradient, rel=1e-4)
    assert walker.norm(BATCH) == pytest.approx(flow.blocks[0].gradient, rel=1e-4)


def test_every_length_is_walked_at_every_seed():
    *steps, last = walked(edit(THREE, cut_shortcuts=["stage1.block3"]), BATCH, seeds=(0, 1), draws=2)
    assert [each.done for each in steps] == [1, 2, 3, 4, 5, 6]
    assert [(each.length, each.paths, len(each.norms)) for each in last.found.lengths] == [
        (0, 1, 2),
        (1, 2, 4),
        (2, 1, 2),
    ]
    assert all(norm > 0 for each in last.found.lengths for norm in each.norms)
    assert len(last.found.wholes) == 2
    assert PathGradients.read(json.loads(json.dumps(last.found.as_json()))) == last.found
    few = list(walked(THREE, BATCH, seeds=(0,), draws=1, lengths=2))[-1].found
    assert [(each.length, each.paths) for each in few.lengths] == [(k, math.comb(3, k)) for k in (0, 3)]


def test_a_network_without_shortcuts_has_one_path_alone():
    with pytest.raises(SpecError, match="shortcut must be one that is added"):
        Walker(edit(THREE, shortcut="none"))
