"""Reports of studies: the figures of what was studied in words, charts and pictures, on a page and on paper."""

import math
import re
from dataclasses import replace

import handmade
import pytest
import reported

from resnet_tf.design.figures.marks import Box
from resnet_tf.reports.contents import contents
from resnet_tf.reports.differences import of_numbers
from resnet_tf.reports.elements import Charts, Drawings, Heading, Table, Text
from resnet_tf.reports.heatmap import RAMP, UNKNOWN, heatmap, shade
from resnet_tf.reports.page import to_html
from resnet_tf.reports.paper import to_pdf
from resnet_tf.reports.readings import trainings

KINDS = ("paths", "variance", "lesion", "surface")


def elements(*kinds):
    return contents(reported.report(experiments=map(reported.studied, kinds)))


def of_kind(found, kind):
    return [each for each in found if isinstance(each, kind)]


def curves(found, title):
    """The points of a chart's lines, by their names."""
    (chart,) = [chart for charts in of_kind(found, Charts) for chart in charts.charts if chart.title == title]
    return {curve.name: [y for _, y in curve.points] for curve in chart.curves}


@pytest.mark.parametrize("kind", KINDS)
def test_every_study_is_written_in_every_form(kind):
    report = reported.report(experiments=[reported.studied(kind)])
    page = to_html(report)
    assert "<h2>What was measured</h2>" in page
    assert to_pdf(report).startswith(b"%PDF")


def test_orders_are_drawn_with_the_means_of_each():
    found = elements("variance")
    forward = curves(found, "Signal variance by block")
    assert forward["post"] == [1.0] * 5
    assert forward["pre"] == [1.0, 2.0, 4.0, 8.0, 1.0]
    assert curves(found, "What the branch adds")["post"] == [0.5] * 3, "where there is a branch"
    assert any("becomes 1 times with post, 4 times with pre" in each.text for each in of_kind(found, Text))


def test_the_gradient_of_paths_is_a_share_of_each_length():
    shares = curves(elements("paths"), "Paths by residual branches")
    assert shares["all paths"] == pytest.approx([math.comb(9, k) / 2**9 for k in range(10)])
    assert shares["their gradient"] == pytest.approx([math.comb(9, k) * 0.5**k / 1.5**9 for k in range(10)])


def test_lesions_stand_beside_the_network_as_it_is_and_after_its_training():
    found = elements("lesion")
    without = curves(found, "Without one branch")
    assert without == {"without the block's branch": [0.88, 0.4, 0.9], "as it is": [0.9] * 3}
    assert curves(found, "Without several branches") == {"": [0.9, pytest.approx((0.88 + 0.4 + 0.9) / 3), 0.25, 0.1]}
    assert curves(found, "Validation accuracy")[""] == [*reported.ACCURACIES]
    tables = of_kind(found, Table)
    assert ("stage1.block1 and stage1.block2", "80.0 %", "10.0", "0.5") in [row for each in tables for row in each.rows]
    assert any(row[0] == "ResNet-20" and row[-2] == "87.50 %" for each in tables for row in each.rows)


def test_two_surfaces_are_seen_from_above_on_one_scale():
    flat, steep = reported.studied("surface", "with"), reported.studied("surface", "without")
    steep = replace(steep, found={**steep.found, "found": handmade.surface(12.0).as_json()})
    found = contents(reported.report(experiments=[flat, steep]))
    (drawn,) = [each for each in of_kind(found, Drawings) if each.drawings[0].title == "with"]
    assert [each.title for each in drawn.drawings] == ["with", "without"]
    assert any("rises 4 times as much with without as with with" in each.text for each in of_kind(found, Text))
    around = curves(found, "Loss around the weights")
    assert around["with, seed 3"][0] == pytest.approx(0.1)
    assert around["without, seed 3"][-1] > around["with, seed 3"][-1]
    assert [each.text for each in of_kind(found, Heading)].count("Loss surface") == 1


def test_a_surface_from_above_is_darkest_in_its_valley():
    surface = handmade.surface()
    picture = heatmap(surface, (0.1, 6.1), "a bowl")
    squares = {box.about: box.fill for box in picture.marks if isinstance(box, Box) and box.about}
    assert len(squares) == 25
    assert squares["0.1 at 0, 0"] == RAMP[0]
    assert squares["6.1 at -1, 1"] == RAMP[-1]
    assert shade(math.nan, (0.1, 6.1)) == UNKNOWN
    assert shade(math.sqrt(0.1 * 6.1), (0.1, 6.1)) == RAMP[3], "half of the way on a logarithmic scale"


def test_a_picture_that_is_no_network_has_no_link():
    page = to_html(reported.report(experiments=[reported.studied("surface")]))
    assert len(re.findall("<figure class=.drawing.>", page)) == 3
    assert page.count("<summary>link</summary>") == 2


CHANGED = {
    "paths": lambda found: found["lengths"][3]["norms"].__setitem__(0, 0.2),
    "variance": lambda found: found[1]["blocks"][2]["variance"].__setitem__("mean", 4.5),
    "lesion": lambda found: found["swapped"][1].__setitem__("loss", 0.61),
    "surface": lambda found: found["losses"][4].__setitem__(0, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_of_a_study_that_was_changed_is_found(kind):
    then, now = reported.studied(kind), reported.studied(kind)
    assert {each.verdict for each in of_numbers(then, now)} <= {"same", "time"}
    CHANGED[kind](now.found["found"])
    assert "differs" in {each.verdict for each in of_numbers(then, now)}


@pytest.mark.parametrize("kind", ["lesion", "surface"])
def test_a_number_of_the_training_that_a_study_is_of_is_compared_too(kind):
    then, now = reported.studied(kind), reported.studied(kind)
    now.found["training"]["epochs"][1]["validation_loss"] += 1e-9
    assert [each.what for each in of_numbers(then, now) if each.verdict == "differs"] == ["validation loss"]


def test_a_training_that_two_studies_are_of_is_told_once_and_two_of_one_name_twice():
    lesion, surface = reported.studied("lesion"), reported.studied("surface")
    assert [each.name for each in trainings([lesion, surface])] == ["ResNet-20"]
    one, other = reported.training(), reported.training(accuracies=(0.1, 0.2))
    assert [*trainings([one, one, other])] == [one, one, other]
