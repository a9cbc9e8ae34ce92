"""The axes are the whole design space, each said once; what they offer is legal, what they hide does not matter."""

import re
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design.axes import AXES, GROUPS
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.offers import axes, changes, offers, options, value_of
from resnet_tf.design.part import Part
from resnet_tf.design.presets import FOLLOWERS, PRESETS, edit, preset
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, SpecError, VGGSpec
from resnet_tf.design.totals import totals

FAMILIES = {"resnet": ResNetSpec, "vgg": VGGSpec, "densenet": DenseNetSpec}
IMPLIED = {"expansion", "shortcut"}  # by another kind of block


def parts_in(annotation):
    """The parts of a description that a field's type names, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [part for inner in get_args(annotation) for part in parts_in(inner)]


def leaves(model, before=""):
    """Every field of a description, its parts' fields too, with its type: `stem.kernel`, `input_shape.0`."""
    found = {}
    for name, field in model.model_fields.items():
        path, annotation = before + name, field.annotation
        if parts := parts_in(annotation):
            for part in parts:
                found |= leaves(part, f"{path}.")
        elif get_origin(annotation) is tuple and Ellipsis not in get_args(annotation):
            found |= {f"{path}.{i}": inner for i, inner in enumerate(get_args(annotation))}
        else:
            found[path] = annotation
    return {path: annotation for path, annotation in found.items() if path != "family"}


def differing(a, b):
    """The fields in which two designs of a family differ. A gate of another kind has other fields: they are its own."""
    a, b = a.model_dump(), b.model_dump()
    fields = {axis.field for axis in AXES[a["family"]] if value_of(a, axis.field) != value_of(b, axis.field)}
    others = {field for field in fields if not field.startswith("attention.")}
    return {*others, "attention.kind"} if "attention.kind" in fields else fields


@pytest.mark.parametrize("family", FAMILIES)
def test_every_field_has_exactly_one_row(family):
    assert sorted(axis.field for axis in AXES[family]) == sorted(leaves(FAMILIES[family]))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_value_of_an_enumeration_has_words(family):
    types = leaves(FAMILIES[family])
    for axis in AXES[family]:
        if get_origin(types[axis.field]) is Literal and axis.field != "attention.kind":
            assert set(axis.values) == set(get_args(types[axis.field])), axis.field
        elif axis.values:
            assert axis.field in ("attention.kind", "cut_shortcuts", "output_stride", "layer_scale", "shortcut_scale",
                                  "branch_scale")  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_says_in_one_sentence_what_it_does_and_who_says_so(family):
    for axis in AXES[family]:
        assert axis.does.endswith("."), axis.field
        assert axis.does.rstrip(".").count(". ") == 0, axis.field
        assert len(axis.does) <= 110, axis.field
        assert axis.source
        assert axis.title
        assert axis.group in GROUPS


@settings(max_examples=150, deadline=None)
@given(specs())
def test_what_does_not_apply_cannot_matter(spec):
    fields = spec.model_dump()
    for axis in AXES[spec.family]:
        now = value_of(fields, axis.field)
        if axis.applies(spec) or (now is None and axis.field.startswith("attention.")):
            continue
        for value in [*options(spec, axis)] if axis.values else [axis.tries[1](now)] if axis.tries else [not now]:
            try:
                changed = edit(spec, **changes(fields, axis.field, value))
            except SpecError:
                continue
            assert expand(changed) == expand(spec), axis.field


@settings(max_examples=60, deadline=None)
@given(specs())
def test_what_is_offered_is_a_design_that_differs_in_that_field_and_in_what_it_implies(spec):
    for axis in axes(spec):
        for offer in offers(spec, axis):
            if offer.spec is not None:
                implied = IMPLIED if axis.field == "block" else set()
                assert axis.field in differing(spec, offer.spec)
                assert differing(spec, offer.spec) <= {axis.field} | FOLLOWERS | implied
            else:
                assert offer.reason.rule


def test_every_axis_applies_to_some_network_that_was_published_or_is_a_step_from_one():
    steps = preset("densenet121", normalization={"kind": "group"}), preset("resnet20_cifar10", shortcut_gate="shortcut")
    designs = [*(row.spec for row in PRESETS.values()), *steps]
    applied = {(spec.family, axis.field) for spec in designs for axis in axes(spec)}
    assert applied == {(family, axis.field) for family, rows in AXES.items() for axis in rows}


