"""Runs, their events and artifacts, saved designs, workers: SQLAlchemy Core on the tables of `tables.py`."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, tuple_, update

from resnet_tf.design.spec import Spec, parse_spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.runs.database import Database
from resnet_tf.runs.failures import ClaimLost, WorkbenchError
from resnet_tf.runs.records import Artifact, Design, Run, StoredEvent, Task
from resnet_tf.runs.rows import WAITING, finite, queue, read_runs
from resnet_tf.runs.tables import artifacts, designs, events, runs, workers


class Happening(NamedTuple):
    """An event on its way into the store, as `learning/train.py` yields it."""

    kind: str
    step: int
    epoch: int
    seconds: float
    values: dict[str, Any]


class Store:
    """All that is written down, for pages and workers alike; safe in threads and between processes."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.database.migrate()

    # --- runs, as a page asks for them

    def add_run(
        self, task: Task, name: str, spec: Spec, owner: str, *, dataset: DatasetCard | None = None,
        recipe: Recipe | None = None, seed: int = 0, options: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """The id of a new run at the end of the queue."""
        run, now = secrets.token_hex(8), time.time()
        row = {
            "id": run, "task": task, "name": name, "owner": owner,
            "spec": spec.model_dump(mode="json"), "dataset": dataset.as_json() if dataset else None,
            "recipe": recipe.model_dump(mode="json") if recipe else None, "seed": seed, "options": options or {},
            "created": now, "queued": now, "attempt": 1,
        }  # fmt: skip
        with self.database.writing() as connection:
            connection.execute(insert(runs).values(row))
        return run

    def run(self, run: str) -> Run:
        """A run. Raises WorkbenchError for one that is not (or no longer) there."""
        found = self._runs(select(runs).where(runs.c.id == run))
        if not found:
            raise WorkbenchError(f"There is no run {run!r}: it may have been deleted")
        return found[0]

    def runs(self, task: Task | None = "train", owner: str | None = None) -> list[Run]:
        """Runs, newest first."""
        query = select(runs).order_by(runs.c.created.desc(), runs.c.id)
        query = query.where(runs.c.task == task) if task else query
        return self._runs(query.where(runs.c.owner == owner) if owner else query)

    def _runs(self, query: Select[Any]) -> list[Run]:
        with self.database.reading() as connection:
            return read_runs(connection, query)

    def request_stop(self, run: str) -> None:
        with self.database.writing() as connection:
            asked = update(runs).where(runs.c.id == run, runs.c.stop_requested.is_(None), runs.c.outcome.is_(None))
            connection.execute(asked.values(stop_requested=time.time()))

    def resume(self, run: Run) -> None:
        """Queues a run again. Raises WorkbenchError where another page was faster."""
        fresh = {
            "queued": time.time(), "attempt": run.attempt + 1, "claimed_by": None, "claimed_at": None,
            "heartbeat": None, "stop_requested": None, "ended": None, "outcome": None, "error": None,
        }  # fmt: skip
        with self.database.writing() as connection:
            again = update(runs).where(runs.c.id == run.id, runs.c.attempt == run.attempt).values(fresh)
            if not connection.execute(again).rowcount:
                raise WorkbenchError(f"{run.name} has been resumed or deleted already")

    def delete_run(self, run: str) -> None:
        with self.database.writing() as connection:
            connection.execute(delete(runs).where(runs.c.id == run))

    # --- a worker's side

    def enter(self, worker: str, host: str, home: str, pid: int) -> None:
        """Writes down a worker that holds the lock of its home, so that any other of that home must be dead."""
        self.bury(home, host, None)
        now = time.time()
        with self.database.writing() as connection:
            row = {"id": worker, "host": host, "home": home, "pid": pid, "started": now, "heartbeat": now}
            connection.execute(insert(workers).values(row))

    def bury(self, home: str, host: str, error: str | None) -> None:
        """Writes down that the workers of a home, whose lock nobody holds, are dead: that interrupts their runs."""
        dead = update(workers).where(workers.c.home == home, workers.c.host == host, workers.c.ended.is_(None))
        with self.database.writing() as connection:
            connection.execute(dead.values(ended=time.time(), error=error))

    def note_worker(self, worker: str, **facts: Any) -> None:
        """Writes down facts of a worker: warm, device, why, ended, error."""
        with self.database.writing() as connection:
            connection.execute(update(workers).where(workers.c.id == worker).values(facts))

    def workers(self, home: str, host: str, most: int = 6) -> list[Any]:
        """The rows of a home's workers, newest first."""
        query = select(workers).where(workers.c.home == home, workers.c.host == host)
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(workers.c.started.desc()).limit(most)).all())

    def busy(self, worker: str) -> bool:
        """Whether a worker has a run."""
        query = select(runs.c.id).where(runs.c.claimed_by == worker, runs.c.outcome.is_(None))
        with self.database.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def claim(self, worker: str, device: str | None, why: str | None) -> Run | None:
        """The oldest queued run, now this worker's; None where nothing is queued."""
        with self.database.reading() as connection:
            run = connection.scalars(queue().limit(1)).first()
        if run is None:
            return None
        now = time.time()
        facts = {"claimed_by": worker, "claimed_at": now, "heartbeat": now, "device": device, "why": why}
        with self.database.writing() as connection:
            mine = (
                update(runs)
                .where(runs.c.id == run, *WAITING)
                .values(started=func.coalesce(runs.c.started, now), **facts)
            )
            if not connection.execute(mine).rowcount:
                return None  # another worker was faster, or the run was stopped
        return self.run(run)

    def beat(self, worker: str, run: Run | None) -> None:
        """Writes down that the worker lives. Raises ClaimLost where its run is no longer its own."""
        now = time.time()
        with self.database.writing() as connection:
            connection.execute(update(workers).where(workers.c.id == worker).values(heartbeat=now))
            if run is not None:
                _keep_claim(connection, worker, run, heartbeat=now)

    def is_to_stop(self, run: Run) -> bool:
        """Whether a run was asked to stop."""
        with self.database.reading() as connection:
            return connection.scalar(select(runs.c.stop_requested).where(runs.c.id == run.id)) is not None

    def append(self, worker: str, run: Run, happenings: Sequence[Happening]) -> None:
        """Writes events of a run, all or none. A step that was done before has its point replaced."""
        rows = [{"run": run.id, "attempt": run.attempt, **h._asdict(), "values": finite(h.values)} for h in happenings]
        done = [(h.kind, h.step) for h in happenings if h.kind != "note"]
        again = delete(events).where(events.c.run == run.id, tuple_(events.c.kind, events.c.step).in_(done))
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, heartbeat=time.time())
            connection.execute(again)
            connection.execute(insert(events), rows)

    def end(self, worker: str, run: Run, outcome: str, error: str | None = None) -> None:
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, outcome=outcome, error=error, ended=time.time())

    def add_artifact(self, worker: str, run: Run, artifact: Artifact) -> None:
        with self.database.writing() as connection:
            _keep_claim(connection, worker, run, heartbeat=time.time())
            same = and_(artifacts.c.run == run.id, artifacts.c.format == artifact.format)
            connection.execute(delete(artifacts).where(same))
            connection.execute(insert(artifacts).values(run=run.id, **vars(artifact)))

    # --- what came of a run

    def events(self, run: str, kinds: Sequence[str], after: int = 0, most: int = 2000) -> list[StoredEvent]:
        """Events by step; where there are more than `most`, evenly thinned, the last one always there."""
        chosen = and_(events.c.run == run, events.c.kind.in_(kinds), events.c.seq > after)
        with self.database.reading() as connection:
            count = connection.scalar(select(func.count()).select_from(events).where(chosen)) or 0
            every = max(math.ceil(count / most), 1)
            place = func.row_number().over(order_by=(events.c.step, events.c.seq)).label("place")
            numbered = select(events, place).where(chosen).subquery()
            thinned = select(numbered).where(or_(numbered.c.place % every == 0, numbered.c.place == count))
            rows = connection.execute(thinned.order_by(numbered.c.place)).all()
        return [StoredEvent(r.seq, r.attempt, r.kind, r.step, r.epoch, r.seconds, r._mapping["values"]) for r in rows]

    def artifacts(self, run: str) -> list[Artifact]:
        with self.database.reading() as connection:
            rows = connection.execute(
                select(artifacts).where(artifacts.c.run == run).order_by(artifacts.c.format)
            ).all()
        names = tuple(Artifact.__dataclass_fields__)
        return [Artifact(**{name: getattr(row, name) for name in names}) for row in rows]

    # --- designs

    def designs(self, owner: str | None = None) -> list[Design]:
        """Saved designs, the last changed first."""
        query = select(designs).order_by(designs.c.updated.desc(), designs.c.name)
        with self.database.reading() as connection:
            rows = connection.execute(query.where(designs.c.owner == owner) if owner else query).all()
        return [Design(row.name, parse_spec(row.spec), row.owner, row.created, row.updated) for row in rows]

    def save_design(self, name: str, spec: Spec, owner: str) -> None:
        fields, now = spec.model_dump(mode="json"), time.time()
        same = and_(designs.c.owner == owner, designs.c.name == name)
        with self.database.writing() as connection:
            if not connection.execute(update(designs).where(same).values(spec=fields, updated=now)).rowcount:
                row = {"owner": owner, "name": name, "spec": fields, "created": now, "updated": now}
                connection.execute(insert(designs).values(row))

    def delete_design(self, name: str, owner: str) -> None:
        with self.database.writing() as connection:
            connection.execute(delete(designs).where(designs.c.owner == owner, designs.c.name == name))


def _keep_claim(connection: Connection, worker: str, run: Run, **facts: Any) -> None:
    """Writes facts of a run that is still this worker's; a resumed or deleted one is not."""
    mine = update(runs).where(
        runs.c.id == run.id, runs.c.claimed_by == worker, runs.c.attempt == run.attempt, runs.c.outcome.is_(None)
    )
    if not connection.execute(mine.values(facts)).rowcount:
        raise ClaimLost(f"{run.name} was deleted, or is now another worker's")
