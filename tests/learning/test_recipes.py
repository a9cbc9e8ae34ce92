"""Recipes as their papers have them, and errors that name the field."""

import math

import pytest

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.recipes import RECIPES, Recipe, recipe


def test_he_2015_trains_for_64000_steps_of_cifar_and_divides_the_rate_by_10_at_32000_and_48000():
    he = recipe("he2015")
    per_epoch = 50_000 // he.batch_size
    assert he.epochs * per_epoch == pytest.approx(64_000, rel=0.01)
    rates = [he.learning_rate_at(step, 64_000) for step in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert (he.optimizer, he.momentum, he.weight_decay, he.batch_size, he.shift, he.flip) == (
        "sgd",
        0.9,
        1e-4,
        128,
        4,
        "random",
    )


def test_he_2016_warms_up_over_400_of_64000_steps():
    he = recipe("he2016")
    rates = [he.learning_rate_at(step, 64_000) for step in (0, 399, 400, 31_999, 32_000, 48_000)]
    assert rates == pytest.approx([0.1 / 400, 0.1, 0.1, 0.1, 0.01, 0.001])


def test_the_bag_of_tricks_has_five_epochs_of_warm_up_and_ends_at_nothing():
    he = recipe("tricks")
    assert he.warmup * he.epochs == 5
    assert he.learning_rate_at(199, 200) < 1e-4
    assert (he.label_smoothing, he.mixup) == (0.1, 0.2)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_says_where_it_is_from(name):
    assert RECIPES[name].source
    assert RECIPES[name].name == name


def test_a_run_of_an_earlier_version_mirrored_its_images_or_did_not():
    assert Recipe(flip=True).flip == "random"
    assert Recipe(flip=False).flip == "none"


def test_wide_networks_divide_the_rate_by_5_at_epochs_60_120_and_160_of_200():
    wrn = recipe("wrn")
    rates = [wrn.learning_rate_at(epoch, 200) for epoch in (59, 60, 119, 120, 159, 160)]
    assert rates == pytest.approx([0.1, 0.02, 0.02, 0.004, 0.004, 0.0008])
    assert (wrn.epochs, wrn.weight_decay, wrn.optimizer) == (200, 5e-4, "nesterov")


def test_a_cosine_climbs_during_warm_up_and_ends_near_zero():
    cosine = Recipe(learning_rate=1, schedule="cosine", warmup=0.1)
    rates = [cosine.learning_rate_at(step, 1000) for step in range(1000)]
    assert rates[:3] == pytest.approx([0.01, 0.02, 0.03])
    assert rates[100] == max(rates) == 1
    assert rates[550] == pytest.approx((1 + math.cos(math.pi * 0.5)) / 2)
    assert 0 < rates[-1] < 1e-4


def test_the_speed_run_climbs_over_its_first_23_hundredths_and_falls_evenly_to_nothing():
    run = recipe("speedrun")
    rates = [run.learning_rate_at(step, 1000) for step in range(1000)]
    assert rates[229:231] == pytest.approx([1.5, 1.5])
    assert rates[0] == pytest.approx(1.5 / 230)
    assert rates[615] == pytest.approx(0.75)
    assert rates[-1] == pytest.approx(1.5 / 770)
    # airbench94's numbers, made those of a mean loss (its own comment says how they are decoupled)
    steps = 1 + 1 / (1 - run.momentum)
    assert run.learning_rate == pytest.approx(11.5 / steps, rel=1e-3)
    assert run.weight_decay == pytest.approx(0.0153 / steps / run.learning_rate, rel=1e-2)


def test_a_constant_rate_is_constant():
    assert {Recipe(schedule="constant", learning_rate=0.3).learning_rate_at(step, 10) for step in range(10)} == {0.3}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "epochs must be at least 1 (got 0); the nearest is 1"),
        ({"batch_size": -4}, "batch_size must be at least 1 (got -4); the nearest is 1"),
        ({"learning_rate": 0}, "learning_rate must be greater than 0.0 (got 0)"),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number (got nan)"),
        (
            {"optimizer": "sgdd"},
            "optimizer must be one of sgd, nesterov, adam, adamw (got 'sgdd'); the nearest is 'sgd'",
        ),
        ({"momentum": 1}, "momentum must be less than 1.0 (got 1)"),
        (
            {"milestones": (0.7, 0.5)},
            "milestones must be in ascending order (got (0.7, 0.5)); the nearest is (0.5, 0.7)",
        ),
        ({"epochs": 2.5}, "epochs must be a whole number (got 2.5); the nearest is 2"),
    ],
)
def test_a_value_that_no_training_can_use_is_named_with_its_rule_and_the_nearest(changes, sentence):
    with pytest.raises(SpecError) as caught:
        recipe("quick", **changes)
    assert str(caught.value) == sentence


def test_an_unknown_recipe_is_answered_with_the_nearest_name():
    with pytest.raises(SpecError, match="the nearest is 'he2015'"):
        recipe("he2o15")


def test_a_recipe_goes_through_json_unchanged():
    for row in RECIPES.values():
        assert Recipe.model_validate_json(row.model_dump_json()) == row
