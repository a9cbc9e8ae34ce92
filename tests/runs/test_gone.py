"""Records that are gone for a while: a PostgreSQL that is stopped and started, a file that is moved away and back."""

import shutil
import threading
import time
from pathlib import Path

import psutil
import pytest
from benches import until
from fake_worker import STEPS_PER_EPOCH

from resnet_tf.runs import clock, database, records
from resnet_tf.runs.failures import StoreUnavailable

FILES = ("", "-wal", "-shm")
on_postgres = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.services)], indirect=True
)


class Stay:
    """The records' own stay: they go, and come back with all that they had."""

    def __init__(self, go, come_back):
        self._go, self._come_back, self.gone = go, come_back, False

    def go(self):
        self._go()
        self.gone = True

    def come_back(self):
        self._come_back()
        self.gone = False


@pytest.fixture
def stay(request, database_url, tmp_path):
    """The stay of this test's records; they are back when it ends, whatever happened."""
    if database_url.startswith("postgres"):
        server = request.getfixturevalue("postgres")
        here = Stay(server.stop, server.start)
    else:
        away, home = tmp_path / "away", Path(database_url.removeprefix("sqlite:///"))
        pairs = [(Path(f"{home}{end}"), away / f"{home.name}{end}") for end in FILES]
        away.mkdir()
        here = Stay(
            lambda: [file.rename(there) for file, there in pairs if file.exists()],
            lambda: [there.rename(file) for file, there in reversed(pairs) if there.exists()],
        )
    yield here
    if here.gone:
        here.come_back()


def silence(ask):
    """For how long the records have not answered a question."""
    with pytest.raises(StoreUnavailable) as caught:
        ask()
    return caught.value.seconds


def test_a_run_and_its_viewers_outlast_records_that_are_gone_longer_than_a_heartbeat_may(bench, stay, monkeypatch):
    for module in (clock, records):
        monkeypatch.setattr(module, "STALE", 2.0)
    run = bench.begin("steady", epochs=12)
    until(lambda: len(bench.steps(run)) > 5)
    assert bench.state(run) == "running"
    worker = psutil.Process(bench.pid())
    stay.go()
    first = silence(lambda: bench.run(run))
    time.sleep(4.0)
    assert silence(lambda: bench.events(run)) >= first + 4.0
    stay.come_back()
    seen = set()
    until(lambda: seen.add(bench.state(run)) or (seen.add(bench.worker().state), bench.run(run).over)[1], 60)
    assert seen <= {"running", "finished", "busy", "warm"}
    assert bench.steps(run) == list(range(1, 12 * STEPS_PER_EPOCH + 1))
    assert [epoch["epoch"] for epoch in bench.run(run).epochs] == list(range(1, 13))
    assert worker.is_running()
    assert bench.pid() == worker.pid
    assert any("Points were kept" in note.values["sentence"] for note in bench.events(run, ("note",)))


@pytest.mark.parametrize("name", ["steady", "curious"])  # which asks the records in the middle of its work
def test_a_run_that_ends_while_neither_records_nor_pages_are_there_is_written_down_later(bench, stay, name):
    run = bench.begin(name, epochs=2)
    until(lambda: bench.steps(run))
    stay.go()
    bench.close()  # and the worker's patience without a page is shorter than what follows
    time.sleep(4.0)
    stay.come_back()
    until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 2 * STEPS_PER_EPOCH + 1))


def test_a_moment_without_records_is_waited_for_and_nothing_is_said(open_bench, stay, monkeypatch):
    bench = open_bench()
    run = bench.begin("steady")
    monkeypatch.setattr(database, "MOMENT", 60.0)
    stay.go()
    returning = threading.Timer(0.5, stay.come_back)
    returning.start()
    assert bench.state(run) == "queued"
    returning.join()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_waits_for_its_records_leaves_when_it_is_told_to(bench, stay):
    run = bench.begin("steady", epochs=2)
    until(lambda: bench.steps(run))
    worker = psutil.Process(bench.pid())
    stay.go()
    bench.close()
    time.sleep(3.0)  # it has an end to write down, and nowhere to
    worker.terminate()
    psutil.wait_procs([worker], timeout=30)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_whose_whole_home_is_gone_leaves(bench, tmp_path):
    run = bench.begin("steady", epochs=2)
    until(lambda: bench.steps(run))
    worker = psutil.Process(bench.pid())
    bench.close()
    shutil.rmtree(tmp_path)
    psutil.wait_procs([worker], timeout=30)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


@on_postgres
def test_what_starts_while_the_records_are_gone_waits_for_them(open_bench, stay):
    run = open_bench().begin("steady", epochs=1)
    stay.go()
    bench = open_bench()
    bench.start()
    until(lambda: bench.home.log.exists() and "does not answer" in bench.home.log.read_text())
    first = silence(bench.runs)
    time.sleep(1.0)
    assert silence(bench.runs) >= first + 1.0  # though they were never there for this server
    stay.come_back()
    until(lambda: bench.state(run) == "finished")
    assert bench.home.log.read_text().count("Traceback") == 0


def test_what_a_worker_died_of_is_written_down_once_the_records_are_back(bench, stay):
    run = bench.begin("steady", epochs=4)
    until(lambda: bench.steps(run))
    worker = psutil.Process(bench.pid())
    stay.go()
    worker.kill()
    until(lambda: bench._instance.executor.trouble)
    stay.come_back()
    until(lambda: bench.state(run) == "interrupted")
    assert "SIGKILL" in bench.run(run).error
    bench.resume(run)
    until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 4 * STEPS_PER_EPOCH + 1))
