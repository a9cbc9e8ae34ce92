"""The range test climbs from a rate that does nothing to one that destroys, and suggests one in between."""

import math
from itertools import pairwise

import pytest
from small import TINY

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.rates import HIGHEST, LOWEST, Point, range_test, suggested
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.train import train

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def points():
    return list(range_test(TINY, "digits", recipe("quick", shift=0), steps=60))


def test_rates_climb_evenly_in_their_logarithm(points):
    ratios = {round(math.log(b.rate / a.rate), 4) for a, b in pairwise(points)}
    assert points[0].rate == pytest.approx(LOWEST)
    assert max(ratios) - min(ratios) < 2e-3
    assert max(ratios) == pytest.approx(math.log(HIGHEST / LOWEST) / 59, abs=2e-3)


def test_the_first_steps_do_nothing_and_the_suggestion_lies_where_the_loss_falls(points):
    assert points[0].loss == pytest.approx(math.log(10), abs=0.5)  # guessing among ten
    assert points[5].smoothed == pytest.approx(points[0].smoothed, rel=0.1)
    rate = suggested(points)
    assert 1e-3 < rate < 3


def test_the_suggested_rate_trains_better_than_one_a_thousand_times_smaller(points):
    def reached(rate):
        *_, last = train(TINY, "digits", recipe("quick", shift=0, epochs=3, learning_rate=rate))
        return last.values["validation_loss"]

    rate = suggested(points)
    assert reached(rate) < reached(rate / 1000)


def test_the_smoothed_loss_is_the_corrected_moving_average_of_the_formula(points):
    """Kingma and Ba 2015, section 3: divided by 1 - beta^t."""
    weights = [0.9**k for k in range(10)][::-1]
    losses = [point.loss for point in points[:10]]
    expected = sum(w * loss for w, loss in zip(weights, losses, strict=True)) / sum(weights)
    assert points[9].smoothed == pytest.approx(expected)


def test_the_suggestion_is_the_middle_of_the_steepest_fall():
    falls = [Point(0.01, 0, 3.0), Point(0.1, 0, 2.9), Point(1.0, 0, 1.0), Point(10.0, 0, 0.9)]
    assert suggested(falls) == pytest.approx(math.sqrt(0.1))
    burst = [*falls[:3], Point(10.0, 0, 9.0), Point(11.0, 0, 2.0)]
    assert suggested(burst) == pytest.approx(math.sqrt(0.1))
    assert suggested([Point(0.1, 0, 1.0), Point(1.0, 0, 2.0)]) is None
    assert suggested([]) is None


def test_too_few_steps_are_refused():
    with pytest.raises(SpecError, match="steps must be at least 10"):
        next(range_test(TINY, "digits", recipe("quick"), steps=9))
