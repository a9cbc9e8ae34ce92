"""Drawings, layouts, diffs and links: what they show of the graph."""

import re
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specs

from resnet_tf.design import links
from resnet_tf.design.diff import diff
from resnet_tf.design.drawing import draw
from resnet_tf.design.expand import expand
from resnet_tf.design.layout import layout
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.picture import LEVELS
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["resnet18", "vgg19", "resnetrs50", "keras_resnet50v2"])
def test_graphviz_itself_accepts_the_figure(name, level):
    source = draw(preset(name), level).source
    svg = subprocess.run(["dot", "-Tsvg"], input=source, text=True, capture_output=True, check=True)
    assert svg.stderr == ""
    assert ElementTree.fromstring(svg.stdout).tag.endswith("svg")


@pytest.mark.parametrize("level", LEVELS)
def test_a_projection_looks_different_from_an_identity_at_every_level(level):
    arcs = [line for line in draw(preset("resnet50"), level).source.splitlines() if "constraint=false" in line]
    dashed = [line for line in arcs if "style=dashed" in line]
    stages = {"stage": (4, 4)}  # folded: one arc for each kind in each stage
    assert (len(dashed), len(arcs) - len(dashed)) == stages.get(level, (4, 12))
    assert "constraint=false" not in draw(preset("plain34"), level).source


def test_a_folded_stage_says_how_many_and_keeps_its_shortcuts():
    source = draw(preset("resnet101"), "stage").source
    assert "stage 3 × 23" in source
    assert "identity × 22" in source
    assert "projection × 1" in source


@pytest.mark.parametrize("reading", [draw, layout])
def test_an_unknown_level_names_the_nearest(reading):
    with pytest.raises(SpecError, match="block") as caught:
        reading(preset("resnet18"), "blocks")
    assert caught.value.nearest == "block"


def inside(picture):
    """Every node stands in the picture; no two boxes on the main line overlap."""
    line = []
    for node in picture.nodes:
        assert node.x >= 0
        assert node.y >= 0
        assert node.right <= picture.width
        assert node.y + node.h <= picture.height
        assert min(node.facts) >= 0
        line.append((node.y + node.h / 2, node.x, node.right))
    middle = next(y for y, _, _ in line)
    boxes = sorted((x, right) for y, x, right in line if abs(y - middle) < 1)
    assert all(a[1] <= b[0] for a, b in pairwise(boxes))


@settings(max_examples=60, deadline=None)
@given(specs(), st.sampled_from(LEVELS))
def test_any_design_is_laid_out_without_overlaps(spec, level):
    inside(layout(spec, level))


@pytest.mark.parametrize("name", PRESETS)
def test_the_canvas_shows_every_block_once_with_its_shortcut(name):
    graph, picture = expand(preset(name)), layout(preset(name), "block")
    assert [n.id for n in picture.nodes if n.kind == "block"] == [block.name for block in graph.blocks]
    drawn = {edge.target.removesuffix(".sum"): edge.kind for edge in picture.edges if edge.kind != "path"}
    assert drawn == {block.name: block.shortcut for block in graph.blocks if block.shortcut != "none"}


def test_the_layer_level_shows_every_layer_and_every_connection():
    graph, picture = expand(preset("resnetrs50")), layout(preset("resnetrs50"), "layer")
    assert {node.id for node in picture.nodes} == set(graph.by_name)
    joins = {edge.target for edge in picture.edges if edge.kind == "identity"}
    assert joins == {f"{block.name}.add" for block in graph.blocks if block.shortcut == "identity"}


def test_a_folded_stage_on_the_canvas_says_how_many():
    picture = layout(preset("resnet101"), "stage")
    (stage,) = [node for node in picture.nodes if node.id == "stage3"]
    assert stage.count == 23
    words = {edge.kind: edge.label for edge in picture.edges if edge.target == "stage3.sum" and edge.kind != "path"}
    assert words == {"identity": "× 22", "projection": "1×1 × 1"}


def test_larger_maps_are_higher_and_more_channels_thicker():
    nodes = {node.id: node for node in layout(preset("resnet50"), "block").nodes}
    assert nodes["stage1.block1"].h > nodes["stage2.block1"].h > nodes["stage4.block1"].h
    assert nodes["stage1.block1"].w < nodes["stage2.block1"].w < nodes["stage4.block1"].w


def test_the_shapes_of_he_2015_stand_between_the_stages():
    labels = [
        edge.label for edge in layout(preset("resnet50"), "block").edges if "×" in edge.label and edge.kind == "path"
    ]
    assert labels == ["224×224×3", "56×56×64", "56×56×256", "28×28×512", "14×14×1024", "7×7×2048"]


def test_a_design_does_not_differ_from_itself():
    assert not diff(preset("resnet50"), preset("resnet50"))


def test_resnet101_adds_seventeen_blocks_to_resnet50():
    change = diff(preset("resnet50"), preset("resnet101"))
    assert [(f.field, f.a, f.b) for f in change.fields] == [("stages[2].blocks", 6, 23)]
    assert [(b.name, b.change) for b in change.blocks] == [(f"stage3.block{i}", "added") for i in range(7, 24)]


