"""A worker whose trainings need no Keras: a run's first word of its name says how it behaves.

Started by the tests in place of `python -m resnet_tf.runs.worker`; all but the table of tasks is the real one.
"""

import json
import os
import sys
import time
from pathlib import Path

from resnet_tf.learning.capacity import TrainingRefused
from resnet_tf.runs import worker
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.store import Happening
from resnet_tf.runs.tasks import Device, kept

STEPS_PER_EPOCH = 20
PAUSE = 0.02  # seconds a step


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
        yield event("epoch", step, epoch + 1, loss=loss(step), validation_accuracy=0.5)
        yield event("checkpoint", step, epoch + 1, state=State(epoch + 1))
    yield event("evaluation", step, run.recipe.epochs, classes=["a"], confusion=[[1]], samples=[], mistakes=[])
    yield event("finished", step, run.recipe.epochs, validation_accuracy=0.5)


def deaf(run, begin):
    """Its fifth step takes a minute."""
    for event in steady(run, begin):
        if event.step == 5:
            time.sleep(60)
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


BEHAVIOURS = {"steady": steady, "deaf": deaf, "diverging": diverging, "refused": refused, "broken": broken}


def train(run, desk):
    checkpoints = Checkpoints(desk.home.checkpoints(run.id))
    begin = checkpoints.newest(State.load)
    return kept(BEHAVIOURS[run.name.split()[0]](run, begin), checkpoints)


def warm_up():
    if os.environ.get("FAKE_KERAS") == "missing":
        raise ModuleNotFoundError("No module named 'keras'")
    return Device("CPU", "a test computes on nothing else")


if __name__ == "__main__":
    worker.main({"train": train}, warm_up, patience=float(sys.argv[1]))
