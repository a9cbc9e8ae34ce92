"""Disks that are full or read-only, databases that are locked or gone: a clear sentence, and nothing lost."""

import os
import resource
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from benches import SPEC, on_sqlite, until
from fake_worker import STEPS_PER_EPOCH

from resnet_tf.runs import database
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.failures import WorkbenchError

ROOT = Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.3)


def notes(bench, run):
    return [event.values["sentence"] for event in bench.events(run, ("note",))]


@on_sqlite
def test_a_worker_whose_disk_is_full_keeps_the_points_and_writes_them_later(bench):
    run = bench.begin("steady", epochs=4)
    until(lambda: len(bench.steps(run)) > 5)
    worker = psutil.Process(bench.pid())
    worker.rlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))  # no file may grow beyond 1 kB
    until(lambda: "records cannot be used" in bench.home.log.read_text())
    written = bench.steps(run)
    time.sleep(1.2)  # more than two epochs: checkpoints do not fit either
    assert bench.steps(run)[: len(written)] == written
    worker.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 4 * STEPS_PER_EPOCH + 1))
    assert any("free some space" in note and "Points were kept" in note for note in notes(bench, run))


@on_sqlite
def test_a_full_disk_is_said_to_the_page_and_what_was_saved_is_still_there(bench):
    bench.save_design("mine", SPEC)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(WorkbenchError, match="free some space and try again"):
            bench.save_design("another", SPEC)
        assert [design.name for design in bench.designs()] == ["mine"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    bench.save_design("another", SPEC)
    assert {design.name for design in bench.designs()} == {"mine", "another"}


@on_sqlite
def test_a_locked_database_is_said_to_the_page_and_no_point_is_lost(bench):
    run = bench.begin("steady", epochs=3)
    until(lambda: bench.steps(run))
    other = sqlite3.connect(bench.home.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(WorkbenchError, match="another program has locked"):
        bench.save_design("mine", SPEC)
    time.sleep(4.0)  # longer than the worker waits for a lock
    other.execute("ROLLBACK")
    other.close()
    until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 3 * STEPS_PER_EPOCH + 1))
    assert any("locked" in note for note in notes(bench, run))


@on_sqlite
def test_a_database_that_is_moved_away_and_back_has_every_point(bench):
    run = bench.begin("steady", epochs=4)
    until(lambda: bench.steps(run))
    files = [bench.home.folder / f"workbench.db{suffix}" for suffix in ("", "-wal", "-shm")]
    away = bench.home.folder / "away"
    away.mkdir()
    for file in files:
        if file.exists():
            file.rename(away / file.name)
    with pytest.raises(WorkbenchError, match=r"workbench\.db was moved or deleted"):
        bench.runs()
    until(lambda: "moved or deleted" in bench.home.log.read_text())
    for file in away.iterdir():
        file.rename(bench.home.folder / file.name)
    until(lambda: bench.state(run) == "finished")
    assert bench.steps(run) == list(range(1, 4 * STEPS_PER_EPOCH + 1))


@on_sqlite
def test_a_file_that_is_no_database_is_named(open_bench, tmp_path):
    (tmp_path / "workbench.db").write_text("a letter to my aunt " * 100)
    with pytest.raises(WorkbenchError, match=r"workbench\.db is not a database: move it away"):
        open_bench().designs()


def test_a_read_only_home_is_named_with_what_to_do(tmp_path):
    """In a process that is not root, whom no permission stops."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    script = f"""
        import os
        from resnet_tf.runs.workbench import Workbench, WorkbenchError
        Workbench({str(tmp_path / "writable")!r}).designs()  # loads what the other user may not be allowed to read
        if os.getuid() == 0:
            os.setuid({NOBODY})
        try:
            Workbench({str(home)!r}).designs()
        except WorkbenchError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "read-only" in said
    assert "RESNET_TF_HOME" in said


def test_a_checkpoint_that_does_not_fit_on_the_disk_leaves_the_earlier_one(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.keep(1, lambda path: path.write_text("one"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            checkpoints.keep(2, lambda path: path.write_text("two" * 10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert checkpoints.newest(lambda path: path.read_text()) == "one"
    assert len(list(tmp_path.iterdir())) == 1


@on_sqlite
def test_a_database_of_a_newer_version_is_refused_by_name(bench, open_bench):
    bench.designs()
    with closing(sqlite3.connect(bench.home.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WorkbenchError, match="update resnet_tf"):
        open_bench().designs()
