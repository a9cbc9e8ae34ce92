"""How thick the lines of a drawing are: by a formula, from figures that one knows."""

import math

import handmade
import pytest

from app.components.strength import Norms, Scale, lines_of, mean_of, of_flows, scale_of
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import preset
from resnet_tf.design.shortcuts import counterpart

SMALL = preset("resnet20_cifar10", stages=[{"blocks": 2, "width": 16}])


@pytest.mark.parametrize(("norm", "width"), [(0.01, 1), (1, 4), (100, 7), (10, 5.5), (0.1, 2.5)])
def test_a_factor_of_ten_is_always_as_many_pixels(norm, width):
    assert Scale(0.01, 100).width(norm) == width


@pytest.mark.parametrize("norm", [None, 0.0])
def test_where_nothing_is_known_to_come_back_there_is_no_line(norm):
    assert (Scale(0.01, 100).width(norm), Scale(0.01, 100).share(norm)) == (0, 0)


def test_the_weakest_block_is_faint_and_the_strongest_full():
    assert (Scale(2, 8).share(2), Scale(2, 8).share(4), Scale(2, 8).share(8)) == (0.08, 0.54, 1)


def test_marks_stand_at_even_steps_of_the_logarithm():
    assert Scale(0.001, 1).marks() == pytest.approx([0.001, 0.01, 0.1, 1])


def test_a_scale_of_one_norm_has_one_mark_and_a_thick_line():
    scale = scale_of([None, 0.0, 3.0, 3.0])
    assert (scale.marks(), scale.width(3.0)) == ([3.0], 7)


def test_nothing_makes_no_scale():
    assert scale_of([None, 0.0]) is None


def test_a_profile_gives_means_over_seeds():
    found = of_flows(handmade.profile().sides["with shortcuts"])
    assert found["stage1.block2"] == Norms(2.25, 3.0, 4.0)  # of 2 and 2.5
    assert found["stem"] == Norms(1.0)


def test_what_is_no_number_is_not_known():
    assert of_flows((handmade.flow((math.nan, 1.0)),))["stage1.block1"] == Norms(None, 3.0, 4.0)
    assert mean_of([math.nan, 2.0, 4.0]) == 3.0
    assert mean_of([None, math.inf]) is None


def test_a_line_carries_what_the_block_before_it_was_given_and_ways_carry_their_own():
    measured = {"stem": Norms(8.0), "stage1.block1": Norms(4.0, 5.0, 6.0), "stage1.block2": Norms(2.0, 1.0, 3.0)}
    found = lines_of(expand(SMALL), measured)
    assert [*found] == ["stem", "stage1.block1", "stage1.block2", "head"]
    assert found["stem"] == (None, None, None, 8.0)  # nobody measures what reaches the image
    assert found["stage1.block1"] == (8.0, 5.0, 6.0, 4.0)
    assert found["stage1.block2"] == (4.0, 1.0, 3.0, 2.0)
    assert found["head"] == (2.0, 2.0, None, None)


def test_without_its_shortcut_all_of_it_comes_through_a_branch():
    measured = {"stem": Norms(8.0), "stage1.block1": Norms(4.0), "stage1.block2": Norms(2.0)}
    found = lines_of(expand(counterpart(SMALL)), measured)
    assert found["stage1.block2"] == (4.0, 4.0, None, 2.0)
