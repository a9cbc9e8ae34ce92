"""What the store hands out: frozen records, and how a run's state follows from its facts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from resnet_tf.design.front import front
from resnet_tf.design.spec import Spec
from resnet_tf.design.totals import Totals, totals
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.sweep_axes import SweepAxis, Values, in_words, parse_values, written_value
from resnet_tf.learning.sweeps import Base, Illegal, Plan, Search, all_epochs

# of learning, as pages may know them
__all__ = ["Base", "Illegal", "Plan", "Recipe", "Search", "SweepAxis", "Values", "in_words", "parse_values",
           "written_value"]  # fmt: skip

Task: TypeAlias = Literal["train", "export", "calibrate", "profile", "lesson", "study", "versus"]
State: TypeAlias = Literal["queued", "running", "interrupted", "paused", "finished", "stopped", "failed", "diverged"]
WorkerState: TypeAlias = Literal["starting", "warm", "busy", "resting", "down"]

STALE = 30.0  # seconds without a heartbeat: importing TensorFlow can silence one for ten
RESUMABLE = ("interrupted", "paused", "stopped", "failed")
SETTLED = ("finished", "paused", "stopped", "failed", "diverged")
ENDED = (*SETTLED, "interrupted")
CALIBRATED = "calibrated"  # the event that has what a calibration measured
PROFILED = "profiled"  # the one that has a profile
MEASURED = "measured"  # the one that has what any other measurement gave


@dataclass(frozen=True)
class Origin:
    """What a training begins with instead of drawn weights: a run, or weights that were added; by its id or name."""

    title: str  # as people are told
    run: str | None = None
    weights: str | None = None

    @property
    def name(self) -> str:
        return self.run or self.weights or ""


@dataclass(frozen=True)
class Run:
    """A training or an export: what was asked for, and how far it has come. Times are unix seconds."""

    id: str
    task: Task
    name: str
    spec: Spec
    dataset: DatasetCard | None  # None for exports, as recipe
    recipe: Recipe | None
    seed: int
    owner: str
    state: State
    position: int | None  # in the queue; 1 is next
    created: float
    started: float | None
    ended: float | None
    progress: float  # 0 to 1
    latest: dict[str, Any]  # the values of the last step
    epochs: tuple[dict[str, Any], ...]  # the values of each epoch, with `epoch` (1 is the first) and `step`
    device: str | None
    why: str | None  # that device
    error: str | None
    attempt: int  # 1, and one more for every resume
    formats: tuple[str, ...] = ()  # of an export
    source: str | None = None  # the trained run that an export takes its weights from
    shared: bool = False  # whoever has its id may read it
    sweep: str | None = None  # the sweep that it is a trial of
    trial: int | None = None  # its number there
    until: int | None = None  # the epochs after which it is paused, for its sweep to choose whom it goes on with
    bytes: int = 0  # of its checkpoints
    start: Origin | None = None  # of a training whose first weights are not drawn
    asked: dict[str, Any] = field(default_factory=dict)  # of a measurement: what of
    seconds: float | None = None  # until its last step, interruptions left out, by a clock that nobody sets

    @property
    def over(self) -> bool:
        return self.state in ENDED

    @property
    def resumable(self) -> bool:
        return self.task == "train" and self.state in RESUMABLE

    @property
    def best(self) -> float | None:
        """The best accuracy on the validation images after any epoch (0 to 1)."""
        known = [values.get("validation_accuracy") for values in self.epochs]
        return max((accuracy for accuracy in known if accuracy is not None), default=None)


@dataclass(frozen=True)
class SweepTrial:
    """A trial of a sweep; `run` is None as long as it was not begun."""

    number: int  # 0 is the first
    values: Values
    seed: int
    spec: Spec
    recipe: Recipe
    run: Run | None

    @property
    def state(self) -> str:
        return self.run.state if self.run else "to come"

    @property
    def best(self) -> float | None:
        return self.run.best if self.run else None

    @property
    def cost(self) -> Totals:
        return totals(self.spec)


@dataclass(frozen=True)
class Sweep:
    """A sweep: what was asked for, and how far its trials have come. Times are unix seconds."""

    id: str
    name: str
    owner: str
    base: Base
    search: Search
    created: float
    ended: float | None  # nothing is left to do
    stop_requested: float | None
    trials: tuple[SweepTrial, ...]  # by number
    illegal: tuple[Illegal, ...]  # combinations that make no network, or are too large
    waits_for: str = ""  # a sentence, where there is no room for its next trial
    led: bool = False  # by Ray Tune

    @property
    def state(self) -> str:
        """running, queued, stopping, stopped or finished."""
        if self.stop_requested is not None:
            return "stopping" if self.open else "stopped"
        if self.ended is not None and not self.open:
            return "finished"
        return "running" if any(trial.run and trial.run.started for trial in self.trials) else "queued"

    @property
    def open(self) -> list[SweepTrial]:
        """The trials that wait or are under way."""
        return [trial for trial in self.trials if trial.state in ("queued", "running")]

    @property
    def over(self) -> bool:
        return self.state in ("stopped", "finished")

    @property
    def settled(self) -> list[SweepTrial]:
        """The trials that have come to an end, or to a pause."""
        return [trial for trial in self.trials if trial.state in SETTLED]

    @property
    def epochs(self) -> tuple[int, int]:
        """The epochs that were trained, and that are in all; of asha, where the best alone go on, about."""
        done = sum(len(trial.run.epochs) for trial in self.trials if trial.run)
        return done, max(done, all_epochs(self.search, [trial.recipe for trial in self.trials]))

    @property
    def best(self) -> SweepTrial | None:
        """The trial with the best accuracy so far; the first of equals."""
        known = [trial for trial in self.trials if trial.best is not None]
        return max(known, key=lambda trial: trial.best, default=None)

    @property
    def front(self) -> list[SweepTrial]:
        """The trials than which none is as good for as few MACs, by rising MACs: the Pareto front."""
        return self.front_of("macs")

    def front_of(self, cost: str) -> list[SweepTrial]:
        """The Pareto front of accuracy against a cost, which is one of `Totals`, by rising cost."""
        known = [trial for trial in self.trials if trial.best is not None]
        return front(known, lambda trial: getattr(trial.cost, cost), lambda trial: trial.best)


@dataclass(frozen=True)
class StoredEvent:
    """An event of a run; `seq` grows from one to the next, see `learning/train.py` for the kinds and their values."""

    seq: int
    attempt: int
    kind: str
    step: int
    epoch: int
    seconds: float
    values: dict[str, Any]


@dataclass(frozen=True)
class Artifact:
    """A file that an export wrote. `difference` is the largest between its outputs and the model's."""

    format: str
    path: str | None
    bytes: int
    seconds: float
    verified: bool | None  # None where there is nothing to run
    difference: float | None
    load: str  # the lines that load it
    error: str | None
    note: str | None = None  # what was lost on the way, measured
    expired: float | None = None  # when the file was removed for its age


