"""From figures over seeds to whether a claim came out; the figures are made by hand."""

import pytest

from resnet_tf.lessons.experiments import Check
from resnet_tf.lessons.verdicts import Finding, finding, verdict


def found(values, against=None, how="value", **bounds):
    figures = {"a": {"accuracy": values}, "b": {"accuracy": against}}
    return finding(Check("check", "accuracy", "a", None if against is None else "b", how, **bounds), figures)


def test_a_figure_is_given_as_its_mean_and_the_deviation_of_a_sample():
    """Of 1, 2 and 6 the mean is 3 and the variance ((-2)^2 + (-1)^2 + 3^2) / 2 = 7."""
    each = found([1, 2, 6], least=0)
    assert (each.mean, each.deviation) == (3, pytest.approx(7**0.5))


def test_differences_and_ratios_are_taken_seed_by_seed():
    """Two networks that vary together differ by the same: pooled, the deviation would drown the difference."""
    assert found([0.9, 0.5, 0.7], [0.8, 0.4, 0.6], "difference", least=0.05).deviation == pytest.approx(0)
    assert found([8, 4], [2, 1], "ratio", least=3).mean == 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([2.0, 4.0], "holds in part"),  # mean 3, deviation 1.41: 1.59 is below 2
        ([2.9, 3.1], "holds"),
        ([1.0, 1.2], "does not hold here"),
        ([3.0], "holds"),  # one seed has no deviation
        ([2.0], "holds"),  # the bound itself is within
    ],
)
def test_a_check_holds_where_mean_and_deviation_lie_above_its_least(values, said):
    assert found(values, least=2).verdict == said


@pytest.mark.parametrize(
    ("values", "said"), [([0.5, 0.7], "holds"), ([0.4, 1.4], "holds in part"), ([1.9, 2.1], "does not hold here")]
)
def test_a_check_of_likeness_has_two_bounds_and_both_count(values, said):
    assert found(values, least=-1, most=1).verdict == said
    assert found([-value for value in values], least=-1, most=1).verdict == said


def test_a_figure_that_was_not_measured_is_an_error_and_no_verdict():
    with pytest.raises(KeyError, match="loss"):
        finding(Check("check", "loss", "a", least=0), {"a": {"accuracy": [1]}})


HOLDS, PART, NOT = "holds", "holds in part", "does not hold here"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([NOT, NOT], NOT),
        ([HOLDS, NOT], PART),
        ([PART, PART], PART),
        ([NOT, PART], PART),
    ],
)
def test_a_claim_holds_where_all_its_checks_do(said, whole):
    assert verdict([Finding(str(i), 0, 0, each) for i, each in enumerate(said)]) == whole


def test_what_only_stands_beside_a_claim_does_not_change_its_verdict():
    assert verdict([Finding("bears", 0, 0, HOLDS), Finding("beside", 0, 0, NOT, bears=False)]) == HOLDS
    assert verdict([Finding("bears", 0, 0, NOT), Finding("beside", 0, 0, HOLDS, bears=False)]) == NOT
