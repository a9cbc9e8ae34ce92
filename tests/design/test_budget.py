"""Budgets are kept as people and links write them; what would go over them is known before it is made."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.design.budget import (
    EPOCH_TITLES,
    EPOCHS,
    MOST_TEXT,
    QUANTITIES,
    Budget,
    Terms,
    amount,
    from_text,
    over,
    spent,
    standings,
    to_text,
)
from resnet_tf.design.costs import costs
from resnet_tf.design.devices import device
from resnet_tf.design.filesize import FILES, file_bytes
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError

RESNET50 = preset("resnet50")


@pytest.mark.parametrize(
    ("quantity", "text", "most"),
    [
        ("parameters", "25M", 25e6), ("parameters", " 25 557 032 ", 25_557_032),
        ("parameters", "25,557,032", 25_557_032),
        ("macs", "4.1 G", 4.1e9), ("macs", "4.1e9", 4.1e9), ("training", "8 GB", 8e9), ("training", "8g", 8e9),
        ("file", "100 kB", 1e5), ("epoch", "90", 90), ("epoch", "90 s", 90), ("epoch", "2h", 7200),
        ("epoch", "1.5 min", 90),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(quantity, text, most):
    assert amount(quantity, text) == most


@pytest.mark.parametrize("text", ["", "many", "-3", "0", "1e999", "nan", "3 GB", "4 Q", "1.2.3", "2 h"])
def test_what_is_no_amount_is_refused_with_an_example(text):
    with pytest.raises(SpecError, match=r"budget\.parameters must be a number above 0, as in 25M"):
        amount("parameters", text)


def test_an_unknown_quantity_is_answered_with_the_nearest():
    with pytest.raises(SpecError) as caught:
        amount("params", "25M")
    assert caught.value.nearest == "parameters"


@given(st.text(max_size=60))
def test_any_text_holds_budgets_or_is_refused(text):
    with contextlib.suppress(SpecError):
        assert all(each.most > 0 and each.quantity in QUANTITIES for each in from_text(text))


@given(st.dictionaries(st.sampled_from(list(QUANTITIES)), st.floats(1e-3, 1e15)))
def test_a_link_keeps_budgets(rows):
    budgets = tuple(Budget(name, float(f"{most:.15g}")) for name, most in rows.items())
    assert from_text(to_text(budgets)) == budgets


def test_a_link_of_budgets_is_text_that_no_browser_escapes():
    assert to_text([Budget("parameters", 25e6), Budget("epoch", 90.5)]) == "parameters~25000000~epoch~90.5"


@pytest.mark.parametrize(
    "text", ["parameters", "~", "parameters~", "parameters~25M~macs", "params~25M", "parameters~-1", "parameters~nan"]
)
def test_a_link_of_no_budgets_is_refused(text):
    with pytest.raises(SpecError, match="budget"):
        from_text(text)


def test_a_text_longer_than_any_link_is_refused():
    with pytest.raises(SpecError):
        from_text("~".join(["parameters~1"] * (MOST_TEXT // 12 + 1)))


def test_what_is_left_is_the_budget_less_the_published_count():
    standing = standings(RESNET50, Terms(), [Budget("parameters", 26_000_000)])[0]
    assert (standing.value, standing.left, standing.over) == (25_557_032, 442_968, False)
    assert all(each.left is None and not each.over for each in standings(RESNET50, Terms()))


def test_an_edit_that_would_go_over_is_known_with_how_much():
    twice = preset("wide_resnet50_2")
    (found,) = over(twice, Terms(), [Budget("parameters", 60e6), Budget("macs", 20e9)])
    assert (found.quantity.name, found.left) == ("parameters", 60e6 - 68_883_240)


def test_quantities_are_those_of_the_costs():
    terms = Terms(batch=8, precision="mixed_float16", hardware=device("t4"), images=100)
    counted = costs(RESNET50)
    memory = counted.memory(8, "mixed_float16")
    assert spent(RESNET50, terms) == (
        25_557_032, 4_089_184_256, counted.activations, memory.training.bytes, memory.inference.bytes,
        13 * device("t4").step_seconds(counted, 8, "mixed_float16"), file_bytes(counted, "keras"),
    )  # fmt: skip


def test_a_time_that_nothing_tells_is_unknown_and_never_over():
    for terms in (Terms(), Terms(precision="mixed_bfloat16", hardware=device("t4"))):
        assert spent(RESNET50, terms, ("epoch",)) == (None,)
        assert over(RESNET50, terms, [Budget("epoch", 1.0)]) == ()


def test_every_epoch_has_a_title():
    assert list(EPOCHS) == list(EPOCH_TITLES)


def test_a_file_of_an_unknown_format_is_answered_with_the_nearest():
    with pytest.raises(SpecError) as caught:
        file_bytes(costs(RESNET50), "onxx")
    assert caught.value.nearest == "onnx"
    assert set(FILES) > {"keras", "savedmodel", "onnx", "timm"}
