"""Trainings in step are a worker's task, done once for all who ask; what they say on the way is what comes of them."""

import handmade
import pytest
from benches import SPEC, until
from small import TINY

from resnet_tf.design.calibration import PROBES, Calibration
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import SpecError
from resnet_tf.runs import quotas, tasks
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.quotas import QuotaReached
from resnet_tf.runs.records import MEASURED
from resnet_tf.runs.settings import settings
from resnet_tf.runs.versus import expected_seconds, question, so_far
from resnet_tf.runs.workbench import Workbench

ASKED = question(SPEC, ("all",), epochs=2, seeds=2)


def test_the_same_is_trained_once_and_known_to_all_who_ask(bench):
    laboratory = bench.laboratory
    assert laboratory.found("versus", ASKED.key) is None
    run = laboratory.versus(ASKED, name="ResNet-20")
    assert laboratory.versus(ASKED, name="the same") == run
    found = until(lambda: laboratory.found("versus", ASKED.key))
    assert so_far(*found).versus == handmade.versus()
    assert bench.of("somebody else").laboratory.found("versus", ASKED.key, everybodys=True)
    assert bench.runs() == []  # it is no training


def test_what_was_told_on_the_way_is_what_came_of_it(bench):
    run = bench.laboratory.versus(ASKED, name="ResNet-20")
    until(lambda: bench.run(run).state == "finished")
    (begun,) = bench.events(run, ("compiling",))
    assert so_far(bench.run(run), begun).versus == handmade.versus()


def test_equal_questions_are_one_and_others_are_not():
    assert question(SPEC, ("stage1", "stage2", "stage3"), 2, 2).key == ASKED.key
    assert question(edit(SPEC, classes=7), ("all",), 2, 2).key == ASKED.key  # the digits have ten
    others = [question(SPEC, *each).key for each in ((("stage1",), 2, 2), (("all",), 3, 2), (("all",), 2, 3))]
    assert len({ASKED.key, *others}) == 4


def test_a_network_without_norm_has_a_recipe_that_it_can_follow():
    assert question(edit(SPEC, normalization={"kind": "none"}), ("all",)).recipe.name == "gentle"
    assert ASKED.recipe.name == "quick"


def test_what_cannot_be_compared_is_refused(open_bench, monkeypatch):
    with pytest.raises(SpecError, match="without a head"):
        question(edit(SPEC, head={"pool": "none"}), ("all",))
    monkeypatch.setattr(quotas, "available_bytes", lambda: 1_000_000)
    with pytest.raises(WorkbenchError, match="images at a time takes about"):
        open_bench().laboratory.versus(ASKED, name="large")


def test_quotas_are_those_of_trainings(tmp_path, database_url):
    bench = Workbench(tmp_path, database_url, settings=settings(hosted=False, epochs=1))
    with pytest.raises(QuotaReached, match="epochs must be at most 1"):
        bench.laboratory.versus(ASKED, name="long")


def test_twice_as_many_trainings_are_expected_to_take_twice_as_long_but_for_compiling():
    once, twice = (expected_seconds(question(SPEC, ("all",), 2, seeds), None) for seeds in (1, 2))
    longer = expected_seconds(question(SPEC, ("all",), 6, 1), None)
    assert longer - once == pytest.approx(2 * (twice - once))
    slow = Calibration("CPU", "a test", 0.0, tuple((probe.name, 10.0) for probe in PROBES))
    assert expected_seconds(ASKED, slow) > expected_seconds(ASKED, None)


@pytest.mark.keras
def test_the_workers_task_writes_what_the_library_measures(open_bench):
    from resnet_tf.learning.instep import in_step

    bench, asked = open_bench(), question(TINY, ("stage2",), 1, 1)
    bench.laboratory.versus(asked, name="tiny")
    bench._store.enter("w", "host", "elsewhere", 1)
    run = bench._store.claim("w", "CPU", "a test")
    desk = tasks.Desk(bench._instance.files, None, None, None, None, None)
    happenings = list(tasks.TASKS["versus"](run, desk))
    kinds = [each.kind for each in happenings]
    assert kinds[:2] == ["compiling", "epoch"]
    assert kinds.count("epoch") == 2
    assert kinds[-1] == MEASURED
    bench._store.append("w", run, happenings)
    bench._store.end("w", run, "finished")
    *_, last = in_step(asked.sides, "digits", asked.recipe, (0,))
    found = so_far(*bench.laboratory.found("versus", asked.key)).versus
    assert found.as_json() == last.found.as_json()
    (begun,) = bench.events(run.id, ("compiling",))
    assert so_far(bench.run(run.id), begun).versus == found
