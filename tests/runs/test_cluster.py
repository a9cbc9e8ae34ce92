"""Runs on a real Ray cluster of two nodes on this machine: spread over them, and going on when one of them dies."""

import re

import numpy as np
import psutil
import pytest
from benches import FAKE, SPEC, Bench, until
from fake_worker import STEPS_PER_EPOCH, loss
from ray_cluster import ON_LOOPBACK, RayCluster
from small import TINY
from sqlalchemy import select

from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.sweep_axes import parse_axis
from resnet_tf.learning.sweeps import Search
from resnet_tf.runs import executor
from resnet_tf.runs.executor import WORKER
from resnet_tf.runs.tables import runs as table
from resnet_tf.runs.tables import workers

pytestmark = [
    pytest.mark.services,
    pytest.mark.parametrize("database_url", ["postgres"], indirect=True),
]
RECIPE = recipe(epochs=12, batch_size=16)
LONG = 15  # epochs of a fake training, a minute: still under way when a node has started the last process
SHORT = 4
SOON = 420.0  # seconds: a node starts a process for each worker


@pytest.fixture(scope="module")
def cluster():
    opened = RayCluster()
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def open_page(cluster, home, tmp_path, database_url, monkeypatch):
    """A function that opens a workbench whose runs go to a cluster of two nodes of two cores each."""
    while len(cluster.nodes) < 2:
        cluster.add()
    monkeypatch.setattr(executor, "FIRST_PAINT", 0.0)
    here = {
        "RAY_ADDRESS": cluster.address, "ARTIFACT_URL": str(tmp_path / "files"), "RESNET_TF_IDLE_SECONDS": "5",
        **ON_LOOPBACK,
    }  # fmt: skip
    for name, value in here.items():
        monkeypatch.setenv(name, value)
    opened = []

    def one(worker, cores):
        monkeypatch.setenv("RESNET_TF_WORKER_CPUS", str(cores))
        opened.append(Bench(home, database_url, worker=worker))
        opened[-1].start()
        return opened[-1]

    yield one
    for bench in opened:
        bench.close()
    cluster.clear()


@pytest.fixture
def page(open_page):
    """A workbench whose trainings are fake."""
    return open_page(FAKE, cores=1)


def worker_of(page, run):
    """The row of the worker that has a run."""
    query = select(workers).join(table, table.c.claimed_by == workers.c.id).where(table.c.id == run)
    with page._store.database.reading() as connection:
        return connection.execute(query).one()


def is_under_way(page, run):
    """Whether it has some epochs behind it, and some before it."""
    return page.state(run) == "running" and len(page.run(run).epochs) > 1


def last_epoch(page, run):
    """The last step of the last whole epoch."""
    return page.run(run).epochs[-1]["step"]


def points(page, run):
    return [(event.step, event.values["loss"]) for event in page.events(run, most=2 * LONG * STEPS_PER_EPOCH)]


def whole(epochs):
    """What a run has to show that lost nothing."""
    return [(step, loss(step)) for step in range(1, epochs * STEPS_PER_EPOCH + 1)]


def foreman_of(page):
    """The process that keeps the page's workers on the cluster; None between two of them."""
    homes = ((process, (process.info["environ"] or {})) for process in psutil.process_iter(["environ", "cmdline"]))
    found = [process for process, environment in homes if environment.get("RESNET_TF_HOME") == str(page.home.folder)]
    return next((process for process in found if "resnet_tf.runs.foreman" in process.info["cmdline"]), None)


def test_runs_are_spread_over_the_nodes_and_workers_leave_when_they_are_idle(page):
    assert page.worker().state == "resting"
    runs = [page.begin("steady", epochs=SHORT) for _ in range(6)]
    status = until(lambda: (now := page.worker()).workers == 4 and now, SOON)
    assert status.nodes == 2
    until(lambda: [page.state(run) for run in runs] == ["finished"] * 6, SOON)
    assert [points(page, run) for run in runs] == [whole(SHORT)] * 6
    assert [page.run(run).attempt for run in runs] == [1] * 6
    until(lambda: page.worker().state == "resting", SOON)


def test_when_a_node_is_killed_its_runs_go_on_by_themselves_and_no_point_is_lost_or_doubled(open_page, cluster):
    page = open_page(FAKE, cores=2)  # a worker on each node
    runs = [page.begin("steady", epochs=LONG) for _ in range(2)]
    until(lambda: all(is_under_way(page, run) for run in runs), SOON)
    node = {run: cluster.node_of(worker_of(page, run).pid) for run in runs}
    killed = [run for run in runs if node[run] == node[runs[0]]]
    assert len(killed) == 1
    cluster.kill(node[runs[0]])
    until(lambda: [page.state(run) for run in runs] == ["finished"] * 2, SOON)
    assert [points(page, run) for run in runs] == [whole(LONG)] * 2
    assert [page.run(run).attempt for run in runs] == [1 + (run in killed) for run in runs]
    for run in killed:
        (note,) = page.events(run, ["note"])
        assert re.match(
            r"Its worker on .* died \(its node died\): the run goes on from its last", note.values["sentence"]
        )
        assert {event.attempt for event in page.events(run)} == {1, 2}  # it did not begin anew


