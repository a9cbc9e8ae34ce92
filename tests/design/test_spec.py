"""What is refused, and how it is said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem, VGGSpec, parse_spec

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
    ({"bottleneck_factor": float("nan")}, "bottleneck_factor", None),
    ({"input_shape": [16, 16, 3]}, "input_shape", (17, 17, 3)),
    ({"input_shape": [224, 1, 3]}, "input_shape", (224, 17, 3)),
    ({"input_shape": [0, 224, 3]}, "input_shape[0]", 1),
    ({"input_shape": [224, 224]}, "input_shape[2]", None),
    ({"stem": {"kernel": 4}}, "stem.kernel", 5),
    ({"stem": {"widths": []}}, "stem.widths", None),
    ({"normalization": {"epsilon": 0}}, "normalization.epsilon", None),
    ({"shortcut": "zero-padding", "stages": [{"blocks": 1, "width": 32}]}, "stages[0].width", 64),
    ({"clases": 10}, "clases", None),
    ({"family": "vgg", "stages": [{"convolutions": 0, "width": 3}]}, "stages[0].convolutions", 1),
    ({"family": "vgg", "input_shape": [8, 8, 3], "stages": [VGG_STAGE] * 4}, "input_shape", (16, 16, 3)),
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
