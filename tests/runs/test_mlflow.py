"""Runs in a real MLflow server: what is there is what the records have, once, whatever was down or killed meanwhile."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from benches import SPEC, until

from resnet_tf.design.costs import costs
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import instance, mirror
from resnet_tf.runs.ledger import Ledger
from resnet_tf.runs.records import Artifact
from resnet_tf.runs.store import Happening
from resnet_tf.runs.tables import sweeps

pytestmark = pytest.mark.services
ROOT = Path(__file__).parents[2]
SLOW = 120.0  # seconds that a mirror may take to catch up on a busy machine


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """One server for all tests, each of which has an experiment of its own."""
    from mlflow_server import MlflowServer

    server = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    yield server
    server.kill()


@pytest.fixture
def server(servers, monkeypatch, request):
    if not servers.is_up:
        servers.start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", servers.uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    monkeypatch.setattr(instance, "MIRROR_LOOK", 0.1)
    servers.experiment = request.node.name
    return servers


@pytest.fixture
def mirrored(server, open_bench):
    """A workbench whose runs are mirrored by a process of its own."""
    bench = open_bench()
    bench.start()
    return bench


def stored(bench, run, kind, name):
    """The points of a run as the records have them."""
    began = bench.run(run).started
    return [(e.step, e.values[name], round(1000 * (began + e.seconds))) for e in bench.events(run, (kind,), most=10**6)]


def caught_up(bench, server):
    """Whether nothing is left to tell."""
    rows = mirror.ledger(bench._store, bench.home, server.uri)
    return not rows.due()


def check_equal(bench, server, run):
    until(lambda: caught_up(bench, server), seconds=SLOW)
    for kind, name in (("step", "loss"), ("step", "accuracy"), ("epoch", "validation_accuracy")):
        assert server.points(run, f"{kind}/{name}") == stored(bench, run, kind, name), (kind, name)


def mirror_process(bench):
    """The process that mirrors a home, once there is one."""

    def found():
        for process in psutil.process_iter(["cmdline", "environ"]):
            named = "resnet_tf.runs.mirror" in (process.info["cmdline"] or ())
            if named and (process.info["environ"] or {}).get("RESNET_TF_HOME") == str(bench.home.folder):
                return process
        return None

    return until(found, seconds=SLOW)


def test_a_mirrored_run_is_what_the_records_have(mirrored, server):
    run = mirrored.begin("steady", epochs=2)
    until(lambda: mirrored.state(run) == "finished")
    check_equal(mirrored, server, run)
    there, here = server.runs()[run], mirrored.run(run)
    assert len(server.points(run, "step/loss")) == 40
    assert there.info.run_name == "steady"
    assert there.info.status == "FINISHED"
    assert there.info.end_time == round(1000 * here.ended)
    counted = costs(here.spec)
    expected = {
        "costs.parameters": str(counted.parameters), "costs.macs": str(counted.macs), "recipe.epochs": "2",
        "recipe.name": here.recipe.name, "dataset": "digits", "seed": "0", "design.classes": "10",
    }  # fmt: skip
    assert {name: there.data.params[name] for name in expected} == expected
    assert there.data.tags["resnet_tf.state"] == "finished"
    assert here.dataset.title in there.data.tags["mlflow.note.content"]


def test_a_server_that_is_down_delays_no_training_and_loses_no_point(mirrored, server):
    first = mirrored.begin("steady before", epochs=12)
    until(lambda: first in server.runs(), seconds=SLOW)
    server.kill()
    seen = mirrored.steps(first)[-1]
    second = mirrored.begin("steady meanwhile", epochs=2)
    until(lambda: mirrored.state(second) == "finished")
    assert seen < 240 == mirrored.steps(first)[-1]  # it trained on without the server
    assert not mirrored.events(first, ("note",))
    until(lambda: "will be later" in mirrored.home.mirror_log.read_text(), seconds=SLOW)
    server.start()
    for run in (first, second):
        check_equal(mirrored, server, run)
        assert server.runs()[run].info.status == "FINISHED"


def test_servers_and_mirrors_killed_at_any_moment_double_no_point(mirrored, server):
    luck, run = random.Random(5), mirrored.begin("steady", epochs=40)
    for kill in range(6):
        victim = mirror_process(mirrored)
        time.sleep(luck.uniform(0.0, 3.0))
        if kill % 3 == 2:
            server.kill()
            server.start()
        elif victim.is_running():
            victim.send_signal(signal.SIGKILL)
            victim.wait()
    until(lambda: mirrored.state(run) == "finished", seconds=60)
    check_equal(mirrored, server, run)
    assert [step for step, *_ in server.points(run, "step/loss")] == list(range(1, 801))


def test_steps_that_a_resumed_run_does_again_have_one_point(mirrored, server):
    mirrored.begin("steady", epochs=1)
    until(lambda: server.runs() and caught_up(mirrored, server), seconds=SLOW)  # the mirror is up, and will keep up
    run = mirrored.begin("steady", epochs=12)
    until(lambda: len(mirrored.run(run).epochs) >= 2)
    until(lambda: run in server.runs() and len(server.points(run, "step/loss")) > 45, seconds=SLOW)
    mirrored.kill()
    until(lambda: mirrored.state(run) == "interrupted")
    mirrored.resume(run)
    until(lambda: mirrored.state(run) == "finished")
    until(lambda: caught_up(mirrored, server), seconds=SLOW)
    there, here = server.points(run, "step/loss"), stored(mirrored, run, "step", "loss")
    assert [point[:2] for point in there] == [point[:2] for point in here]
    assert server.runs()[run].data.tags["resnet_tf.attempt"] == "2"


def test_two_mirrors_of_one_instance_tell_each_run_once(server, open_bench, tmp_path):
    bench = open_bench()
    runs = [filled(bench, f"run {i}", steps=300) for i in range(6)]
    shared = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": bench._instance.url}
    homes = [{**shared, "RESNET_TF_HOME": str(tmp_path / name)} for name in ("one", "two")]
    command = [sys.executable, "-m", "resnet_tf.runs.mirror"]
    mirrors = [subprocess.Popen(command, env=home) for home in homes]
    try:
        for run in runs:
            check_equal(bench, server, run)
    finally:
        for process in mirrors:
            process.kill()
            process.wait()
    assert len(server.runs()) == 6


def filled(bench, name, steps, ended="finished"):
    """A run with points, as a worker left it; none is started."""
    run = bench.train(SPEC, "digits", recipe(epochs=3), 0, name=name)
    if not bench._store.workers("elsewhere", "host"):
        bench._store.enter("w", "host", "elsewhere", 1)
    claimed = bench._store.claim("w", "CPU", "a test")
    points = [Happening("step", n, 0, n / 7, {"loss": 1 / n, "accuracy": 0.5}) for n in range(1, steps + 1)]
    epoch = Happening("epoch", steps, 1, steps / 7, {"loss": 0.1, "validation_accuracy": 0.9})
    bench._store.append("w", claimed, [*points, epoch])
    bench._store.end("w", claimed, ended)
    return run


@pytest.fixture
def by_hand(server, open_bench):
    """A workbench, and a mirror of it in this process."""
    bench = open_bench()
    tracker = mirror.Tracker(server.uri, server.experiment)
    return bench, mirror.Mirror(bench._store, Ledger(bench._store.database, "test", "one"), tracker)


def test_files_of_an_export_are_told_on_the_run_that_they_are_of(by_hand, server):
    bench, hand = by_hand
    run = filled(bench, "trained", steps=3)
    export = bench.export(SPEC, ["onnx"], run=run, name="an export")
    claimed = bench._store.claim("w", "CPU", "a test")
    bench._store.add_artifact("w", claimed, Artifact("onnx", "/files/net.onnx", 7, 0.1, True, 0.0, "", None))
    bench._store.end("w", claimed, "finished")
    assert claimed.id == export
    while hand.look():
        continue
    assert server.runs()[run].data.tags["resnet_tf.export.onnx"] == "/files/net.onnx"
    assert set(server.runs()) == {run}


def test_trials_of_a_sweep_lie_under_one_run(by_hand, server):
    bench, hand = by_hand
    runs = [filled(bench, f"trial {i}", steps=2) for i in range(3)]
    with bench._store.database.writing() as connection:
        row = {"id": "s", "owner": "local", "name": "widths", "spec": {}, "options": {}, "created": 1.0}
        connection.execute(sweeps.insert().values(row))
        connection.exec_driver_sql("UPDATE runs SET sweep = 's'")
    hand.look()
    (parent,) = server.runs("resnet_tf.sweep").values()
    assert parent.info.run_name == "widths"
    assert {server.runs()[run].data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}


def test_a_run_that_was_deleted_in_mlflow_is_left_alone_and_the_next_is_told(by_hand, server):
    bench, hand = by_hand
    first = filled(bench, "first", steps=3)
    hand.look()
    server.client.delete_run(server.runs()[first].info.run_id)
    second = filled(bench, "second", steps=3)
    bench._store.resume(bench.run(first))
    hand.look()
    assert set(server.runs()) == {second}
    assert not hand.look()


def test_an_address_without_a_server_is_trouble_said_in_one_line(by_hand, server):
    bench, _ = by_hand
    filled(bench, "a run", steps=1)
    tracker = mirror.Tracker("http://127.0.0.1:9", "nowhere")
    lost = mirror.Mirror(bench._store, Ledger(bench._store.database, "nowhere", "one"), tracker)
    with pytest.raises(mirror.ServerTrouble) as trouble:
        lost.look()
    assert "127.0.0.1" in str(trouble.value)
    assert "\n" not in str(trouble.value)
