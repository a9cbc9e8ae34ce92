"""Lessons' experiments in the records: one at a time, done by a worker, everyone's own."""

from benches import until

from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.results import recorded

GRADIENT = lesson("gradient")


def test_an_experiment_is_done_by_a_worker_and_is_its_owners_own(bench):
    laboratory = bench.laboratory
    assert laboratory.tried("gradient", "quick") is None
    assert laboratory.lessons_done() == frozenset()
    run = laboratory.try_lesson(GRADIENT, "quick")
    assert laboratory.try_lesson(GRADIENT, "quick") == run  # while it is under way
    assert laboratory.trying("gradient", "full") is None
    until(lambda: bench.run(run).over)
    assert (bench.run(run).state, bench.run(run).error) == ("finished", None)
    assert bench.run(run).latest == {"arm": "small-plain", "seed": 2, "seconds": 0.1}
    assert laboratory.tried("gradient", "quick") == recorded("gradient", "quick")
    assert laboratory.lessons_done() == {"gradient"}
    assert laboratory.try_lesson(GRADIENT, "quick") != run  # one that has an outcome may want another
    other = bench.of("guest-1").laboratory
    assert other.tried("gradient", "quick") is None
    assert other.trying("gradient", "quick") is None
    assert other.lessons_done() == frozenset()
    assert bench.runs() == []  # it is no training
