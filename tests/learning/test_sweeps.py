"""Sweeps before they begin: what axes mean, which trials come of them, and what is refused."""

import itertools
import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import ResNetSpec, SpecError, parse_spec
from resnet_tf.learning.catalogue import DATASETS, fit
from resnet_tf.learning.recipes import Recipe, recipe
from resnet_tf.learning.sweep_axes import FACTORS, IMAGE_SIZE, OF_RECIPE, Span, SweepAxis, parse_axis
from resnet_tf.learning.sweeps import MOST_TRIALS, Base, Search, as_values, build, plan

BASE = Base(preset("resnet20_cifar10"), DATASETS["digits"], recipe("quick"))


def searched(*axes, base=BASE, **how):
    return plan(base, Search(axes=tuple(map(parse_axis, axes)), **how))


def values(planned):
    return [tuple(value for _, value in trial.values) for trial in planned.trials]


def test_a_grid_is_every_combination_in_order():
    found = searched("width=0.5,1,2", "learning_rate=0.01,0.1")
    assert values(found) == list(itertools.product((0.5, 1, 2), (0.01, 0.1)))
    assert [trial.number for trial in found.trials] == list(range(6))
    assert found.epochs == 6 * 15  # the recipe's
    assert found.illegal == ()


def test_repeats_train_each_combination_by_as_many_seeds():
    found = searched("width=0.5,1", repeats=3, seed=7)
    assert [(trial.values[0][1], trial.seed) for trial in found.trials] == list(itertools.product((0.5, 1), (7, 8, 9)))


def test_a_grid_larger_than_asked_for_is_drawn_from_and_none_is_drawn_twice():
    axes = ("width=0.5,1,2,4", "learning_rate=0.01,0.03,0.1,0.3", "weight_decay=0,1e-4,5e-4")
    found = values(searched(*axes, trials=10, seed=1))
    whole = values(searched(*axes))
    assert len(set(found)) == 10
    assert found == sorted(found, key=whole.index)
    assert found != values(searched(*axes, trials=10, seed=2))


def test_what_makes_no_network_is_listed_with_its_reason_and_the_others_are_trained():
    found = searched("stem.kernel=2,3,4,5")
    assert values(found) == [(3,), (5,)]
    assert [illegal.values for illegal in found.illegal] == [(("stem.kernel", 2),), (("stem.kernel", 4),)]
    assert found.illegal[0].reason == (
        "stem.kernel must be odd, so that padding is symmetric (got 2); the nearest is 3"
    )


def test_a_random_search_makes_up_for_draws_that_make_no_network():
    found = searched("stem.kernel=1..8", "learning_rate=0.01..1:log", how="random", trials=12, seed=3)
    assert len(found.trials) == 12
    assert found.illegal
    assert all(kernel % 2 for kernel, _ in values(found))


def test_what_is_too_large_is_listed_as_what_makes_no_network_is():
    def refusal(spec, recipe):
        return "too wide" if spec.stages[0].width > 20 else ""

    found = plan(BASE, Search(axes=(parse_axis("width=1,2"),)), refusal)
    assert [illegal.reason for illegal in found.illegal] == ["too wide"]
    assert values(found) == [(1,)]


def test_the_estimate_is_the_arithmetic_of_all_epochs():
    one, more = searched("learning_rate=0.1"), searched("learning_rate=0.1,0.2", "epochs=15,30")
    assert more.macs == pytest.approx(one.macs * 2 * (1 + 2))
    assert searched("width=1,2").macs > 4 * one.macs  # MACs grow with the square of the width
    halved = searched("learning_rate=0.01..1", how="asha", trials=9, base=BASE._replace(recipe=recipe(epochs=9)))
    assert halved.epochs == 9 * 1 + 3 * 2 + 1 * 6
    assert halved.macs / 21 == pytest.approx(one.macs / 15)


# --- axes


def built(text, base=BASE):
    axis = parse_axis(text)
    return build(base, ((axis.field, axis.values[0]),))