def test_a_worker_sees_all_gpus_that_it_was_given_and_no_others(open_page, cluster, monkeypatch):
    monkeypatch.setenv("RESNET_TF_WORKER_GPUS", "2")
    monkeypatch.setenv("RESNET_TF_WORKERS", "1")
    node = cluster.add(gpus=3)
    page = open_page(FAKE, cores=1)
    run = page.begin("steady", epochs=LONG)
    until(lambda: page.state(run) == "running", SOON)
    worker = worker_of(page, run)
    assert cluster.node_of(worker.pid) == node
    seen = psutil.Process(worker.pid).environ()["CUDA_VISIBLE_DEVICES"].split(",")
    assert len(set(seen)) == 2
    assert set(seen) < {"0", "1", "2"}
    cluster.kill(node)


def test_workers_outlive_their_foreman_and_the_next_one_sees_to_them(page):
    runs = [page.begin("steady", epochs=LONG) for _ in range(2)]
    until(lambda: all(is_under_way(page, run) for run in runs), SOON)
    pids = [worker_of(page, run).pid for run in runs]
    first = foreman_of(page)
    first.kill()
    until(lambda: foreman_of(page) not in (None, first), SOON)
    assert [worker_of(page, run).pid for run in runs] == pids
    psutil.Process(pids[0]).kill()
    until(lambda: [page.state(run) for run in runs] == ["finished"] * 2, SOON)
    assert [points(page, run) for run in runs] == [whole(LONG)] * 2
    assert [page.run(run).attempt for run in runs] == [2, 1]
    (note,) = page.events(runs[0], ["note"])
    assert "ended by SIGKILL" in note.values["sentence"]
    assert worker_of(page, runs[1]).pid == pids[1]


RATES = (0.9, 0.1, 0.8, 0.2, 0.7, 0.3)  # a fake training is the better the higher its rate
SWEEP = Search(axes=(parse_axis(f"learning_rate={','.join(map(str, RATES))}"),), how="asha", eta=2)


def test_ray_tune_leads_a_sweep_and_the_next_experiment_goes_on_where_one_was_killed(page):
    sweep = page.sweep(SPEC, "digits", recipe(epochs=4), SWEEP, name="steady sweep")
    until(lambda: any(trial.run and trial.run.epochs for trial in page.sweep_of(sweep).trials), SOON)
    first = experiment()
    first.kill()
    done = until(lambda: (now := page.sweep_of(sweep)).over and now, SOON)
    assert experiment() != first
    assert done.state == "finished"
    reached = {dict(trial.values)["learning_rate"]: len(trial.run.epochs) for trial in done.trials}
    assert set(reached) == set(RATES)
    assert set(reached.values()) <= {1, 2, 4}
    assert reached[0.9] == 4  # nothing is ever above it
    for trial in done.trials:
        assert trial.state == ("finished" if len(trial.run.epochs) == 4 else "paused")
        assert points(page, trial.run.id) == whole(len(trial.run.epochs))
    # of two trials that waited at a rung together Tune lets none go on that is below the median of what it has seen
    below = [rate for rate, epochs in reached.items() if epochs < 4]
    assert below
    assert max(below) < 0.9
    assert "A sweep is led by Ray Tune" in page.home.foreman_log.read_text()


def experiment():
    """The process of an experiment."""
    found = psutil.process_iter(["cmdline"])
    return next((process for process in found if "ray::Experiment" in " ".join(process.info["cmdline"] or ())), None)


def test_a_real_training_whose_node_is_killed_ends_in_the_curve_of_one_that_was_left_alone(
    open_page, cluster, tmp_path
):
    page = open_page(WORKER, cores=2)
    calm = page.train(TINY, "digits", RECIPE, 3, name="calm")
    until(lambda: page.state(calm) == "finished", SOON)
    killed = page.train(TINY, "digits", RECIPE, 3, name="killed")
    until(lambda: is_under_way(page, killed) and page.steps(killed)[-1] > last_epoch(page, killed), SOON)
    cluster.kill(cluster.node_of(worker_of(page, killed).pid))
    until(lambda: page.state(killed) == "finished", SOON)
    assert [page.run(run).attempt for run in (calm, killed)] == [1, 2]
    said = [
        [(epoch["step"], epoch["loss"], epoch["validation_loss"]) for epoch in page.run(run).epochs]
        for run in (calm, killed)
    ]
    assert said[0] == said[1]
    assert len(said[0]) == RECIPE.epochs
    ours, theirs = (last_kept(tmp_path / "files" / "checkpoints" / run) for run in (calm, killed))
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours if name != "seconds")


def last_kept(folder):
    """The arrays of a run's last checkpoint: weights, optimiser, random state, counts; all but `seconds` is decided."""
    with np.load(max(folder.iterdir())) as file:
        return {name: file[name] for name in file.files}
