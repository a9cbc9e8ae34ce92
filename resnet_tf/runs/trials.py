"""What a sweep does next, from the records alone: whoever looks for a run to train puts the next trials into the queue.

There is no scheduler: workers, and servers that wonder whether a worker is needed, call `advance` as often as they
like. What is to be done follows from the trials' facts and is done in one transaction that holds the sweep, so that it
is done once, whoever dies meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, insert, select, update

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.asha import WORST, Place, Score, next_job
from resnet_tf.learning.sweeps import build
from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.quotas import QuotaReached, Wish, check_room
from resnet_tf.runs.records import State, Sweep
from resnet_tf.runs.rows import facts_of
from resnet_tf.runs.settings import Settings
from resnet_tf.runs.store import AGAIN, UNCLAIMED, Store, new_run
from resnet_tf.runs.sweeps import Planned, planned
from resnet_tf.runs.tables import events, runs, sweeps

MOST_DEATHS = 3  # of workers in one rung of a trial; one more, and the trial has failed
LOST = "Its worker died {count} times in this trial: its log says why, where its machine is still there"


class Known(NamedTuple):
    """A trial that was begun: its run, and how far it is."""

    number: int
    run: str
    attempt: int
    state: State
    rung: int  # the one that it was sent to, 0 is the lowest
    deaths: int  # of its workers in that rung
    scores: tuple[Score, ...]  # in the rungs that it has ended


class Step(NamedTuple):
    """What is to be done next: with a trial, or `end` the sweep."""

    kind: Literal["begin", "promote", "rescue", "give up", "end"]
    trial: int = -1
    rung: int = 0


def next_step(known: Sequence[Known], trials: int, top: int, eta: int) -> Step | None:
    """What is to be done next in a sweep of so many trials; None where that is to wait for those under way.

    Trials that go on wait one at a time, the best first, so that who is free always takes the best there is. Others
    wait as many as are under way, so that twice as many workers find work.
    """
    lost = next((each for each in known if each.state == "interrupted"), None)
    if lost is not None:
        return Step("rescue" if lost.deaths < MOST_DEATHS else "give up", lost.number, lost.rung)
    waiting = [each for each in known if each.state == "queued"]
    running = sum(each.state == "running" for each in known)
    job = next_job({each.number: _place(each) for each in known}, trials, top, eta)
    if job is None:
        return None if waiting or running else Step("end")
    if job.rung > 0:
        return None if any(each.rung > 0 for each in waiting) else Step("promote", *job)
    return Step("begin", *job) if len(waiting) < max(running, 1) else None


def _place(known: Known) -> Place:
    return Place(known.scores, known.state == "paused")


class Trials:
    """The trials of all sweeps of an instance."""

    def __init__(self, store: Store, chosen: Settings) -> None:
        self._store, self._database, self._settings = store, store.database, chosen
        self._watch = clock.Watch(patient=True)

    def advance(self) -> None:
        """Does all that is to be done now, in every sweep, as far as there is room for more runs."""
        for sweep in open_sweeps(self._database):
            while self._advance(sweep):
                continue

    def _advance(self, sweep: str) -> bool:
        """Whether something was done, or may be: another may have been faster."""
        with self._database.reading() as connection:
            plan = planned(connection, sweep)
            step = plan and self._next(connection, plan)
        if not step or (step.kind in ("begin", "promote") and self._limit(plan)):
            return False
        with self._database.writing() as connection:
            held = select(sweeps.c.id).where(
                sweeps.c.id == sweep, sweeps.c.stop_requested.is_(None), sweeps.c.ended.is_(None)
            )
            if connection.execute(held.with_for_update()).first() is None:
                return False
            if self._next(connection, plan) == step:
                _STEPS[step.kind](connection, plan, step)
        return True

    def _next(self, connection: Connection, plan: Planned) -> Step | None:
        ends = plan.ends
        known = known_trials(connection, self._watch, plan.id, ends)
        return next_step(known, len(plan.trials), len(ends) - 1, plan.search.eta)

    def waits_for(self, sweep: Sweep) -> str:
        """Why a sweep that is not over has no trial under way: a sentence of a limit; empty where there is none."""
        return self._limit(sweep) if sweep.state == "queued" and not sweep.open else ""

    def _limit(self, sweep: Planned | Sweep) -> str:
        """The limit that leaves no room for a further run."""
        try:
            check_room(self._settings, self._store, Wish(sweep.owner, sweep.base.spec, sweep.base.recipe))
        except QuotaReached as error:
            return str(error)
        return ""


def open_sweeps(database: Database) -> list[str]:
    """The sweeps that have not ended, the oldest first."""
    query = select(sweeps.c.id).where(sweeps.c.ended.is_(None), sweeps.c.stop_requested.is_(None))
    with database.reading() as connection:
        return list(connection.scalars(query.order_by(sweeps.c.created, sweeps.c.id)))


# --- what is known of trials


def known_trials(connection: Connection, watch: clock.Watch, sweep: str, ends: Sequence[int]) -> list[Known]:
    """The trials of a sweep that were begun, by their numbers."""
    rows = connection.execute(facts_of(runs.c.options).where(runs.c.sweep == sweep)).all()
    reached, now = _reached(connection, sweep, ends), clock.read(connection)
    return sorted(_known(row, watch.state(row, now), ends, reached) for row in rows)


def _known(row: Any, state: State, ends: Sequence[int], reached: Mapping[tuple[str, int], Score]) -> Known:
    until = row.options.get("until")
    rung = ends.index(until) if until in ends else len(ends) - 1
    ended = rung + (state in ("paused", "finished", "failed", "diverged"))
    scores = [reached.get((row.id, end), WORST) for end in ends[:ended]]
    if state in ("failed", "diverged"):
        scores[-1] = WORST
    deaths = row.options.get("deaths", 0)
    return Known(row.options["trial"], row.id, row.attempt, state, rung, deaths, tuple(scores))


def _reached(connection: Connection, sweep: str, ends: Sequence[int]) -> dict[tuple[str, int], Score]:
    """What each trial scored after so many epochs: the accuracy, then the loss, on the validation images."""
    epochs = (
        select(events.c.run, events.c.epoch, events.c["values"])
        .join(runs, events.c.run == runs.c.id)
        .where(runs.c.sweep == sweep, events.c.kind == "epoch", events.c.epoch.in_(ends[:-1]))
    )
    return {(row.run, row.epoch): _score(row._mapping["values"]) for row in connection.execute(epochs)}


def _score(values: Mapping[str, Any]) -> Score:
    accuracy, loss = values.get("validation_accuracy"), values.get("validation_loss")
    return WORST if accuracy is None else (accuracy, -float("inf") if loss is None else -loss)


# --- what is done, each inside a transaction that holds the sweep


def _begin(connection: Connection, plan: Planned, step: Step) -> None:
    trial = plan.trials[step.trial]
    options = {"trial": step.trial, "until": plan.until(step.rung)}
    try:
        spec, recipe = build(plan.base, trial.values)
        broken = {}
    except SpecError as error:  # it was planned by another version
        spec, recipe = plan.base.spec, plan.base.recipe
        broken = {"outcome": "failed", "error": str(error), "ended": clock.now()}
    row = new_run("train", plan.title(trial), spec, plan.owner, plan.base.dataset, recipe, trial.seed, options)
    connection.execute(insert(runs).values({**row, **broken, "sweep": plan.id}))


def _promote(connection: Connection, plan: Planned, step: Step) -> None:
    """Sends a paused trial to the next rung; where it was in the queue, which is before all that was begun later."""
    _change(connection, plan, step, {"until": plan.until(step.rung), "deaths": 0}, AGAIN)


def _rescue(connection: Connection, plan: Planned, step: Step) -> None:
    """Puts a trial whose worker died back where it was in the queue: it goes on from its last checkpoint."""
    _change(connection, plan, step, {}, UNCLAIMED)


def _give_up(connection: Connection, plan: Planned, step: Step) -> None:
    facts = {"outcome": "failed", "error": LOST.format(count=MOST_DEATHS + 1), "ended": clock.now()}
    _change(connection, plan, step, {}, facts)


def _change(
    connection: Connection, plan: Planned, step: Step, options: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:  # fmt: skip
    """Changes facts and options of a trial; a new attempt, so that nobody who had it writes into it any more."""
    rows = connection.execute(select(runs).where(runs.c.sweep == plan.id)).all()
    row = next(row for row in rows if row.options["trial"] == step.trial)
    deaths = row.options.get("deaths", 0) + 1
    changed = {**facts, "attempt": row.attempt + 1, "options": {**row.options, "deaths": deaths, **options}}
    same = (runs.c.id == row.id, runs.c.attempt == row.attempt, runs.c.outcome.is_not_distinct_from(row.outcome))
    connection.execute(update(runs).where(*same).values(changed))


def _end(connection: Connection, plan: Planned, step: Step) -> None:
    connection.execute(update(sweeps).where(sweeps.c.id == plan.id).values(ended=clock.now()))


_STEPS = {"begin": _begin, "promote": _promote, "rescue": _rescue, "give up": _give_up, "end": _end}
