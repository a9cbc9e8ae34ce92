"""Outcomes as JSON and back, those that the package brings, and what is printed of them."""

import json
from dataclasses import replace
from importlib import resources

import pytest

from resnet_tf.design.costs import costs
from resnet_tf.design.links import from_link
from resnet_tf.design.spec import SpecError
from resnet_tf.lessons.course import lesson, lessons
from resnet_tf.lessons.experiments import MODES
from resnet_tf.lessons.reports import report
from resnet_tf.lessons.results import ArmOutcome, Outcome, Run, file_name, recorded
from resnet_tf.lessons.texts import numeral
from resnet_tf.lessons.verdicts import Finding, finding, verdict

RUNS = tuple(Run(seed, {"accuracy": 0.5 + seed / 10, "extra": 1.0}, {"loss": (2.0, 1.5)}) for seed in (0, 1))
HANDMADE = Outcome(
    lesson="width", mode="quick", verdict="holds in part",
    findings=(
        Finding("accuracy", -0.004, 0.002, "holds"), Finding("several", 2.0, 0.1, "does not hold here"),
        Finding("operations", 0.99, 0.0, "does not hold here", bears=False),
    ),
    arms=(ArmOutcome("wide", "resnet20_cifar10", (32, 32, 3), 269_722, 40_551_040, 20, RUNS),),
    seeds=(0, 1), seconds=12.3, device="CPU, 2 cores", versions={"Python": "3.12"}, data="ab" * 32,
    date="2026-01-02T03:04:05+00:00", command="python -m resnet_tf.lessons --lesson 5 --quick --seeds 2",
)  # fmt: skip


def test_an_outcome_goes_to_json_and_back():
    text = json.dumps(HANDMADE.as_json(), allow_nan=False)
    assert Outcome.from_json(text) == HANDMADE


@pytest.mark.parametrize(
    ("change", "field"),
    [({"verdict": "perhaps"}, "verdict"), ({"mode": "slow"}, "mode"), ({"seeds": ["one"]}, r"seeds\[0\]")],
)
def test_json_of_something_else_is_refused_with_its_field(change, field):
    with pytest.raises(SpecError, match=field):
        Outcome.from_json(json.dumps({**HANDMADE.as_json(), **change}))
    with pytest.raises(SpecError, match="JSON"):
        Outcome.from_json("{")


def test_what_is_counted_is_the_same_for_every_seed_and_only_what_all_seeds_have_is_a_figure():
    arm = replace(HANDMADE.arms[0], runs=(RUNS[0], Run(1, {"accuracy": 0.6}, {})))
    assert arm.numbers(2) == {
        "parameters": (269_722,) * 2, "macs": (40_551_040,) * 2, "depth": (20, 20), "accuracy": (0.5, 0.6)
    }  # fmt: skip


def test_a_report_says_claim_papers_verdict_figures_and_time():
    said = "\n".join(report(lesson("width"), HANDMADE))
    folded = " ".join(said.split())
    assert said.startswith("5. Depth against width\n")
    assert "several times less time to train" in folded
    assert "1.24 times, not several" in folded
    assert "HOLDS IN PART (seeds: 2)" in folded
    assert "The wide network is no worse. -0.4 points ± 0.2 points: holds" in folded
    assert "three at least. 2 times ± 0.1 times: does not hold here" in folded
    assert "0.99 times: does not hold here, beside the claim" in folded
    assert "12 s on CPU, 2 cores, quick" in folded
    assert max(map(len, said.splitlines())) <= 110


def test_a_report_is_in_the_lessons_language():
    said = " ".join("\n".join(report(lesson("width", "ru"), replace(HANDMADE, seeds=(0,)))).split())
    assert said.startswith("5. Глубина против ширины")
    assert "ПОДТВЕРЖДАЕТСЯ ЧАСТИЧНО (одно начальное число" in said
    assert "Широкая сеть не хуже. -0,4 п. п. ± 0,2 п. п.: подтверждается" in said
    assert "не меньше ×1,24" in said


def test_numbers_have_the_marks_of_their_language():
    assert numeral("1,234.5") == "1,234.5"
    assert numeral("1,234.5", "ru") == "1\N{NO-BREAK SPACE}234,5"


# --- those that the package brings

BROUGHT = [(each.name, mode) for each in lessons() for mode in MODES if recorded(each.name, mode)]


def test_a_lesson_that_was_not_done_has_no_outcome():
    assert recorded("nothing", "quick") is None


def test_every_file_is_an_outcome_of_a_lesson_that_there_is():
    files = {file.name for file in resources.files("resnet_tf.lessons").joinpath("outcomes").iterdir()}
    assert files == {file_name(name, mode) for name, mode in BROUGHT}
    assert {name for name, mode in BROUGHT if mode == "quick"} == {each.name for each in lessons()}


@pytest.mark.parametrize(("name", "mode"), BROUGHT, ids=lambda value: value)
def test_what_is_said_of_an_outcome_follows_from_its_figures_and_todays_rules(name, mode):
    outcome, checks = recorded(name, mode), lesson(name).experiment.checks
    figures = {arm.name: arm.numbers(len(outcome.seeds)) for arm in outcome.arms}
    findings = [finding(check, figures) for check in checks]
    assert [(each.check, each.verdict, each.bears) for each in outcome.findings] == [
        (each.check, each.verdict, each.bears) for each in findings
    ]
    assert [each.mean for each in outcome.findings] == pytest.approx([each.mean for each in findings])
    assert outcome.verdict == verdict(findings)


@pytest.mark.parametrize(("name", "mode"), BROUGHT, ids=lambda value: value)
def test_the_networks_of_an_outcome_are_those_of_the_experiment_and_cost_what_is_said(name, mode):
    outcome, setting = recorded(name, mode), lesson(name).experiment.setting(mode)
    assert (outcome.lesson, outcome.mode) == (name, mode)
    for arm, then in zip(setting.arms, outcome.arms, strict=True):
        spec = from_link(then.link)
        counted = costs(spec)
        assert (arm.name, setting.fitted(arm)) == (then.name, spec)
        assert (counted.trainable_parameters, counted.macs, counted.depth) == (then.parameters, then.macs, then.depth)
        assert tuple(run.seed for run in then.runs) == (outcome.seeds if arm.measures else ())
    assert outcome.command.startswith(f"python -m resnet_tf.lessons --lesson {lesson(name).number} --{mode}")
    assert outcome.device
    assert outcome.date
