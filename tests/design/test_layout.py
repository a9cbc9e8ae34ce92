"""Where things stand on the canvas: what the papers' figures have in common, measured on the picture."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specs

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.layout import RISE, SIDE, layout
from resnet_tf.design.picture import LEVELS, arc, box_height, box_width
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import ResNetSpec, Stage, Stem

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
        members = [node for node in picture.nodes if group.id in (node.stage, node.block)]
        assert members
        for node in members:
            assert group.x <= node.x
            assert node.right <= group.x + group.w
        assert group.y + group.h <= picture.height


def test_the_picture_is_no_larger_than_what_stands_in_it_needs():
    picture = layout(preset("resnet50"), "block")
    assert picture.width - max(node.right for node in picture.nodes) < 60
    assert picture.height - max(node.y + node.h for node in picture.nodes) < 60


@pytest.mark.parametrize("level", LEVELS)
def test_the_facts_of_all_boxes_are_those_of_the_network(level):
    counted = costs(preset("seresnet50"))
    facts = [node.facts for node in layout(counted, level).nodes]
    assert sum(fact.parameters for fact in facts) == counted.parameters
    assert sum(fact.macs for fact in facts) == counted.macs
    assert sum(fact.activations for fact in facts) == counted.activations


def test_the_heaviest_blocks_of_resnet50_are_those_that_halve_the_map():
    """They do their first convolution on the larger one."""
    nodes = [node for node in layout(preset("resnet50"), "block").nodes if node.kind == "block"]
    most = max(node.facts.macs for node in nodes)
    assert {node.id for node in nodes if node.facts.macs > 0.95 * most} == {f"stage{s}.block1" for s in (2, 3, 4)}
    assert nodes[-1].facts.macs < 0.02 * most


def test_a_box_tells_a_screen_reader_what_it_stands_for():
    """ResNet-101 in He 2015's Table 1: 23 blocks of 14 x 14 x 1024."""
    counted = {cost.name: cost for cost in costs(preset("resnet101")).stages}
    details = {node.id: node.detail for node in layout(preset("resnet101"), "stage").nodes}
    numbers = f"{counted['stage3'].parameters:,} parameters, {counted['stage3'].macs:,} MACs"
    assert details["stage3"] == f"stage 3, 23 blocks: 14×14×1024, {numbers}"
    assert details["stem"].startswith("stem: 56×56×64, ")
    assert details["input"] == "image, 224×224×3"
    # a dense stage gives 256 channels, and its transition half of them
    words = {node.id: node.label for node in layout(preset("densenet121"), "stage").nodes}
    assert (words["stem"], words["stage1"], words["head"], words["stage1.sum"]) == ("stem", "128", "head", "‖")
    singly = {node.id: node for node in layout(preset("densenet121"), "block").nodes}
    assert singly["stage1.transition"].label == "transition"
    assert singly["stage1.block1"].detail.startswith("stage 1, block 1: 56×56×96, ")


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


# two blocks at 8 x 8, one at 4 x 4, all with gates: small enough to be worked out by hand
SMALL = ResNetSpec(
    input_shape=(8, 8, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=2, width=8), Stage(blocks=1, width=16, stride=2)), attention={"kind": "se"},
)  # fmt: skip
TALL, SHORT, FLAT = 87, 68, 30  # px: 30 and 19 for each doubling of 1: 8 x 8, 4 x 4, and no map
THICK, THICKER, HEAD = 16, 18.8, 16.9  # px: 8 channels, 16, and ten classes
STAGE, BLOCK, STEP, CIRCLE, ACT = 86, 28, 10, 14, 9


def on_line(picture):
    """What stands on the main line, as (gap before it, width, height); nothing there is out of line."""
    middle = picture.nodes[0].y + picture.nodes[0].h / 2
    nodes = sorted((n for n in picture.nodes if n.y < middle < n.y + n.h), key=lambda node: node.x)
    assert all(node.y + node.h / 2 == middle for node in nodes)
    edges = [0.0, *(node.right for node in nodes)]
    return middle, [(round(node.x - right, 1), node.w, node.h) for node, right in zip(nodes, edges, strict=False)]


