"""Runs, their events and artifacts, workers: SQLAlchemy Core on the tables of `tables.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from secrets import token_hex, token_urlsafe
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, or_, select, update

from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.runs import clock
from resnet_tf.runs.curves import KINDS, Curves
from resnet_tf.runs.database import Database
from resnet_tf.runs.failures import ClaimLost, NoSuchRun, WorkbenchError
from resnet_tf.runs.records import Artifact, Run, StoredEvent, Task
from resnet_tf.runs.rows import WAITING, epoch_values, finite, queue, read_runs
from resnet_tf.runs.spans import furthest, keep_extremes, of_kind, thinned
from resnet_tf.runs.tables import ONE_A_STEP, artifacts, deletions, designs, events, runs, secrets, sweeps, workers

ALL = 10**9  # events: more than any run has
# facts of a run that nobody has, and of one that has not ended yet
UNCLAIMED: dict[str, Any] = {"claimed_by": None, "claimed_at": None, "heartbeat": None}
AGAIN: dict[str, Any] = {**UNCLAIMED, "stop_requested": None, "ended": None, "outcome": None, "error": None}


class Happening(NamedTuple):
    """An event on its way into the store, as `learning/train.py` yields it."""

    kind: str
    step: int
    epoch: int
    seconds: float
    values: dict[str, Any]


class Store:
    """All that is written down, for pages and workers alike; safe in threads and between processes."""

    def __init__(self, records: str | Database) -> None:
        """`records` are at a URL, or were sought in vain before: since when they are silent is not forgotten."""
        self.database = records if isinstance(records, Database) else Database(records)
        self.database.migrate()
        self._curves = Curves()
        self._secrets: dict[str, str] = {}  # that are known here already

    # --- runs, as a page asks for them

    def add_run(
        self, task: Task, name: str, spec: Spec, owner: str, *, dataset: DatasetCard | None = None,
        recipe: Recipe | None = None, seed: int = 0, options: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """The id of a new run at the end of the queue."""
        row = new_run(task, name, spec, owner, dataset, recipe, seed, options or {})
        with self.database.writing() as connection:
            connection.execute(insert(runs).values(row))
        return row["id"]

    def run(self, run: str) -> Run:
        """A run. Raises WorkbenchError for one that is not (or no longer) there."""
        with self.database.reading() as connection:
            found = read_runs(connection, select(runs).where(runs.c.id == run), self.database.watch, brief=True)
            if not found:
                raise NoSuchRun(run)
            epochs = self._curves.read(connection, run, "epoch", ALL)
        return replace(found[0], epochs=tuple(epoch_values(event.epoch, event.step, event.values) for event in epochs))

    def runs(
        self, task: Task | None = "train", owner: str | None = None, most: int | None = None, *, named: str = "",
        brief: bool = False, key: str = "",
    ) -> list[Run]:  # fmt: skip
        """The newest runs, the newest first, those `named` so or of a `key`; `brief` with their last epochs alone."""
        chosen = (*_of_owner(task, owner), *_named(named), *_keyed(key))
        query = select(runs).where(*chosen).order_by(runs.c.created.desc(), runs.c.id).limit(most)
        with self.database.reading() as connection:
            return read_runs(connection, query, self.database.watch, brief=brief)

    def count_runs(self, task: Task | None, owner: str | None, named: str = "") -> int:
        chosen = (*_of_owner(task, owner), *_named(named))
        with self.database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(runs).where(*chosen)) or 0

    def is_readable(self, run: str, owner: str) -> bool:
        """Whether a run is an owner's, or shared."""
        query = select(runs.c.id).where(runs.c.id == run, or_(runs.c.owner == owner, runs.c.shared))
        with self.database.reading() as connection:
            return connection.execute(query).first() is not None

    def share(self, run: str, shared: bool) -> None:
        with self.database.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(shared=shared))

    def adopt(self, guest: str, user: str) -> None:
        """Gives one owner all that is another's; a design whose name is taken gets a number."""
        named = select(designs.c.name)
        with self.database.writing() as connection:
            for table in (runs, sweeps):
                connection.execute(update(table).where(table.c.owner == guest).values(owner=user))
            taken = set(connection.scalars(named.where(designs.c.owner == user)))
            for name in connection.scalars(named.where(designs.c.owner == guest)).all():
                numbered = (f"{name} {i}" if i > 1 else name for i in count(1))
                fresh = next(n for n in numbered if n not in taken)
                theirs = update(designs).where(designs.c.owner == guest, designs.c.name == name)
                connection.execute(theirs.values(owner=user, name=fresh))
                taken.add(fresh)

    def waiting(self) -> int:
        """How many runs wait."""
        with self.database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(runs).where(*WAITING)) or 0

    def under_way(self) -> int:
        """How many runs a worker has, dead or alive; those that were to stop only while it lives."""
        wanted = or_(runs.c.stop_requested.is_(None), clock.is_beating(runs.c.heartbeat))
        query = select(func.count()).select_from(runs)
        query = query.where(runs.c.outcome.is_(None), runs.c.claimed_by.is_not(None), wanted)
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    def open_runs(self, owner: str) -> int:
        """How many of an owner's runs wait or are under way; one whose worker died is neither."""
        alive = or_(runs.c.claimed_by.is_(None), clock.is_beating(runs.c.heartbeat))
        query = select(func.count()).select_from(runs)
        query = query.where(runs.c.owner == owner, runs.c.outcome.is_(None), runs.c.stop_requested.is_(None), alive)
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    def disk(self, owner: str | None = None) -> int:
        """Bytes that the checkpoints and exports of an owner (None: of all) take."""
        theirs = [runs.c.owner == owner] if owner is not None else []
        exported = select(func.sum(artifacts.c.bytes)).join(runs, artifacts.c.run == runs.c.id)
        queries = (select(func.sum(runs.c.bytes)), exported.where(artifacts.c.expired.is_(None)))
        with self.database.reading() as connection:
            return sum(int(connection.scalar(query.where(*theirs)) or 0) for query in queries)

    def secret(self, name: str) -> str:
        """What all servers of this instance know under a name; made at the first question."""
        if name not in self._secrets:
            self._secrets[name] = self._secret(name)
        return self._secrets[name]

    def _secret(self, name: str) -> str:
        find = select(secrets.c.value).where(secrets.c.name == name)
        with self.database.reading() as connection:
            found = connection.scalar(find)
        if found is None:
            with self.database.writing() as connection:
                found = connection.scalar(find)  # another server may have been faster
                if found is None:
                    found = token_urlsafe(32)
                    connection.execute(insert(secrets).values(name=name, value=found))
        return found

    def request_stop(self, run: str) -> None:
        with self.database.writing() as connection:
            asked = update(runs).where(runs.c.id == run, runs.c.stop_requested.is_(None), runs.c.outcome.is_(None))
            connection.execute(asked.values(stop_requested=clock.now()))

    def resume(self, run: Run) -> None:
        """Queues a run again. Raises WorkbenchError where another page was faster."""
        fresh = {**AGAIN, "queued": _next("queued", *_waiting), "attempt": run.attempt + 1}
        with self.database.writing() as connection:
            if run.state == "paused":  # a trial that somebody takes up goes on to its end
                options = connection.scalar(select(runs.c.options).where(runs.c.id == run.id)) or {}
                fresh["options"] = {**options, "until": None}
            again = update(runs).where(runs.c.id == run.id, runs.c.attempt == run.attempt).values(fresh)
            if not connection.execute(again).rowcount:
                raise WorkbenchError(f"{run.name} has been resumed or deleted already")

    def delete_run(self, run: str) -> None:
        """Removes a run, and remembers that: files of it may lie on machines that are not up now."""
        with self.database.writing() as connection:
            if connection.execute(delete(runs).where(runs.c.id == run)).rowcount:
                connection.execute(insert(deletions).values(run=run, at=clock.now()))

    # --- a worker's side

    def enter(self, worker: str, host: str, home: str, pid: int) -> None:
        """Writes down a worker that holds the lock of its home, so that any other of that home must be dead."""
        self.bury(home, host, None)
        now = clock.now()
        with self.database.writing() as connection:
            row = {"id": worker, "host": host, "home": home, "pid": pid, "started": now, "heartbeat": now}
            connection.execute(insert(workers).values(row))

    def bury(self, home: str, host: str, error: str | None) -> None:
        """Writes down that the workers of a home, whose lock nobody holds, are dead: that interrupts their runs."""
        dead = update(workers).where(workers.c.home == home, workers.c.host == host, workers.c.ended.is_(None))
        with self.database.writing() as connection:
            connection.execute(dead.values(ended=clock.now(), error=error))

    def note_worker(self, worker: str, **facts: Any) -> None:
        """Writes down facts of a worker: warm, device, why, ended, error."""
        with self.database.writing() as connection:
            connection.execute(update(workers).where(workers.c.id == worker).values(facts))

    def workers(self, home: str | None = None, host: str | None = None, most: int = 6) -> list[Any]:
        """The rows of a home's workers, the newest first; without a home of those that are up anywhere."""
        here = [workers.c.home == home, workers.c.host == host] if home else [workers.c.ended.is_(None)]
        query = select(workers, clock.now().label("now")).where(*here)
        query = query.order_by(*_NEWEST).limit(most if home else None)
        with self.database.reading() as connection:
            return list(connection.execute(query).all())

    def last_worker(self) -> Any | None:
        """The row of the worker that was started last, anywhere; None where there never was one."""
        with self.database.reading() as connection:
            return connection.execute(select(workers).order_by(*_NEWEST).limit(1)).first()

    def is_up(self, row: Any) -> bool:
        """Whether the worker of a row of `workers` lives, as far as is known."""
        return row.ended is None and self.database.watch.beats(row.id, row.heartbeat, row.now)

    def busy(self, worker: str) -> str | None:
        """The id of the run that a worker has."""
        query = select(runs.c.id).where(runs.c.claimed_by == worker, runs.c.outcome.is_(None))
        with self.database.reading() as connection:
            return connection.scalar(query.limit(1))

    def claim(self, worker: str, device: str | None, why: str | None) -> Run | None:
        """The run that is next, now this worker's; None where nothing is queued."""
        with self.database.reading() as connection:
            run = connection.scalars(queue().limit(1)).first()
        if run is None:
            return None
        facts = {
            "claimed_by": worker, "claimed_at": _next("claimed_at"), "heartbeat": clock.now(), "device": device,
            "why": why, "started": func.coalesce(runs.c.started, clock.now()),
        }  # fmt: skip
        with self.database.writing() as connection:
            if not connection.execute(update(runs).where(runs.c.id == run, *WAITING).values(facts)).rowcount:
                return None  # another worker was faster, or the run was stopped
        return self.run(run)

    def beat(self, worker: str, run: Run | None) -> None:
        """Writes down that the worker lives. Raises ClaimLost where its run is no longer its own."""
        with self.database.writing() as connection:
            connection.execute(update(workers).where(workers.c.id == worker).values(heartbeat=clock.now()))
            if run is not None:
                _keep_claim(connection, worker, run, heartbeat=clock.now())

    def is_to_stop(self, run: Run) -> bool:
        """Whether a run was asked to stop."""
        with self.database.reading() as connection:
            return connection.scalar(select(runs.c.stop_requested).where(runs.c.id == run.id)) is not None

    def append(self, worker: str, run: Run, happenings: Sequence[Happening]) -> None:
        """Writes events of a run, all or none. A step that was done before has its point replaced.

        What is written once more, since the answer of a database was cut off, is there once.
        """
        rows = [{"run": run.id, "attempt": run.attempt, **h._asdict(), "values": finite(h.values)} for h in happenings]
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, heartbeat=clock.now())
            _forget(connection, run.id, happenings)
            if fresh := [row for row in rows if not _is_noted(connection, row)]:
                connection.execute(insert(events), fresh)
            keep_extremes(connection, run.id, ((h.kind, h.step) for h in happenings))

    def end(self, worker: str, run: Run, outcome: str, error: str | None = None) -> None:
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, outcome=outcome, error=error, ended=clock.now())

    def weigh(self, worker: str, run: Run, count: int) -> None:
        """Writes down the bytes of a run's checkpoints."""
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, bytes=count)

    def give_back(self, worker: str, run: Run) -> None:
        """Puts a worker's run back where it was in the queue: whoever takes it goes on from its last checkpoint."""
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, **UNCLAIMED, attempt=run.attempt + 1)

    def add_artifact(self, worker: str, run: Run, artifact: Artifact) -> None:
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, heartbeat=clock.now())
            same = and_(artifacts.c.run == run.id, artifacts.c.format == artifact.format)
            connection.execute(delete(artifacts).where(same))
            connection.execute(insert(artifacts).values(run=run.id, **vars(artifact)))

    # --- what came of a run

    def events(self, run: str, kinds: Sequence[str], after: int = 0, most: int = 2000) -> list[StoredEvent]:
        """Events by step, at most so many of a kind; where there are more, their extremes are kept (see `spans.py`)."""
        with self.database.reading() as connection:
            found = [event for kind in kinds for event in self._events(connection, run, kind, after, most)]
        return sorted(found, key=lambda event: (event.step, event.seq))

    def _events(self, connection: Connection, run: str, kind: str, after: int, most: int) -> list[StoredEvent]:
        if after == 0 and kind in KINDS:
            return self._curves.read(connection, run, kind, most)
        return thinned(connection, run, kind, after, most)

    def artifacts(self, run: str) -> list[Artifact]:
        with self.database.reading() as connection:
            rows = connection.execute(
                select(artifacts).where(artifacts.c.run == run).order_by(artifacts.c.format)
            ).all()
        names = tuple(Artifact.__dataclass_fields__)
        return [Artifact(**{name: getattr(row, name) for name in names}) for row in rows]


