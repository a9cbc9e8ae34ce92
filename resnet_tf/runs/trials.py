"""What a sweep does next, from the records alone: whoever looks for a run to train puts the next trials into the queue.

There is no scheduler: workers, and servers that wonder whether a worker is needed, call `advance` as often as they
like. What is to be done follows from the trials' facts and is done in one transaction that holds the sweep, so that it
is done once, whoever dies meanwhile. On a Ray cluster Ray Tune is the scheduler (`experiment.py`): it says by `reach`
which trial goes how far, and `advance` only puts back what a worker lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.asha import WORST, Place, Score, next_job
from resnet_tf.learning.sweeps import build
from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.failures import NoSuchSweep
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


class Standing(NamedTuple):
    """How a trial stands at the end of a rung, or where it ended before."""

    accuracy: float  # on the validation images; 0.0 of one that failed, diverged or was stopped
    over: bool = False  # nothing comes after it


def next_step(known: Sequence[Known], trials: int, top: int, eta: int) -> Step | None:
    """What is to be done next in a sweep of so many trials; None where that is to wait for those under way.

    Trials that go on wait one at a time, the best first, so that who is free always takes the best there is. Others
    wait as many as are under way, so that twice as many workers find work.
    """
    if lost := lost_step(known):
        return lost
    waiting = [each for each in known if each.state == "queued"]
    running = sum(each.state == "running" for each in known)
    job = next_job({each.number: _place(each) for each in known}, trials, top, eta)
    if job is None:
        return None if waiting or running else Step("end")
    if job.rung > 0:
        return None if any(each.rung > 0 for each in waiting) else Step("promote", *job)
    return Step("begin", *job) if len(waiting) < max(running, 1) else None


def lost_step(known: Sequence[Known]) -> Step | None:
    """What is to be done with a trial whose worker died; None where there is none such."""
    lost = next((each for each in known if each.state == "interrupted"), None)
    return lost and Step("rescue" if lost.deaths < MOST_DEATHS else "give up", lost.number, lost.rung)


def sent_step(known: Known | None, trial: int, rung: int) -> Step | None:
    """What sends a trial to a rung; None where it is there already, or cannot go there."""
    if known is None:
        return Step("begin", trial) if rung == 0 else None
    return Step("promote", trial, rung) if known.state == "paused" and known.rung == rung - 1 else None


def _place(known: Known) -> Place:
    return Place(known.scores, known.state == "paused")


class Trials:
    """The trials of all sweeps of an instance."""

    def __init__(self, store: Store, chosen: Settings) -> None:
        self._store, self._database, self._settings = store, store.database, chosen
        self._watch = clock.Watch(patient=True)
        self._tuned = bool(chosen.ray_address)  # Ray Tune says what is next

    def advance(self) -> None:
        """Does all that is to be done now, in every sweep, as far as there is room for more runs."""
        for sweep in open_sweeps(self._database):
            while self._advance(sweep):
                continue

    def go_on(self) -> bool:
        """Whether any sweep does."""
        return bool(open_sweeps(self._database))

    def _advance(self, sweep: str) -> bool:
        """Whether something was done, or may be."""
        with self._database.reading() as connection:
            plan = planned(connection, sweep)
            step = plan and self._next(connection, plan)
        if not step or (step.kind in ("begin", "promote") and self._limit(plan)):
            return False
        return self._do(plan, step, lambda connection: self._next(connection, plan))

    def _next(self, connection: Connection, plan: Planned) -> Step | None:
        ends = plan.ends
        known = known_trials(connection, self._watch, plan.id, ends)
        if self._tuned:
            return lost_step(known)
        return next_step(known, len(plan.trials), len(ends) - 1, plan.search.eta)

    def plan(self, sweep: str) -> Planned | None:
        """What a sweep was planned to be; None where it is gone."""
        with self._database.reading() as connection:
            return planned(connection, sweep)

    def reach(self, sweep: str, trial: int, rung: int) -> Standing | None:
        """How a trial stands after a rung, to which it is sent where it was not yet; None until it has come there.

        None, too, while there is no room for a further run, and until `advance` has put back what a lost worker had.
        Raises NoSuchSweep for one that is not there, or does not go on: it is over, or was asked to stop.
        """

        def step_of(connection: Connection) -> Step | None:
            return sent_step(self._known(connection, plan, trial), trial, rung)

        with self._database.reading() as connection:
            plan = planned(connection, sweep)
            if plan is None or connection.execute(_going(sweep)).first() is None:
                raise NoSuchSweep(sweep)
            known = self._known(connection, plan, trial)
            step = sent_step(known, trial, rung)
            if step is None:
                return _standing(connection, known, rung, plan.ends)
        if not self._limit(plan):
            self._do(plan, step, step_of)
        return None

    def end(self, sweep: str) -> None:
        """Writes down that nothing more comes of a sweep, unless it was asked to stop."""
        with self._database.writing() as connection:
            plan = planned(connection, sweep)
            if plan is not None and connection.execute(_going(sweep).with_for_update()).first() is not None:
                _end(connection, plan, Step("end"))

    def _known(self, connection: Connection, plan: Planned, trial: int) -> Known | None:
        mine = runs.c.options["trial"].as_integer() == trial
        return next(iter(known_trials(connection, self._watch, plan.id, plan.ends, mine)), None)

    def _do(self, plan: Planned, step: Step, again: Callable[[Connection], Step | None]) -> bool:
        """Does a step of a sweep, if `again`, asked while the sweep is held, still finds it: another may have been
        faster. Whether the sweep goes on.
        """
        with self._database.writing() as connection:
            if connection.execute(_going(plan.id).with_for_update()).first() is None:
                return False
            if again(connection) == step:
                _STEPS[step.kind](connection, plan, step)
        return True

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


def _going(sweep: str) -> Select[Any]:
    """Finds a sweep if it goes on."""
    return select(sweeps.c.id).where(sweeps.c.id == sweep, sweeps.c.stop_requested.is_(None), sweeps.c.ended.is_(None))


def open_sweeps(database: Database) -> list[str]:
    """The sweeps that have not ended, the oldest first."""
    query = select(sweeps.c.id).where(sweeps.c.ended.is_(None), sweeps.c.stop_requested.is_(None))
    with database.reading() as connection:
        return list(connection.scalars(query.order_by(sweeps.c.created, sweeps.c.id)))


# --- what is known of trials


def known_trials(
    connection: Connection, watch: clock.Watch, sweep: str, ends: Sequence[int], only: ColumnElement[bool] | None = None
) -> list[Known]:
    """The trials of a sweep that were begun, by their numbers; `only` those of some runs."""
    theirs = runs.c.sweep == sweep if only is None else (runs.c.sweep == sweep) & only
    rows = connection.execute(facts_of(runs.c.options).where(theirs)).all()
    reached, now = _reached(connection, theirs, ends), clock.read(connection)
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


def _reached(connection: Connection, theirs: ColumnElement[bool], ends: Sequence[int]) -> dict[tuple[str, int], Score]:
    """What each trial scored after so many epochs: the accuracy, then the loss, on the validation images."""
    epochs = (
        select(events.c.run, events.c.epoch, events.c["values"])
        .join(runs, events.c.run == runs.c.id)
        .where(theirs, events.c.kind == "epoch", events.c.epoch.in_(ends[:-1]))
    )
    return {(row.run, row.epoch): _score(row._mapping["values"]) for row in connection.execute(epochs)}


def _score(values: Mapping[str, Any]) -> Score:
    accuracy, loss = values.get("validation_accuracy"), values.get("validation_loss")
    return WORST if accuracy is None else (accuracy, -float("inf") if loss is None else -loss)


def _standing(connection: Connection, known: Known | None, rung: int, ends: Sequence[int]) -> Standing | None:
    """How a trial that needs not be sent to a rung stands there; None while it is under way."""
    if known is None:
        return Standing(0.0, over=True)  # its run was deleted
    if known.rung > rung:
        return Standing(*known.scores[rung][:1] or (0.0,))
    if known.state in ("failed", "diverged", "stopped"):
        return Standing(0.0, over=True)
    if known.state in ("paused", "finished"):
        return Standing(_last(connection, known.run, ends[rung]), over=known.state == "finished")
    return None


def _last(connection: Connection, run: str, epoch: int) -> float:
    """The accuracy of a run's last epoch up to one."""
    query = select(events.c["values"]).where(events.c.run == run, events.c.kind == "epoch", events.c.epoch <= epoch)
    found = connection.execute(query.order_by(events.c.epoch.desc()).limit(1)).scalar()
    score = _score(found or {})
    return score[0] if score else 0.0


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