@dataclass(frozen=True)
class Design:
    """A saved design."""

    name: str
    spec: Spec
    owner: str
    created: float
    updated: float
    tags: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True)
class DesignVersion:
    """What a design was at one save."""

    number: int  # 1 is the first
    spec: Spec
    saved: float


@dataclass(frozen=True)
class KeptDesign:
    """A design that was deleted, with all that comes back with it."""

    design: Design
    versions: tuple[DesignVersion, ...]


@dataclass(frozen=True)
class WorkerStatus:
    """The worker as it is now. `since` is when that began; `usual_seconds` how long a start usually takes."""

    state: WorkerState
    device: str | None = None
    why: str | None = None
    since: float = field(default_factory=time.time)
    usual_seconds: float = 20.0
    workers: int = 1  # that are up, where there may be several: then this is the one soonest at hand
    nodes: int = 1  # on which they are


@dataclass(frozen=True)
class Facts:
    """What is known of a run and of the worker that claimed it; everything said of its state follows from this."""

    outcome: State | None
    claimed_by: str | None
    stop_requested: float | None
    heartbeat: float | None
    worker_ended: float | None

    def state(self, now: float) -> State:
        """The state, by the first row of the table that holds."""
        # a heartbeat that lies far ahead is of before the clock was set back
        gone = self.worker_ended is not None or abs(now - (self.heartbeat or 0.0)) > STALE
        rows: tuple[tuple[bool, State | None], ...] = (
            (self.outcome is not None, self.outcome),
            (self.stop_requested is not None and (self.claimed_by is None or gone), "stopped"),
            (self.claimed_by is None, "queued"),
            (gone, "interrupted"),
            (True, "running"),
        )
        return next(state for holds, state in rows if holds and state)
