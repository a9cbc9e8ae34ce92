"""A worker whose trainings need no Keras: a run's first word of its name says how it behaves.

Started by the tests in place of `python -m resnet_tf.runs.worker`; all but the table of tasks is the real one.
"""

import json
import os
import sys
import time
from pathlib import Path

import handmade

from resnet_tf.design.calibration import PROBES
from resnet_tf.learning.capacity import TrainingRefused
from resnet_tf.learning.versus import moment_as_json
from resnet_tf.lessons.results import recorded
from resnet_tf.runs import worker
from resnet_tf.runs.records import CALIBRATED, MEASURED, PROFILED
from resnet_tf.runs.store import Happening
from resnet_tf.runs.tasks import Device, kept, last_checkpoint, up_to

STEPS_PER_EPOCH = 20
PAUSE = float(os.environ.get("FAKE_PAUSE", 0.02))  # seconds a step


class State:
    """What a fake training needs to go on."""

    def __init__(self, epoch):
        self.epoch = epoch

    def save(self, path):
        Path(path).write_text(json.dumps(self.epoch) + " " * 10_000)

    @classmethod
    def load(cls, path):
        return cls(json.loads(Path(path).read_text()))


def loss(step):
    """The loss after a step: a function of the step alone, as in a training that is repeatable."""
    return 1 / step


def steady(run, begin):
    first = begin.epoch if begin else 0
    began = time.monotonic() - first * STEPS_PER_EPOCH * PAUSE

    def event(kind, step, epoch, **values):
        return Happening(kind, step, epoch, time.monotonic() - began, values)

    step = first * STEPS_PER_EPOCH
    yield event("compiling", step, first, steps=run.recipe.epochs * STEPS_PER_EPOCH, steps_per_epoch=STEPS_PER_EPOCH)
    for epoch in range(first, run.recipe.epochs):
        for _ in range(STEPS_PER_EPOCH):
            time.sleep(PAUSE)
            step += 1
            yield event("step", step, epoch, loss=loss(step), accuracy=0.5)
        right = min(run.recipe.learning_rate * (epoch + 1) / run.recipe.epochs, 1.0)
        yield event("epoch", step, epoch + 1, loss=loss(step), validation_accuracy=right, validation_loss=1 - right)
        yield event("checkpoint", step, epoch + 1, state=State(epoch + 1))
    yield event("evaluation", step, run.recipe.epochs, classes=["a"], confusion=[[1]], samples=[], mistakes=[])
    yield event("finished", step, run.recipe.epochs, validation_accuracy=0.5)


def deaf(run, begin):
    """Its fifth step takes a minute."""
    for event in steady(run, begin):
        if event.step == 5:
            time.sleep(60)
        yield event


def aged(run, begin):
    """Says that it has trained for most of a minute already."""
    for event in steady(run, begin):
        yield event._replace(seconds=event.seconds + 59.5)


def hungry(run, begin):
    """Its fifth step takes more and more memory, up to a gigabyte, and then a minute."""
    for event in steady(run, begin):
        if event.step == 5:
            eaten = [bytearray(b"x") * 20_000_000 for _ in range(50)]
            time.sleep(60)
            eaten.clear()
        yield event


def diverging(run, begin):
    for event in steady(run, begin):
        if event.step == 5:
            yield event._replace(kind="diverged", values={"loss": float("nan"), "advice": "Try a smaller rate."})
            return
        yield event


def refused(run, begin):
    raise TrainingRefused("The design does not fit: it fits with 8 at a time")
    yield


def broken(run, begin):
    raise ZeroDivisionError("division by zero")
    yield


BEHAVIOURS = {
    "steady": steady,
    "deaf": deaf,
    "aged": aged,
    "hungry": hungry,
    "curious": steady,  # asks the records for itself at each step
    "seeing": steady,
    "diverging": diverging,
    "refused": refused,
    "broken": broken,
}


def train(run, desk):
    checkpoints = desk.files.checkpoints(run.id)
    begin = last_checkpoint(run, checkpoints, State.load)
    if begin and run.until and begin.epoch >= run.until:
        return iter([Happening("paused", begin.epoch * STEPS_PER_EPOCH, begin.epoch, 0.0, {})])
    events = BEHAVIOURS[run.name.split()[0]](run, begin)
    if run.name.startswith("seeing"):  # loads its images, as a training does, before it begins
        from resnet_tf.learning.datasets import load  # which others need not wait for

        load(desk.files.with_images(run.dataset), run.spec.input_shape, run.seed)
    if run.name.startswith("curious"):
        events = (event for event in events if desk.run_of(run.id))
    return kept(up_to(run.until, events), run, checkpoints, desk)


def calibrate(run, desk):
    """A machine that takes a millisecond for each probe."""
    seconds = {probe.name: 0.001 for probe in PROBES}
    yield Happening("compiling", 0, 0, 0.0, {"steps": len(PROBES)})
    yield Happening(CALIBRATED, len(PROBES), 0, 0.1, {"seconds": seconds})


def profile(run, desk):
    """A design whose gradients are known by heart; one that is called "broken" fails."""
    yield Happening("compiling", 0, 0, 0.0, {"steps": 2})
    if run.name.startswith("broken"):
        raise ZeroDivisionError("division by zero")
    yield Happening("step", 1, 0, 0.1, {"measured": "with shortcuts, seed 0"})
    yield Happening(PROFILED, 2, 0, 0.2, handmade.profile().as_json())


def study(run, desk):
    """A study whose figures are known by heart; one that is called "broken" fails."""
    yield Happening("compiling", 0, 0, 0.0, {"steps": 2})
    if run.name.startswith("broken"):
        raise ZeroDivisionError("division by zero")
    yield Happening("step", 1, 0, 0.1, {"measured": run.asked["kind"]})
    yield Happening(MEASURED, 2, 0, 0.2, handmade.study(run.asked["kind"]))


def lesson(run, desk):
    """An experiment that comes out as it was recorded; one step a network and seed."""
    outcome = recorded(run.asked["lesson"], run.asked["mode"])
    steps = [(arm.name, each.seed) for arm in outcome.arms for each in arm.runs]
    yield Happening("compiling", 0, 0, 0.0, {"steps": len(steps)})
    for done, (arm, seed) in enumerate(steps, 1):
        yield Happening("step", done, 0, 0.1 * done, {"arm": arm, "seed": seed, "seconds": 0.1})
    yield Happening(MEASURED, len(steps), 0, 1.0, outcome.as_json())


def versus(run, desk):
    """Trainings in step whose figures are known by heart."""
    made = handmade.versus()
    steps = len(made.moments)
    yield Happening("compiling", 0, 0, 0.0, {"steps": steps, **made.as_json(), "moments": []})
    for done, moment in enumerate(made.moments, 1):
        yield Happening("step", done, moment.epoch, 0.1 * done, {"measured": f"seed {moment.seed + 1}"})
        yield Happening("epoch", done, moment.epoch, 0.1 * done, moment_as_json(moment))
    yield Happening(MEASURED, steps, 0, 1.0, made.as_json())


def warm_up():
    if os.environ.get("FAKE_KERAS") == "missing":
        raise ModuleNotFoundError("No module named 'keras'")
    return Device("CPU", "a test computes on nothing else")


if __name__ == "__main__":
    tasks = {
        "train": train, "calibrate": calibrate, "profile": profile, "study": study, "lesson": lesson, "versus": versus,
    }  # fmt: skip
    worker.main(tasks, warm_up, patience=float(sys.argv[1]))