_others = runs.alias("others")
_waiting = (_others.c.outcome.is_(None), _others.c.claimed_by.is_(None))


# of workers: one that is up has come after those that have ended, whatever the clock said then
_NEWEST = (workers.c.ended.is_not(None), workers.c.started.desc())


def _next(order: str, *among: Any) -> ColumnElement[float]:
    """A moment after all that there are in a column by which runs are ordered."""
    return clock.after(select(func.max(_others.c[order])).where(*among))


def _of_owner(task: Task | None, owner: str | None) -> list[Any]:
    chosen = {runs.c.task: task, runs.c.owner: owner}
    return [column == value for column, value in chosen.items() if value]


def _named(text: str) -> list[Any]:
    """Of runs whose name has a text in it, or whose id begins with it."""
    if not text:
        return []
    in_name = func.lower(runs.c.name).contains(text.lower(), autoescape=True)
    return [or_(in_name, runs.c.id.startswith(text, autoescape=True))]


def _keyed(key: str) -> list[Any]:
    """Of runs that have a key among their options, as profiles of one design."""
    return [runs.c.options["key"].as_string() == key] if key else []


def _forget(connection: Connection, run: str, happenings: Sequence[Happening]) -> None:
    """Removes the events of steps that are done again; of a run that goes forwards there are none."""
    known = {kind: connection.scalar(furthest(run, kind)) for kind in {h.kind for h in happenings} - {"note"}}
    ends = {kind: step for kind, step in known.items() if step is not None}
    done = [{"of_kind": h.kind, "at_step": h.step} for h in happenings if h.step <= ends.get(h.kind, -1)]
    if done:  # row by row: after a long silence there are more than fit into one condition
        point = (events.c.kind == bindparam("of_kind"), events.c.step == bindparam("at_step"), ONE_A_STEP)
        connection.execute(delete(events).where(events.c.run == run, *point), done)


