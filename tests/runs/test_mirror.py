"""Mirroring without a server: whatever fails and whenever, each point is told once; a run has one mirror at a time."""

import random
import time

import pytest
from benches import SPEC

from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import ledger as ledgers
from resnet_tf.runs.ledger import Due, HolderLost, Ledger
from resnet_tf.runs.mirror import Mirror
from resnet_tf.runs.store import Happening, Store
from resnet_tf.runs.tracking import Refused, ServerTrouble


class Server:
    """What an MLflow server keeps: every point that it was ever sent, doubled ones twice. It fails as luck has it."""

    def __init__(self, luck=None):
        self.points, self.states, self.files, self.parents, self.refuses = {}, {}, {}, {}, set()
        self._luck = luck

    def _answer(self, do):
        """Fails before it does something, or after, or half way."""
        if self._luck is None:
            return do(1.0)
        fate = self._luck.random()
        if fate < 0.15:
            raise ServerTrouble("connection refused")
        answer = do(self._luck.random() if fate < 0.3 else 1.0)
        if fate < 0.45:
            raise ServerTrouble("timed out")
        return answer

    def begin(self, run, sweep=None):
        def do(_):
            self.points.setdefault(run.id, [])
            self.parents[run.id] = sweep
            return run.id

        return self._answer(do)

    def there(self, ref, keys):
        return self._answer(lambda _: {(point.key, point.step) for point in self.points[ref] if point.key in keys})

    def tell(self, ref, points):
        if ref in self.refuses:
            raise Refused("the run is deleted")
        self._answer(lambda share: self.points[ref].extend(points[: int(share * len(points))]))

    def tell_state(self, ref, run, state):
        self._answer(lambda _: self.states.update({ref: state}))

    def tell_files(self, ref, files):
        self._answer(lambda _: self.files.update({ref: [file.path for file in files]}))


@pytest.fixture
def store(tmp_path):
    return Store(f"sqlite:///{tmp_path / 'workbench.db'}")


def begun(store, name="a run", **changes):
    """A run that a worker has begun."""
    store.add_run("train", name, SPEC, "local", recipe=recipe(), **changes)
    if not store.workers("home", "host"):
        store.enter("w", "host", "home", 1)
    return store.claim("w", "CPU", "a test")


def steps(*numbers):
    return [Happening("step", n, 0, n / 10, {"loss": 1 / n, "accuracy": 0.5}) for n in numbers]


def told(server, run):
    """The steps of which the server has a loss."""
    return [point.step for point in server.points.get(run.id, ()) if point.key == "step/loss"]


def mirror_of(store, server, holder="one"):
    return Mirror(store, Ledger(store.database, "test", holder), server)


def insist(mirror):
    """Looks until nothing is left to tell, whatever fails on the way."""
    while True:
        try:
            if not mirror.look():
                return
        except ServerTrouble:
            continue


@pytest.mark.parametrize("seed", range(20))
def test_each_point_is_told_once_whatever_fails_and_whoever_dies(store, seed, monkeypatch):
    luck = random.Random(seed)
    monkeypatch.setattr("resnet_tf.runs.mirror.PAGE", 7)
    server, run = Server(luck), begun(store)
    mirror = mirror_of(store, server)
    for first in range(1, 60, 10):
        store.append("w", run, steps(*range(first, first + 10)))
        for _ in range(luck.randrange(4)):
            try:
                mirror.look()
            except ServerTrouble:
                continue
        if luck.random() < 0.3:
            mirror = mirror_of(store, server)  # the old one was killed
        if luck.random() < 0.3:  # the worker was killed, and steps are done again
            store.bury("home", "host", None)
            store.resume(store.run(run.id))
            store.enter("w", "host", "home", 1) if not store.workers("home", "host") else None
            store.note_worker("w", ended=None)
            run = store.claim("w", "CPU", "a test")
            store.append("w", run, steps(*range(max(first - 5, 1), first + 10)))
    store.end("w", run, "finished")
    insist(mirror)
    assert sorted(told(server, run)) == list(range(1, 61))
    assert sorted(point.key for point in server.points[run.id]) == ["step/accuracy"] * 60 + ["step/loss"] * 60
    assert server.states == {run.id: "finished"}


