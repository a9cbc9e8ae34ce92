"""Clocks that are set by an hour while runs are under way: no run is interrupted by it, and no dead one lives on."""

from pathlib import Path

import psutil
import pytest
from benches import FAKE, until
from clocks import Clock, follow, forget
from fake_worker import STEPS_PER_EPOCH

from resnet_tf.runs import clock as clocks
from resnet_tf.runs.clock import GRACE, Watch
from resnet_tf.runs.records import STALE

HOUR = 3600.0
EPOCHS = 12


@pytest.fixture
def clock(tmp_path, database_url):
    """A clock of this process, of the workers that it starts, and of their records."""
    made = Clock(tmp_path / "clock", database_url)
    follow(made)
    yield made
    forget(made)


@pytest.fixture
def clocked(open_bench, clock):
    """A workbench on such records, with a worker on the way."""
    bench = open_bench((FAKE[0], str(Path(__file__).with_name("clocks.py")), str(clock.file), *FAKE[1:]), clock.url)
    bench.start()
    return bench


@pytest.mark.parametrize("hours", [1, -1])
def test_a_run_under_way_does_not_notice_that_the_clock_is_set_by_an_hour(clocked, clock, hours):
    run = clocked.begin("steady", epochs=EPOCHS)
    until(lambda: len(clocked.steps(run)) > 5)
    assert clocked.state(run) == "running"
    seen, worker = set(), clocked.pid()
    clock.set(hours * HOUR)
    until(lambda: seen.update((clocked.state(run), clocked.worker().state)) or clocked.run(run).over, 60)
    ended = clocked.run(run)
    assert seen <= {"running", "finished", "busy", "warm"}
    assert clocked.steps(run) == list(range(1, EPOCHS * STEPS_PER_EPOCH + 1))
    assert ended.ended >= ended.started
    assert 0.02 * EPOCHS * STEPS_PER_EPOCH <= ended.seconds < 60  # of training, whatever the clock said
    assert clocked.pid() == worker


def test_a_dead_worker_does_not_come_to_life_when_the_clock_is_set_back_to_when_it_lived(clocked, clock, monkeypatch):
    run = clocked.begin("steady", epochs=500)
    until(lambda: clocked.steps(run))
    assert clocked.state(run) == "running"
    clocked.close()  # so that nobody sees it die
    worker = psutil.Process(clocked.pid())
    worker.kill()
    clock.set(HOUR)
    assert clocked.state(run) == "running"  # which may be
    monkeypatch.setattr(clocks, "GRACE", 0.5)
    until(lambda: clocked.state(run) == "interrupted")
    clock.set(0.0)
    assert clocked.state(run) == "interrupted"
    clocked.resume(run)
    assert clocked.state(run) == "queued"


def test_a_worker_and_a_run_that_come_after_the_clock_was_set_back_are_the_newest(clocked, clock):
    first = clocked.begin("steady", epochs=1)
    until(lambda: clocked.state(first) == "finished")
    clock.set(-HOUR)
    dead = clocked.pid()
    clocked.kill()
    until(lambda: clocked.pid() != dead)
    second = clocked.begin("steady", epochs=1)
    until(lambda: clocked.state(second) == "finished")
    assert clocked.worker().state in ("warm", "busy")
    assert [run.id for run in clocked.runs()] == [second, first]


class Steady:
    """A steady clock that a test moves on."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def steady(monkeypatch):
    made = Steady()
    monkeypatch.setattr(clocks, "time", made)
    return made


def test_who_was_never_seen_counts_by_the_age_of_its_heartbeat(steady):
    assert Watch().beats("new", beat=100.0, now=100.0 + STALE)
    assert not Watch().beats("new", beat=100.0, now=101.0 + STALE)
    assert not Watch().beats("new", beat=100.0, now=100.0 - HOUR)


def test_who_was_seen_alive_is_watched_before_it_counts_as_dead_and_then_does_until_it_beats_again(steady):
    watch = Watch()
    assert watch.beats("w", 100.0, now=100.0)
    assert watch.beats("w", 100.0, now=100.0 + HOUR)
    steady.now = GRACE - 0.1
    assert watch.beats("w", 100.0, now=100.0 + HOUR)
    steady.now = GRACE
    assert not watch.beats("w", 100.0, now=100.0 + HOUR)
    assert not watch.beats("w", 100.0, now=101.0)  # the clock was set back
    assert watch.beats("w", 102.0, now=102.0)


def test_who_beats_is_alive_though_the_clock_is_set_again_and_again(steady):
    watch = Watch()
    for beat in range(100):
        steady.now += 1.0
        assert watch.beats("w", float(beat), now=beat + HOUR * (beat % 2))


def test_who_does_not_beat_is_dead_in_the_end_though_a_clock_that_is_set_back_makes_its_heartbeat_young(steady):
    watch = Watch()
    looks = []
    for second in range(100):
        steady.now = float(second)
        looks.append(watch.beats("w", 100.0, now=100.0))  # the clock stands still
    assert looks.index(False) == STALE + 1 + GRACE
    assert not any(looks[looks.index(False) :])


def test_a_watch_that_is_patient_watches_also_whom_it_never_saw(steady):
    watch = Watch(patient=True)
    assert watch.beats("w", 100.0, now=100.0 + HOUR)
    steady.now = GRACE
    assert not watch.beats("w", 100.0, now=100.0 + HOUR)
