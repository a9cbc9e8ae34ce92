"""A sweep on a Ray cluster is an experiment of Ray Tune: Tune says which trial goes how far, the workers train it.

A trial's actor there (`Follower`) trains nothing. It sends the trial's run to the next rung, waits in the records until
it has come there, and reports; Tune's scheduler then asks it for another rung, or does not. So a trial is a run as any
other, whose worker may be on any node, and none trains past a rung of which nothing is decided yet.

Nothing is kept but the records: an experiment whose node died begins anew, and its followers report what has been
trained already without training it again. Ray Tune is loaded here alone.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import Any

from ray import tune
from ray.tune.logger import JsonLoggerCallback

from resnet_tf.learning.sweeps import Search
from resnet_tf.runs import logs
from resnet_tf.runs.answers import insist
from resnet_tf.runs.failures import NoSuchSweep
from resnet_tf.runs.settings import settings
from resnet_tf.runs.store import Store
from resnet_tf.runs.trials import Standing, Trials

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at a trial
FOLLOWER = 150_000_000  # bytes of a follower, which waits and does not compute: the cores are the workers'
# of the files that Tune writes it needs one itself: the records have all that a sweep is
_QUIET = {"TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1", "RAY_AIR_NEW_OUTPUT": "0"}


class Experiment:
    """Ray makes it on a node, in a process of its own; it is there as long as its sweep goes on."""

    def __init__(self, sweep: str, most: int, variables: Mapping[str, str]) -> None:
        """`most` trials are under way at once; with `variables` this process finds the records."""
        os.environ.update({**_QUIET, **variables})
        self._sweep, self._most, self._variables = sweep, most, dict(variables)
        self._trouble: Exception | None = None
        self._over = threading.Event()
        threading.Thread(target=self._run, name="run", daemon=True).start()

    def watch(self) -> None:
        """Returns when the experiment is over. Raises what ended it before its sweep was."""
        self._over.wait()
        if self._trouble is not None:
            raise self._trouble

    def _run(self) -> None:
        try:
            self._tune()
        except Exception as error:
            log.exception("The experiment of a sweep failed", extra=logs.of("experiment.failed"))
            self._trouble = error
        finally:
            self._over.set()

    def _tune(self) -> None:
        trials = _trials()
        plan = insist(lambda: trials.plan(self._sweep), log.warning)
        if plan is None:
            return
        told = {"sweep": self._sweep, "variables": self._variables, "ends": plan.ends}
        with tempfile.TemporaryDirectory() as folder:
            tuner = tune.Tuner(
                tune.with_resources(tune.with_parameters(Follower, told=told), {"cpu": 0, "memory": FOLLOWER}),
                param_space={"trial": tune.grid_search(list(range(len(plan.trials))))},
                tune_config=tune.TuneConfig(
                    metric="accuracy", mode="max", max_concurrent_trials=self._most, reuse_actors=True,
                    scheduler=scheduler(plan.search, plan.ends),
                ),
                run_config=tune.RunConfig(
                    name=self._sweep, storage_path=folder, verbose=0, callbacks=[JsonLoggerCallback()],
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                    failure_config=tune.FailureConfig(max_failures=-1),  # a follower that died with its node
                ),
            )  # fmt: skip
            results = tuner.fit()
        if not any(result.metrics.get("halted") for result in results if result.metrics):
            insist(lambda: trials.end(self._sweep), log.warning)


def scheduler(search: Search, ends: tuple[int, ...]) -> tune.schedulers.TrialScheduler:
    """Who decides after each rung: Tune's ASHA with our rungs, or nobody where every trial goes to its end."""
    if search.how != "asha":
        return tune.schedulers.FIFOScheduler()
    return tune.schedulers.ASHAScheduler(
        time_attr="epochs", max_t=ends[-1], grace_period=ends[0], reduction_factor=search.eta
    )


class Follower(tune.Trainable):
    """A trial of a sweep as Tune sees it: a step is a rung."""

    def setup(self, config: dict[str, Any], told: Mapping[str, Any]) -> None:
        os.environ.update(told["variables"])
        self._sweep, self._ends = told["sweep"], told["ends"]
        self._trials = _trials()
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begins to follow another trial."""
        self._trial, self._rung = new_config["trial"], 0
        return True

    def step(self) -> dict[str, Any]:
        """The accuracy after the next rung, once the trial has come there."""
        try:
            standing = self._wait()
        except NoSuchSweep:
            return {"epochs": self._ends[self._rung], "accuracy": 0.0, "done": True, "halted": True}
        result = {"epochs": self._ends[self._rung], "accuracy": standing.accuracy, "halted": False}
        self._rung += 1
        return {**result, "done": standing.over or self._rung == len(self._ends)}

    def _wait(self) -> Standing:
        while (standing := insist(self._reach, log.warning)) is None:
            time.sleep(LOOK)
        return standing

    def _reach(self) -> Standing | None:
        return self._trials.reach(self._sweep, self._trial, self._rung)


def _trials() -> Trials:
    chosen = settings()
    return Trials(insist(lambda: Store(chosen.database_url), log.warning), chosen)