PLUS_AFTER = (STEP, CIRCLE, CIRCLE)
BEGIN, END = [(16, 10, TALL), (STAGE, THICK, TALL)], [(STAGE, HEAD, FLAT)]


@pytest.mark.parametrize(
    ("level", "boxes", "middle", "width"),
    [
        ("stage", [*BEGIN, (STAGE, THICK, TALL), PLUS_AFTER, (STAGE, THICKER, SHORT), PLUS_AFTER, *END],
         34 + 20 + 19 + TALL / 2, 529.7),
        ("block", [*BEGIN, (STAGE, THICK, TALL), PLUS_AFTER, (BLOCK, THICK, TALL), PLUS_AFTER,
                   (STAGE, THICKER, SHORT), PLUS_AFTER, *END], 34 + 20 + TALL / 2, 597.7),
    ],
)  # fmt: skip
def test_a_small_network_is_drawn_to_the_pixel(level, boxes, middle, width):
    """86 px between stages, 28 between blocks, 10 to a circle of 14; room above for an arc 20 px over its block."""
    picture = layout(SMALL, level)
    assert on_line(picture) == (middle, boxes)
    assert width == round(sum(gap + w for gap, w, _ in boxes) + 28 + 16, 1)  # a line out, and the margin
    assert (picture.width, picture.height) == (width, middle + TALL / 2 + 24 + 6)
    nodes = by_id(picture)
    assert {node.count for node in picture.nodes} == ({1, 2} if level == "stage" else {1})
    assert {node.facts.macs for node in picture.nodes if node.kind != "block"} == {0}
    for group in picture.groups:
        members = [node for node in picture.nodes if node.stage == group.id]
        branches_off = 10 if group.id in ("stem", "stage1", "stage2", "head") else 0
        assert group.x == members[0].x - branches_off - 8
        assert group.x + group.w == pytest.approx(members[-1].right + 6, abs=0.11)
        assert (group.y, group.h) == (6, middle + TALL / 2 + 24 - 6)
    for edge in picture.edges:
        target = nodes.get(edge.target)
        if edge.kind == "path" and target:
            source = nodes[edge.source]
            assert edge.d == f"M{source.right:g} {middle:g}H{target.x:g}"
            assert bool(edge.label) == (source.stage != target.stage)
            assert not edge.label or (edge.lx, edge.ly) == (round((source.right + target.x - 10) / 2, 1), middle + 15)
    assert picture.edges[-1].d == f"M{picture.nodes[-1].right:g} {middle:g}H{picture.nodes[-1].right + 28:g}"


def test_an_arc_says_how_many_it_stands_for_where_there_are_several():
    labels = {edge.id: edge.label for edge in layout(SMALL, "stage").edges if edge.kind != "path"}
    assert labels == {"stage1.sum.identity": "× 2", "stage2.sum.projection": "1×1"}


def test_an_arc_has_round_corners_and_runs_20_px_above_its_block():
    """From 10 px before the block up, across, and down behind the circle, with a radius of 9."""
    picture = layout(SMALL, "block")
    (edge,) = [edge for edge in picture.edges if edge.id == "stage1.block1.sum.identity"]
    x0, x1, line, level = 16 + 10 + 86 + 16 + 76, 240 + 7, 97.5, 97.5 - TALL / 2 - 20
    assert edge.d == (f"M{x0} {line}V{level + 9:g}Q{x0} {level:g} {x0 + 9} {level:g}H{x1 - 9}"
                      f"Q{x1} {level:g} {x1} {level + 9:g}V{line}")  # fmt: skip
    assert (edge.lx, edge.ly) == ((x0 + x1) / 2, level)


def test_a_short_arc_is_round_all_the_way_and_one_below_the_line_turns_the_other_way():
    assert arc(0, 10, 50, 20) == "M0 50V25Q0 20 5 20H5Q10 20 10 25V50"
    assert arc(0, 40, 50, 80) == "M0 50V71Q0 80 9 80H31Q40 80 40 71V50"


