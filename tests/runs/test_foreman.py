"""What a foreman asks of a cluster, and what is said where there can be none. Ray itself: test_cluster.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benches import SPEC, Bench

from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.sweep_axes import parse_axis
from resnet_tf.learning.sweeps import Search
from resnet_tf.runs import foreman as module
from resnet_tf.runs.cluster import Gone, refusal
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.foreman import Foreman
from resnet_tf.runs.seat import Ending, Place
from resnet_tf.runs.settings import settings

ROOT = Path(__file__).parents[2]
POSTGRES = "postgres://somewhere/records"


class Places:
    """A cluster with so many seats, of which a test says who leaves."""

    def __init__(self, seats):
        self.all, self.seated, self.gone = seats, [], []
        self.led, self.asked = {}, []  # experiments that go on, or how they ended; which were asked for

    @property
    def taken(self):
        return len(self.seated)

    def seats(self, most):
        return [f"cpu-{i}" for i in range(self.all)][:most]

    def free(self, most):
        return [name for name in self.seats(most) if name not in self.seated]

    def experiments(self):
        told = dict(self.led)
        self.led = {sweep: None for sweep, end in told.items() if end is None}
        return told

    def experiment(self, sweep, most, variables):
        self.led[sweep] = None
        self.asked.append((sweep, most, variables))

    def take(self, name, arguments, variables):
        self.seated.append(name)

    def leave(self, name, ending, seconds=100.0):
        self.gone.append(Gone(name, Place("a seat", "a node"), ending, "", seconds))

    def look(self):
        left, self.gone = self.gone, []
        for gone in left:
            self.seated.remove(gone.name)
        return left


@pytest.fixture
def page(tmp_path):
    return Bench(tmp_path, settings=settings(worker="none"))


def foreman_of(page, cluster, **given):
    return Foreman(page._store, cluster, ["-m", "a worker"], settings(**given))


def test_there_is_a_worker_for_each_run_that_waits_as_far_as_the_cluster_goes(page):
    places = Places(3)
    foreman = foreman_of(page, places)
    assert not foreman.look()
    page.begin("one")
    assert foreman.look()
    assert places.seated == ["cpu-0"]
    for _ in range(4):
        page.begin("more")
    foreman.look()
    foreman.look()
    assert places.seated == ["cpu-0", "cpu-1", "cpu-2"]


def test_a_run_under_way_keeps_its_worker_and_a_waiting_one_gets_another(page):
    places = Places(3)
    foreman = foreman_of(page, places)
    page.begin("one")
    foreman.look()
    page._store.enter("w1", "a node", "a seat", 1)
    page._store.claim("w1", "CPU", "a test")
    foreman.look()
    assert places.taken == 1
    page.begin("two")
    foreman.look()
    assert places.taken == 2


def test_no_more_workers_are_asked_for_than_are_allowed(page):
    places = Places(3)
    for _ in range(3):
        page.begin("one")
    foreman_of(page, places, workers=2).look()
    assert places.taken == 2


def test_workers_that_end_as_soon_as_they_start_are_asked_for_less_and_less_often(page, monkeypatch):
    places, now = Places(1), [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    foreman = foreman_of(page, places)
    page.begin("one")
    starts = []
    for second in range(60):
        now[0] = 1000.0 + second
        foreman.look()
        if places.seated:
            starts.append(second)
            places.leave("cpu-0", Ending(1, None), seconds=1.0)
    assert starts == [0, 2, 8, 39]


@pytest.fixture
def led(tmp_path):
    """A workbench whose sweeps Ray Tune leads."""
    return Bench(tmp_path, settings=settings(ray_address="a cluster", worker="none"))


def begin(bench, name):
    return bench.sweep(SPEC, "digits", recipe(epochs=1), Search(axes=(parse_axis("width=0.5,1"),)), name=name)


def test_each_sweep_is_led_by_one_experiment_as_long_as_it_goes_on(led):
    places = Places(3)
    foreman = foreman_of(led, places, ray_address="a cluster", workers=2)
    assert not foreman.look()
    first = begin(led, "one")
    assert foreman.look()
    assert foreman.look()
    second = begin(led, "another")
    foreman.look()
    assert [(sweep, most) for sweep, most, _ in places.asked] == [(first, 2), (second, 2)]
    assert places.asked[0][2]["RAY_ADDRESS"] == "a cluster"
    assert places.seated == []  # nothing waits until an experiment says so
    led.stop_sweep(first)
    places.led[first] = ""
    led.stop_sweep(second)
    assert not foreman.look()
    led.resume_sweep(first)
    assert foreman.look()
    assert [sweep for sweep, *_ in places.asked] == [first, second, first]


def test_experiments_that_fail_are_begun_again_less_and_less_often(led, monkeypatch, caplog):
    places, now = Places(1), [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    foreman, sweep, starts = foreman_of(led, places), begin(led, "one"), []
    for second in range(60):
        now[0] = 1000.0 + second
        foreman.look()
        if len(places.asked) > len(starts):
            starts.append(second)
            places.led[sweep] = "its node died"
    assert starts == [0, 2, 8, 39]
    assert caplog.messages.count("The experiment of a sweep ended: its node died") == 4


def test_a_cluster_without_room_for_a_worker_is_a_sentence(page):
    page.begin("one")
    with pytest.raises(WorkbenchError, match=r"No node of the Ray cluster has 4 cores .*RESNET_TF_WORKER_CPUS"):
        foreman_of(page, Places(0), worker_cpus=4).look()
    with pytest.raises(WorkbenchError, match=r"has 8 GPUs for one \(RESNET_TF_WORKER_GPUS\): runs wait"):
        foreman_of(page, Places(0), worker_cpus=0, worker_gpus=8).look()


@pytest.mark.parametrize(
    ("given", "url", "said"),
    [
        ({"artifact_url": "/shared"}, "sqlite:///records.db", "set DATABASE_URL to a PostgreSQL"),
        ({}, POSTGRES, "set ARTIFACT_URL to an object store or a folder"),
    ],
)
def test_a_cluster_needs_records_and_files_that_all_its_nodes_reach(given, url, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a relative file is
    assert said in refusal(settings(**given), url)
    bench = Bench(tmp_path, url if url != POSTGRES else None, settings=settings(ray_address="auto", **given))
    bench.start()
    try:
        assert bench.worker().state == "down"
    finally:
        bench.close()
    assert not bench.home.foreman_log.exists()


WITHOUT_RAY = """
import sys
sys.modules["ray"] = None
from resnet_tf.runs import cluster, foreman
from resnet_tf.runs.settings import settings
chosen = settings(ray_address="127.0.0.1:1", artifact_url="/shared", database_url="postgres://somewhere/records")
print(cluster.refusal(chosen, chosen.database_url))
foreman.main([], chosen)
"""


def test_without_ray_installed_page_and_foreman_say_what_to_install(tmp_path):
    finished = python(WITHOUT_RAY, tmp_path)
    said = "RAY_ADDRESS is set and Ray is not installed: pip install 'resnet_tf[ray]'"
    assert (finished.stdout.strip(), finished.stderr.strip(), finished.returncode) == (said, said, 1)


TRAIN = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from benches import FAKE, Bench, until
from resnet_tf.runs import cluster, seat, tasks, worker
bench = Bench(sys.argv[1], worker=FAKE)
bench.start()
run = bench.begin("steady", epochs=1)
until(lambda: bench.state(run) == "finished", 60)
bench.close()
print([name for name in sys.modules if name.partition(".")[0] == "ray"])
"""


def test_a_training_without_an_address_loads_nothing_of_ray(tmp_path):
    assert python(TRAIN, tmp_path, str(tmp_path / "home")).stdout == "[]\n"


def python(code, folder, *arguments):
    """A fresh process that has run the code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RESNET_TF_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
