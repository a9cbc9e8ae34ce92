"""A machine is measured by its worker, once; every owner sees what came of it."""

from benches import until

from resnet_tf.design.calibration import PROBES
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.runs.ledger import Ledger


def test_a_machine_is_measured_once_and_everybody_sees_it(bench):
    assert bench.calibration() is None
    run = bench.calibrate()
    assert bench.calibrate() == run  # while it is under way
    bench.start()
    measured = until(bench.calibration)
    until(lambda: not bench.calibrating())
    assert (measured.device, measured.measured > 0) == ("CPU", True)
    assert dict(measured.seconds) == {probe.name: 0.001 for probe in PROBES}
    assert measured.step_seconds(costs(preset("resnet18"))) > 0
    assert bench.of("somebody else").calibration() == measured
    assert Ledger(bench._store.database, "a server", "a mirror").due() == []  # nobody is told of it as of a training
    assert bench.calibrate() != run  # measured anew where somebody asks again


def test_a_calibration_is_no_training(bench):
    bench.calibrate()
    assert bench.runs() == []
    assert [run.task for run in bench.runs("calibrate")] == ["calibrate"]
