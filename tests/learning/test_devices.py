"""Several devices that share every batch take the steps that one takes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small import TINY

from resnet_tf.learning.recipes import recipe

ROOT = Path(__file__).parents[2]
RECIPE = recipe(
    "quick", epochs=1, batch_size=64, shift=1, flip="random", weight_decay=1e-3, mixup=0.2, label_smoothing=0.1,
    clip_norm=2.0, lookahead=3, balance=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "backend",
    [pytest.param("tensorflow", marks=pytest.mark.keras), pytest.param("jax", marks=pytest.mark.services)],
)
def test_two_devices_give_the_losses_of_one_batch_norm_and_clipping_included(backend):
    command = [sys.executable, str(Path(__file__).with_name("run_devices.py"))]
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    given = [TINY.model_dump_json(), RECIPE.model_dump_json()]
    done = subprocess.run([*command, *given], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2_000:]
    one, two = json.loads(done.stdout.splitlines()[-1])
    assert (one["devices"], two["devices"]) == (1, 2)
    assert len(one["losses"]) == 10
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert two["norms"] == pytest.approx(one["norms"], rel=1e-3)
    assert two["validation"] == pytest.approx(one["validation"], rel=1e-3)
    assert max(one["losses"]) != min(one["losses"])
