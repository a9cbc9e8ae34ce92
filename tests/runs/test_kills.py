"""Nothing is lost when processes die: real workers and servers, killed with SIGKILL at any moment."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from benches import FAKE, until
from fake_worker import STEPS_PER_EPOCH

HERE = Path(__file__).parent


@pytest.mark.parametrize("seed", range(4))
def test_a_worker_killed_at_any_moment_loses_no_point_and_its_run_goes_on(bench, seed):
    run = bench.begin("steady", epochs=4)
    until(lambda: bench.steps(run))
    time.sleep(random.Random(seed).uniform(0, 1.2))
    before = bench.steps(run)
    bench.kill()
    state = until(lambda: (found := bench.state(run)) != "running" and found)
    if state == "interrupted":  # else it was killed after its end
        assert "SIGKILL" in bench.run(run).error
        assert bench.steps(run)[: len(before)] == before
        bench.resume(run)
        until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 4 * STEPS_PER_EPOCH + 1))
    assert [epoch["epoch"] for epoch in bench.run(run).epochs] == [1, 2, 3, 4]


def test_a_run_killed_again_and_again_ends_with_each_step_once(bench):
    run, luck = bench.begin("steady", epochs=5), random.Random(0)
    while bench.state(run) != "finished":
        until(lambda: bench.state(run) == "running")
        time.sleep(luck.uniform(0.3, 1.0))
        if bench.state(run) == "running":
            bench.kill()
            until(lambda: bench.state(run) != "running")
        if bench.run(run).resumable:
            bench.resume(run)
    assert bench.steps(run) == list(range(1, 5 * STEPS_PER_EPOCH + 1))


def test_a_dead_worker_is_replaced_and_the_queue_goes_on(bench):
    first, second = bench.begin("steady one", epochs=500), bench.begin("steady two", epochs=1)
    until(lambda: bench.steps(first))
    dead = bench.pid()
    bench.kill()
    until(lambda: bench.state(second) == "finished")
    assert bench.state(first) == "interrupted"
    assert bench.pid() != dead


def test_a_run_outlives_its_server_and_the_next_server_adopts_the_worker(tmp_path, database_url, open_bench):
    script = f"""
        import sys, time
        sys.path.insert(0, {str(HERE)!r})
        from benches import Bench, FAKE
        bench = Bench({str(tmp_path)!r}, {database_url!r}, worker=FAKE)
        bench.start()
        print(bench.begin("steady", epochs=5), flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        run = server.stdout.readline().strip()
        reader = open_bench()
        until(lambda: len(reader.steps(run)) > 3)
        server.send_signal(signal.SIGKILL)
    worker = reader.pid()
    after = open_bench()
    after.start()
    until(lambda: after.state(run) == "finished")
    assert after.steps(run) == list(range(1, 5 * STEPS_PER_EPOCH + 1))
    assert after.pid() == worker
    assert len(after._store.workers(*after._instance.place)) == 1


def test_a_worker_leaves_by_itself_when_no_server_is_up_and_nothing_is_queued(bench):
    run = bench.begin("steady", epochs=2)
    worker = psutil.Process(bench.pid())
    until(lambda: bench.steps(run))
    bench.close()
    until(lambda: bench.state(run) == "finished")  # what was begun is brought to its end first
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    assert bench.worker().state == "down"


def test_a_truncated_checkpoint_is_passed_over_for_the_one_before(bench):
    run = bench.begin("steady", epochs=4)
    until(lambda: len(bench.run(run).epochs) >= 3)
    bench.stop(run)
    until(lambda: bench.state(run) == "stopped")
    before, last = sorted(bench.home.checkpoints(run).glob("*.npz"))
    last.write_bytes(last.read_bytes()[:100])
    bench.resume(run)
    until(lambda: bench.state(run) == "finished")
    begun = [event.step for event in bench.events(run, ("compiling",))]
    assert begun == [0, int(before.name.split("-")[0])]
    assert bench.steps(run) == list(range(1, 4 * STEPS_PER_EPOCH + 1))


def test_a_second_worker_leaves_the_home_to_the_first(bench):
    first = bench.pid()
    environment = {**os.environ, "RESNET_TF_HOME": str(bench.home.folder), "DATABASE_URL": bench._instance.url}
    environment["PYTHONPATH"] = str(HERE.parents[1])
    second = subprocess.run(FAKE, env=environment, timeout=120, check=False)
    assert second.returncode == 0
    assert bench.pid() == first
