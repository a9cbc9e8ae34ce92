"""The real worker with the real training: killed in the middle of an epoch, it draws the curve it would have drawn."""

import re
import time
from pathlib import Path

import pytest
from benches import until

from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.executor import WORKER

pytestmark = pytest.mark.keras

TINY = ResNetSpec(
    input_shape=(16, 16, 1), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=1, width=8), Stage(blocks=1, width=16, stride=2)),
)  # fmt: skip
RECIPE = recipe(epochs=4, batch_size=16)
WARMING = 180.0  # seconds: TensorFlow on a machine that has other things to do


@pytest.fixture
def real(open_bench):
    opened = open_bench(worker=WORKER)
    opened.start()
    until(lambda: opened.worker().state == "warm", WARMING)
    return opened


def test_a_real_training_killed_in_mid_epoch_ends_in_the_same_curve_and_is_exported(real):
    calm = real.train(TINY, "digits", RECIPE, 3, name="calm")
    killed = real.train(TINY, "digits", RECIPE, 3, name="killed")
    until(
        lambda: len(real.run(killed).epochs) == 2 and real.steps(killed)[-1] > real.run(killed).epochs[-1]["step"], 120
    )
    before = real.steps(killed)
    real.kill()
    until(lambda: real.state(killed) == "interrupted")
    assert real.steps(killed)[: len(before)] == before
    real.resume(killed)
    until(lambda: real.state(killed) == "finished", WARMING)
    assert set(before) <= set(real.steps(killed))
    assert len(real.steps(killed)) == len(set(real.steps(killed)))
    curves = [[epoch["validation_loss"] for epoch in real.run(run).epochs] for run in (calm, killed)]
    assert curves[1] == pytest.approx(curves[0], rel=1e-3)
    assert [event.step for event in real.events(killed, ("compiling",))][-1] == real.run(killed).epochs[1]["step"]

    long = real.train(TINY, "digits", recipe(epochs=1000), 0, name="long")
    until(lambda: real.steps(long), 60)
    asked = time.monotonic()
    real.stop(long)
    until(lambda: real.state(long) == "stopped")
    assert time.monotonic() - asked < 2

    export = real.export(TINY, ["keras", "litert_int8", "spec"], run=killed, name="taken away")
    until(lambda: real.run(export).over, WARMING)
    found = {artifact.format: artifact for artifact in real.artifacts(export)}
    assert (found["keras"].verified, found["keras"].error, found["spec"].verified) == (True, None, None)
    assert real.home.artifacts(export).joinpath(found["keras"].path).stat().st_size == found["keras"].bytes
    card, accuracy = Path(found["card"].path).read_text(), real.run(killed).epochs[-1]["validation_accuracy"]
    assert f"{100 * accuracy:.2f} % of the validation images, on which it was not trained, after 4 epochs." in card
    assert [len(re.findall(rf"^\| {epoch} \|(?: [^|]+ \|){{5}}$", card, re.MULTILINE)) for epoch in range(1, 6)] == [
        1, 1, 1, 1, 0
    ]  # fmt: skip
    assert f"{100 * accuracy:.1f} % right before" in found["litert_int8"].note
    assert found["litert_int8"].note.endswith("calibrated with 200 training images of Handwritten digits (bundled)")
