"""A second run of the same shape has nothing traced again, and is the run that it is in a process of its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import TINY
from test_every_operation import DESIGNS

from resnet_tf.design.expand import as_graph
from resnet_tf.learning import build, optimizers
from resnet_tf.learning.backend import keras
from resnet_tf.learning.checkpoint import Checkpoint
from resnet_tf.learning.engine import _Objective
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.machine import TOLD, shape
from resnet_tf.learning.recipes import Recipe, recipe
from resnet_tf.learning.shelf import Shelf
from resnet_tf.learning.train import AGAIN, shared, train

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parents[2]
DROPPING = TINY.model_copy(update={"dropout": 0.1, "stochastic_depth": 0.2})
FIRST = recipe(
    "quick", epochs=2, batch_size=256, shift=1, mixup=0.2, average=0.9, lookahead=3, accumulate=2, balance=True,
    clip_norm=1.0, label_smoothing=0.1,
)  # fmt: skip
SECOND = FIRST.model_copy(
    update={"epochs": 3, "learning_rate": 0.03, "schedule": "linear", "warmup": 0.3, "flip": "alternating",
            "test_flip": True, "patience": 5, "name": "another"}
)  # fmt: skip
# one value of each field that is another than the usual
OTHER = {
    "optimizer": "adam", "momentum": 0.5, "weight_decay": 0.1, "label_smoothing": 0.1, "clip_norm": 1.0,
    "precision": "mixed_bfloat16", "batch_size": 7, "shift": 1, "mixup": 0.1, "average": 0.5, "lookahead": 2,
    "lookahead_step": 0.7, "accumulate": 2, "balance": True, "frozen": 1,
}  # fmt: skip


def test_a_second_run_of_the_same_shape_traces_nothing_and_is_that_of_a_fresh_process_to_the_bit(monkeypatch, tmp_path):
    traces, once = [], _Objective.batch
    monkeypatch.setattr(_Objective, "batch", lambda *given: traces.append(1) or once(*given))
    shelf = Shelf()
    first = list(train(DROPPING, "digits", FIRST, 1, shelf=shelf))
    assert first[-1].kind == "finished"
    made = len(traces)
    assert made > 0
    events = list(train(DROPPING, "digits", SECOND, 2, shelf=shelf))
    assert len(traces) == made
    assert events[0].values["usual_seconds"] == AGAIN < first[0].values["usual_seconds"]

    command = [sys.executable, str(Path(__file__).with_name("run_training.py")), "state.npz"]
    given = {"spec": DROPPING.model_dump_json(), "recipe": SECOND.model_dump_json(), "seed": "2"}
    done = subprocess.run(
        [*command, *given.values()], cwd=tmp_path, env=fresh(), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    ours = next(event.values["state"] for event in reversed(events) if event.kind == "checkpoint")
    theirs = Checkpoint.load(tmp_path / "state.npz")
    assert (ours.epoch, ours.step, ours.best) == (theirs.epoch, theirs.step, theirs.best)
    for part in ("weights", "averages"):
        a, b = getattr(ours, part), getattr(theirs, part)
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[path], b[path]) for path in a), part
    assert all(np.array_equal(a, b) for a, b in zip(ours.slots, theirs.slots, strict=True))
    losses = [str(event.values["loss"]) for event in events if event.kind == "epoch"]
    assert losses == done.stdout.split()


def fresh():
    """The environment of a process that imports what is tested here."""
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_run_that_was_stopped_leaves_a_machine_that_begins_anew():
    shelf, short = Shelf(), recipe("quick", epochs=1, batch_size=256, optimizer="adam")
    stopped = train(TINY, "digits", short, 1, shelf=shelf)
    while next(stopped).kind != "step":
        continue
    stopped.close()
    again, alone = (list(train(TINY, "digits", short, 3, shelf=each)) for each in (shelf, None))
    curves = [[event.values["loss"] for event in events if event.kind == "epoch"] for events in (again, alone)]
    assert curves[0] == curves[1]


def test_whatever_is_not_told_step_by_step_has_a_shape_of_its_own():
    assert OTHER.keys() | set(TOLD) == Recipe.model_fields.keys()
    usual = shape(TINY, Recipe(), 16, None, ())
    for name, value in OTHER.items():
        assert shape(TINY, Recipe(**{name: value}), 16, None, ()) != usual, name
    assert shape(TINY, SECOND.model_copy(update=FIRST.model_dump(include=OTHER.keys())), 16, None, ()) == shape(
        TINY, FIRST, 16, None, ()
    )
    assert len({usual, shape(TINY, Recipe(), 8, None, ()), shape(TINY, Recipe(), 16, np.ones(10), ())}) == 3


@pytest.mark.parametrize("name", DESIGNS)
def test_a_model_that_begins_again_has_the_weights_of_one_that_is_assembled_with_that_seed(name):
    graph = as_graph(DESIGNS[name])
    used, new = (build.assemble(graph, training_makers(), seed=seed, name="network") for seed in (1, 2))
    assert any(not np.array_equal(a, b) for a, b in zip(used.get_weights(), new.get_weights(), strict=True))
    for variable in used.variables:
        variable.assign(variable + 1)
    build.begin_again(used, 2)
    for ours, fresh in zip(used.variables, new.variables, strict=True):  # of weights and of dropouts
        assert np.array_equal(keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(fresh)), ours.path


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "adamw"])
def test_an_optimiser_that_begins_again_is_a_new_one(name):
    chosen = Recipe(optimizer=name, average=0.9, lookahead=2, accumulate=2, learning_rate=0.3)
    model = build.build(TINY, seed=1)
    used, new = (optimizers.optimizer(chosen, model) for _ in range(2))
    fresh = [keras.ops.convert_to_numpy(variable) for variable in new.variables]
    for variable in used.variables:
        variable.assign(variable + 1)
    optimizers.begin_again(used, chosen, model)
    for variable, value in zip(used.variables, fresh, strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(variable), value), variable.path
    assert float(used.learning_rate) == pytest.approx(0.3)


def test_as_many_devices_share_a_batch_as_divide_it():
    four = ("a", "b", "c", "d")
    assert [shared(four, size) for size in (8, 6, 7)] == [four, ("a", "b", "c"), ("a",)]
