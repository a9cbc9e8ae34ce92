"""What the store hands out: frozen records, and how a run's state follows from its facts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe

Task: TypeAlias = Literal["train", "export"]
State: TypeAlias = Literal["queued", "running", "interrupted", "finished", "stopped", "failed", "diverged"]
WorkerState: TypeAlias = Literal["starting", "warm", "busy", "down"]

STALE = 30.0  # seconds without a heartbeat: importing TensorFlow can silence one for ten
RESUMABLE = ("interrupted", "stopped", "failed")
ENDED = ("finished", "stopped", "failed", "diverged", "interrupted")


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

    @property
    def over(self) -> bool:
        return self.state in ENDED

    @property
    def resumable(self) -> bool:
        return self.task == "train" and self.state in RESUMABLE


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


@dataclass(frozen=True)
class Design:
    """A saved design."""

    name: str
    spec: Spec
    owner: str
    created: float
    updated: float


@dataclass(frozen=True)
class WorkerStatus:
    """The worker as it is now. `since` is when that began; `usual_seconds` how long a start usually takes."""

    state: WorkerState
    device: str | None = None
    why: str | None = None
    since: float = field(default_factory=time.time)
    usual_seconds: float = 20.0


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
        gone = self.worker_ended is not None or now - (self.heartbeat or 0.0) > STALE
        rows: tuple[tuple[bool, State | None], ...] = (
            (self.outcome is not None, self.outcome),
            (self.stop_requested is not None and (self.claimed_by is None or gone), "stopped"),
            (self.claimed_by is None, "queued"),
            (gone, "interrupted"),
            (True, "running"),
        )
        return next(state for holds, state in rows if holds and state)
