"""The real worker with the real training: killed in the middle of an epoch, it draws the curve it would have drawn."""

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from benches import Bench, until

from benchmarks.served import end_processes_of
from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.sweep_axes import parse_axis
from resnet_tf.learning.sweeps import Search
from resnet_tf.runs import executor
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.tables import runs

pytestmark = pytest.mark.keras

TINY = ResNetSpec(
    input_shape=(16, 16, 1), classes=10, stem=Stem(kernel=3, stride=1, widths=(8,), pool="none"),
    stages=(Stage(blocks=1, width=8), Stage(blocks=1, width=16, stride=2)),
)  # fmt: skip
RECIPE = recipe(epochs=4, batch_size=16)
WARMING = 180.0  # seconds: TensorFlow on a machine that has other things to do


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def real(request, tmp_path_factory):
    """A workbench whose real worker is warm: one for all tests here, each of which has runs of its own."""
    home, server = tmp_path_factory.mktemp("home"), None
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
    url = server.create() if server else f"sqlite:///{home / 'workbench.db'}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RESNET_TF_HOSTED", "0")
        patched.delenv("DATABASE_URL", raising=False)
        patched.setattr(executor, "FIRST_PAINT", 0.0)
        opened = Bench(home, url, worker=executor.WORKER)
        opened.start()
        until(lambda: opened.worker().state == "warm", WARMING)
        yield opened
        opened.close()
    end_processes_of(home)
    if server:
        server.drop(url)


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


def weights(bench, run):
    """The numbers of a run's last checkpoint, by their paths."""

    def read(path):
        with np.load(path) as file:
            return {name.removeprefix("weight "): file[name] for name in file.files if name.startswith("weight ")}

    return Checkpoints(bench.home.checkpoints(run)).newest(read)


def is_frozen(path):
    return path.startswith(("stem.", "stage1."))


def small_images():
    """An npz of three classes, 20 grey images each."""
    file, random = io.BytesIO(), np.random.default_rng(0)
    np.savez(file, images=random.integers(0, 256, (60, 8, 8)).astype(np.uint8), labels=np.repeat(["a", "b", "c"], 20))
    return file.getvalue()


def test_a_run_goes_on_from_another_ones_weights_and_from_a_file_and_says_when_they_are_gone(real):
    first = real.train(TINY, "digits", RECIPE, 3, name="first")
    until(lambda: real.state(first) == "finished", WARMING)
    images, frozen = real.add_images("shapes", small_images()), recipe(epochs=1, batch_size=16, frozen=2)
    tuned = real.train(TINY, images, frozen, 4, name="tuned", start=first)
    until(lambda: real.run(tuned).over, WARMING)
    assert (real.state(tuned), real.run(tuned).error) == ("finished", None)
    said = real.events(tuned, ("compiling",))[-1].values["start"]
    assert (said["title"], said["fresh"]) == ("first on Handwritten digits (bundled)", ["head.classifier"])
    before, after = weights(real, first), weights(real, tuned)
    assert after["head.classifier/kernel"].shape == (16, 3)
    for path in before:
        assert np.array_equal(before[path], after[path]) == is_frozen(path), path

    export = real.export(TINY, ["timm"], run=tuned, name="taken away")
    until(lambda: real.run(export).over, WARMING)
    files = {artifact.format: Path(artifact.path) for artifact in real.artifacts(export)}
    assert "| fine-tuned from | first on Handwritten digits (bundled) |" in files["card"].read_text()
    added = real.add_weights(files["timm"].name, files["timm"].read_bytes())
    again = real.train(TINY, images, frozen, 5, name="again", start=added.name)
    busy = real.train(TINY, "digits", recipe(epochs=1000), 0, name="busy")
    late = real.train(TINY, images, frozen, 4, name="late", start=first)
    real.delete(first)
    until(lambda: real.run(again).over and real.steps(busy), WARMING)
    assert real.state(again) == "finished"
    for path, array in weights(real, again).items():
        assert np.array_equal(array, after[path]) == is_frozen(path), path
    real.stop(busy)
    until(lambda: real.run(late).over, WARMING)
    assert real.state(late) == "failed"
    assert real.run(late).error == "first on Handwritten digits (bundled), which this run begins with, has been deleted"


def test_a_trial_that_was_paused_and_goes_on_ends_as_if_it_never_had_been(real):
    search = Search(axes=(parse_axis("learning_rate=0.1,0.03,0.01"),), how="asha", trials=3)
    sweep = real.sweep(TINY, "digits", recipe(epochs=3, batch_size=16), search, name="a sweep")
    until(lambda: real.sweep_of(sweep).over, 2 * WARMING)
    trials = sorted(real.sweep_of(sweep).trials, key=lambda trial: len(trial.run.epochs))
    assert [(trial.state, len(trial.run.epochs)) for trial in trials] == [("paused", 1), ("paused", 1), ("finished", 3)]
    best, paused = trials[-1].run, trials[0].run.id
    plain = real.train(TINY, "digits", best.recipe, best.seed, name="plain")
    with real._store.database.writing() as connection:  # as if its worker had died before it said that it is paused
        connection.execute(sa.update(runs).where(runs.c.id == paused).values(outcome=None, claimed_by=None))
    until(lambda: real.run(plain).over and real.run(paused).over, WARMING)
    assert (real.state(plain), real.state(paused), len(real.run(paused).epochs)) == ("finished", "paused", 1)
    for name in ("loss", "validation_loss", "validation_accuracy"):
        assert [epoch[name] for epoch in real.run(plain).epochs] == [epoch[name] for epoch in best.epochs]
    ours, theirs = weights(real, plain), weights(real, best.id)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[path], theirs[path]) for path in ours)
