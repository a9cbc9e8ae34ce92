"""A run that takes more memory than its worker may have ends with a sentence, before the machine runs out."""

import psutil
import pytest
from benches import until

from resnet_tf.runs.bound import Bound

MOST = 400  # MB: more than a worker without Keras takes, less than a hungry run


@pytest.fixture
def bounded(open_bench, monkeypatch):
    """A workbench that accepts every design, with a worker that may not take much."""
    bench = open_bench()
    monkeypatch.setenv("RESNET_TF_WORKER_MB", str(MOST))
    bench.start()
    return bench


def test_a_run_that_outgrows_the_worker_fails_with_the_figure_and_another_worker_goes_on(bounded):
    hungry, after = bounded.begin("hungry"), bounded.begin("steady", epochs=1)
    first = bounded.pid()
    until(lambda: bounded.state(after) == "finished")
    assert bounded.state(hungry) == "failed"
    assert bounded.run(hungry).error.startswith("It needed more than 400 MB of memory")
    assert "RESNET_TF_WORKER_MB" in bounded.run(hungry).error
    assert bounded.steps(hungry) == [1, 2, 3, 4]
    assert bounded.pid() != first


def test_a_bound_is_exceeded_by_what_is_held_and_by_nothing_else():
    assert Bound(None).exceeded() is None
    assert Bound(100_000).exceeded() is None
    assert "more than 1 MB" in Bound(1).exceeded()


def test_a_worker_that_kept_half_of_its_room_after_a_run_makes_place_for_a_fresh_one():
    bound = Bound(psutil.Process().memory_info().rss // 10**6 + 400)
    bound.warm()
    assert not bound.is_half_used()
    held = bytearray(b"x") * 300_000_000
    assert bound.is_half_used()
    held.clear()
    assert not bound.is_half_used()
