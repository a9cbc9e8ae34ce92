"""A workbench with a few words that tests use often, and the command of a worker whose trainings are fake."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from resnet_tf.design.presets import preset
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.workbench import Workbench

PATIENCE = 1.0  # seconds without a server before a test's worker leaves
FAKE = (sys.executable, str(Path(__file__).with_name("fake_worker.py")), str(PATIENCE))
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a test of what only a file can suffer
SPEC = preset("resnet20_cifar10")


def until(condition, seconds=60.0):
    """What the condition returns once that is true; fails after so many seconds."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.02)
    return found


class Bench(Workbench):
    """A workbench with a few words that tests use often."""

    def begin(self, name, epochs=3):
        """The id of a new run that behaves as the name's first word says."""
        return self.train(SPEC, "digits", recipe(epochs=epochs), 0, name=name)

    def state(self, run):
        return self.run(run).state

    def steps(self, run):
        return [event.step for event in self.events(run)]

    def pid(self):
        """The process of the worker, once it is warm."""
        until(lambda: self.worker().state in ("warm", "busy"))
        return self._store.workers(*self._instance.place)[0].pid

    def kill(self):
        os.kill(self.pid(), signal.SIGKILL)