def test_two_kinds_of_arcs_stand_in_lanes_19_px_apart_and_leave_5_px_apart():
    spec = preset("resnet50")
    picture = layout(spec, "stage")
    (lower,) = [edge for edge in picture.edges if edge.id == "stage2.sum.projection"]
    (upper,) = [edge for edge in picture.edges if edge.id == "stage2.sum.identity"]
    assert upper.ly == pytest.approx(lower.ly - 19, abs=0.05)
    starts = [float(re.match(r"M([\d.]+) ", edge.d)[1]) for edge in (lower, upper)]
    assert starts[0] - starts[1] == pytest.approx(5, abs=0.11)


def test_layers_stand_10_px_apart_and_those_on_an_arc_34_px_a_step():
    picture = layout(SMALL, "layer")
    middle, boxes = on_line(picture)
    assert middle == 34 + 20 + 18 + TALL / 2
    assert picture.height == middle + TALL / 2 + 20 + 18 + 24 + 6
    act, wide = (STEP, ACT, TALL), (STEP, THICK, TALL)
    assert boxes[:9] == [*BEGIN, act, act, (STAGE, THICK, TALL), act, act, wide, act]
    gate = boxes[9]
    assert gate == (STEP / 2 + 5 * 34 + STEP, CIRCLE, CIRCLE)  # five layers hang below, then the circle
    assert boxes[10:13] == [PLUS_AFTER, act, (BLOCK, THICK, TALL)]
    assert boxes[-2:] == [(STAGE, ACT, FLAT), (STEP, HEAD, FLAT)]
    nodes = by_id(picture)
    beside = [nodes[f"stage1.block1.gate.{name}"] for name in ("pool", "reduce", "act", "expand", "sigmoid")]
    assert [(node.w, node.h) for node in beside] == [(9, 18), (36, 18), (9, 18), (36, 18), (9, 18)]
    assert {node.y for node in beside} == {middle + TALL / 2 + 20 - 9}
    assert nodes["stage2.block1.shortcut.conv"].y == middle - SHORT / 2 - 20 - 9
    start, end = nodes["stage1.block1.norm2"].right + 5, nodes["stage1.block1.gate.scale"].x + 7
    pitch = (end - start) / 6
    assert [round(node.x + node.w / 2, 1) for node in beside] == pytest.approx(
        [start + pitch * i for i in range(1, 6)], abs=0.11)  # fmt: skip


@pytest.mark.parametrize("kind", ["shortcut", "exclusive"])
def test_a_gated_shortcut_carries_its_gate_before_what_it_multiplies(kind):
    spec = preset("resnet18", shortcut_gate=kind)
    picture = layout(spec, "layer")
    nodes, middle = by_id(picture), picture.line
    assert {node.id for node in picture.nodes} == {layer.name for layer in expand(spec)}
    assert len(picture.nodes) == len(expand(spec))
    names = ["shortcut.conv", "shortcut.norm", "shortcut.gate.conv", "shortcut.gate.sigmoid", "shortcut.gate.carry",
             "shortcut.gate.scale"]  # fmt: skip
    places = {name: nodes[f"stage2.block1.{name}"] for name in names}
    below = {"shortcut.gate.conv", "shortcut.gate.sigmoid"} if kind == "exclusive" else set()
    assert {name for name in names if places[name].y > middle} == below
    above = [places[name].x for name in names if name not in below]
    assert above == sorted(above)


def test_a_layers_facts_are_worked_out_by_hand():
    """At 8 x 8: 3 x 3 of 8 to 8 channels is 36,864 MACs, the stem's of 3 channels 3/8 of them; a gate's 1x1 is 64."""
    nodes = by_id(layout(SMALL, "layer"))
    names = ("stage1.block1.conv1", "stem.conv", "stage1.block1.gate.reduce", "stage1.block1.norm1")
    assert [nodes[name].facts.macs for name in names] == [36_864, 13_824, 64, 0]
    conv = nodes["stage1.block1.conv1"].facts
    assert (conv.parameters, conv.activations) == (576, 512)
    # in float32: it reads 512 numbers and 576 weights and writes 512, which the norm after it needs on the way back
    assert (conv.moved, conv.kept) == (4 * (512 + 576 + 512), 4 * (576 + 512))
    folded = by_id(layout(SMALL, "stage"))
    assert folded["stage1"].facts.macs == 4 * 36_864 + 4 * 64


