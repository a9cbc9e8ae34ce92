"""What is said of two trainings in step, against figures that are known; no Keras."""

import json
import math

import handmade
import pytest

from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.contrast import (
    QUANTITIES,
    T95,
    Difference,
    alive,
    difference,
    differs,
    diverged,
    reaches,
    sentences,
)
from resnet_tf.learning.profile import WITH, WITHOUT
from resnet_tf.learning.versus import MOST_LOOKS, check_counts, looks_of, sides_of, versus_of

ACCURACY, LOSS = QUANTITIES


@pytest.mark.parametrize("freedom", range(1, len(T95) + 1))
def test_the_quantiles_are_those_of_students_distribution(freedom):
    """Its density (Student 1908), summed by Simpson's rule from 0 to the quantile, is half of 95 %."""
    scale = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))
    parts, end = 20_000, T95[freedom - 1]
    step = end / parts
    density = [scale * (1 + (i * step) ** 2 / freedom) ** (-(freedom + 1) / 2) for i in range(parts + 1)]
    area = step / 3 * (density[0] + 4 * sum(density[1:-1:2]) + 2 * sum(density[2:-1:2]) + density[-1])
    assert 2 * area == pytest.approx(0.95, abs=1e-4)


def test_a_difference_is_of_pairs_with_its_interval():
    """Differences -1, -2, -3: mean -2, deviation 1, and 4.303 / sqrt(3) to either side."""
    found = Difference.of([10.0, 20.0, 30.0], [9.0, 18.0, 27.0])
    assert found[:2] == (-2.0, 1.0)
    assert found.low == pytest.approx(-2 - 2.4843, abs=1e-3)
    assert found.high == pytest.approx(-2 + 2.4843, abs=1e-3)
    assert not found.is_shown
    assert Difference.of([10.0, 20.0], [9.0, 19.001]).is_shown
    assert not Difference.of([10.0], [0.0]).is_shown


def test_what_differs_more_than_seeds_do_is_said_to():
    said = differs(handmade.versus(accuracies=((0.95, 0.80), (0.96, 0.82), (0.94, 0.79))), ACCURACY)
    # differences -0.15, -0.14, -0.15: their deviation is 0.00577, the interval 0.0143 to either side
    assert said == (
        "After 2 epochs the validation accuracy is 95.0 % with shortcuts and 80.3 % without shortcuts: 15 points lower "
        "without shortcuts, with a deviation of 0.58 points over 3 seeds and a mean between −16 points and −13 points "
        "(95 %), beyond what seeds change."
    )


def test_what_seeds_change_as_much_is_no_difference():
    said = differs(handmade.versus(accuracies=((0.95, 0.93), (0.93, 0.95), (0.94, 0.92))), ACCURACY)
    assert said.endswith("That may be 0: these seeds show no difference.")


def test_sides_that_are_the_same_are_said_to_be():
    said = differs(handmade.versus(accuracies=((0.9, 0.9), (0.8, 0.8))), ACCURACY)
    assert said.endswith("is 85.0 % with shortcuts and 85.0 % without shortcuts: the same at each of 2 seeds.")


def test_one_seed_says_little():
    found = handmade.versus(accuracies=((0.9, 0.1),))
    assert differs(found, ACCURACY).endswith("One seed does not say whether others would differ.")
    assert reaches(found, 0).endswith("One seed does not say whether others would differ.")


def test_a_side_that_diverged_is_told_and_left_out_of_the_difference():
    found = handmade.versus(accuracies=((0.9, 0.5), (0.9, None), (0.9, 0.5)))
    assert diverged(found).startswith("Without shortcuts the training diverged at 1 of 3 seeds.")
    assert difference(found, "validation_accuracy").seeds == 2
    lost = handmade.versus(accuracies=((0.9, None),))
    assert difference(lost, "loss") is None
    assert differs(lost, LOSS) == ""
    assert diverged(handmade.versus()) == ""


def test_the_first_blocks_share_of_the_gradient_is_said_for_an_epoch():
    # 1 / 2 with shortcuts, 0.01 / 4 without, at every seed and epoch
    assert reaches(handmade.versus(), 2) == (
        "After 2 epochs the gradient of the first block (stage 1, block 1) over that of the last (stage 1, block 2) is "
        "1/2 (at each of 2 seeds) with shortcuts and 1/400 (at each of 2 seeds) without shortcuts, beyond what seeds "
        "change."
    )
    assert reaches(handmade.versus(), 0).startswith("At first weights ")
    assert len(sentences(handmade.versus())) == 6


def test_the_last_blocks_directions_and_dead_channels_are_said_for_an_epoch():
    assert alive(handmade.versus(), 2) == (
        "After 2 epochs what leaves the last block has an effective rank of 7 (at each of 2 seeds) with shortcuts and "
        "1.5 (at each of 2 seeds) without shortcuts, of 31 at most; of the ReLU channels 0 % and 50 % are dead."
    )
    assert alive(handmade.versus(accuracies=((0.9, None),)), 2) == "", "of a side that diverged nothing is known"


def test_all_of_it_goes_through_json():
    made = handmade.versus(accuracies=((0.9, None), (0.8, 0.7)))
    assert versus_of(json.loads(json.dumps(made.as_json()))) == made


def test_of_trainings_under_way_there_is_what_came_so_far():
    made = handmade.versus()
    told = made.as_json()
    begun = versus_of({**told, "moments": []}, told["moments"][:2])
    assert begun.moments == made.moments[:2]
    assert begun.curve(1, "validation_accuracy") == {1: [0.5]}
    assert begun.looks == (0, 1)


# --- what is compared, and when


@pytest.mark.parametrize("epochs", [1, 2, 6, 7, 8, 9, 30, 100])
def test_gradients_are_measured_at_the_begin_and_the_end_and_seldom_enough(epochs):
    looks = looks_of(epochs)
    assert looks == tuple(sorted(set(looks)))
    assert {0, 1, epochs} <= set(looks)
    assert len(looks) == min(epochs + 1, MOST_LOOKS)


def test_sides_are_named_by_what_is_cut():
    spec = preset("resnet20_cifar10")
    assert list(sides_of(spec)) == [WITH, WITHOUT]
    assert list(sides_of(spec, ["stage2"])) == [WITH, "without 3 of 9"]
    assert list(sides_of(spec, ["stage2.block1"])) == [WITH, "without that of stage 2, block 1"]
    assert list(sides_of(edit(spec, cut_shortcuts=["stage1.block1"]))) == [WITH, WITHOUT]
    assert list(sides_of(preset("plain20_cifar10"))) == [WITHOUT, WITH]


@pytest.mark.parametrize(("epochs", "seeds", "nearest"), [(0, 3, "1"), (101, 3, "100"), (6, 0, "1"), (6, 11, "10")])
def test_so_many_epochs_or_seeds_are_refused(epochs, seeds, nearest):
    with pytest.raises(SpecError, match=f"nearest is {nearest}"):
        check_counts(epochs, seeds)
