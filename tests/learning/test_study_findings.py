"""What studies say: a claim where the figures bear it, and none where they do not; and their way through JSON."""

import json
import math
from dataclasses import replace

import handmade
import pytest

from resnet_tf.design.path_lengths import Lengths, path_lengths
from resnet_tf.design.presets import preset
from resnet_tf.learning.path_findings import carried, comes_by, count_of, passed
from resnet_tf.learning.studies import Band, LesionStudy, PathGradient, PathGradients, SignalByDepth, Surface
from resnet_tf.learning.study_findings import by_depth, by_size, cost, lesions, standard_error
from resnet_tf.learning.surface_findings import around, beside, low_points, reached, ring

# --- paths


def test_a_count_is_exact_and_a_large_one_a_power():
    assert count_of(1024) == "1,024"
    assert count_of(2**54) == "2⁵⁴ (1.8 × 10¹⁶)"  # 18,014,398,509,481,984
    assert count_of(3 * 10**12) == "3.0 × 10¹²"


def test_what_most_paths_pass_is_said():
    said = passed(path_lengths(preset("resnet110_cifar10")).branches, "residual branches")
    assert said.startswith("2⁵⁴ (1.8 × 10¹⁶) paths lead from the image to the output. At least 95 % of them pass 19 to")
    assert "27 on average (standard deviation 3.7)" in said  # 54 / 2 and the root of 54 / 4
    assert said.endswith("the longest pass 54, and of these there is one.")
    assert passed(Lengths((0, 0, 1)), "convolutions") == (
        "One path leads from the image to the output; it passes 2 convolutions."
    )


def falling(blocks, factor, lengths):
    """Single paths whose gradients fall by a factor with each branch."""
    return PathGradients(
        tuple(PathGradient(k, math.comb(blocks, k), (3 * factor**k,) * 2) for k in lengths), (1.0,), (0,)
    )  # fmt: skip


@pytest.mark.parametrize("lengths", [range(21), (0, 7, 20)])
def test_gradients_that_fall_with_each_branch_come_by_shorter_paths_binomially(lengths):
    """Of (1 + f)^n the term of k branches is C(n, k) f^k: a binomial distribution of the chance f / (1 + f)."""
    paths = Lengths(tuple(math.comb(20, k) for k in range(21)))
    found = falling(20, 1 / 3, lengths)
    chance = 0.25
    told = [math.comb(20, k) * chance**k * (1 - chance) ** (20 - k) for k in range(21)]
    assert carried(found, paths) == pytest.approx(told)
    said = comes_by(found, paths)
    assert said.startswith("With each branch that it passes the gradient of a single path becomes 1/3 of what it was.")
    assert "5 on average, where 95 % of the paths pass 6 to 14, 10 on average" in said


def test_branches_that_every_path_passes_are_none_to_choose():
    paths = Lengths((0, *(math.comb(3, k) for k in range(4))))  # one shortcut of four is cut
    assert carried(falling(3, 1.0, range(4)), paths) == pytest.approx([0, 1 / 8, 3 / 8, 3 / 8, 1 / 8])


def test_paths_without_a_gradient_are_said_to_have_none():
    paths = Lengths(tuple(math.comb(3, k) for k in range(4)))
    assert "some of these gradients are nothing" in comes_by(falling(3, 0.0, range(4)), paths)


# --- signals


def test_the_order_that_grows_most_is_named_where_the_seeds_are_apart():
    forward, back = by_depth(handmade.signals())
    assert "becomes 1 times with post, 4 times with pre" in forward  # 2 at the first block, 8 at the third
    assert forward.endswith("It is most with pre, beyond what 3 seeds change.")
    assert "becomes 4 times with post, 4 times with pre" in back  # 1/2 at the first block, 1/8 at the third
    assert back.endswith("Between post and pre, which are highest, 3 seeds show no difference.")


def test_a_signal_that_float32_cannot_say_is_said_to_be_none():
    first, second = handmade.signals()
    lost = second.blocks[3]._replace(variance=Band(math.inf, math.nan, 1.0, math.inf))
    second = replace(second, blocks=(*second.blocks[:3], lost, second.blocks[4]))
    forward, _ = by_depth((first, second))
    assert forward.endswith("1 times with post; with pre it leaves what float32 can say.")


# --- lesions


def test_what_branches_cost_is_said_beside_what_other_images_would_change():
    one, several, swapped = lesions(handmade.lesions(), 400, 10, ("stage1.block2",))
    assert "right about 90.0 % of 400 images" in one
    assert "loses 2.0 points in the median, most without that of stage 1, block 2: 50.0 points" in one
    assert "2 of 3 branches cost at most 3.0 points" in one
    assert "Where the shortcut is no identity a branch costs 50.0 points in the median, elsewhere 1.0 point." in one
    assert several == (
        "Several at once: with 2 branches left out it is right about 25.0 % on average, "
        "with all 3 10.0 %, where guessing has 10.0 %."
    )
    assert (
        swapped
        == "Of 2 pairs of like blocks that were exchanged the median costs 15.0 points, the dearest 20.0 points."
    )


