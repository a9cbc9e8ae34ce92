"""A design is measured by a worker, once for all who ask; what is too large or has no head is refused in a sentence."""

import handmade
import pytest
from benches import SPEC, until
from small import TINY

from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.runs import quotas, tasks
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.ledger import Ledger
from resnet_tf.runs.profiles import fitted_to_images, fitting
from resnet_tf.runs.quotas import QuotaReached
from resnet_tf.runs.settings import settings
from resnet_tf.runs.workbench import Workbench


def test_a_design_is_measured_once_for_all_who_ask(bench):
    assert bench.laboratory.profiled(SPEC) is None
    assert bench.laboratory.profiling(SPEC) is None
    run = bench.laboratory.profile(SPEC, name="ResNet-20")
    assert bench.laboratory.profile(SPEC, name="the same") == run  # while it is under way, and after
    found = until(lambda: bench.laboratory.profiled(SPEC))
    until(lambda: bench.run(run).state == "finished")
    assert bench.laboratory.profile(SPEC, name="again") == run
    assert found.profile == handmade.profile()
    assert (found.device, found.spec, found.measured > 0) == ("CPU", fitted_to_images(SPEC), True)
    other = bench.of("somebody else")
    assert other.laboratory.profiled(SPEC) == found
    assert other.laboratory.profiling(SPEC) is None  # whose run it is he need not know
    assert bench.laboratory.profiled(edit(SPEC, order="pre")) is None
    assert bench.runs() == []  # it is no training
    assert Ledger(bench._store.database, "a server", "a mirror").due() == []


def test_designs_that_are_alike_on_the_images_are_one(bench):
    run = bench.laboratory.profile(SPEC, name="ResNet-20")
    assert bench.laboratory.profile(edit(SPEC, classes=7), name="of seven classes") == run


def test_one_that_failed_is_measured_anew(bench):
    failed = bench.laboratory.profile(SPEC, name="broken")
    until(lambda: bench.run(failed).over)
    assert bench.laboratory.profiling(SPEC).state == "failed"
    again = bench.laboratory.profile(SPEC, name="ResNet-20")
    assert again != failed
    assert until(lambda: bench.laboratory.profiled(SPEC))


def test_what_measuring_changes_is_said():
    assert fitting(preset("resnet50")).startswith("Measured with 10 classes instead of 1,000")
    assert fitting(fitted_to_images(SPEC)) == ""


def test_a_design_without_a_head_is_refused(open_bench):
    headless = edit(SPEC, head={"pool": "none"})
    for ask in (
        lambda bench: bench.laboratory.profile(headless, name="maps"),
        lambda bench: bench.laboratory.profiled(headless),
    ):
        with pytest.raises(SpecError, match="without a head"):
            ask(open_bench())


def test_a_design_that_the_memory_does_not_hold_is_refused_with_a_width_that_would(open_bench, monkeypatch):
    monkeypatch.setattr(quotas, "available_bytes", lambda: 20_000_000)
    with pytest.raises(WorkbenchError, match=r"has 0.0 GB free: it fits with every width at \d+ % of what it is"):
        open_bench().laboratory.profile(preset("resnet50"), name="large")


def test_quotas_are_those_of_other_runs(tmp_path, database_url):
    bench = Workbench(tmp_path, database_url, settings=settings(hosted=False, parameters=1_000))
    with pytest.raises(QuotaReached, match="parameters and may have 1,000"):
        bench.laboratory.profile(SPEC, name="large")


@pytest.mark.keras
def test_the_workers_task_writes_what_the_library_measures(open_bench):
    from resnet_tf.learning.measure import profiled

    bench = open_bench()
    bench.laboratory.profile(TINY, name="tiny")
    bench._store.enter("w", "host", "elsewhere", 1)
    run = bench._store.claim("w", "CPU", "a test")
    desk = tasks.Desk(bench._instance.files, None, None, None, None, None)
    happenings = list(tasks.TASKS["profile"](run, desk))
    assert [each.kind for each in happenings] == ["compiling", *["step"] * 15, "profiled"]
    bench._store.append("w", run, happenings)
    bench._store.end("w", run, "finished")
    assert bench.run(run.id).progress == 1
    *_, last = profiled(run.spec, "digits")
    assert bench.laboratory.profiled(TINY).profile.as_json() == last.profile.as_json()
