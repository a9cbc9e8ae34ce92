"""Experiments of reports that are really done again: the same to the last bit, or told where they differ."""

import copy
from dataclasses import replace

import pytest
import reported
from small import TINY

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.catalogue import DATASETS
from resnet_tf.learning.instep import in_step
from resnet_tf.learning.measure import profiled
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.versus import sides_of
from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.experiments import Arm, Check, Experiment, Setting
from resnet_tf.reports import repeating
from resnet_tf.reports.differences import are_other_images, is_same_place, of_numbers
from resnet_tf.reports.repeating import Unrepeatable, images_of, place, repeated

pytestmark = pytest.mark.keras

FEW = recipe("quick", epochs=2, batch_size=256)
SETTING = Setting((Arm("pre", TINY, ("flow",)),), FEW, seeds=(0,))
SHORT = replace(
    lesson("gradient"), experiment=Experiment(SETTING, SETTING, (Check("formula", "reach", "pre", least=0),))
)


def again(experiment):
    card = images_of(experiment)
    return repeated(experiment, place(experiment, card), card)


@pytest.fixture(scope="module")
def training():
    """A training as it came out here."""
    asked = reported.training(
        accuracies=(0.0, 0.0), spec=TINY.model_dump(mode="json"), recipe=FEW.model_dump(mode="json")
    )
    return again(asked)


@pytest.fixture(scope="module")
def profile():
    asked = {"spec": TINY.model_dump(mode="json"), "dataset": "digits", "seeds": [0]}
    *_, last = profiled(TINY, DATASETS["digits"], [0])
    experiment = replace(reported.profiled(), asked=asked, found=last.profile.as_json())
    return replace(experiment, made=place(experiment, images_of(experiment)))


def verdicts(then, now):
    return {each.what: each.verdict for each in of_numbers(then, now)}


def test_a_training_comes_out_the_same_to_the_last_bit(training):
    now = again(training)
    assert is_same_place(training.made, now.made)
    found = verdicts(training, now)
    assert {found[name] for name in ("loss", "validation accuracy", "validation loss, at the end")} == {"same"}
    assert {*found.values()} == {"same", "time"}


def test_a_number_of_a_training_that_was_changed_is_found(training):
    forged = copy.deepcopy(training)
    forged.found["epochs"][1]["validation_accuracy"] += 1e-9
    assert verdicts(forged, again(training))["validation accuracy"] == "differs"


def test_a_training_that_was_stopped_is_done_again_as_far_as_it_came(training):
    """Its rates follow the recipe's two epochs."""
    half = {"epochs": training.found["epochs"][:1], "result": {}, "state": "stopped"}
    now = again(replace(training, found=half))
    assert now.found["epochs"] == [
        {**training.found["epochs"][0], "seconds_left": now.found["epochs"][0]["seconds_left"]}
    ]


def test_a_profile_comes_out_the_same(profile):
    now = again(profile)
    assert {*verdicts(profile, now).values()} == {"same"}
    assert now.found == profile.found


def test_two_networks_trained_in_step_come_out_the_same(training):
    sides = sides_of(TINY)
    *_, last = in_step(sides, DATASETS["digits"], FEW, [0])
    asked = {
        "spec": TINY.model_dump(mode="json"), "dataset": "digits", "recipe": FEW.model_dump(mode="json"), "seeds": [0],
        "sides": {side: spec.model_dump(mode="json") for side, spec in sides.items()},
    }  # fmt: skip
    first = replace(training, kind="versus", asked=asked, found=last.found.as_json())
    now = again(first)
    found = verdicts(first, now)
    assert {*found.values()} == {"same"}
    assert {"validation accuracy, without shortcuts", "gradient, with shortcuts, after epoch 2"} <= {*found}
    now.found["moments"][1]["figures"][1][3] += 1e-5
    assert verdicts(first, now)["validation accuracy, without shortcuts"] == "differs"


@pytest.mark.parametrize("kind", ["lesion", "surface"])
def test_a_study_of_trained_weights_comes_out_the_same_after_the_same_training(training, kind):
    asked = replace(
        training, kind="study", asked=training.asked | {"study": kind, "run": "tiny"},
        found={"training": training.found},
    )  # fmt: skip
    now = again(asked)
    assert now.found["training"]["epochs"][-1]["loss"] == training.found["epochs"][-1]["loss"]
    if kind == "lesion":  # the weights are those that the training was judged by
        whole, judged = now.found["found"]["whole"], training.found["result"]
        assert whole["accuracy"] == judged["validation_accuracy"]
        assert whole["loss"] == pytest.approx(judged["validation_loss"], rel=1e-5)
    found = verdicts(now, again(now))
    assert {*found.values()} == {"same", "time"}
    assert {"lesion": "accuracy without one, as it is", "surface": "loss around"}[kind] in found


@pytest.mark.parametrize("kind", ["paths", "variance"])
def test_a_study_of_first_weights_comes_out_the_same(training, kind):
    asked = {"study": kind, "spec": training.asked["spec"], "dataset": "digits", "seeds": [0, 1, 2]}
    first = again(replace(training, kind="study", asked=asked, found={}))
    assert {*verdicts(first, again(first)).values()} == {"same"}
    assert first.found["images"] > 0


def test_a_study_of_no_known_kind_is_refused(training):
    with pytest.raises(SpecError, match="study must be one of paths, variance, lesion, surface"):
        again(replace(training, kind="study", asked=training.asked | {"study": "entrails"}, found={}))


def test_a_lesson_comes_out_the_same_and_says_of_which_images(monkeypatch):
    monkeypatch.setattr(repeating, "lesson", lambda which: SHORT)
    asked = {"lesson": "gradient", "mode": "quick", "seeds": None}
    first = again(replace(reported.profiled(), kind="lesson", asked=asked, found={}))
    second = again(first)
    assert {*verdicts(first, second).values()} == {"same"}
    assert len(verdicts(first, second)) > 5
    assert not are_other_images(first.made, second.made)


def test_images_are_told_apart_before_anything_is_computed(training):
    other = replace(training, made=replace(training.made, data="0" * 64))
    assert are_other_images(other.made, place(other, images_of(other)))


@pytest.mark.parametrize(
    ("asked", "says"),
    [({"start": "ResNet-20, run on CIFAR-10"}, "whose weights no report holds"), ({"own": True}, "--dataset FILE")],
)
def test_what_a_report_alone_does_not_bring_back_says_what_it_takes(training, asked, says):
    with pytest.raises(Unrepeatable, match=says):
        images_of(replace(training, asked={**training.asked, **asked}))
