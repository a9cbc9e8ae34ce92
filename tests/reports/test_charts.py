"""Where a chart's lines and marks lie."""

import math

import pytest
import reported
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.design.figures.marks import Words
from resnet_tf.reports.charts import BOTTOM, TOP, Chart, Curve, drawn, frame, ticks
from resnet_tf.reports.curves import charts

NUMBERS = st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=30)


@given(NUMBERS, st.booleans())
def test_every_point_lies_on_the_paper_and_higher_where_its_value_is(values, log):
    chart = Chart("t", "n", "epoch", (Curve("a", 0, tuple(enumerate(values))),), log)
    room = frame(chart, 400, 200)
    heights = [room.up(value) for value in values]
    assert all(TOP - 1e-6 <= height <= 200 - BOTTOM + 1e-6 for height in heights)
    assert all(room.left - 1e-6 <= room.across(i) <= 390 + 1e-6 for i in range(len(values)))
    above = sorted(zip(values, heights, strict=True))
    assert [height for _, height in above] == sorted(heights, reverse=True)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_marks_are_few_and_within_the_ends(low, span):
    high = low + span
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return
    marks = ticks((low, high), log=False)
    assert 1 <= len(marks) <= 6
    assert all(low - 1e-6 * span <= mark <= high + 1e-6 * span for mark in marks)


def test_a_logarithmic_axis_is_marked_at_round_values():
    assert ticks((-1.1, 0.2), log=True) == pytest.approx([0.1, 0.2, 0.5, 1])
    assert ticks((0.30, 0.44), log=True) == pytest.approx([2, 2.2, 2.4, 2.6])  # from 2.0 to 2.75
    assert ticks((-6, 0), log=True) == pytest.approx([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1])


def test_what_has_no_place_on_an_axis_is_left_out_and_the_rest_is_drawn():
    points = ((0, 1.0), (1, 0.0), (2, math.nan), (3, math.inf), (4, 2.0))
    chart = Chart("t", "n", "block", (Curve("a", 0, points),), log=True, names=tuple("abcde"))
    assert [x for x, _ in chart.shown()[0].points] == [0, 4]
    assert drawn(chart, 300, 150).marks
    assert drawn(Chart("t", "n", "epoch", (Curve("a", 0, ()),)), 300, 150).marks


def test_places_without_a_point_have_their_room_and_all_words_lie_on_the_paper():
    """A stem has no branch: its name stands at the left all the same, and not beside the paper."""
    forward = next(chart for chart in charts([reported.profiled()]) if chart.title == "Forward")
    assert [x for x, _ in forward.curves[0].points] == [1, 2]
    words = [mark for mark in drawn(forward, 300, 150).marks if isinstance(mark, Words)]
    assert "stem" in [each.text for each in words]
    assert all(0 <= each.x <= 300 and 0 <= each.y <= 150 for each in words)


def test_trainings_share_their_axes_and_are_told_apart():
    found = charts([reported.training("A"), reported.training("A", seed=4)])
    accuracy = next(chart for chart in found if chart.title == "Validation accuracy")
    assert [curve.name for curve in accuracy.curves] == ["A, seed 3", "A, seed 4"]
    assert accuracy.curves[0].points == ((1, 0.25), (2, 0.5), (3, 0.875))


def test_a_profile_is_a_line_for_each_side_by_block_the_mean_over_seeds():
    found = charts([reported.profiled()])
    gradient = next(chart for chart in found if chart.title == "Gradient by block")
    assert gradient.names == ("stem", "stage1.block1", "stage1.block2")
    lines = {curve.name: curve.points for curve in gradient.curves}
    assert lines["with shortcuts"] == ((0, 1.0), (1, 1.0), (2, 2.25))  # of 2 and 2.5
    assert {chart.title for chart in found} >= {"Forward", "Backward"}