# --- what stands the other way than its level


def kinds(picture):
    return {piece.name: piece.kind for piece in picture.pieces}


def test_a_stage_and_a_block_in_it_unfold_where_they_stand():
    spec = preset("resnet50")
    one = layout(spec, "stage", {"stage3"})
    assert kinds(one) == {
        "input": "input", "stem": "block", "stage1": "stage", "stage2": "stage",
        **{f"stage3.block{i}": "block" for i in range(1, 7)}, "stage4": "stage", "head": "block",
    }  # fmt: skip
    two = layout(spec, "stage", {"stage3", "stage3.block2"})
    assert kinds(two)["stage3.block2"] == "layers"
    assert {n.id for n in two.nodes if n.block == "stage3.block2"} == {
        layer.name for layer in costs(spec).graph if layer.name.startswith("stage3.block2.")
    }
    assert [group.id for group in two.groups] == [
        "stem",
        "stage1",
        "stage2",
        "stage3",
        "stage4",
        "head",
        "stage3.block2",
    ]
    *stages, block = two.groups
    ground = stages[3]
    assert ground.x < block.x < block.x + block.w < ground.x + ground.w
    assert ground.y < block.y < block.y + block.h < ground.y + ground.h


def test_what_is_open_at_a_level_folds():
    spec = preset("resnet50")
    assert kinds(layout(spec, "block", {"stage2"}))["stage2"] == "stage"
    assert kinds(layout(spec, "layer", {"stage2.block1"}))["stage2.block1"] == "block"
    assert kinds(layout(spec, "layer", {"stem", "head"})) | {} == kinds(layout(spec, "layer")) | {
        "stem": "block", "head": "block"}  # fmt: skip


def test_names_that_a_design_has_not_are_no_parts_of_it():
    assert layout(SMALL, "block", {"stage9", "stage1.block7", ""}) == layout(SMALL, "block")


@settings(max_examples=30, deadline=None)
@given(specs(), st.sampled_from(LEVELS), st.data())
def test_any_parts_unfold_and_the_same_network_stands_there(spec, level, data):
    counted = costs(spec)
    names = [block.name for block in counted.graph.blocks] + [cost.name for cost in counted.stages]
    picture = layout(counted, level, data.draw(st.frozensets(st.sampled_from(names))))
    assert sum(node.facts.macs for node in picture.nodes) == counted.macs
    boxes = [(node.x, node.right) for node in picture.nodes if abs(node.y + node.h / 2 - picture.line) < 1]
    assert all(a[1] <= b[0] for a, b in pairwise(sorted(boxes)))
    assert max(right for _, right in boxes) < picture.width


# --- as it is sent


def unpacked(sent):
    """Names, kinds, places and receptive fields, read as a page reads them."""
    for _, kind, first, count, x, pitch, sees, further in sent["runs"]:
        root = first.rstrip("0123456789")
        for i in range(count):
            name = first if count == 1 else f"{root}{int(first[len(root) :]) + i}"
            yield name, kind, round(x + pitch * i, 1), sees + further * i


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", [*NAMES, "resnet152"])
def test_what_is_sent_says_of_every_piece_where_it_stands_and_how_far_it_sees(name, level):
    counted = costs(preset(name))
    picture = layout(counted, level)
    sent = list(unpacked(picture.packed()))
    assert [(n, k, x) for n, k, x, _ in sent] == [(p.name, p.kind, p.x) for p in picture.pieces]
    sees = {cost.name: cost.receptive_field for cost in (*counted.stages, *counted.blocks)} | {"input": 1}
    assert all(sees[name] == field for name, _, _, field in sent)


def test_a_deeper_network_is_sent_in_as_many_bytes():
    """What is alike is said once: a stage of 36 blocks takes no more words than one of 6."""
    sizes = {name: len(json.dumps(layout(preset(name), "layer").packed())) for name in ("resnet50", "resnet152")}
    assert sizes["resnet152"] - sizes["resnet50"] < 100
    assert len(json.dumps(layout(preset("resnet1202_cifar10"), "layer").packed())) < 16_000
