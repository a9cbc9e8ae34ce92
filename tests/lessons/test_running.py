"""Experiments that are really done, with networks small enough: every figure against another way to it."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from small import TINY

from resnet_tf.design.expand import expand
from resnet_tf.design.features import features
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.datasets import load
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.train import train
from resnet_tf.lessons import __main__ as program
from resnet_tf.lessons import measures
from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.experiments import Arm, Check, Experiment, Setting
from resnet_tf.lessons.measures import BATCH, MEASURES, _segmenter
from resnet_tf.lessons.results import Outcome
from resnet_tf.lessons.running import run
from resnet_tf.lessons.verdicts import verdict
from resnet_tf.runs.records import MEASURED
from resnet_tf.runs.tasks import TASKS

pytestmark = pytest.mark.keras

FEW = recipe("quick", epochs=2, shift=1, batch_size=256)
PLAIN = edit(TINY, block="plain")
CONTEST = Setting(
    (
        Arm("plain-shallow", PLAIN, ("training",)),
        Arm("residual-shallow", TINY, ("training", "flow")),
        Arm("residual-deep", preset("resnet50")),
    ),
    FEW, seeds=(0, 1),
)  # fmt: skip
CHECKS = (
    Check("deep", "accuracy", "residual-shallow", "plain-shallow", "difference", least=-1),
    Check("residual", "macs", "residual-deep", "residual-shallow", "ratio", least=1000),
    Check("plain", "train_accuracy", "plain-shallow", least=0.9999, bears=False),
)
LESSON = replace(lesson("degradation"), experiment=Experiment(CONTEST, CONTEST, CHECKS))


@pytest.fixture(scope="module")
def outcome():
    lines = []
    done = run(LESSON, tell=lines.append)
    assert len(lines) == 4  # two networks with two seeds each; the third is only counted
    return done


def test_a_figure_of_a_contest_is_the_trainings_own(outcome):
    last = [*train(TINY, "digits", FEW, seed=1)][-1].values
    figures = outcome.arm("residual-shallow").runs[1].figures
    assert figures["accuracy"] == last["validation_accuracy"]
    assert 0 < figures["accuracy"] < 1
    assert len(outcome.arm("residual-shallow").runs[1].curves["validation_accuracy"]) == FEW.epochs


def test_seeds_differ_and_findings_are_about_their_differences(outcome):
    pairs = [
        [run.figures["accuracy"] for run in outcome.arm(name).runs] for name in ("residual-shallow", "plain-shallow")
    ]  # fmt: skip
    assert pairs[0][0] != pairs[0][1]
    assert outcome.findings[0].mean == pytest.approx(np.mean(np.subtract(*pairs)))
    assert outcome.findings[0].deviation == pytest.approx(np.std(np.subtract(*pairs), ddof=1))


def test_what_is_only_counted_keeps_its_own_size(outcome):
    large = outcome.arm("residual-deep")
    assert (large.parameters, large.macs) == (25_557_032, 4_089_184_256)  # as torchvision counts ResNet-50
    assert large.input_shape == (224, 224, 3)
    assert large.runs == ()
    assert outcome.findings[1].deviation == 0


def test_the_outcome_says_what_it_takes_to_have_it_again(outcome):
    assert outcome.verdict == verdict(outcome.findings) == "holds"
    assert outcome.seeds == (0, 1)
    assert outcome.command == "python -m resnet_tf.lessons --lesson 1 --quick"
    assert outcome.data == load("digits", (8, 8, 1)).fingerprint
    assert outcome.versions["keras"] == keras.__version__
    assert outcome.seconds > 0
    assert Outcome.from_json(json.dumps(outcome.as_json(), allow_nan=False)) == outcome


def test_fewer_seeds_than_one_are_refused():
    with pytest.raises(SpecError, match="seeds must be at least 1"):
        run(LESSON, seeds=0)


def test_the_mean_square_after_a_block_is_that_of_the_network_in_training_mode(outcome):
    model, graph = build(TINY, seed=1), expand(TINY)
    images = scaled(load("digits", TINY.input_shape).train.batch(np.arange(BATCH)))
    ends = [graph.layers[block.stop - 1].name for block in graph.blocks if block.name.startswith("stage")]
    maps = keras.Model(model.input, [model.get_layer(name).output for name in ends])(images, training=True)
    squares = [float(np.mean(np.square(keras.ops.convert_to_numpy(each)))) for each in maps]
    assert outcome.arm("residual-shallow").runs[1].curves["mean_square"] == pytest.approx(squares, rel=1e-3)


def test_small_weights_make_a_plain_networks_gradient_small_and_leave_a_residual_ones():
    """A quarter of the weights twice in a block is a sixteenth of the gradient, but for the loss that is another."""
    bare = {"normalization": {"kind": "none"}, "stages": [{"blocks": 3, "width": 8}]}
    reach = {}
    for name, spec in (("plain", edit(PLAIN, **bare)), ("residual", edit(TINY, order="pre", **bare))):
        for measure in ("flow", "flow of small weights"):
            reading = MEASURES[measure](spec, CONTEST)(0)
            reach[name, measure] = reading.figures["reach"]
    small = reach["plain", "flow of small weights"] / reach["plain", "flow"]
    assert small == pytest.approx(1 / 16**2, rel=0.3)  # two blocks lie between
    assert reach["residual", "flow of small weights"] == pytest.approx(1, abs=0.5)


def test_the_formula_leaves_nothing_over_before_a_relu_and_much_after_it():
    """He 2016: equation 5 is exact where nothing follows the addition, and only there."""
    three = {"stages": [{"blocks": 3, "width": 8}]}
    before, after = (
        MEASURES["formula"](edit(TINY, order=order, **three), CONTEST)(0).figures for order in ("pre", "post")
    )
    assert before["formula_error"] < 1e-5 < 1e-2 < after["formula_error"]
    assert 0 < before["direct"] < 1.5


def test_a_forward_pass_of_a_larger_network_gives_fewer_images_a_second():
    large = edit(TINY, stages=[{"blocks": 3, "width": 256}])
    small, slow = (MEASURES["forward"](spec, CONTEST)(0).figures["images_per_second"] for spec in (TINY, large))
    assert small > 2 * slow > 0  # 500 times the multiply-adds


def test_a_networks_segmenter_begins_with_its_classifiers_weights_and_says_the_backbones_share(monkeypatch):
    monkeypatch.setattr(measures, "CANVASES", 500)  # so two steps are as many as a training sees digits
    setting = replace(CONTEST, recipe=recipe("quick", epochs=1, batch_size=512))
    drawn, classifier = (
        MEASURES[measure](TINY, setting)(0).figures for measure in ("segmentation", "segmentation from a classifier")
    )
    whole, backbone = build(_segmenter(TINY)), build(features(TINY))
    assert drawn["backbone_share"] == pytest.approx(backbone.count_params() / whole.count_params())
    assert 0 <= drawn["mean_iou"] != classifier["mean_iou"] <= 1
    assert "accuracy" in classifier


# --- the program


def test_the_program_prints_claim_outcome_figure_and_time_and_writes_json(monkeypatch, tmp_path, capsys):
    small = replace(CONTEST, arms=CONTEST.arms[1:], seeds=(0,), recipe=recipe("quick", epochs=1, batch_size=512))
    only = replace(LESSON, experiment=Experiment(small, small, CHECKS[1:2]))
    monkeypatch.setattr(program, "lesson", lambda which, language: only)
    program.main(["--lesson", "1", "--quick", "--json", str(tmp_path / "out.json"), "--record", str(tmp_path / "kept")])
    printed = capsys.readouterr().out
    for said in ("1. Plain against residual", "claim", "HOLDS (one seed", "times: holds", "time"):
        assert said in printed
    (written,) = json.loads((tmp_path / "out.json").read_text())
    assert Outcome.from_json((tmp_path / "kept" / "degradation-quick.json").read_text()).as_json() == written
    assert written["verdict"] == "holds"


def test_a_worker_says_each_step_and_the_same_outcome(outcome, monkeypatch):
    monkeypatch.setattr("resnet_tf.lessons.course.lesson", {"degradation": LESSON}.__getitem__)
    run = SimpleNamespace(asked={"lesson": "degradation", "mode": "quick"})
    begin, *steps, last = TASKS["lesson"](run, None)
    assert (begin.kind, begin.values) == ("compiling", {"steps": 4})
    assert [(step.kind, step.step, step.values["arm"], step.values["seed"]) for step in steps] == [
        ("step", 1, "plain-shallow", 0), ("step", 2, "plain-shallow", 1),
        ("step", 3, "residual-shallow", 0), ("step", 4, "residual-shallow", 1),
    ]  # fmt: skip
    assert last.kind == MEASURED
    said = Outcome.from_json(json.dumps(last.values))
    assert [each.mean for each in said.findings] == [each.mean for each in outcome.findings]