def test_without_like_blocks_that_is_said():
    alone = replace(handmade.lesions(), several=(), swapped=())
    assert lesions(alone, 400, 10, ())[1:] == ("No two of its blocks are alike, so none can be exchanged.",)


def test_a_standard_error_is_that_of_a_share():
    assert standard_error(0.9, 10_000) == pytest.approx(100 * math.sqrt(0.9 * 0.1 / 10_000), rel=1e-3)
    assert standard_error(1.0, 400) > 0.2  # all were right, and others may not be


def test_accuracies_are_grouped_by_how_many_branches_are_left_out():
    study = handmade.lesions()
    assert by_size(study) == {0: [0.9], 1: [0.88, 0.4, 0.9], 2: [0.3, 0.2], 3: [0.1]}
    assert cost(study, study.removed[1]) == pytest.approx(50)


# --- surfaces


def bowl(height, side=21, reach=1.0):
    steps = tuple(reach * (2 * i / (side - 1) - 1) for i in range(side))
    return Surface(steps, tuple(tuple(height(a, b) for b in steps) for a in steps), 0)


def test_a_ring_has_the_mean_of_its_distance():
    round_bowl = bowl(lambda a, b: math.hypot(a, b))
    assert ring(round_bowl, 0.5) == pytest.approx(0.5, abs=0.02)
    assert reached(round_bowl, 0.45) == pytest.approx(0.5)
    assert reached(round_bowl, 5) is None
    assert ring(bowl(lambda a, b: math.nan if a > 0.9 else 1.0), 1.0) == math.inf


def test_other_low_points_are_counted_and_the_weights_are_none():
    assert low_points(bowl(lambda a, b: a * a + b * b)) == []
    two = bowl(lambda a, b: min((a - 0.5) ** 2, (a + 0.5) ** 2) + b * b)
    assert low_points(two) == [pytest.approx((-0.5, 0)), pytest.approx((0.5, 0))]
    assert "Inside the grid 2 other points are lower than all beside them." in around(two, 10)


def test_a_surface_is_told_by_its_rings():
    said = around(bowl(lambda a, b: 0.1 + 3 * (a * a + b * b)), 10)
    assert said.startswith("The loss of the weights is 0.1; averaged over a ring around them it is 0.8")
    assert "As high as guessing, 2.3, it is from a distance of 0.9 on." in said  # 0.1 + 3 * 0.81 = 2.53
    assert said.endswith("Inside the grid no other point is lower than all beside it.")
    assert "it is nowhere on a ring" in around(bowl(lambda a, b: 0.1), 10)
    assert "At 42 points the loss is no number." in around(bowl(lambda a, b: math.inf if a > 0.8 else 0.1), 10)


def test_of_two_surfaces_the_steeper_one_is_named():
    flat, steep = (bowl(lambda a, b, k=k: 0.1 + k * (a * a + b * b)) for k in (1, 4))
    assert "rises 4 times as much with B as with A" in beside(flat, steep, ("A", "B"))
    assert "rises 4 times as much with A as with B" in beside(steep, flat, ("A", "B"))
    assert beside(flat, bowl(lambda a, b: math.inf if a else 0.1), ("A", "B")) == ""


# --- JSON


def test_all_that_was_found_comes_back_from_json():
    for found, kind in ((handmade.surface(), Surface), (handmade.lesions(), LesionStudy)):
        assert kind.read(json.loads(json.dumps(found.as_json(), allow_nan=False))) == found
    for found in (handmade.walks(), falling(3, 0.5, range(4))):
        assert PathGradients.read(json.loads(json.dumps(found.as_json()))) == found
    for each in handmade.signals():
        assert SignalByDepth.read(json.loads(json.dumps(each.as_json()))) == each


def test_a_loss_that_is_not_finite_is_null_and_then_not_a_number():
    surface = Surface((-1.0, 0.0, 1.0), ((1.0, 2.0, math.nan), (0.5, 0.1, math.inf), (1.0, 1.5, 2.0)), 3)
    back = json.loads(json.dumps(surface.as_json(), allow_nan=False))
    assert back == {
        "steps": [-1, 0, 1], "losses": [[1, 2, None], [0.5, 0.1, None], [1, 1.5, 2]], "seed": 3
    }  # fmt: skip
    assert math.isnan(Surface.read(back).losses[0][2])
    assert Surface.read(back).centre == 0.1