def test_nothing_is_due_once_all_is_told_and_a_resumed_run_is_due_again(store):
    server, run = Server(), begun(store)
    mirror, rows = mirror_of(store, server), Ledger(store.database, "test", "one")
    assert rows.due() == [Due(run.id, "running")]
    assert mirror.look()
    assert rows.due() == []
    store.append("w", run, steps(1))
    assert rows.due() == [Due(run.id, "running")]
    mirror.look()
    store.end("w", run, "stopped")
    mirror.look()
    assert (rows.due(), server.states[run.id]) == ([], "stopped")
    store.resume(store.run(run.id))
    mirror.look()
    assert (rows.due(), server.states[run.id]) == ([], "queued")


def test_a_run_whose_worker_died_is_told_as_interrupted(store):
    server, run = Server(), begun(store)
    mirror = mirror_of(store, server)
    mirror.look()
    store.bury("home", "host", "ended by SIGKILL")
    mirror.look()
    assert server.states[run.id] == "interrupted"


def test_a_run_that_has_not_begun_is_not_told(store):
    store.add_run("train", "waits", SPEC, "local", recipe=recipe())
    assert Ledger(store.database, "test", "one").due() == []


def test_a_run_is_one_mirrors_until_that_has_been_silent_for_long(store, monkeypatch):
    run = begun(store)
    one, two = (Ledger(store.database, "test", name) for name in ("one", "two"))
    assert one.take(run.id) is not None
    assert two.take(run.id) is None
    with pytest.raises(HolderLost):
        two.note(run.id, seq=1)
    now = time.time()
    monkeypatch.setattr(ledgers.time, "time", lambda: now + ledgers.LEASE + 1)
    assert two.take(run.id) is not None
    with pytest.raises(HolderLost):
        one.note(run.id, seq=1)
    two.leave()
    assert one.take(run.id) is not None


def test_a_new_mirror_of_a_home_goes_on_where_the_dead_one_was(store):
    run = begun(store)
    Ledger(store.database, "test", "one").take(run.id)
    assert Ledger(store.database, "test", "one").take(run.id) is not None


def test_another_server_is_told_everything_anew(store):
    run = begun(store)
    store.append("w", run, steps(1, 2))
    old, new = Server(), Server()
    Mirror(store, Ledger(store.database, "old", "one"), old).look()
    Mirror(store, Ledger(store.database, "new", "one"), new).look()
    assert told(old, run) == told(new, run) == [1, 2]


def test_a_run_that_the_server_refuses_is_left_alone_and_the_others_are_told(store, caplog):
    server, gone, well = Server(), begun(store, "gone"), begun(store, "well")
    for run in (gone, well):
        store.append("w", run, steps(1))
    server.refuses.add(gone.id)
    mirror = mirror_of(store, server)
    mirror.look()
    assert (told(server, gone), told(server, well)) == ([], [1])
    assert "no longer mirrored" in caplog.text
    assert Ledger(store.database, "test", "one").due() == []


def test_a_run_that_is_deleted_while_it_is_told_is_no_trouble(store):
    server = Server()
    begun(store)
    mirror, begin = mirror_of(store, server), server.begin

    def begin_and_delete(run, sweep=None):
        store.delete_run(run.id)
        return begin(run, sweep)

    server.begin = begin_and_delete
    mirror.look()
    assert Ledger(store.database, "test", "one").due() == []


def test_what_has_no_value_is_not_told(store):
    server, run = Server(), begun(store)
    values = {"loss": None, "accuracy": 0.5, "seconds_left": 3.0, "note": "text", "fine": True}
    store.append("w", run, [Happening("step", 1, 0, 0.1, values)])
    mirror_of(store, server).look()
    assert {point.key for point in server.points[run.id]} == {"step/accuracy", "step/fine"}