def test_a_diff_goes_through_the_network_from_stem_to_head():
    change = diff(preset("resnet50"), preset("resnet101d", classes=10))
    names = [block.name for block in change.blocks]
    assert (names[0], names[-1]) == ("stem", "head")
    assert names[1:4] == ["stage2.block1", "stage3.block1", "stage3.block7"]
    assert names[-2] == "stage4.block1"


def test_v1_and_v15_differ_in_the_first_blocks_of_three_stages():
    change = diff(preset("resnet50_v1"), preset("resnet50"))
    assert [b.name for b in change.blocks] == ["stage2.block1", "stage3.block1", "stage4.block1"]
    assert (
        change.blocks[0].what[0]
        == "conv1: 56×56×256 → 1×1, 128, /2 → 28×28×128 became 56×56×256 → 1×1, 128 → 56×56×128"
    )


def test_what_no_label_shows_is_still_a_difference():
    change = diff(preset("resnet50"), edit(preset("resnet50"), bias="all"))
    assert len(change.blocks) == 17
    assert "bias=True" in change.blocks[0].what[0]


@settings(max_examples=40, deadline=None)
@given(specs(), specs())
def test_a_diff_is_antisymmetric(a, b):
    there, back = diff(a, b), diff(b, a)
    assert {(f.field, f.a, f.b) for f in there.fields} == {(f.field, f.b, f.a) for f in back.fields}
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    ends = {(x.was, None if x.change == "removed" else x.name, x.change) for x in there.blocks}
    assert ends == {(None if x.change == "removed" else x.name, x.was, opposite[x.change]) for x in back.blocks}


@pytest.mark.parametrize("name", PRESETS)
def test_the_link_of_a_preset_is_its_name(name):
    assert to_link(preset(name)) == name
    assert from_link(name) == preset(name)


@settings(max_examples=150, deadline=None)
@given(specs())
def test_any_design_survives_its_link(spec):
    link = to_link(spec)
    assert from_link(link) == spec
    assert re.fullmatch(r"[A-Za-z0-9_~-]+", link)
    assert len(link) < 600


HOSTILE = ["", "~", "resnet5", "resnet50~", "resnet50~eJyrVs", "resnet50~" + "A" * 400, "x" * 10_000,
           "../../etc/passwd", "<script>alert(1)</script>", "resnet50~bm90IHpsaWI", "résnet~é"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_a_broken_or_hostile_link_is_a_spec_error(text):
    with pytest.raises(SpecError):
        from_link(text)


def test_a_link_that_is_a_bomb_is_refused():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b'{"a": "' + b" " * 4_000_000 + b'"}', 9)).decode().rstrip("=")
    with pytest.raises(SpecError, match="holds too much"):
        from_link(f"resnet50~{bomb}")


@given(st.text(max_size=60))
def test_whatever_a_link_says_it_is_a_design_or_a_spec_error(text):
    for link in (text, f"resnet50~{text}"):
        try:
            spec = from_link(link)
        except SpecError:
            continue
        assert to_link(spec)


@pytest.mark.parametrize("level", LEVELS)
def test_the_heaviest_box_is_the_deepest_blue_and_all_others_lighter(level):
    """HSV as Graphviz takes it: a saturation of 0.04 without any work, 0.4 with the most."""
    fills = re.findall(r'fillcolor="0\.58 (0\.\d+) 0\.98"', draw(preset("resnet50"), level).source)
    shades = [float(fill) for fill in fills]
    assert max(shades) == 0.4
    assert 0.04 <= min(shades) < 0.06


def test_a_shape_stands_on_an_edge_where_it_changes_and_nowhere_else():
    source = draw(preset("resnet18"), "layer").source
    lines = {line.split(" [")[0].strip(): line for line in source.splitlines() if "->" in line}
    assert 'label="112×112×64"' in lines['"stem.act" -> "stem.pool"']
    assert "label" not in lines['"stem.conv" -> "stem.norm"']


