"""Sweeps in the records: what was planned, once and for all, and how their trials have come along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from resnet_tf.design.spec import SpecError, parse_spec
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.sweep_axes import in_words
from resnet_tf.learning.sweeps import Base, Illegal, Plan, Search, Trial, as_values, build
from resnet_tf.runs import clock
from resnet_tf.runs.database import Database
from resnet_tf.runs.failures import NoSuchSweep, WorkbenchError
from resnet_tf.runs.records import Run, Sweep, SweepTrial
from resnet_tf.runs.rows import card_of, read_runs
from resnet_tf.runs.store import AGAIN
from resnet_tf.runs.tables import runs, sweeps

LONGEST = 120  # letters of a trial's name


@dataclass(frozen=True)
class Planned:
    """What a sweep was when it was asked for: nothing in it changes."""

    id: str
    name: str
    owner: str
    base: Base
    search: Search
    trials: tuple[Trial, ...]
    illegal: tuple[Illegal, ...]

    @property
    def ends(self) -> tuple[int, ...]:
        """The epochs at which its rungs end."""
        return self.search.ends(self.base.recipe)

    def until(self, rung: int) -> int | None:
        """The epochs after which a trial of a rung is paused; None is to its end."""
        return self.ends[rung] if rung < len(self.ends) - 1 else None

    def title(self, trial: Trial) -> str:
        """What a trial's run is called."""
        seed = f", seed {trial.seed}" if self.search.repeats > 1 else ""
        return f"{self.name}: {in_words(trial.values)}{seed}"[:LONGEST]


def planned(connection: Connection, sweep: str) -> Planned | None:
    """What a sweep was planned to be; None where it is gone."""
    row = connection.execute(select(sweeps).where(sweeps.c.id == sweep)).first()
    return None if row is None else _planned(row)


def _planned(row: Any) -> Planned:
    options = row.options
    base = Base(parse_spec(row.spec), card_of(options["dataset"]), Recipe(**options["recipe"]), options["image_size"])
    trials = (Trial(number, as_values(t["values"]), t["seed"]) for number, t in enumerate(options["trials"]))
    illegal = (Illegal(as_values(each["values"]), each["reason"]) for each in options["illegal"])
    search = Search(**options["search"])
    return Planned(row.id, row.name, row.owner, base, search, tuple(trials), tuple(illegal))


class Sweeps:
    """The sweeps of an instance; safe in threads and between processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, owner: str, base: Base, search: Search, plan: Plan) -> str:
        """The id of a new sweep, none of whose trials waits yet: see `trials.py`."""
        sweep = token_hex(8)
        options = {
            "dataset": base.dataset.as_json(), "recipe": base.recipe.model_dump(mode="json"),
            "image_size": base.image_size, "search": search.model_dump(mode="json"),
            "trials": [{"values": dict(trial.values), "seed": trial.seed} for trial in plan.trials],
            "illegal": [{"values": dict(each.values), "reason": each.reason} for each in plan.illegal],
        }  # fmt: skip
        row = {"id": sweep, "owner": owner, "name": name, "options": options, "created": clock.now()}
        with self._database.writing() as connection:
            connection.execute(insert(sweeps).values(**row, spec=base.spec.model_dump(mode="json")))
        return sweep

    def sweep(self, sweep: str) -> Sweep:
        """A sweep with its trials. Raises NoSuchSweep for one that is not (or no longer) there."""
        found = self._read(select(sweeps).where(sweeps.c.id == sweep))
        if not found:
            raise NoSuchSweep(sweep)
        return found[0]

    def sweeps(self, owner: str | None) -> list[Sweep]:
        """An owner's sweeps (None: all), newest first."""
        query = select(sweeps).order_by(sweeps.c.created.desc(), sweeps.c.id)
        return self._read(query.where(sweeps.c.owner == owner) if owner is not None else query)

    def _read(self, query: Any) -> list[Sweep]:
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
            theirs = select(runs).where(runs.c.sweep.in_([row.id for row in rows]))
            found = read_runs(connection, theirs, self._database.watch)
        return [_sweep(row, [run for run in found if run.sweep == row.id]) for row in rows]

    def stop(self, sweep: str) -> None:
        """Begins no further trial, and asks those under way to stop."""
        with self._database.writing() as connection:
            now = clock.read(connection)
            going = (sweeps.c.id == sweep, sweeps.c.ended.is_(None), sweeps.c.stop_requested.is_(None))
            if connection.execute(update(sweeps).where(*going).values(stop_requested=now)).rowcount:
                open_runs = (runs.c.sweep == sweep, runs.c.outcome.is_(None), runs.c.stop_requested.is_(None))
                connection.execute(update(runs).where(*open_runs).values(stop_requested=now))

    def resume(self, sweep: Sweep) -> None:
        """Goes on with a stopped sweep, and with the trials that were stopped with it."""
        stopped = [trial.run for trial in sweep.trials if trial.run and trial.run.state == "stopped"]
        with self._database.writing() as connection:
            same = (sweeps.c.id == sweep.id, sweeps.c.stop_requested == sweep.stop_requested)
            again = update(sweeps).where(*same).values(stop_requested=None, ended=None)
            if not connection.execute(again).rowcount:
                raise WorkbenchError(f"{sweep.name} has been resumed or deleted already")
            for run in stopped:
                mine = (runs.c.id == run.id, runs.c.attempt == run.attempt)
                with_it = runs.c.stop_requested == sweep.stop_requested
                connection.execute(update(runs).where(*mine, with_it).values({**AGAIN, "attempt": run.attempt + 1}))

    def delete(self, sweep: str) -> None:
        """Forgets a sweep; its runs are gone already."""
        with self._database.writing() as connection:
            connection.execute(delete(sweeps).where(sweeps.c.id == sweep))


def _sweep(row: Any, found: Sequence[Run]) -> Sweep:
    plan = _planned(row)
    by_number = {run.trial: run for run in found}
    return Sweep(
        row.id, row.name, row.owner, plan.base, plan.search, row.created, row.ended, row.stop_requested,
        tuple(_trial(plan.base, trial, by_number.get(trial.number)) for trial in plan.trials), plan.illegal,
    )  # fmt: skip


def _trial(base: Base, trial: Trial, run: Run | None) -> SweepTrial:
    if run is not None:
        return SweepTrial(*trial, run.spec, run.recipe, run)
    try:
        spec, recipe = build(base, trial.values)
    except SpecError:  # it was planned by another version; once begun, it says why
        spec, recipe = base.spec, base.recipe
    return SweepTrial(*trial, spec, recipe, None)
