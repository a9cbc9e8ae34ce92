"""Studies of designs and of trained runs: each done once, by a worker, of weights that a training left."""

import handmade
import pytest
from benches import SPEC, until
from small import TINY

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.shortcuts import counterpart
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import tasks
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.studies import KINDS, is_of, usual_seconds


def finished(bench, spec=SPEC, name="steady", **more):
    """A training that has finished."""
    id = bench.train(spec, "digits", recipe(epochs=1), 0, name=name, **more)
    until(lambda: bench.run(id).over)
    return bench.run(id)


def test_a_designs_signals_are_studied_once_for_all_who_ask(bench):
    assert bench.laboratory.studied("variance", SPEC) is None
    run = bench.laboratory.study("variance", SPEC, name="ResNet-20")
    assert bench.laboratory.study("variance", SPEC, name="the same") == run
    found = until(lambda: bench.laboratory.studied("variance", SPEC))
    assert (found.found, found.images, found.device) == (handmade.signals(), 256, "CPU")
    assert bench.of("somebody else").laboratory.studied("variance", SPEC) == found
    assert bench.of("somebody else").laboratory.studying("variance", SPEC) is None
    assert bench.laboratory.studied("variance", edit(SPEC, order="pre")) is None
    assert bench.runs() == []  # it is no training


def test_trained_weights_are_studied_run_by_run(bench):
    one, other = finished(bench), finished(bench, name="steady too")
    for kind, made in (("lesion", handmade.lesions()), ("surface", handmade.surface())):
        assert bench.laboratory.studied(kind, one) is None
        study = bench.laboratory.study(kind, one, name=one.name)
        found = until(lambda kind=kind: bench.laboratory.studied(kind, one))
        assert found.found == made
        assert (found.dataset.name, found.spec) == ("digits", one.spec)
        assert bench.run(study).asked == {"kind": kind, "run": one.id}
        assert bench.laboratory.studied(kind, other) is None


def test_one_that_failed_is_done_anew(bench):
    failed = bench.laboratory.study("variance", SPEC, name="broken")
    until(lambda: bench.run(failed).over)
    assert bench.laboratory.studying("variance", SPEC).state == "failed"
    assert bench.laboratory.study("variance", SPEC, name="ResNet-20") != failed
    assert until(lambda: bench.laboratory.studied("variance", SPEC))


def test_the_runs_of_a_design_are_those_that_trained_it_at_any_size(bench):
    mine, larger = finished(bench), finished(bench, image_size=48)
    cut = finished(bench, counterpart(SPEC))
    assert [run.id for run in bench.laboratory.trained(SPEC)] == [larger.id, mine.id]
    assert [run.id for run in bench.laboratory.trained()] == [cut.id, larger.id, mine.id]
    assert bench.of("somebody else").laboratory.trained() == []
    assert is_of(cut, counterpart(SPEC))
    assert not is_of(mine, edit(SPEC, head={"pool": "none"}))


def test_what_has_no_order_and_no_shortcut_is_refused(open_bench):
    bench = open_bench()
    with pytest.raises(SpecError, match="family must be 'resnet'"):
        bench.laboratory.study("variance", preset("vgg16"), name="VGG")
    with pytest.raises(SpecError, match="shortcut must be one that is added"):
        bench.laboratory.study("paths", preset("plain34"), name="plain")


def test_a_larger_network_is_expected_to_take_longer(open_bench):
    def seconds(kind, spec):
        counted = costs(spec)
        return usual_seconds(kind, spec, counted.macs, len(counted.layers))

    assert 1 < seconds("variance", SPEC) < seconds("variance", preset("resnet56_cifar10"))


@pytest.mark.keras
def test_the_workers_task_studies_the_weights_that_a_training_left(open_bench):
    from resnet_tf.learning.checkpoint import Checkpoint
    from resnet_tf.learning.datasets import load
    from resnet_tf.learning.lesion import Patient
    from resnet_tf.learning.measure import drawn
    from resnet_tf.learning.surface import Plane

    bench = open_bench()
    home, host = bench._instance.place
    bench._store.enter("w", host, home, 1)
    desk = tasks.Desk(bench._instance.files, None, bench._store.run, None, tasks.Shelf(0), None)

    def work():
        """What is next in the queue, done here; what happened in it."""
        run = bench._store.claim("w", "CPU", "a test")
        happenings = list(tasks.TASKS[run.task](run, desk._replace(weigh=lambda count: None)))
        bench._store.append("w", run, happenings)
        bench._store.end("w", run, "finished")
        return run, happenings

    id = bench.train(TINY, "digits", recipe(epochs=1, batch_size=256), 0, name="tiny", image_size=8)
    work()
    trained = bench.run(id)
    checkpoint = bench._instance.files.checkpoints(id).newest(Checkpoint.load)
    data = load("digits", trained.spec.input_shape)
    for kind in KINDS:
        bench.laboratory.study(kind, trained if KINDS[kind].of_run else TINY, name=kind)
        run, happenings = work()
        assert [each.kind for each in happenings] == ["compiling", *["step"] * (len(happenings) - 2), "measured"]
        assert bench.run(run.id).progress == 1
    lesion, surface = (bench.laboratory.studied(kind, trained) for kind in ("lesion", "surface"))
    assert (lesion.images, surface.images) == (len(data.validation), 128)
    patient = Patient(trained.spec, drawn(data.validation, 1000), checkpoint.weights)
    assert lesion.found.whole == pytest.approx(patient.score(), rel=1e-5)
    plane = Plane(trained.spec, drawn(data.train, 128), checkpoint.weights)
    assert surface.found.centre == pytest.approx(plane.loss(0, 0), rel=1e-5)
    assert surface.found.losses[0][20] == pytest.approx(plane.loss(-1, 1), rel=1e-5)
    signals = bench.laboratory.studied("variance", TINY).found
    assert [each.seeds for each in signals] == [(0, 1, 2)] * 5
    assert [each.paths for each in bench.laboratory.studied("paths", TINY).found.lengths] == [1, 2, 1]
    bench.delete(id)
    gone = bench.laboratory.begin("study", "another key", "gone", trained.spec, trained.dataset, kind="lesion", run=id)
    with pytest.raises(WorkbenchError):
        list(tasks.TASKS["study"](bench.run(gone), desk))