def _is_noted(connection: Connection, row: dict[str, Any]) -> bool:
    """Whether a row is a note that is there already: of notes a step may have several, but not twice the same."""
    if row["kind"] != "note":
        return False
    query = select(events.c["values"]).where(of_kind(row["run"], "note"), events.c.step == row["step"])
    return row["values"] in connection.scalars(query).all()


def new_run(
    task: Task, name: str, spec: Spec, owner: str, dataset: DatasetCard | None, recipe: Recipe | None, seed: int,
    options: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The row of a run that waits, at the end of the queue, under a new id."""
    return {
        "id": token_hex(8), "task": task, "name": name, "owner": owner,
        "spec": spec.model_dump(mode="json"), "dataset": dataset.as_json() if dataset else None,
        "recipe": recipe.model_dump(mode="json") if recipe else None, "seed": seed, "options": options,
        "created": _next("created"), "queued": _next("queued", *_waiting), "attempt": 1,
    }  # fmt: skip


def _keep_claim(connection: Connection, worker: str, run: Run, **facts: Any) -> None:
    """Writes facts of a run that is still this worker's; a resumed or deleted one is not."""
    mine = update(runs).where(
        runs.c.id == run.id, runs.c.claimed_by == worker, runs.c.attempt == run.attempt, runs.c.outcome.is_(None)
    )
    if not connection.execute(mine.values(facts)).rowcount:
        raise ClaimLost(f"{run.name} was deleted, or is now another worker's")
