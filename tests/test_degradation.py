"""docs/degradation.md says what was measured, and would say something else of other figures."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean
from xml.etree import ElementTree

import pytest

from benchmarks.degradation import DESIGNS, KEPT, SIDE, kept
from benchmarks.degradation_page import figures, page
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.links import from_link
from resnet_tf.design.presets import preset

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "degradation.md").read_text()
MEASURED = json.loads(KEPT.read_text())["pairs"]
SVG = "{http://www.w3.org/2000/svg}"


def ends(pair):
    """The moments after the last epoch, as they are kept."""
    return [each for each in pair["found"]["moments"] if each["epoch"] == pair["found"]["epochs"]]


def paragraph(text, begin):
    (found,) = (each for each in text.split("\n\n") if each.startswith(begin))
    return found


def other_way_round(pair):
    """A pair whose sides changed places, as if shortcuts were what harms."""
    turned = [
        each._replace(**{name: getattr(each, name)[::-1] for name in ("figures", "gradients", "ways", "ranks", "dead")})
        for each in pair.found.moments
    ]
    return replace(pair, found=replace(pair.found, moments=tuple(turned)))


def test_the_page_and_its_figures_are_what_was_measured():
    pairs = kept()
    assert page(pairs) == PAGE
    for name, drawn in figures(pairs).items():
        assert (DOCS / name).read_bytes() == drawn
        assert f"]({name})" in PAGE


@pytest.mark.parametrize("pair", MEASURED, ids=lambda pair: pair["design"])
def test_the_table_has_the_means_of_what_is_kept(pair):
    depth = costs(preset(pair["design"])).depth
    for side, name in ((1, f"plain-{depth}"), (0, f"ResNet-{depth}")):
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
        _, training, _, validation = (mean(each["figures"][side][i] for each in ends(pair)) for i in range(4))
        assert f"| {100 * training:.1f} ± " in row
        assert f"| {100 * validation:.1f} ± " in row


@pytest.mark.parametrize("pair", MEASURED, ids=lambda pair: pair["design"])
def test_the_side_without_shortcuts_is_the_papers_plain_network(pair):
    """Layer by layer: what each does, and to which shape."""
    plain = preset(pair["design"].replace("resnet", "plain"), classes=10, input_shape=(SIDE, SIDE, 1))
    ours, theirs = (
        [(layer.op, layer.shape) for layer in expand(spec).layers]
        for spec in (from_link(pair["links"]["without shortcuts"]), plain)
    )
    assert ours == theirs
    assert tuple(each["design"] for each in MEASURED) == DESIGNS


def test_of_opposite_figures_the_page_says_the_opposite():
    pairs = kept()
    turned = page(tuple(map(other_way_round, pairs)))
    for pair in pairs:
        begin = f"*Without shortcuts at {pair.depth} layers.*"
        said, opposite = paragraph(PAGE, begin), paragraph(turned, begin)
        with_, without = (mean(pair.last(side, "accuracy")) for side in (0, 1))
        assert without < with_
        assert "points lower" in said
        assert "points higher" in opposite


def test_gradients_are_said_to_vanish_or_not_by_what_was_measured():
    """At first weights, in plain networks: the first block's norm against the last's, of every seed."""
    grows = all(
        norms[1] > norms[-2]  # the stem is before, the head behind
        for pair in MEASURED for each in pair["found"]["moments"] if each["epoch"] == 0
        for norms in (each["gradients"][1],)
    )  # fmt: skip
    assert ("*Do they vanish?*" in PAGE) == grows
    shrunk = []
    for pair in kept():
        moments = [
            each._replace(gradients=tuple(norms and tuple(reversed(norms)) for norms in each.gradients))
            for each in pair.found.moments
        ]
        shrunk.append(replace(pair, found=replace(pair.found, moments=tuple(moments))))
    assert "*Do they vanish?*" not in page(shrunk)


def test_every_panel_of_a_figure_has_a_line_in_a_band_for_either_side():
    pairs = kept()
    for name, rows in (("degradation-curves.svg", 3), ("degradation-gradients.svg", 2)):
        picture = ElementTree.fromstring((DOCS / name).read_text())
        panels = picture.findall(f"{SVG}g")
        assert len(panels) == rows * len(pairs)
        for panel in panels:
            bands = [
                [tuple(map(float, point.split(","))) for point in band.get("points").split()]
                for band in panel.findall(f"{SVG}polygon")
            ]
            lines = [path.get("d") for path in panel.findall(f"{SVG}path") if "L" in path.get("d")]
            assert len(bands) == len(lines) == 2
            for band, line in zip(bands, lines, strict=True):
                points = [tuple(map(float, point.split())) for point in line[1:].split("L")]
                upper, lower = band[: len(points)], band[len(points) :][::-1]
                for (x, y), high, low in zip(points, upper, lower, strict=True):
                    assert x == high[0] == low[0]
                    assert high[1] - 0.02 <= y <= low[1] + 0.02
                assert all(a[0] < b[0] for a, b in pairwise(points))
