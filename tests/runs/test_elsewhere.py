"""Workers that no page started: how long they wait, what they give back, what a page says of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benches import Bench, until
from fake_worker import STEPS_PER_EPOCH

from resnet_tf.runs import quotas
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.logs import Lines, digest
from resnet_tf.runs.settings import settings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def start(tmp_path):
    """A function that starts a worker by hand, in a home of its own that shares the records of this test."""
    started = []

    def one(name="worker", **variables):
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{tmp_path / 'workbench.db'}",
            "RESNET_TF_HOME": str(tmp_path / name), "RESNET_TF_PATIENCE": "0", "RESNET_TF_LOG": "json", **variables,
        }  # fmt: skip
        log = (tmp_path / f"{name}.log").open("a")
        started.append(
            subprocess.Popen([sys.executable, HERE / "fake_worker.py", "0"], env=environment, stdout=log, stderr=log)
        )
        log.close()
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def page(tmp_path):
    """A workbench that starts no worker."""
    bench = Bench(tmp_path, settings=settings(worker="none"))
    bench.start()
    yield bench
    bench.close()


def test_a_page_whose_workers_are_elsewhere_starts_none_and_says_so(page, tmp_path):
    status = page.worker()
    assert (status.state, status.why.split(":")[0]) == ("down", "No worker is up")
    assert not page.home.log.exists()


def test_a_worker_elsewhere_is_seen_and_does_what_is_queued(page, start):
    start()
    until(lambda: page.worker().state == "warm")
    assert page.worker().device == "CPU"
    run = page.begin("steady", epochs=2)
    until(lambda: page.worker().state == "busy")
    until(lambda: page.state(run) == "finished")
    assert page.steps(run) == list(range(1, 2 * STEPS_PER_EPOCH + 1))


def test_a_worker_without_a_page_leaves_when_its_patience_ends_and_not_without_one(page, start):
    stays, leaves = start("one"), start("two", RESNET_TF_PATIENCE="1", RESNET_TF_IDLE_SECONDS="0")
    assert leaves.wait(60) == 0
    assert stays.poll() is None


def test_a_worker_that_never_leaves_is_not_let_go_when_it_is_idle(page, start):
    worker = start(RESNET_TF_IDLE_SECONDS="1")
    until(lambda: page.worker().state == "warm")
    time.sleep(2.5)
    assert worker.poll() is None


def test_a_worker_that_is_asked_to_end_gives_its_run_to_the_next_one(page, start):
    first = start("one")
    run = page.begin("steady", epochs=4)
    until(lambda: page.run(run).epochs)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    assert (page.state(run), page.run(run).position) == ("queued", 1)
    start("two")
    until(lambda: page.state(run) == "finished")
    assert page.steps(run) == list(range(1, 4 * STEPS_PER_EPOCH + 1))
    assert page.run(run).attempt == 2


def test_a_worker_that_is_asked_to_end_in_a_long_step_does_so_at_once(page, start):
    worker = start()
    run = page.begin("deaf")
    until(lambda: page.steps(run) == [1, 2, 3, 4])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0  # its step takes a minute
    assert page.state(run) == "queued"


def test_every_line_of_the_log_is_json_and_those_of_a_run_name_it_and_its_owner(page, start, tmp_path):
    worker = start()
    run = page.of("lovelace@example.org").train(
        page.run(page.begin("steady", epochs=1)).spec, "digits", "quick", name="broken"
    )
    until(lambda: page.of(None).run(run).state == "failed")
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
    about = [line for line in lines if line["run"] == run]
    assert [line["event"] for line in about] == ["run.begun", "run.error", "run.ended"]
    assert "ZeroDivisionError" in about[1]["traceback"]
    assert about[2]["outcome"] == "failed"
    assert len({line["owner"] for line in about}) == 1
    # the letters of this name are in no hexadecimal identifier: "ada" now and then is
    assert "lovelace" not in json.dumps(lines)


def test_what_is_asked_of_a_workbench_is_logged_with_the_run_and_a_digest_of_its_owner(tmp_path, caplog):
    caplog.set_level("INFO")
    theirs = Bench(tmp_path, settings=settings(hosted=False, runs=1)).of("lovelace@example.org")
    run = theirs.begin("steady")
    with pytest.raises(WorkbenchError):
        theirs.begin("steady")
    theirs.stop(run)
    theirs.delete(id=run)
    lines = [json.loads(Lines().format(record)) for record in caplog.records if record.name.startswith("resnet_tf")]
    events = ["run.queued", "run.queued.refused", "run.stop", "run.delete"]
    assert [line["event"] for line in lines] == events
    assert [line["run"] for line in lines] == [run, None, run, run]
    assert {line["owner"] for line in lines} == {digest("lovelace@example.org")}
    assert "lovelace" not in caplog.text


def test_a_health_check_tells_a_worker_that_lives_from_one_that_does_not(page, start, tmp_path):
    def check():
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "RESNET_TF_HOME": str(tmp_path / "worker"),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'workbench.db'}",
        }  # fmt: skip
        command = [sys.executable, "-m", "resnet_tf.runs.alive"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr.strip()

    assert check() == (1, f"No worker is in {tmp_path / 'worker'}")
    worker = start()
    until(lambda: page.worker().state == "warm")
    assert check() == (0, "")
    with page._store.database.writing() as connection:
        worker.send_signal(signal.SIGSTOP)
        connection.exec_driver_sql("UPDATE workers SET heartbeat = heartbeat - 100")
    assert "has been silent for 1" in check()[1]
    worker.kill()
    worker.wait()
    assert check()[0] == 1


def test_a_page_with_workers_elsewhere_measures_designs_by_what_a_worker_may_have_and_not_by_itself(monkeypatch):
    monkeypatch.setattr(quotas, "available_bytes", lambda: 10)
    assert quotas.available(settings(hosted=False)) == 10
    assert quotas.available(settings(hosted=False, worker="none", worker_mb=1_600)) == 1_600 * 10**6 - quotas.LOADED
