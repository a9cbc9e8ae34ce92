"""First weights are as large as their papers say."""

import pytest

from resnet_tf.design.initializers import VARIANCES

FAN_IN, FAN_OUT = 72, 144
# He 2015 (Delving Deep) equations 10 and 14; Glorot 2010 equation 12; LeCun 1998 equation 16
PAPERS = {"he_normal": 2 / FAN_IN, "he_uniform": 2 / FAN_IN, "he_normal_fan_out": 2 / FAN_OUT,
          "glorot_normal": 2 / (FAN_IN + FAN_OUT), "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
          "lecun_normal": 1 / FAN_IN}  # fmt: skip


@pytest.mark.parametrize("name", VARIANCES)
def test_the_variance_is_that_of_the_paper(name):
    """Variance scaling (Keras): scale over fan_in, fan_out or their mean."""
    scale, mode, distribution = VARIANCES[name]
    fan = {"fan_in": FAN_IN, "fan_out": FAN_OUT, "fan_avg": (FAN_IN + FAN_OUT) / 2}[mode]
    assert scale / fan == pytest.approx(PAPERS[name])
    assert ("uniform" in name) == (distribution == "uniform")
