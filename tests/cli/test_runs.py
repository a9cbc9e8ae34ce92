"""The workbench's runs from the command line, with real workers whose trainings are fake."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from benches import Bench, until
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from resnet_tf.cli.plans import Folder, Plan
from resnet_tf.design.presets import preset
from resnet_tf.learning.catalogue import DATASETS, fit
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import workbench

# the published 269,722 less the weights of two of three colours
RESNET20_OF_GREY_IMAGES = 269_722 - 2 * 3 * 3 * 16


class Event(NamedTuple):
    """An event as `learning/train.py` tells it."""

    kind: str
    step: int
    epoch: int
    seconds: float
    values: dict[str, Any]


def test_runs_are_listed_newest_first(bench, run, read):
    first, second = bench.begin("steady first"), bench.begin("steady second")
    listed = read("runs")
    assert [each["id"] for each in listed] == [second, first]
    assert {each["state"] for each in listed} == {"queued"}
    assert listed[0]["spec"]["stages"][0]["blocks"] == 3  # ResNet-20 has 3 blocks a stage
    assert read("runs", "list", "--task", "export") == []
    assert "steady second" in run("runs").stdout
    assert [each["id"] for each in read("runs", "--most", "1")] == [second]
    assert "steady first" not in run("runs", "list", "--most", "1").stdout


def test_a_run_is_shown_by_the_beginning_of_its_id(bench, run, read):
    id = bench.begin("steady")
    assert read("runs", "show", id[:10])["id"] == id
    assert "Handwritten digits" in run("runs", "show", id).stdout
    counted = read("count", "-", input=json.dumps(read("runs", "show", id)))
    assert counted["trainable_parameters"] == RESNET20_OF_GREY_IMAGES


def test_a_run_that_is_not_there_or_not_one_is_refused(bench, run):
    bench.begin("steady first"), bench.begin("steady second")
    assert run("runs", "show", "nothing").exit_code == 2
    assert run("runs", "show", "").exit_code == 2
    assert run("runs", "--json", "show", "x").exit_code == 2


def test_a_run_is_stopped_and_resumed_by_a_worker_of_its_own(bench, run, read):
    id = bench.begin("steady", epochs=1)
    assert read("runs", "stop", id)["state"] == "stopped"
    result = run("runs", "resume", id)
    assert (result.exit_code, result.stdout) == (0, "steady goes on\n")
    until(lambda: bench.state(id) == "finished")
    again = run("runs", "resume", id)
    assert again.exit_code == 3
    assert again.stderr == "resnet_tf: steady cannot be resumed: it has finished: start a new one with more epochs\n"


def test_a_run_is_deleted_only_when_that_was_meant(bench, run, read):
    id = bench.begin("steady")
    assert run("runs", "delete", id).exit_code == 2
    assert len(read("runs")) == 1
    assert run("runs", "delete", id, "--yes").exit_code == 0
    assert read("runs") == []


def test_a_worker_that_cannot_start_is_a_sentence(bench, run, monkeypatch):
    id = bench.begin("steady")
    bench.stop(id)
    monkeypatch.setattr(workbench, "Workbench", lambda: Bench(bench.home.folder, worker=("/nowhere/python",)))
    result = run("runs", "resume", id)
    assert result.exit_code == 3
    assert "no worker could be started" in result.stderr


def test_a_home_that_cannot_be_used_is_a_sentence(run, monkeypatch):
    monkeypatch.setenv("RESNET_TF_HOME", "/proc/nowhere")
    result = run("runs")
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1


def test_curves_are_written_for_tensorboard_a_folder_for_each_training(bench, run, read, tmp_path):
    first, second = bench.begin("steady first", epochs=1), bench.begin("steady second", epochs=1)
    bench.start()
    until(lambda: {bench.state(first), bench.state(second)} == {"finished"})
    written = read("tensorboard", first, second[:12], "-o", tmp_path)["files"]
    for path, name in zip(written, ("steady_first", "steady_second"), strict=True):
        assert Path(path).parent.name.startswith(name)
        there = EventAccumulator(str(Path(path).parent))
        there.Reload()
        assert [point.step for point in there.Scalars("step/loss")] == list(range(1, 21))


def test_the_curves_of_a_folder_have_the_last_value_of_a_step_that_was_done_again(run, tmp_path):
    card, chosen = DATASETS["digits"], recipe(epochs=2)
    folder = Folder(tmp_path / "trained")
    folder.begin(Plan("a design", fit(preset("resnet20_cifar10"), card), card, chosen, 0))
    for step, loss in ((1, 3.0), (2, 2.0), (3, 9.0), (2, 2.5), (3, 1.5)):
        folder.write(Event("step", step, 0, float(step), {"loss": loss, "seconds_left": 4.0}))
    result = run("tensorboard", folder.path, "-o", tmp_path / "logs")
    assert result.exit_code == 0, result.stderr
    assert "tensorboard --logdir" in result.stdout
    there = EventAccumulator(str(tmp_path / "logs" / "trained"))
    there.Reload()
    assert [(point.step, point.value) for point in there.Scalars("step/loss")] == [(1, 3.0), (2, 2.5), (3, 1.5)]
    assert there.Tags()["scalars"] == ["step/loss"]
