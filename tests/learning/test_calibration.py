"""The engine itself is timed: a step of a larger network takes longer, and an estimate is of its order."""

import pytest

from resnet_tf.design.calibration import CLASSES, PROBES
from resnet_tf.learning.calibration import step_seconds, traced

pytestmark = pytest.mark.keras


def test_a_convolution_of_more_channels_takes_longer_than_the_start_of_small_layers():
    probes = {probe.name: probe for probe in PROBES}
    trainings = (traced(probes[name].graph, probes[name].batch, CLASSES) for name in ("start", "wide256"))
    small, large = (step_seconds(steps, rounds=1, least=0.0) for steps in trainings)
    assert 0 < small < large < 60
