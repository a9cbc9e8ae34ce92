"""Every edit that the canvas offers: what it gives, what it says of what cannot be, and how it is undone."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specs

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.moves import MOVES, moves, outcome
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.spec import SpecError, parse_spec
from resnet_tf.design.stages import blocks_of, deepen, place_of
from resnet_tf.design.widths import DRAGS, legal, widen, width_of

PARTS = ("network", "stem", "stage1", "stage2", "stage1.block1", "stage2.block2", "head")


def parts_of(spec):
    """The names of all parts of a design, as its graph has them."""
    graph = expand(spec)
    names = [name for block in graph.blocks for name in (block.stage, block.name)]
    return list(dict.fromkeys(["network", *names]))


def named(spec, part):
    return {each.move.name: each for each in moves(spec, part)}


@settings(max_examples=50, deadline=None)
@given(specs(), st.data())
def test_any_sequence_of_moves_gives_designs_that_are_legal_and_fit_a_link(spec, data):
    for _ in range(4):
        part = data.draw(st.sampled_from(parts_of(spec)))
        found = data.draw(st.sampled_from(moves(spec, part, data.draw(st.integers(1, 3))) or (None,)))
        if found is None:  # a head without a choice
            continue
        if found.spec is None:
            assert str(found.reason)
            assert (found.parameters, found.macs) == (0, 0)
            continue
        assert parse_spec(found.spec.model_dump(mode="json")) == found.spec
        assert from_link(to_link(found.spec)) == found.spec
        now, then = costs(spec), costs(found.spec)
        assert found.parameters == then.trainable_parameters - now.trainable_parameters
        assert found.macs == then.macs - now.macs
        spec = found.spec


# a move -> the one that leads back; a part that was put in stands one further
BACK = {
    "deepen": "shallow", "cut": "restore", "restore": "cut", "widen": "narrow", "narrow": "widen", "double": "halve",
    "insert": "remove", "duplicate": "remove",
}  # fmt: skip
PUT_IN = ("insert", "duplicate")
WIDTHS = ("widen", "narrow", "double")


@settings(max_examples=60, deadline=None)
@given(specs(), st.data())
def test_a_move_is_undone_by_the_one_that_leads_back(spec, data):
    """Where nothing had to go along, and a width stood on a stop."""
    part = data.draw(st.sampled_from(parts_of(spec)))
    for done in moves(spec, part):
        name = done.move.name
        if name not in BACK or done.spec is None or not_only(spec, done.spec, "stages", "cut_shortcuts", "stem"):
            continue
        if part == "stem" and name in WIDTHS and len(spec.stem.widths) > 1:
            continue  # the earlier convolutions keep their proportions as far as whole channels allow
        undone = outcome(done.spec, further(spec, part) if name in PUT_IN else part, BACK[name])
        if name in WIDTHS and undone.spec != spec:
            assert width_of(spec, part) % 8, name  # it stood between two stops
        else:
            assert undone.spec == spec, name


def further(spec, part):
    """The stage or the block behind a part."""
    place = place_of(spec, part)
    if place.kind == "block":
        return f"stage{place.stage + 1}.block{place.block + 2}"
    return "stage1" if place.kind == "stem" else f"stage{place.stage + 2}"


def not_only(a, b, *fields):
    a, b = a.model_dump(), b.model_dump()
    return any(a[field] != b[field] for field in a if field not in fields)


@pytest.mark.parametrize("name", PRESETS)
def test_every_part_of_every_published_network_can_be_changed(name):
    spec = preset(name)
    for part in ("network", "stage1", f"stage{len(spec.stages)}.block1"):
        assert any(each.spec is not None and each.spec != spec for each in moves(spec, part)), part


def test_every_row_applies_somewhere_and_says_what_it_does():
    seen = set()
    designs = [preset("resnet18", cut_shortcuts=["stage1.block1", "stage2.block2"]), preset("densenet121")]
    for spec in (*designs, preset("resnet18", stages=[{"blocks": 2, "width": 64, "stride": 2}] * 2)):
        for part in PARTS:
            for each in moves(spec, part):
                seen |= {(each.move.name, each.move.words)} if each.move in MOVES else set()
    assert seen == {(move.name, move.words) for move in MOVES}


def test_a_bottleneck_for_a_basic_block_costs_what_he_2015_says():
    """ResNet-34 with bottlenecks is ResNet-50."""
    found = outcome(preset("resnet34"), "stage2", "block=bottleneck")
    assert found.spec == preset("resnet50")
    assert costs(preset("resnet34")).trainable_parameters + found.parameters == 25_557_032


def test_deepening_resnet50_leads_to_resnet101():
    found = outcome(preset("resnet50"), "stage3", "deepen", 17)
    assert found.spec == preset("resnet101") == deepen(preset("resnet50"), "stage3", 23)
    assert costs(preset("resnet50")).trainable_parameters + found.parameters == 44_549_160


def test_cutting_every_shortcut_is_the_plain_network():
    plain = costs(preset("plain34"))
    found = outcome(preset("resnet34"), "network", "cut-all")
    assert costs(found.spec).trainable_parameters == plain.trainable_parameters
    assert outcome(found.spec, "network", "restore-all").spec == preset("resnet34")


def test_cuts_stay_with_their_blocks_when_stages_and_blocks_come_and_go():
    spec = preset("resnet18", cut_shortcuts=["stage2.block2", "stage3.block1"])
    cuts = {
        ("stage1", "insert"): ("stage3.block2", "stage4.block1"),
        ("stage2", "duplicate"): ("stage2.block2", "stage3.block2", "stage4.block1"),
        ("stage2", "remove"): ("stage2.block1",),
        ("stage2.block1", "remove"): ("stage2.block1", "stage3.block1"),
        ("stage2.block2", "duplicate"): ("stage2.block2", "stage2.block3", "stage3.block1"),
        ("stage2", "shallow"): ("stage3.block1",),
        ("stage2", "deepen"): ("stage2.block2", "stage3.block1"),
        ("stem", "insert"): ("stage3.block2", "stage4.block1"),
        ("stage2.block1", "cut"): ("stage2.block1", "stage2.block2", "stage3.block1"),
        ("stage2.block2", "restore"): ("stage3.block1",),
        ("stage2", "restore-all"): ("stage3.block1",),
    }
    for (part, name), wanted in cuts.items():
        assert outcome(spec, part, name).spec.cut_shortcuts == wanted, (part, name)


def test_what_cannot_be_is_offered_with_its_reason_and_the_nearest():
    single = preset("resnet18", stages=[{"blocks": 1, "width": 64}])
    assert "at least 1" in str(outcome(single, "stage1", "remove").reason)
    fewer = outcome(single, "stage1", "shallow").reason
    assert (fewer.field, fewer.nearest) == ("stages[0].blocks", 1)
    narrow = outcome(preset("resnet20_cifar10"), "stage2", "narrow", 3)
    assert "zero padding adds channels" in str(narrow.reason)


@pytest.mark.parametrize(("part", "near"), [("stage9", "stage4"), ("stage1.block9", None), ("hed", "head")])
def test_a_part_that_is_none_is_refused_with_the_nearest(part, near):
    with pytest.raises(SpecError) as caught:
        moves(preset("resnet18"), part)
    assert near is None or caught.value.nearest in (near, "stage1")


def test_a_move_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(SpecError) as caught:
        outcome(preset("resnet18"), "stage1", "deepn")
    assert caught.value.nearest == "deepen"


@settings(max_examples=40, deadline=None)
@given(specs(), st.data())
def test_every_stop_of_a_drag_is_a_design_that_differs_in_nothing_else(spec, data):
    part = f"stage{data.draw(st.integers(1, len(spec.stages)))}"
    fields = ["width", "blocks", *(["stride"] if spec.family == "resnet" else [])]
    field = data.draw(st.sampled_from(fields))
    stops = legal(spec, part, field)
    assert list(stops) == sorted(set(stops))
    to = data.draw(st.sampled_from(stops))
    made = DRAGS[field](spec, part, to)
    followers = ("output_stride",) if field == "stride" else ("normalization",) if spec.family == "densenet" else ()
    assert not not_only(spec, made, "stages", "growth", "cut_shortcuts", *followers)
    if field == "width":
        assert width_of(made, part) == to
        assert width_of(spec, part) in stops


def test_widths_stop_where_groups_divide_them():
    spec = preset("resnext50_32x4d")
    assert legal(spec, "stage1", "width")[:4] == [16, 32, 48, 64]
    normed = preset("resnet50_gn")
    assert legal(normed, "stage1", "width")[:3] == [32, 64, 96]
    with pytest.raises(SpecError):
        widen(spec, "stage1", 70)


def test_zero_padding_bounds_widths_on_both_sides():
    stops = legal(preset("resnet20_cifar10"), "stage2", "width")
    assert (stops[0], stops[-1]) == (16, 64)
    assert legal(preset("resnet20_cifar10"), "stem", "width")[-1] == 16


def test_later_stages_go_along_where_they_are_tied():
    tied = widen(preset("resnet50"), "stage2", 160, tied=True)
    assert [stage.width for stage in tied.stages] == [64, 160, 320, 640]
    assert [stage.width for stage in widen(preset("resnet50"), "stage2", 160).stages] == [64, 160, 256, 512]


def test_a_stem_of_three_convolutions_keeps_its_proportions():
    assert widen(preset("resnet50d"), "stem", 128).stem.widths == (64, 64, 128)


def test_what_lies_between_two_stages_belongs_to_the_one_before():
    assert place_of(preset("densenet121"), "stage2.transition") == place_of(preset("densenet121"), "stage2")
    assert place_of(preset("vgg16"), "stage3.pool") == place_of(preset("vgg16"), "stage3")
    assert blocks_of(preset("vgg16"), place_of(preset("vgg16"), "stage1")) == ("stage1.block1", "stage1.block2")


def test_a_move_of_resnet152_takes_less_than_5_ms_and_so_do_its_stops():
    spec = preset("resnet152")
    for part in ("network", "stem", "stage3", "stage3.block17"):
        began = time.process_time()
        found = moves(spec, part)
        assert (time.process_time() - began) / len(found) < 0.005
    for field in ("width", "blocks"):
        began = time.process_time()
        legal(spec, "stage3", field)
        assert time.process_time() - began < 0.005


def test_a_design_of_thousands_of_blocks_can_still_be_changed():
    spec = edit(preset("resnet18"), stages=[{"blocks": 3_999, "width": 8}])
    deeper = outcome(spec, "stage1", "deepen").spec
    assert deeper.stages[0].blocks == 4_000
    assert "at most 4,000" in str(outcome(deeper, "stage1", "deepen").reason)
    assert outcome(deeper, "stage1.block2000", "remove").spec == spec
