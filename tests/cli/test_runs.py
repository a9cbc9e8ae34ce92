"""The workbench's runs from the command line, with real workers whose trainings are fake."""

import json

import pytest
from benches import FAKE, Bench, until

from resnet_tf.runs import executor, workbench

# the published 269,722 less the weights of two of three colours
RESNET20_OF_GREY_IMAGES = 269_722 - 2 * 3 * 3 * 16


@pytest.fixture
def bench(home, monkeypatch):
    """A workbench in the home that the command line uses; its workers are fake, and gone with the test."""
    monkeypatch.setenv("RESNET_TF_HOME", str(home))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(executor, "FIRST_PAINT", 0.0)
    opened = Bench(home, worker=FAKE)
    monkeypatch.setattr(workbench, "Workbench", lambda: Bench(home, worker=FAKE))
    yield opened
    opened.close()


def test_runs_are_listed_newest_first(bench, run, read):
    first, second = bench.begin("steady first"), bench.begin("steady second")
    listed = read("runs")
    assert [each["id"] for each in listed] == [second, first]
    assert {each["state"] for each in listed} == {"queued"}
    assert listed[0]["spec"]["stages"][0]["blocks"] == 3  # ResNet-20 has 3 blocks a stage
    assert read("runs", "list", "--task", "export") == []
    assert "steady second" in run("runs").stdout


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
