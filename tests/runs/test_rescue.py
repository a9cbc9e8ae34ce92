"""Runs whose worker died: back into the queue, once each time, as long as that helps."""

import time
from secrets import token_hex

import pytest
from benches import SPEC
from sqlalchemy import update

from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import clock, rescue
from resnet_tf.runs.records import STALE
from resnet_tf.runs.rescue import MOST, Rescue
from resnet_tf.runs.store import Happening, Store
from resnet_tf.runs.tables import runs


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    yield opened
    opened.database.close()


def claim(store):
    """What waits first, in the hands of a new worker; and that worker."""
    worker = token_hex(4)
    store.enter(worker, "a node", f"seat of {worker}", 1)
    return store.claim(worker, "CPU", "a test"), worker


def begun(store, epochs=0):
    """A run with so many epochs behind it, and its worker."""
    store.add_run("train", "a run", SPEC, "local", recipe=recipe(epochs=10))
    run, worker = claim(store)
    learn(store, worker, run, range(1, epochs + 1))
    return run, worker


def learn(store, worker, run, epochs):
    for epoch in epochs:
        store.append(worker, run, [Happening("epoch", 100 * epoch, epoch, float(epoch), {"loss": 1.0})])


def die(store, worker, cause="ended by SIGKILL"):
    store.bury(f"seat of {worker}", "a node", cause)


def fall_silent(store, run, seconds):
    with store.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run.id).values(heartbeat=time.time() - seconds))


def test_a_run_whose_worker_died_waits_again_where_it_was_and_a_note_says_why(store):
    run, worker = begun(store, epochs=2)
    later = store.add_run("train", "later", SPEC, "local", recipe=recipe())
    assert Rescue(store.database).look() == []
    die(store, worker)
    assert [lost.run for lost in Rescue(store.database).look()] == [run.id]
    again, _ = claim(store)
    assert (again.id, again.attempt) == (run.id, 2)
    assert store.run(later).state == "queued"
    (note,) = store.events(run.id, ["note"])
    said = "Its worker on a node died (ended by SIGKILL): the run goes on from its last checkpoint by itself"
    assert note.values["sentence"].startswith(said)
    assert (note.step, note.epoch, note.attempt) == (200, 2, 2)


def test_a_run_that_had_no_checkpoint_begins_anew_and_says_so(store):
    run, worker = begun(store)
    die(store, worker, None)
    Rescue(store.database).look()
    (note,) = store.events(run.id, ["note"])
    assert note.values["sentence"].startswith("Its worker on a node died: the run begins anew by itself")


def test_two_foremen_send_a_run_back_once(store):
    run, worker = begun(store)
    die(store, worker)
    one, other = Rescue(store.database), Rescue(store.database)
    with store.database.reading() as connection:
        (lost,) = rescue._lost(connection, clock.Watch())
    assert (one._settle(lost), other._settle(lost)) == (True, False)
    assert store.run(run.id).attempt == 2
    assert len(store.events(run.id, ["note"])) == 1


def test_a_run_that_its_workers_die_of_has_failed_in_the_end_and_can_be_resumed(store):
    run, worker = begun(store, epochs=1)
    for _ in range(MOST):
        die(store, worker)
        Rescue(store.database).look()
        run, worker = claim(store)
    die(store, worker)
    Rescue(store.database).look()
    ended = store.run(run.id)
    assert (ended.state, ended.resumable, ended.attempt) == ("failed", True, MOST + 1)
    assert ended.error.endswith(f"{MOST + 1} times in a row without a new checkpoint")
    assert Rescue(store.database).look() == []


def test_deaths_count_anew_after_a_new_checkpoint(store):
    run, worker = begun(store, epochs=1)
    for epoch in range(2, 2 * MOST + 2):
        die(store, worker)
        Rescue(store.database).look()
        run, worker = claim(store)
        learn(store, worker, run, [epoch])
    assert store.run(run.id).state == "running"


def test_a_worker_that_is_silent_for_a_moment_keeps_its_run_and_one_that_stays_so_loses_it(store, monkeypatch):
    run, worker = begun(store)
    watching = Rescue(store.database)
    fall_silent(store, run, STALE + 60)  # the records were gone for a minute, and with them every worker's word
    assert watching.look() == []
    store.beat(worker, run)
    assert watching.look() == []
    monkeypatch.setattr(clock, "GRACE", 0.0)
    fall_silent(store, run, STALE + 61)
    assert [lost.run for lost in watching.look()] == [run.id]


def test_a_run_that_was_to_stop_does_not_go_on(store):
    run, worker = begun(store)
    store.request_stop(run.id)
    die(store, worker)
    assert Rescue(store.database).look() == []
    assert store.run(run.id).state == "stopped"
    fall_silent(store, run, STALE + 1)
    assert (store.waiting(), store.under_way()) == (0, 0)