def test_a_factor_multiplies_every_width_or_every_depth():
    spec, _ = built("width=2")
    assert (spec.stem.widths, [stage.width for stage in spec.stages]) == ((32,), [32, 64, 128])
    spec, _ = built("depth=0.5")
    assert [stage.blocks for stage in spec.stages] == [2, 2, 2]  # halves of 3, and whole
    dense, _ = built("width=0.5", BASE._replace(spec=preset("densenet121")))
    assert (dense.growth, dense.stem.widths) == (16, (32,))
    plain, _ = built("width=0.25", BASE._replace(spec=preset("vgg16")))
    assert ([stage.width for stage in plain.stages], plain.hidden) == ([16, 32, 64, 128, 128], (1024, 1024))


def test_a_field_of_every_stage_takes_one_value_or_one_for_each():
    assert [stage.blocks for stage in built("stages[*].blocks=5")[0].stages] == [5, 5, 5]
    assert [stage.blocks for stage in built("stages[*].blocks=[1,2,3]")[0].stages] == [1, 2, 3]
    assert [stage.blocks for stage in built("stages[1].blocks=9")[0].stages] == [3, 9, 3]
    with pytest.raises(SpecError, match="one for each of the 3"):
        built("stages[*].blocks=[1,2]")


def test_a_field_of_the_recipe_and_the_image_size_are_axes_too():
    assert built("learning_rate=0.05")[1] == recipe("quick", learning_rate=0.05)
    assert built("image_size=16")[0].input_shape == (16, 16, 1)
    assert built("attention.kind=se")[0].attention.kind == "se"
    assert built("attention.kind=eca", BASE._replace(spec=built("attention.kind=se")[0]))[0].attention.kind == "eca"
    assert built("block=bottleneck")[0].expansion == 4  # what it implies


def test_nothing_is_a_field_of_the_recipe_and_of_a_design():
    for spec in (preset("resnet18"), preset("densenet121"), preset("vgg16")):
        assert not {*type(spec).model_fields} & {*OF_RECIPE, *FACTORS, IMAGE_SIZE}
    assert {*OF_RECIPE} | {"name", "title", "source", "reached"} == {*Recipe.model_fields}


@pytest.mark.parametrize(
    ("texts", "how", "field", "nearest"),
    [
        (["wdth=1,2"], {}, "axes", "width"),
        (["learning_rat=1,2"], {}, "axes", "learning_rate"),
        (["shortcuts=none"], {}, "axes", "shortcut"),
        (["stages[*].blks=1"], {}, "stages[*].blks", "blocks"),
        (["stages[7].blocks=1"], {}, "stages[7].blocks", 2),
        (["stem[*].kernel=1"], {}, "stem[*].kernel", None),
        (["classes=2,3"], {}, "axes", "image_size"),
        (["input_shape[0]=2,3"], {}, "axes", "image_size"),
        (["learning_rate=0.1..1"], {}, "how", "random"),
        (["width=1,2", "width=3"], {}, "axes", ["width"]),
        (["width=1,2,1"], {}, "width", None),
        (["width=1..2"], {"how": "asha", "repeats": 2}, "repeats", 1),
        (["epochs=1..2"], {"how": "asha"}, "axes", None),
        (["width=1..2"], {"how": "asha", "least": 16}, "least", 15),
        (["width=2..1"], {"how": "random"}, "high", None),
        (["width=0..1:log"], {"how": "random"}, "low", None),
        (["width=a..b"], {"how": "random"}, "width", None),
        (['width={"a":1}'], {}, "width", None),
        (["width"], {}, "axis", None),
        (["width="], {}, "axis", None),
        (["width=1"], {"how": "tpe"}, "how", None),
        (["width=1"], {"trials": MOST_TRIALS + 1}, "trials", MOST_TRIALS),
    ],
)
def test_what_cannot_be_searched_is_refused_by_its_field_with_the_nearest(texts, how, field, nearest):
    with pytest.raises(SpecError) as refused:
        searched(*texts, **how)
    assert (refused.value.field, refused.value.nearest) == (field, nearest)


