"""Where things stand on the canvas: what the papers' figures have in common, measured on the picture."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specs

from resnet_tf.design.layout import RISE, SIDE, layout
from resnet_tf.design.picture import LEVELS, box_height, box_width
from resnet_tf.design.presets import preset

NAMES = ["resnet50", "resnetrs50", "densenet121", "resnetblur50d", "vgg16", "resnet34_a"]


def by_id(picture):
    return {node.id: node for node in picture.nodes}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_words_on_a_line_stand_within_it(name, level):
    picture = layout(preset(name), level)
    nodes = by_id(picture)
    for edge in picture.edges:
        if not edge.label:
            continue
        target = nodes[edge.target]
        assert nodes[edge.source].x < edge.lx < target.right, edge.id
        if edge.kind != "path":
            x0 = float(re.match(r"M(-?[\d.]+)", edge.d)[1])
            assert edge.lx == pytest.approx((x0 + target.x + target.w / 2) / 2, abs=0.1)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_an_arc_leaves_before_its_block_and_comes_back_in_the_middle_of_its_circle(name, level):
    picture = layout(preset(name), level)
    nodes = by_id(picture)
    line = nodes["input"].y + nodes["input"].h / 2
    arcs = [edge for edge in picture.edges if edge.kind != "path"]
    for edge in arcs:
        target = nodes[edge.target]
        x0, y0 = map(float, re.match(r"M(-?[\d.]+) (-?[\d.]+)V", edge.d).groups())
        assert y0 == pytest.approx(line, abs=0.11)
        assert edge.d.endswith(f"V{y0:g}")
        assert nodes[edge.source].right < x0 < target.x
        assert re.search(rf"{target.x + target.w / 2:g} -?[\d.]+V", edge.d)
        highest = min(float(y) for y in re.findall(r"Q-?[\d.]+ (-?[\d.]+)", edge.d))
        inside = [node for node in picture.nodes if x0 < node.x and node.right <= target.right and node.kind != "join"]
        on_line = [node for node in inside if abs(node.y + node.h / 2 - line) < 1]
        assert highest < min(node.y for node in on_line)  # it passes above what it goes around
        assert highest > 0
    assert bool(arcs) == (name != "vgg16")


@pytest.mark.parametrize("level", LEVELS)
def test_the_image_is_as_high_as_a_map_of_its_size(level):
    nodes = by_id(layout(preset("resnet20_cifar10"), level))
    first = nodes["stem" if level != "layer" else "stem.conv"]
    assert nodes["input"].h == first.h > 0


def test_every_halving_of_a_map_and_doubling_of_channels_is_one_step():
    """As logarithms have it: the heights of 56, 28, 14 and 7 px are evenly spaced, so are the widths of 256 to 2048."""
    nodes = by_id(layout(preset("resnet50"), "block"))
    stages = [nodes[f"stage{s}.block1"] for s in (1, 2, 3, 4)]
    for sizes in ([node.h for node in stages], [node.w for node in stages]):
        steps = [abs(b - a) for a, b in pairwise(sizes)]
        assert steps == pytest.approx([steps[0]] * 3, abs=0.11)
        assert steps[0] > 2


def test_what_stands_on_an_arc_is_centred_on_it():
    picture = layout(preset("resnetrs50"), "layer")
    nodes = by_id(picture)
    line = nodes["input"].y + nodes["input"].h / 2
    (shortcut,) = [e for e in picture.edges if e.kind == "projection" and e.target == "stage2.block1.add"]
    level = float(re.search(r"Q-?[\d.]+ (-?[\d.]+)", shortcut.d)[1])
    around = [nodes[f"stage2.block1.shortcut.{name}"] for name in ("pool", "conv", "norm")]
    gate = [nodes[f"stage2.block1.gate.{name}"] for name in ("pool", "reduce", "act", "expand", "sigmoid")]
    for row, side in ((around, -1), (gate, 1)):
        assert all(node.y + node.h / 2 == pytest.approx(row[0].y + row[0].h / 2, abs=0.1) for node in row)
        assert (row[0].y - line) * side > 0  # shortcuts pass above the line, gates hang below it
        gaps = [b.x + b.w / 2 - a.x - a.w / 2 for a, b in pairwise(row)]
        assert gaps == pytest.approx([gaps[0]] * len(gaps), abs=0.11)
        assert all(a.right <= b.x for a, b in pairwise(row))
    assert around[0].y + around[0].h / 2 == pytest.approx(level, abs=0.1)


@settings(max_examples=40, deadline=None)
@given(specs(), st.sampled_from(LEVELS))
def test_groups_hold_their_nodes_and_nothing_reaches_beyond_the_picture(spec, level):
    picture = layout(spec, level)
    for node in picture.nodes:
        assert node.x >= 0
        assert node.right <= picture.width
        assert node.y >= 0
        assert node.y + node.h <= picture.height
    for group in picture.groups:
        key = "block" if level == "layer" else "stage"
        members = [node for node in picture.nodes if getattr(node, key) == group.id]
        assert members
        for node in members:
            assert group.x <= node.x
            assert node.right <= group.x + group.w
        assert group.y + group.h <= picture.height


def test_the_picture_is_no_larger_than_what_stands_in_it_needs():
    picture = layout(preset("resnet50"), "block")
    assert picture.width - max(node.right for node in picture.nodes) < 60
    assert picture.height - max(node.y + node.h for node in picture.nodes) < 60


def test_shades_are_shares_of_the_heaviest():
    """ResNet-50: the blocks that halve the map, and do their first convolution on the larger one, are the heaviest."""
    nodes = [node for node in layout(preset("resnet50"), "block").nodes if node.kind == "block"]
    assert max(node.shade for node in nodes) == 1
    assert {node.id for node in nodes if node.shade > 0.95} == {f"stage{s}.block1" for s in (2, 3, 4)}
    assert nodes[-1].shade < 0.02


def test_a_joins_sign_says_what_is_done_there():
    signs = {name: {n.label for n in layout(preset(name), "block").nodes if n.kind == "join"}
             for name in ("resnet50", "densenet121", "vgg16")}  # fmt: skip
    assert signs == {"resnet50": {"+"}, "densenet121": {"‖"}, "vgg16": set()}
    details = {n.label: n.detail for n in layout(preset("seresnet50"), "layer").nodes if n.kind == "join"}
    assert set(details) == {"+", "×"}
    assert details["×"].endswith("the branch × the gate")


@pytest.mark.parametrize(("channels", "width"), [(1, 16.0), (8, 16.0), (16, 18.8), (64, 24.4), (2048, 38.4)])
def test_a_box_is_16_px_thick_and_grows_from_8_channels_on(channels, width):
    assert box_width((7, 7, channels)) == width


@pytest.mark.parametrize(
    ("shape", "height"), [((1, 1, 8), 30.0), ((2, 2, 8), 49.0), ((224, 224, 3), 178.3), ((8,), 30.0)]
)
def test_a_box_grows_by_19_px_for_every_doubling_of_its_map(shape, height):
    assert box_height(shape) == height


def test_a_picture_with_gates_is_higher_by_the_room_that_they_hang_in():
    with_gates, without = (layout(preset(name), "layer").height for name in ("seresnet50", "resnet50"))
    assert with_gates - without == pytest.approx(RISE + SIDE, abs=0.11)
