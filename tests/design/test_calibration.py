"""From a machine's seconds for the probes follow its seconds for any design: tried on machines that are made up."""

from math import log2

import pytest

from resnet_tf.design.calibration import PROBES, Calibration, _loads
from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError

NAMES = ["resnet20_cifar10", "resnet110_cifar10", "resnet50", "wrn28_10_cifar10", "resnext50_32x4d", "densenet121",
         "vgg16", "seresnet50", "ecaresnet50t", "resnetv2_50x1_bit"]  # fmt: skip


def seconds_of(machine, graph, batch):
    """What a machine takes, that has so many seconds for a unit of each kind of load."""
    return sum(load.amount * machine(load) for load in _loads(costs(graph), batch))


def even(load):
    """A machine whose rates depend on nothing but the kind."""
    return {
        "layer": 3e-5,
        "maps": 1 / 5e9,
        "update": 6e-9,
        "narrow": 1 / 20e9,
        "pointwise": 1 / 60e9,
        "wide": 1 / 80e9,
        "grouped": 1 / 10e9,
    }[load.kind]


def uneven(load):
    """A machine that multiplies the faster the more channels there are, as far as the widest probe."""
    return even(load) * (1 + 4 / min(max(load.channels, 4), 256) ** 0.5)


def calibrated(machine):
    seconds = tuple((probe.name, seconds_of(machine, probe.graph, probe.batch)) for probe in PROBES)
    return Calibration("CPU", "it has no GPU", 0.0, seconds)


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_of_even_rates_is_found_exactly(name):
    estimated = calibrated(even).step_seconds(costs(preset(name)), 32)
    assert estimated == pytest.approx(seconds_of(even, preset(name), 32), rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_whose_rates_depend_on_the_channels_is_found_within_a_tenth(name):
    estimated = calibrated(uneven).step_seconds(costs(preset(name)), 8)
    assert estimated == pytest.approx(seconds_of(uneven, preset(name), 8), rel=0.1)


def test_a_machine_twice_as_slow_takes_twice_as_long():
    fast = calibrated(even)
    slow = Calibration("CPU", "", 0.0, tuple((name, 2 * seconds) for name, seconds in fast.seconds))
    counted = costs(preset("resnet50"))
    assert slow.step_seconds(counted) == pytest.approx(2 * fast.step_seconds(counted))


def test_noise_in_one_probe_makes_no_rate_negative():
    seconds = dict(calibrated(even).seconds) | {"wide64": 1e-9}
    odd = Calibration("CPU", "", 0.0, tuple(seconds.items()))
    assert odd.step_seconds(costs(preset("resnet18"))) > 0


def test_a_precision_that_was_not_measured_is_refused():
    with pytest.raises(SpecError, match="one of float32 on here"):
        calibrated(even).step_seconds(costs(preset("resnet18")), 32, "mixed_bfloat16")


def test_a_calibration_of_other_probes_is_not_complete():
    assert calibrated(even).complete
    assert not Calibration("CPU", "", 0.0, (("start", 0.001),)).complete


def test_every_probe_does_mostly_what_it_is_for():
    """At the rates of a machine as others are: the kind of a probe takes more than a third of its step."""
    for probe in PROBES:
        loads = [*_loads(costs(probe.graph), probe.batch)]
        own = sum(load.amount * even(load) for load in loads if load.kind == probe.kind)
        assert own > seconds_of(even, probe.graph, probe.batch) / 3, probe.name
        assert log2(probe.batch).is_integer()
