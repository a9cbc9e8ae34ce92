"""Runs from the click to the end, in a real worker process whose trainings are fake."""

import socket
import time

import pytest
from benches import SPEC, until
from fake_worker import STEPS_PER_EPOCH, loss

from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.failures import WorkbenchError


def test_a_run_goes_from_the_queue_to_its_end_with_every_point(bench):
    run = bench.begin("steady", epochs=2)
    assert (bench.state(run), bench.run(run).position) == ("queued", 1)
    until(lambda: bench.state(run) == "finished")
    done = bench.run(run)
    assert [(e.step, e.values["loss"]) for e in bench.events(run)] == [(n, loss(n)) for n in range(1, 41)]
    assert [epoch["epoch"] for epoch in done.epochs] == [1, 2]
    assert (done.progress, done.latest["loss"], done.device) == (1.0, loss(40), "CPU")
    assert done.created <= done.started <= done.ended
    assert bench.evaluation(run)["confusion"] == [[1]]


def test_events_after_a_number_are_only_the_new_ones(bench):
    run = bench.begin("steady", epochs=2)
    until(lambda: bench.steps(run))
    seen = bench.events(run)
    until(lambda: bench.state(run) == "finished")
    assert seen + bench.events(run, after=seen[-1].seq) == bench.events(run)


def test_runs_queue_in_order_and_say_their_place(bench):
    ids = [bench.begin(f"steady {n}", epochs) for n, epochs in enumerate((500, 1, 1))]
    until(lambda: bench.state(ids[0]) == "running")
    assert [bench.run(run).position for run in ids] == [None, 1, 2]
    bench.stop(ids[1])
    assert [(bench.state(run), bench.run(run).position) for run in ids[1:]] == [("stopped", None), ("queued", 1)]
    bench.stop(ids[0])
    until(lambda: bench.state(ids[2]) == "finished")
    assert bench.run(ids[0]).ended <= bench.run(ids[2]).started
    assert [run.id for run in bench.runs()] == ids[::-1]


def test_a_stopped_run_answers_within_two_seconds_and_keeps_its_points(bench):
    run = bench.begin("steady", epochs=500)
    until(lambda: len(bench.steps(run)) > 5)
    pid, asked = bench.pid(), time.monotonic()
    bench.stop(run)
    until(lambda: bench.state(run) == "stopped")
    assert time.monotonic() - asked < 2
    assert bench.steps(run) == list(range(1, len(bench.steps(run)) + 1))
    assert bench.pid() == pid  # it heard the question: the worker stays warm


def test_a_run_in_the_middle_of_a_long_step_stops_within_two_seconds(bench):
    run, after = bench.begin("deaf"), bench.begin("steady", epochs=1)
    until(lambda: bench.steps(run) == [1, 2, 3, 4])
    asked = time.monotonic()
    bench.stop(run)
    until(lambda: bench.state(run) == "stopped")
    assert time.monotonic() - asked < 2
    until(lambda: bench.state(after) == "finished")  # another worker took over
    assert bench.steps(run) == [1, 2, 3, 4]


def test_a_stopped_run_goes_on_where_it_was(bench):
    run = bench.begin("steady", epochs=3)
    until(lambda: len(bench.run(run).epochs) == 1)
    bench.stop(run)
    until(lambda: bench.state(run) == "stopped")
    bench.resume(run)
    until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 3 * STEPS_PER_EPOCH + 1))
    assert bench.run(run).attempt == 2


def test_a_diverged_run_keeps_its_curve_and_says_what_to_change(bench):
    run = bench.begin("diverging")
    until(lambda: bench.state(run) == "diverged")
    assert bench.run(run).error == "Try a smaller rate."
    assert bench.steps(run) == [1, 2, 3, 4]
    with pytest.raises(WorkbenchError, match="diverge again"):
        bench.resume(run)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refused", "The design does not fit: it fits with 8 at a time"),
        ("broken", "ZeroDivisionError: division by zero (the worker's log has the rest)"),
    ],
)
def test_a_failed_run_says_why_and_the_worker_goes_on(bench, name, sentence):
    run, after = bench.begin(name), bench.begin("steady", epochs=1)
    until(lambda: bench.state(after) == "finished")
    assert (bench.state(run), bench.run(run).error) == ("failed", sentence)


def test_a_running_run_is_deleted_only_after_it_was_stopped(bench):
    run = bench.begin("steady", epochs=500)
    until(lambda: bench.run(run).epochs)
    with pytest.raises(WorkbenchError, match="stop it first"):
        bench.delete(run)
    bench.stop(run)
    until(lambda: bench.state(run) == "stopped")
    assert list(bench.home.checkpoints(run).iterdir())
    bench.delete(run)
    assert bench.runs() == []
    assert not bench.home.checkpoints(run).exists()
    with pytest.raises(WorkbenchError, match="no run"):
        bench.run(run)


def test_two_servers_share_one_home_and_one_worker(open_bench):
    first, second = open_bench(), open_bench()
    first.start()
    second.start()
    runs = [first.begin("steady one", epochs=1), second.begin("steady two", epochs=1)]
    until(lambda: all(second.state(run) == "finished" for run in runs))
    assert first.pid() == second.pid()
    assert [run.id for run in first.runs()] == runs[::-1]
    assert len(first._store.workers(*first._instance.place)) == 1


def test_a_design_that_needs_more_memory_than_there_is_is_refused_with_the_figures(bench):
    huge = SPEC.model_copy(update={"input_shape": (8192, 8192, 3)})
    with pytest.raises(WorkbenchError, match=r"takes about [\d,.]+ GB .* it fits with"):
        bench.train(huge, "digits", recipe(batch_size=4096), name="huge", image_size=8192)
    assert bench.runs() == []


def test_a_worker_without_keras_says_so(open_bench, monkeypatch):
    monkeypatch.setenv("FAKE_KERAS", "missing")
    bench = open_bench()
    bench.start()
    status = until(lambda: (found := bench.worker()).state == "down" and found)
    assert "No module named 'keras'" in status.why


def test_a_worker_does_not_hold_its_servers_port(open_bench):
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()
        port.set_inheritable(True)  # as uvicorn makes it
        address = port.getsockname()
        bench = open_bench()
        bench.start()
        bench.pid()
    with socket.socket() as next_server:
        next_server.bind(address)
        next_server.listen()
