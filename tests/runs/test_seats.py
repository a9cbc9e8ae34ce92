"""What a Ray cluster is asked for, for workers of several GPUs. Only the library at the boundary is not real."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from resnet_tf.runs.cluster import Cluster
from resnet_tf.runs.executor import WORKER
from resnet_tf.runs.foreman import _variables
from resnet_tf.runs.settings import settings


class FakeRay(ModuleType):
    """Nodes with resources; keeps what actors are made with."""

    def __init__(self, nodes):
        super().__init__("ray")
        self._nodes, self.asked = nodes, []
        self.util = SimpleNamespace(list_named_actors=list)

    def init(self, address, namespace, log_to_driver):
        self.namespace = namespace

    def nodes(self):
        return [{"Alive": True, "Resources": node} for node in self._nodes]

    def remote(self, kind):
        return self

    def options(self, **options):
        self.asked.append(options)
        asked = SimpleNamespace(remote=lambda: None)
        return SimpleNamespace(remote=lambda *given: SimpleNamespace(place=asked, watch=asked, given=given))


@pytest.fixture
def cluster(monkeypatch):
    """A function that makes a cluster of some nodes, and what it asks Ray for."""

    def made(nodes, cpus=2, gpus=1):
        ray = FakeRay(nodes)
        monkeypatch.setitem(sys.modules, "ray", ray)
        return Cluster("auto", "ours", cpus, gpus), ray

    return made


@pytest.mark.parametrize(
    ("nodes", "gpus", "seats"),
    [
        ([{"CPU": 8, "GPU": 4}, {"CPU": 8, "GPU": 3}, {"CPU": 4}], 1, ["gpu"] * 7 + ["cpu"] * 2),
        ([{"CPU": 8, "GPU": 4}, {"CPU": 8, "GPU": 3}, {"CPU": 4}], 2, ["gpu"] * 3 + ["cpu"] * 2),
        ([{"CPU": 8, "GPU": 4}, {"CPU": 8, "GPU": 3}], 4, ["gpu"]),
        ([{"CPU": 8, "GPU": 2}], 4, []),
    ],
)
def test_a_worker_has_all_its_gpus_on_one_node(cluster, nodes, gpus, seats):
    ours, _ = cluster(nodes, gpus=gpus)
    assert [name.partition("-")[0] for name in ours.seats()] == seats


def test_a_seat_asks_for_as_many_gpus_as_a_worker_has_and_its_runs_may_use_them_all(cluster):
    chosen = settings(worker_gpus=4)
    ours, ray = cluster([{"CPU": 8, "GPU": 4}], chosen.worker_cpus, chosen.worker_gpus)
    ours.take(ours.free()[0], WORKER[1:], _variables(chosen))
    (asked,) = ray.asked
    assert (asked["name"], asked["num_gpus"], asked["num_cpus"]) == ("gpu-0", 4, 1)
    assert chosen.limit("devices") is None


def test_how_many_devices_share_a_batch_is_said_to_workers_on_other_nodes_too(monkeypatch):
    monkeypatch.setenv("RESNET_TF_DEVICES", "2")
    chosen = settings()
    assert (chosen.limit("devices"), _variables(chosen)["RESNET_TF_DEVICES"]) == (2, "2")