@pytest.mark.parametrize(
    ("name", "field", "value", "other"),
    [
        ("resnet50", "attention.kind", "se", "seresnet50"),
        ("resnet50d", "attention.kind", "eca", "ecaresnet50d"),
        ("resnet50", "bottleneck_factor", 2.0, "wide_resnet50_2"),
        ("resnet50", "stem.widths", (32, 32, 64), None),
        ("resnet34", "block", "bottleneck", "resnet50"),
        ("resnet50", "normalization.kind", "group", "resnet50_gn"),
        ("resnet110_cifar10", "order", "norm-after-addition", "resnet110_norm_after_addition_cifar10"),
    ],
)
def test_an_offer_costs_what_the_published_network_with_it_costs(name, field, value, other):
    spec = preset(name)
    changed = edit(spec, **changes(spec.model_dump(), field, value))
    assert other is None or changed == preset(other)
    counted = costs(changed)
    assert totals(changed)[:3] == (counted.trainable_parameters, counted.macs, counted.flops)


# what an edit leaves no choice is carried along: (preset, its fields, the edit, what follows)
FOLLOWING = [
    ("resnetv2_50", {"shared_preactivation": "always"}, {"order": "post"}, {"shared_preactivation": "project"}),
    ("resnetblur50", {}, {"order": "pre"}, {"antialias": "none"}),
    ("resnet50", {"zero_init_residual": True}, {"order": "norm-after-addition"}, {"zero_init_residual": False}),
    ("resnet50", {"shortcut_kernel": 3}, {"shortcut": "average-pool"}, {"shortcut_kernel": 1}),
    ("resnet50", {"output_stride": 8}, {"stride_at": "last-block"}, {"output_stride": None}),
    ("resnet50", {"output_stride": 16}, {"stem": {"kernel": 3, "stride": 1, "pool": "none"}}, {"output_stride": 8}),
    ("resnet50", {"stochastic_depth": 0.2, "layer_scale": 0.1}, {"shortcut": "none"},
     {"stochastic_depth": 0.0, "layer_scale": None}),
    ("resnext50_32x4d", {}, {"block": "basic"}, {"groups": 1}),
    ("resnet50_v1", {}, {"block": "basic"}, {"stride_at": "3x3"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "edited", "follows"), FOLLOWING)
def test_what_an_edit_leaves_no_choice_follows_it(name, fields, edited, follows):
    changed = edit(preset(name, **fields), **edited)
    assert {field: getattr(changed, field) for field in follows} == follows


def test_a_part_of_a_part_follows_too():
    spec = preset("resnet20_cifar10")
    assert edit(spec, normalization={"kind": "group"}).normalization.groups == 16
    spec = preset("resnet50", head={"hidden": (64,), "dropout": 0.1})
    headless = edit(spec, head={**spec.head.model_dump(), "pool": "none"}).head
    assert (headless.hidden, headless.dropout) == ((), 0.0)
    spec = preset("resnet50d")
    assert edit(spec, stem={**spec.stem.model_dump(), "patch": True}).stem.widths == (64,)


def test_what_was_edited_itself_is_refused_and_follows_nothing():
    for changed in [{"shared_preactivation": "always"}, {"order": "post", "shared_preactivation": "always"}]:
        with pytest.raises(SpecError, match="shared_preactivation"):
            edit(preset("resnet50"), **changed)
    with pytest.raises(SpecError, match=r"normalization\.groups"):
        edit(preset("resnet20_cifar10"), normalization={"kind": "group", "groups": 24})


NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-\d+)?")
STEPS = {"Twice": lambda x: 2 * x, "Half": lambda x: x / 2, "Ten times": lambda x: 10 * x, "Two wider": lambda x: x + 2,
         "One more": lambda x: x + 1, "One more in each stage": lambda x: x + 1}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_what_an_offer_says_of_a_number_is_what_it_gives(family):
    """ "At 0.3" gives 0.3, "Twice" twice as much, of every stage where there are several."""
    names = {"resnet": ["seresnet50", "ecaresnet50d", "resnet50"], "vgg": ["vgg16"], "densenet": ["densenet121"]}
    seen = set()
    for name in names[family]:
        spec = preset(name)
        for axis in AXES[family]:
            now = value_of(spec.model_dump(), axis.field)
            if now is None or not axis.tries:
                continue
            seen.add(axis.field)
            words, offered = axis.tries[0], axis.tries[1](now)
            if words in STEPS:
                many = isinstance(now, tuple)
                assert offered == (tuple(map(STEPS[words], now)) if many else STEPS[words](now)), axis.field
            elif words == "None":
                assert offered == ()
            elif axis.field == "head.hidden":
                assert (words, offered) == ("One more of 1,024", (*now, 1024))
            elif axis.field == "stages.stride":
                assert (words, offered) == ("2 in every stage", (2, 2, 2, 2))
            else:
                assert offered == (1 if words == "One" else float(NUMBER.search(words)[0])), axis.field
    assert seen == {axis.field for axis in AXES[family] if axis.tries}