def test_a_folded_figure_in_full():
    """Arcs run beside the boxes without moving them; circles are small, dashed is a projection, shades go by work."""
    spec = ResNetSpec(input_shape=(8, 8, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
                      stages=(Stage(blocks=2, width=8), Stage(blocks=1, width=16, stride=2)))  # fmt: skip
    lines = [line.strip() for line in draw(spec, "stage").source.splitlines()]
    assert [line for line in lines if "->" in line] == [
        'input -> stem [label="8×8×3"]',
        'stem -> stage1 [label="8×8×8"]',
        'stage1 -> "stage1.sum"',
        'stem -> "stage1.sum" [label="identity × 2" constraint=false]',
        '"stage1.sum" -> stage2 [label="8×8×8"]',
        'stage2 -> "stage2.sum"',
        '"stage1.sum" -> "stage2.sum" [label=projection constraint=false style=dashed]',
        '"stage2.sum" -> head [label="4×4×16"]',
        "head -> output [label=10]",
    ]
    macs = [64 * 9 * 3 * 8, 4 * 64 * 9 * 8 * 8, 16 * (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16), 16 * 10]
    shades = [f"0.58 {0.04 + 0.36 * each / max(macs):.3f} 0.98" for each in macs]
    assert [line for line in lines if "label=" in line and "->" not in line and "=circle" not in line] == [
        "input [label=image fillcolor=white]",
        f'stem [label=stem fillcolor="{shades[0]}"]',
        f'stage1 [label="stage 1 × 2" fillcolor="{shades[1]}"]',
        f'stage2 [label="stage 2" fillcolor="{shades[2]}"]',
        f'head [label=head fillcolor="{shades[3]}"]',
        "output [label=classes fillcolor=white]",
        '"stage1.sum" [label="+"]',
        '"stage2.sum" [label="+"]',
    ]


@pytest.mark.parametrize(
    ("name", "style", "sign"),
    [("resnet34_a", "style=dotted", "+"), ("resnet34", "style=dashed", "+"), ("densenet121", "style=bold", "‖")],
)
def test_each_kind_of_shortcut_has_its_line_and_each_join_its_sign(name, style, sign):
    for level in ("stage", "block"):
        source = draw(preset(name), level).source
        assert style in source
        assert f'.sum" [label="{sign}"]' in source


def test_at_layer_level_a_projection_is_dashed_what_is_joined_is_a_circle_and_a_gate_no_arc():
    lines = [line.strip() for line in draw(preset("seresnet18"), "layer").source.splitlines()]
    arcs = [line for line in lines if "constraint=false" in line]
    assert len(arcs) == 8
    dashed = [line for line in arcs if line.endswith("[constraint=false style=dashed]")]
    assert [line.split(" -> ")[0] for line in dashed] == [f'"stage{s}.block1.shortcut.norm"' for s in (2, 3, 4)]
    circles = [line for line in lines if "shape=circle" in line]
    assert len(circles) == 8
    assert all('label="+"' in line for line in circles)
    (classifier,) = [line for line in lines if line.startswith('"head.classifier"')]
    assert "class=convolution" in classifier
    dense = draw(preset("densenet121"), "layer").source
    assert dense.count("constraint=false style=bold") == 58
    assert dense.count("class=addition") == 58


CUT = preset("resnet50", cut_shortcuts=("stage1.block2", "stage1.block3", "stage4.block1"))


def test_a_cut_shortcut_is_said_in_the_figure_and_has_no_arc():
    lines = draw(CUT, "block").source.splitlines()
    assert sum("constraint=false" in line for line in lines) == 13
    assert any('label="stage 4, block 1, cut"' in line for line in lines)
    assert 'label="stage 1 × 3, 2 cut"' in draw(CUT, "stage").source
    assert sum("constraint=false" in line for line in draw(CUT, "layer").source.splitlines()) == 13


def test_the_canvas_marks_where_an_arc_was_cut_at_every_level():
    marks = {
        level: {edge.target: edge.label for edge in layout(CUT, level).edges if edge.kind == "cut"} for level in LEVELS
    }
    assert marks["stage"] == {"stage1": "cut × 2", "stage4": "cut"}
    assert marks["block"] == dict.fromkeys(CUT.cut_shortcuts, "cut")
    assert marks["layer"] == {f"{name}.act": "cut" for name in CUT.cut_shortcuts}


def test_a_difference_in_one_shortcut_is_a_field_and_a_block():
    found = diff(preset("resnet50"), preset("resnet50", cut_shortcuts=["stage2.block3"]))
    assert [each.field for each in found.fields] == ["cut_shortcuts"]
    assert [(each.name, each.change) for each in found.blocks] == [("stage2.block3", "changed")]
    assert any(what.startswith("add: gone") for what in found.blocks[0].what)


def test_a_link_to_a_design_with_one_cut_stays_short():
    spec = preset("resnet152", cut_shortcuts=["stage3.block17"])
    assert from_link(to_link(spec)) == spec
    assert len(to_link(spec)) < 80


def test_a_link_says_thousands_of_cuts_in_runs():
    spec = ResNetSpec(stages=[Stage(blocks=1_333, width=8)] * 3)
    names = spec.block_names
    for cut in (names, names[::2], names[5:2_000], (names[0], names[-1])):
        changed = edit(spec, cut_shortcuts=cut)
        assert from_link(to_link(changed)) == changed
    assert len(to_link(edit(spec, cut_shortcuts=names))) < 150
    assert len(to_link(edit(preset("resnet152"), cut_shortcuts=preset("resnet152").block_names))) < 100


@pytest.mark.parametrize("runs", ["1.1-9999 " * 9_000, "1.2-1", "1.9", "0.1", "1", "a.b", "1.1-", "²3.1", "99.9999"])
def test_runs_that_no_design_has_are_refused_at_once(runs):
    link = f"resnet18~{links._pack({'cut_shortcuts': runs})}"
    began = time.perf_counter()
    if runs == "1.2-1":  # nothing is from the second to the first
        assert from_link(link) == preset("resnet18")
    else:
        with pytest.raises(SpecError):
            from_link(link)
    assert time.perf_counter() - began < 1
