"""Workbenches in folders of their own, with real workers whose trainings are fake; nothing is left behind."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from resnet_tf.design.presets import preset
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import executor
from resnet_tf.runs.workbench import Workbench

PATIENCE = 1.0  # seconds without a server before a test's worker leaves
FAKE = (sys.executable, str(Path(__file__).with_name("fake_worker.py")), str(PATIENCE))
SPEC = preset("resnet20_cifar10")


def until(condition, seconds=20.0):
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
        return self._store.workers(*self._place)[0].pid

    def kill(self):
        os.kill(self.pid(), signal.SIGKILL)


@pytest.fixture
def open_bench(tmp_path, monkeypatch):
    """A function that opens a workbench on this test's home; all are closed at the end, and their workers gone."""
    monkeypatch.setattr(executor, "FIRST_PAINT", 0.0)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    opened = []

    def open_one(home=tmp_path, **options):
        opened.append(Bench(home, worker=FAKE, **options))
        return opened[-1]

    yield open_one
    for bench in opened:
        bench.close()
    for process in psutil.process_iter(["cmdline", "environ"]):
        if list(FAKE[1:2]) == (process.info["cmdline"] or [])[1:2] and _home_of(process) == str(tmp_path):
            process.kill()


def _home_of(process):
    return (process.info["environ"] or {}).get("RESNET_TF_HOME")


@pytest.fixture
def bench(open_bench):
    """A workbench with its worker on the way."""
    opened = open_bench()
    opened.start()
    return opened