def test_twice_the_share_of_a_gate_is_at_most_all_of_it():
    (ratio,) = [axis for axis in AXES["resnet"] if axis.field == "attention.ratio"]
    assert [ratio.tries[1](share) for share in (0.25, 0.5, 0.75, 1.0)] == [0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_number_among_the_values_is_written_as_it_is(family):
    for axis in AXES[family]:
        values = axis.values(preset("resnet50")) if callable(axis.values) else axis.values
        for value, words in values.items():
            if isinstance(value, float) or (isinstance(value, int) and "×" not in words):
                assert float(words) == value, axis.field
            if isinstance(value, int) and "×" in words:
                assert words == f"{value}×{value}"


@pytest.mark.parametrize(
    ("name", "strides"),
    [("resnet50", {None, 4, 8, 16}), ("resnet50_v1", {None, 4, 8, 16}), ("resnet20_cifar10", {None, 1, 2})],
)
def test_a_map_can_be_kept_at_every_stride_that_it_would_pass(name, strides):
    """Chen 2017 keeps 16 and 8 of 32; a network without dilation reaches its last stride anyway."""
    (axis,) = [axis for axis in AXES["resnet"] if axis.field == "output_stride"]
    spec = preset(name)
    assert {*options(spec, axis)} == strides
    reached = {offer.value: reached_stride(offer.spec) for offer in offers(spec, axis)}
    assert reached == {stride: stride for stride in strides - {None}}


def reached_stride(spec):
    """By how much the last map is smaller than the image."""
    graph = expand(spec)
    return spec.input_shape[0] // graph.layers_of(graph.blocks[-2])[-1].shape[0]


def test_a_design_whose_value_no_list_has_is_offered_its_own_too():
    (axis,) = [axis for axis in AXES["resnet"] if axis.field == "layer_scale"]
    assert options(preset("resnet50", layer_scale=0.25), axis)[0.25] == "0.25"
    assert 0.25 not in options(preset("resnet50"), axis)
    (block,) = [axis for axis in AXES["resnet"] if axis.field == "block"]
    assert options(preset("resnet50"), block)["bottleneck"] == "Bottleneck"
    (width,) = [axis for axis in AXES["resnet"] if axis.field == "stages.width"]
    assert options(preset("resnet50"), width) == {}


def test_a_switch_offers_its_other_side():
    (axis,) = [axis for axis in AXES["resnet"] if axis.field == "zero_init_residual"]
    for now, words in ((False, "On"), (True, "Off")):
        (offer,) = offers(preset("resnet50", zero_init_residual=now), axis)
        assert (offer.value, offer.words) == (not now, words)


def test_shortcuts_are_offered_cut_in_no_block_in_all_and_in_those_of_the_design():
    (axis,) = [axis for axis in AXES["resnet"] if axis.field == "cut_shortcuts"]
    every = preset("resnet50").block_names
    some = ("stage1.block2", "stage4.block1")
    assert options(preset("resnet50"), axis) == {(): "None", every: "All 16"}
    assert options(preset("resnet50", cut_shortcuts=some), axis) == {(): "None", some: "2 of 16", every: "All 16"}
    assert options(preset("resnet50", cut_shortcuts=every), axis) == {(): "None", every: "All 16"}
    assert not axis.applies(preset("plain34"))
    assert not axis.applies(preset("resnet110_fixup_cifar10"))
