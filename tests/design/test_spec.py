"""What is refused, and how it is said."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.graph import SHAPES
from resnet_tf.design.layout import layout
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import (
    DenseNetSpec,
    DenseStage,
    EfficientChannelAttention,
    Head,
    Normalization,
    ResNetSpec,
    SpecError,
    SqueezeExcitation,
    Stage,
    Stem,
    VGGSpec,
    VGGStage,
    parse_spec,
)

VGG_STAGE = {"convolutions": 1, "width": 3}
BAD = [
    ({"stages": [{"blocks": 0, "width": 64}]}, "stages[0].blocks", 1),
    ({"stages": [{"blocks": -3, "width": 64}]}, "stages[0].blocks", 1),
    ({"stages": [{"blocks": 2, "width": 0}]}, "stages[0].width", 1),
    ({"stages": [{"blocks": 2, "width": 64}, {"blocks": 2, "width": -5}]}, "stages[1].width", 1),
    ({"stages": [{"blocks": 2, "width": 64.4}]}, "stages[0].width", 64),
    ({"stages": []}, "stages", None),
    ({"stages": [{"width": 64}]}, "stages[0].blocks", None),
    ({"stages": [{"blocks": 10**9, "width": 64}]}, "stages[0].blocks", 4000),
    ({"stages": [{"blocks": 3000, "width": 8}, {"blocks": 2000, "width": 8}]}, "stages[0].blocks", 2000),
    ({"classes": 0}, "classes", 1),
    ({"classes": 10_000_000}, "classes", 1_000_000),
    ({"block": "bottlenek"}, "block", "bottleneck"),
    ({"block": "basic", "stride_at": "1x1"}, "stride_at", "3x3"),
    ({"block": "basic", "groups": 2}, "groups", 1),
    ({"block": "plain", "shortcut": "projection"}, "shortcut", "none"),
    ({"block": "bottleneck", "groups": 32, "stages": [{"blocks": 1, "width": 70}]}, "stages[0].width", 64),
    ({"bottleneck_factor": 0.3}, "bottleneck_factor", 19 / 64),
    ({"bottleneck_factor": 0.001}, "bottleneck_factor", 1 / 64),
    ({"stem": {"widths": [65_537]}}, "stem.widths[0]", 65_536),
    ({"head": {"hidden": [65_537]}}, "head.hidden[0]", 65_536),
    ({"output_stride": 4_097}, "output_stride", 32),
    ({"output_stride": 0}, "output_stride", 4),
    ({"stem": {"kernel": 32, "stride": 32, "patch": True}}, "stem.kernel", 31),
    ({"bottleneck_factor": float("nan")}, "bottleneck_factor", None),
    ({"input_shape": [16, 16, 3]}, "input_shape", (17, 17, 3)),
    ({"input_shape": [224, 1, 3]}, "input_shape", (224, 17, 3)),
    ({"input_shape": [0, 224, 3]}, "input_shape[0]", 1),
    ({"input_shape": [224, 224]}, "input_shape[2]", None),
    ({"input_shape": [64, 0, 3]}, "input_shape[1]", 1),
    ({"input_shape": [64, 64, -1]}, "input_shape[2]", 1),
    ({"stem": {"kernel": 4}}, "stem.kernel", 5),
    ({"stem": {"widths": []}}, "stem.widths", None),
    ({"stem": {"kernel": 3, "widths": [55], "whitening": True}}, "stem.whitening", False),
    ({"stem": {"whitening": True}, "normalization": {"weight_standardization": True}}, "stem.whitening", False),
    ({"family": "densenet", "stages": [{"blocks": 1}], "input_shape": [32, 32, 1],
      "stem": {"kernel": 3, "widths": [19], "whitening": True}}, "stem.whitening", False),
    ({"normalization": {"epsilon": 0}}, "normalization.epsilon", None),
    ({"shortcut": "zero-padding", "stages": [{"blocks": 1, "width": 32}]}, "stages[0].width", 64),
    ({"clases": 10}, "clases", None),
    ({"family": "vgg", "stages": [{"convolutions": 0, "width": 3}]}, "stages[0].convolutions", 1),
    ({"family": "vgg", "input_shape": [8, 8, 3], "stages": [VGG_STAGE] * 4}, "input_shape", (16, 16, 3)),
    ({"family": "vgg", "stages": []}, "stages", None),
    ({"family": "vgg", "stages": [VGG_STAGE] * 13}, "stages", None),
    ({"family": "vgg", "stages": [VGG_STAGE], "hidden": [8] * 5}, "hidden", None),
    ({"family": "densenet", "stages": []}, "stages", None),
    ({"family": "densenet", "stages": [{"blocks": 1}] * 13}, "stages", None),
    ({"bias": []}, "bias", None),
    ({"activation": b"relu", "stages": "many"}, "stages", None),
    ({"family": "transformer"}, "design", None),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "field", "nearest"), BAD, ids=lambda value: str(value)[:50])
def test_a_bad_design_is_refused_with_field_rule_value_and_nearest(fields, field, nearest):
    with pytest.raises(SpecError) as caught:
        parse_spec(fields)
    assert caught.value.field == field
    assert caught.value.nearest == nearest
    assert str(caught.value).startswith(f"{field} must be ")
    assert "Traceback" not in str(caught.value)


REPAIRABLE = [fields for fields, field, nearest in BAD if nearest is not None and not set("[.") & set(field)]


@pytest.mark.parametrize("fields", REPAIRABLE, ids=str)
def test_the_nearest_value_it_names_is_legal(fields):
    with pytest.raises(SpecError) as caught:
        parse_spec(fields)
    repaired = {**fields, caught.value.field: caught.value.nearest}
    assert parse_spec(repaired)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "5", '"resnet50"', '{"stages": [1', "[" * 100_000, b"\xff\xfe\x00", '{"stages": 5}',
     '{"stem": []}', "<html>", '{"nodes": [], "edges": []}', " " * 300_000, '{"classes": 1e400}', '{"classes": NaN}'],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_text_that_is_no_design_is_a_spec_error(text):
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    assert len(str(caught.value)) < 400


def test_parts_raise_spec_errors_on_their_own():
    with pytest.raises(SpecError, match="blocks must be at least 1"):
        Stage(blocks=0, width=64)
    with pytest.raises(SpecError, match="odd"):
        Stem(kernel=2)


def test_a_spec_is_frozen_and_hashable():
    spec = ResNetSpec()
    with pytest.raises(ValueError, match="frozen"):
        spec.classes = 5
    assert hash(spec) == hash(ResNetSpec())


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trips(name):
    spec = preset(name)
    assert parse_spec(spec.model_dump_json()) == spec
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec


def test_a_design_without_a_family_is_residual():
    assert isinstance(parse_spec({"classes": 10}), ResNetSpec)
    assert isinstance(preset("vgg19"), VGGSpec)


def test_the_error_survives_pickling():
    import pickle

    error = SpecError("classes", "at least 1", 0, 1)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.field, copy.nearest) == (str(error), "classes", 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [*ResNetSpec.model_fields]


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6))
def test_whatever_json_holds_it_is_a_spec_or_a_spec_error(fields):
    try:
        spec = parse_spec(json.dumps(fields))
    except SpecError:
        return
    assert parse_spec(spec.model_dump_json()) == spec


# part, field, the least and the most it takes: what a person is promised, and a link can ask for
LIMITS = [
    (Stem, "kernel", 1, 31), (Stem, "stride", 1, 8), (Stage, "blocks", 1, 4_000), (Stage, "width", 1, 65_536),
    (Stage, "stride", 1, 8), (Normalization, "groups", 1, 65_536), (SqueezeExcitation, "divisor", 1, 256),
    (ResNetSpec, "classes", 1, 1_000_000), (ResNetSpec, "expansion", 1, 64), (ResNetSpec, "reduce_first", 1, 64),
    (DenseStage, "blocks", 1, 4_000), (DenseNetSpec, "growth", 1, 1_024), (DenseNetSpec, "bottleneck", 0, 64),
    (VGGStage, "convolutions", 1, 100), (VGGStage, "width", 1, 65_536),
]  # fmt: skip
GIVEN = {Stage: {"blocks": 1, "width": 64}, DenseStage: {"blocks": 1}, VGGStage: {"convolutions": 1, "width": 64},
         DenseNetSpec: {"stages": [{"blocks": 1}]}}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "field", "least", "most"), LIMITS, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_number_is_taken_up_to_its_limits_and_no_further(part, field, least, most):
    for value in (least, most):
        assert getattr(part(**{**GIVEN.get(part, {}), field: value}), field) == value
    for value, nearest in ((least - 1, least), (most + 1, most)):
        with pytest.raises(SpecError) as caught:
            part(**{**GIVEN.get(part, {}), field: value})
        assert (caught.value.field.rpartition(".")[2], caught.value.nearest) == (field, nearest)


# part, field, a value it takes, one just outside
EDGES = [
    (Normalization, "epsilon", 1.0, 1.01), (Normalization, "epsilon", 1e-12, 0.0),
    (Normalization, "momentum", 0.0, 1.0), (Normalization, "momentum", 0.999, -0.1),
    (SqueezeExcitation, "ratio", 1.0, 1.01),
    (SqueezeExcitation, "ratio", 1e-3, 0.0), (EfficientChannelAttention, "gamma", 64.0, 64.1),
    (EfficientChannelAttention, "gamma", 0.1, 0.0), (EfficientChannelAttention, "beta", 64.0, 64.1),
    (EfficientChannelAttention, "beta", 0.0, -0.1), (Head, "dropout", 0.0, 1.0), (ResNetSpec, "dropout", 0.99, 1.0),
    (ResNetSpec, "stochastic_depth", 0.0, 1.0), (ResNetSpec, "layer_scale", 1.0, 1.1),
    (ResNetSpec, "layer_scale", 1e-9, 0.0), (ResNetSpec, "shortcut_scale", 1.0, 1.1),
    (ResNetSpec, "shortcut_scale", 1e-9, 0.0), (ResNetSpec, "branch_scale", 1.0, 1.1),
    (ResNetSpec, "branch_scale", 1e-9, 0.0), (ResNetSpec, "shortcut_gate_bias", -20.0, -20.1),
    (ResNetSpec, "shortcut_gate_bias", 20.0, 20.1), (ResNetSpec, "bottleneck_factor", 64.0, 65.0),
    (ResNetSpec, "bottleneck_factor", 0.5, 0.0), (DenseNetSpec, "compression", 1.0, 1.1),
    (DenseNetSpec, "compression", 0.1, 0.0), (Stem, "widths", (8,) * 8, (8,) * 9), (Head, "hidden", (8,) * 4, (8,) * 5),
    (ResNetSpec, "stages", [{"blocks": 1, "width": 64}] * 12, [{"blocks": 1, "width": 64}] * 13),
    (ResNetSpec, "input_shape", (8_192, 8_192, 4_096), (8_193, 64, 3)),
    (ResNetSpec, "input_shape", (64, 64, 1), (64, 64, 4_097)), (ResNetSpec, "input_shape", (64, 64, 1), (64, 8_193, 3)),
    (ResNetSpec, "input_shape", (64, 64, 1), (64, 64, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("part", "field", "inside", "outside"), EDGES, ids=lambda value: str(value)[:30])
def test_what_lies_just_inside_is_taken_and_just_outside_refused(part, field, inside, outside):
    assert part(**{**GIVEN.get(part, {}), field: inside})
    with pytest.raises(SpecError) as caught:
        part(**{**GIVEN.get(part, {}), field: outside})
    assert caught.value.field.startswith(field)


# what fields must be to each other: the design, the field that is named, the nearest legal value
TOGETHER = [
    ({"stem": {"kernel": 4, "stride": 2, "patch": True}}, "stem.stride", 4),
    ({"stem": {"kernel": 4, "stride": 4, "patch": True, "widths": [32, 64]}}, "stem.widths", (64,)),
    ({"stem": {"kernel": 3, "stride": 9}}, "stem.stride", 8),
    ({"stem": {"kernel": 16, "stride": 16, "patch": True, "pool": "none"}, "input_shape": [79, 224, 3]},
     "input_shape", (80, 224, 3)),
    ({"head": {"pool": "none", "hidden": [64]}}, "head.hidden", ()),
    ({"head": {"pool": "none", "dropout": 0.5}}, "head.dropout", 0.0),
    ({"shortcut": "none", "stochastic_depth": 0.2}, "stochastic_depth", 0.0),
    ({"shortcut": "none", "zero_init_residual": True}, "zero_init_residual", False),
    ({"shortcut": "none", "layer_scale": 0.1}, "layer_scale", None),
    ({"shortcut": "none", "shortcut_scale": 0.5}, "shortcut_scale", 1.0),
    ({"shortcut": "none", "branch_scale": 0.5}, "branch_scale", 1.0),
    ({"block": "plain", "shortcut_gate": "shortcut"}, "shortcut_gate", "none"),
    ({"shortcut": "average-pool", "shortcut_kernel": 3}, "shortcut_kernel", 1),
    ({"shared_preactivation": "always"}, "shared_preactivation", "project"),
    ({"order": "pre", "antialias": "blur"}, "antialias", "none"),
    ({"order": "activation-only-pre", "antialias": "average"}, "antialias", "none"),
    ({"order": "pre", "zero_init_residual": True}, "zero_init_residual", False),
    ({"normalization": {"kind": "none"}, "zero_init_residual": True}, "zero_init_residual", False),
    ({"order": "pre", "normalization": {"kind": "fixup"}}, "order", "post"),
    ({"shortcut": "none", "normalization": {"kind": "fixup"}}, "normalization.kind", "none"),
    ({"attention": {}, "normalization": {"kind": "fixup"}}, "attention", None),
    ({"layer_scale": 0.1, "normalization": {"kind": "fixup"}}, "layer_scale", None),
    ({"normalization": {"kind": "group", "groups": 48}}, "normalization.groups", 32),
    ({"normalization": {"kind": "group"}, "stem": {"widths": [24, 32, 64]}}, "normalization.groups", 8),
    ({"normalization": {"kind": "group"}, "stem": {"widths": [7, 64]}}, "normalization.groups", 1),
    ({"block": "bottleneck", "reduce_first": 2, "groups": 32, "stages": [{"blocks": 1, "width": 96}]},
     "stages[0].width", 128),
    ({"block": "bottleneck", "groups": 4, "stages": [{"blocks": 1, "width": 1}]}, "stages[0].width", 4),
    ({"family": "densenet", "stages": [{"blocks": 1}] * 2, "stem": {"widths": [16]}, "growth": 8, "bottleneck": 0,
      "normalization": {"kind": "group", "groups": 8}}, "normalization.groups", 4),
    ({"family": "densenet", "stages": [{"blocks": 1}], "stem": {"widths": [16]}, "growth": 8, "bottleneck": 3,
      "normalization": {"kind": "group", "groups": 16}}, "normalization.groups", 8),
    ({"shortcut": "none", "cut_shortcuts": ["stage1.block1"]}, "cut_shortcuts", ()),
    ({"normalization": {"kind": "fixup"}, "cut_shortcuts": ["stage1.block1"]}, "cut_shortcuts", ()),
    ({"cut_shortcuts": ["stage1.block2", "stage1.block3"]}, "cut_shortcuts", ("stage1.block2",)),
    ({"cut_shortcuts": ["stage1.block2", "stage0.block1"]}, "cut_shortcuts", ("stage1.block2",)),
    ({"cut_shortcuts": ["stag2.blok2"]}, "cut_shortcuts", ("stage2.block2",)),
    ({"cut_shortcuts": ["stem", "stage1.block2"]}, "cut_shortcuts", ("stage1.block2",)),
    ({"output_stride": 6}, "output_stride", 4),
    ({"output_stride": 64}, "output_stride", 32),
    ({"output_stride": 8, "stride_at": "last-block"}, "output_stride", None),
    ({"attention": {"kind": "sk"}}, "attention", None),
    ({"attention": {"kind": "eca", "gamma": 0}}, "attention.gamma", None),
    ({"family": "densenet", "stages": [{"blocks": 6}], "normalization": {"kind": "group"}, "growth": 12},
     "normalization.groups", 4),
    ({"family": "densenet", "stages": [{"blocks": 6}], "normalization": {"kind": "fixup"}},
     "normalization.kind", "none"),
    ({"family": "densenet", "stages": [{"blocks": 1}] * 4, "input_shape": [28, 64, 3]}, "input_shape", (29, 64, 3)),
    ({"family": "densenet", "stages": [{"blocks": 3_000}, {"blocks": 1_500}]}, "stages[0].blocks", 2_500),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "field", "nearest"), TOGETHER, ids=lambda value: str(value)[:60])
def test_fields_that_do_not_go_together_are_refused_with_a_reason_and_a_way_out(fields, field, nearest):
    with pytest.raises(SpecError) as caught:
        parse_spec(fields)
    assert (caught.value.field, caught.value.nearest) == (field, nearest)
    if nearest is not None and "." not in field and "[" not in field:
        assert parse_spec({**fields, field: nearest})


def test_cut_shortcuts_are_said_once_each_and_in_the_order_of_the_network():
    names = ["stage2.block1", "stage1.block10", "stage1.block9", "stage2.block1"]
    spec = parse_spec({"stages": [{"blocks": 12, "width": 8}, {"blocks": 1, "width": 8}], "cut_shortcuts": names})
    assert spec.cut_shortcuts == ("stage1.block9", "stage1.block10", "stage2.block1")


@pytest.mark.parametrize(
    ("absent", "there"),
    [("stage1.block3", "stage1.block2"), ("stage9.block7", "stage4.block2"), ("stage0.block0", "stage1.block1"),
     ("stag2.blok2", "stage2.block2")],
)  # fmt: skip
def test_a_cut_of_no_block_is_told_the_nearest_one(absent, there):
    with pytest.raises(SpecError, match=f"{absent} is none here, {there} is"):
        parse_spec({"cut_shortcuts": [absent]})


def test_a_description_of_thousands_of_cuts_that_are_none_is_refused_at_once():
    names = [f"stage{number}" for number in range(3_999)]
    began = time.perf_counter()
    with pytest.raises(SpecError, match="cut_shortcuts"):
        parse_spec({"stages": [{"blocks": 4_000, "width": 8}], "cut_shortcuts": names})
    assert time.perf_counter() - began < 2


def test_the_groups_of_a_first_convolution_with_a_divisor_are_said_with_both():
    fields = {"block": "bottleneck", "groups": 32, "stages": [{"blocks": 1, "width": 96}]}
    with pytest.raises(SpecError, match="96 inner channels divide into 32 groups of 2 parts each"):
        parse_spec({**fields, "reduce_first": 2})
    with pytest.raises(SpecError, match=r"70 inner channels divide into 32 groups \("):
        parse_spec({**fields, "stages": [{"blocks": 1, "width": 70}]})


def test_four_thousand_blocks_are_taken_and_one_more_is_not():
    half = {"blocks": 2_000, "width": 8}
    assert len(parse_spec({"stages": [half, half]}).stages) == 2
    with pytest.raises(SpecError, match="4,000 blocks in all"):
        parse_spec({"stages": [half, {**half, "blocks": 2_001}]})


def test_a_factor_that_gives_no_whole_number_names_the_stage():
    with pytest.raises(SpecError, match="stage 2's width 70 a whole number"):
        parse_spec({"bottleneck_factor": 0.25, "stages": [{"blocks": 1, "width": 64}, {"blocks": 1, "width": 70}]})


def test_json_is_read_up_to_200_000_characters():
    text = json.dumps({"classes": 10})
    assert parse_spec(text.ljust(200_000)).classes == 10
    with pytest.raises(SpecError, match="at most 200,000 characters"):
        parse_spec(text.ljust(200_001))


def test_there_are_as_many_groups_as_the_widest_stage_has_channels_and_no_more():
    widest = {"block": "bottleneck", "stages": [{"blocks": 1, "width": 65_536}]}
    assert parse_spec({**widest, "groups": 65_536}).groups == 65_536
    with pytest.raises(SpecError, match="groups must be at most 65,536"):
        parse_spec({**widest, "groups": 65_537})


def test_a_long_value_is_shortened_and_a_short_one_is_not():
    assert f"(got {'a' * 78!r})" in str(SpecError("title", "short", "a" * 78))
    assert f"(got {repr('a' * 79)[:77]}...)" in str(SpecError("title", "short", "a" * 79))


def test_a_stem_of_patches_needs_no_padding_and_takes_even_kernels():
    assert Stem(kernel=16, stride=16, patch=True).stride == 16
    assert Stem(kernel=31, stride=31, patch=True).stride == 31
    assert Stem(kernel=4, stride=4, patch=True, pool="none").total_stride == 4


def test_no_operation_can_be_changed():
    samples = [layer.op for name in PRESETS for layer in expand(preset(name))]
    for op in {type(op): op for op in samples}.values():
        with pytest.raises((AttributeError, TypeError)):
            op.kernel = 3
    assert {kind.__name__: kind.__dictoffset__ for kind in SHAPES} == dict.fromkeys((k.__name__ for k in SHAPES), 0)


@pytest.mark.parametrize("reading", [expand, costs, layout])
def test_no_reading_can_be_changed(reading):
    with pytest.raises(AttributeError):
        reading(preset("resnet18")).layers = ()
