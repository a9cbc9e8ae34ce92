"""The ten lessons as data: numbers, texts in two languages, networks that exist, counts as they were published."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.links import from_link, to_link
from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import lesson, lessons
from resnet_tf.lessons.experiments import MODES
from resnet_tf.lessons.reports import rule
from resnet_tf.lessons.texts import CATALOGUES, LANGUAGES, text

PUBLISHED = {
    row["name"]: row for row in json.loads((Path(__file__).parents[1] / "fixtures" / "references.json").read_text())
}
ENGLISH, RUSSIAN = CATALOGUES["en"], CATALOGUES["ru"]
EVERY = [(each, mode) for each in lessons() for mode in MODES]
NAMES = [f"{each.name}-{mode}" for each, mode in EVERY]


def test_there_are_ten_lessons_in_order_and_each_has_its_own_name():
    assert [each.number for each in lessons()] == list(range(1, 11))
    assert len({each.name for each in lessons()}) == 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_is_found_by_its_number_and_by_its_name(language):
    for each in lessons(language):
        assert (
            lesson(each.number, language) is lesson(str(each.number), language) is lesson(each.name, language) is each
        )


def test_an_unknown_lesson_or_language_is_refused_with_the_nearest():
    with pytest.raises(SpecError, match=r"1 to 10 or a name .*; the nearest is 'gradient'"):
        lesson("gradients")
    with pytest.raises(SpecError, match="lesson must be 1 to 10 or a name"):
        lesson(11)
    with pytest.raises(SpecError, match=r"language must be one of en, ru .*; the nearest is 'en'"):
        lessons("fr")


# --- texts


def test_every_text_is_in_both_languages():
    assert set(ENGLISH) == set(RUSSIAN)
    assert set(CATALOGUES) == set(LANGUAGES)


def test_no_text_is_empty_and_the_two_languages_differ():
    for key, said in ENGLISH.items():
        assert said.strip()
        assert RUSSIAN[key].strip()
        assert said != RUSSIAN[key] or not re.search("[A-Za-z]{3}", re.sub(r"\{.*?\}", "", said)), key


def test_russian_is_written_in_russian():
    for key, said in RUSSIAN.items():
        without = re.sub(r"\{.*?\}|[0-9\W]", "", said)
        assert not without or re.search("[а-яё]", without, re.I) or key == "dense.arm.dense", key


def fields(said):
    return {name for _, name, _, _ in Formatter().parse(said) if name is not None}


def test_both_languages_say_the_same_values():
    for key, said in ENGLISH.items():
        assert fields(said) == fields(RUSSIAN[key]), key


def figures_of(said):
    """The decimal numbers of a text, whatever stands before their digits."""
    return sorted(re.findall(r"\d+[.,]\d+", said.replace(",", ".")))


@pytest.mark.parametrize("each", lessons(), ids=lambda each: each.name)
def test_both_languages_report_the_same_figures(each):
    assert figures_of(each.reported) == figures_of(lesson(each.name, "ru").reported)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("each", "mode"), EVERY, ids=NAMES)
def test_every_network_check_and_figure_has_its_words(each, mode, language):
    told = lesson(each.name, language)
    for arm in each.experiment.setting(mode).arms:
        assert told.arm_title(arm.name, mode)
    for check in each.experiment.checks:
        assert told.says(check)
        assert "{" not in rule(told, check, mode)


def test_no_text_is_there_for_nothing():
    used = {"figure": {check.figure for each in lessons() for check in each.experiment.checks}}
    for each in lessons():
        used[f"{each.name}.check"] = {check.name for check in each.experiment.checks}
        used[f"{each.name}.arm"] = {arm.name for arm in each.experiment.quick.arms}
    for group, names in used.items():
        known = {key.removeprefix(f"{group}.") for key in ENGLISH if key.startswith(f"{group}.")}
        assert known == names, group


def test_a_rule_is_said_in_words_with_its_bound():
    first = lesson("complexity").experiment.checks[0]
    assert rule(lesson("complexity"), first, "quick") == (
        "multiply-adds, ResNet-152 (2015), counted at 224 px, over that of VGG-19, counted at 224 px: at most 1 times"
    )
    accuracy = next(check for check in lesson("width").experiment.checks if check.name == "accuracy")
    assert rule(lesson("width"), accuracy, "quick").endswith(": at least -1.0 points")


def test_a_text_without_a_catalogue_is_refused():
    with pytest.raises(SpecError, match="language"):
        text("mode.quick", "de")


# --- experiments


@pytest.mark.parametrize("each", lessons(), ids=lambda each: each.name)
def test_quick_and_full_have_the_same_networks_by_name_and_checks_are_about_them(each):
    quick, full = each.experiment.quick, each.experiment.full
    names = [arm.name for arm in quick.arms]
    assert names == [arm.name for arm in full.arms]
    assert len(set(names)) == len(names)
    assert len(full.seeds) >= 3
    for check in each.experiment.checks:
        assert {check.arm, check.against} <= {*names, None}
        assert (check.against is None) == (check.how == "value")
        assert check.least is not None or check.most is not None
    assert any(check.bears for check in each.experiment.checks)


@pytest.mark.parametrize(("each", "mode"), EVERY, ids=NAMES)
def test_every_network_opens_from_its_link_as_it_is_measured(each, mode):
    setting = each.experiment.setting(mode)
    for arm in setting.arms:
        spec = setting.fitted(arm)
        assert from_link(to_link(spec)) == spec
        assert costs(spec).macs > 0
        if arm.measures:
            assert (spec.classes, spec.input_shape) == (10, (setting.image, setting.image, 1))


@pytest.mark.parametrize(
    ("name", "arm", "published"),
    [
        ("complexity", "resnet152", "resnet152_v1"),
        ("complexity", "vgg19", "vgg19"),
        ("width", "resnet152", "resnet152_v1"),
        ("width", "wide50", "wide_resnet50_2"),
        ("bottleneck", "resnet34", "resnet34"),
        ("bottleneck", "resnet50", "resnet50_v1"),
    ],
)
def test_counted_networks_cost_what_was_published(name, arm, published):
    setting = lesson(name).experiment.quick
    counted = costs(setting.fitted(setting.named(arm)))
    row = PUBLISHED[published]
    assert (counted.trainable_parameters, counted.macs) == (row["trainable_parameters"], row["macs"])


def test_what_is_said_of_resnet152_and_vgg19_is_what_they_cost():
    """11.3 and 19.6 G multiply-adds, 60.2 and 143.7 M parameters."""
    told = [float(number) for number in re.findall(r"\d+\.\d", lesson("complexity").reported)]
    rows = PUBLISHED["resnet152_v1"], PUBLISHED["vgg19"]
    assert told == [
        *(round(row["macs"] / 1e9, 1) for row in rows), *(round(row["trainable_parameters"] / 1e6, 1) for row in rows)
    ]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_what_is_compared_at_equal_cost_costs_about_the_same(mode):
    """Within a tenth: deep and wide networks, basic and bottleneck blocks (18 w^2 and 17 w^2 a pixel)."""
    for name, one, other in (("width", "deep", "wide"), ("bottleneck", "basic", "bottleneck")):
        setting = lesson(name).experiment.setting(mode)
        macs = [costs(setting.fitted(setting.named(arm))).macs for arm in (one, other)]
        assert macs[1] / macs[0] == pytest.approx(1, abs=0.1), name