def test_early_stopping_and_asha_do_not_go_together():
    with pytest.raises(SpecError, match="patience"):
        searched("width=1..2", how="asha", base=BASE._replace(recipe=recipe(patience=3)))


@pytest.mark.parametrize(
    "text",
    ["width=0.5, 1, 2", "learning_rate=0.01..1:log", "stages[*].blocks=[2, 2, 2], [3, 4, 6]", "batch_size=16..256",
     "attention.kind=null, se", "balance=true, false", "learning_rate=1e-05..0.1:log"],
)  # fmt: skip
def test_an_axis_is_written_as_it_is_read(text):
    assert str(parse_axis(text)) == text
    assert SweepAxis.model_validate_json(parse_axis(text).model_dump_json()) == parse_axis(text)


# --- draws


@given(st.integers(0, 1000), st.sampled_from(["0.001..1:log", "0.5..2", "1..64", "1..64:log", "0.1..1"]))
def test_draws_lie_in_the_range_and_are_whole_where_its_ends_are(seed, text):
    axis = parse_axis(f"learning_rate={text}")
    for trial in plan(BASE, Search(axes=(axis,), how="random", trials=8, seed=seed)).trials:
        drawn = trial.values[0][1]
        assert axis.span.low <= drawn <= axis.span.high
        assert isinstance(drawn, type(axis.span.low))


def test_a_logarithmic_range_has_as_many_draws_under_its_geometric_mean_as_over_it():
    axis = parse_axis("learning_rate=0.001..10:log")
    drawn = [trial.values[0][1] for trial in plan(BASE, Search(axes=(axis,), how="random", trials=400)).trials]
    assert statistics.fmean(math.log10(each) for each in drawn) == pytest.approx(-1, abs=0.2)  # 4 deviations
    even = parse_axis("learning_rate=0..10")
    drawn = [trial.values[0][1] for trial in plan(BASE, Search(axes=(even,), how="random", trials=400)).trials]
    assert statistics.fmean(drawn) == pytest.approx(5, abs=0.6)


def test_every_whole_number_of_a_range_is_drawn():
    draws = random.Random(0)
    for log in (False, True):
        assert {Span(low=1, high=5, log=log).draw(draws) for _ in range(500)} == {1, 2, 3, 4, 5}


def test_draws_of_few_combinations_are_none_twice_and_end_with_them():
    found = searched("width=0.5,1,2", "block=basic,bottleneck", how="random", trials=100)
    assert sorted(values(found)) == sorted(itertools.product((0.5, 1, 2), ("basic", "bottleneck")))
    assert sorted(values(searched("stages[*].blocks=1..3", how="random", trials=100))) == [(1,), (2,), (3,)]


@settings(deadline=None)
@given(st.integers(0, 2**31 - 100), st.sampled_from(["grid", "random", "asha"]), st.integers(1, 12))
def test_the_same_search_gives_the_same_trials_and_each_builds_what_it_says(seed, how, trials):
    axes = ["width=0.5,1,2", "shortcut=none,projection,zero-padding", "stem.kernel=1,2,3", "learning_rate=0.1,0.3"]
    first = searched(*axes, how=how, seed=seed, trials=trials)
    assert first == searched(*axes, how=how, seed=seed, trials=trials)
    assert len(first.trials) == trials
    for trial in first.trials:
        wanted = dict(trial.values)
        assert as_values(wanted) == trial.values
        spec, trained = build(BASE, trial.values)
        assert (spec.shortcut, spec.stem.kernel) == (wanted["shortcut"], wanted["stem.kernel"])
        assert spec.stages[-1].width == 64 * wanted["width"]
        assert trained == recipe("quick", learning_rate=wanted["learning_rate"])
        assert spec == parse_spec(spec.model_dump_json())


def test_without_a_change_a_trial_is_what_train_would_train():
    spec = ResNetSpec()
    assert build(Base(spec, DATASETS["digits"], recipe(), 48), (("width", 1),))[0] == fit(spec, DATASETS["digits"], 48)
