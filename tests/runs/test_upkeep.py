"""Backup and restore, up and down, as docs/operations.md says them: of instances that are at work meanwhile."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benches import FAKE, SPEC, Bench, until
from fake_worker import STEPS_PER_EPOCH, loss
from postgres import programs

from resnet_tf.runs import upkeep as upkeep_module
from resnet_tf.runs.database import HEAD
from resnet_tf.runs.records import Artifact
from resnet_tf.runs.settings import settings

ROOT = Path(__file__).parents[2]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def upkeep(*words, home, **variables):
    """What the command says, and its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RESNET_TF_HOME": str(home), **variables}
    command = [sys.executable, "-m", "resnet_tf.runs.upkeep", *map(str, words)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip(), done.returncode


@pytest.fixture
def restored(tmp_path_factory):
    """A function that opens what was copied, as another machine would; the original is out of reach."""
    opened = []

    def open_copy(folder, original):
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "home"
        shutil.copytree(folder, elsewhere)
        original.rename(original.with_name(f"{original.name}.lost"))
        opened.append(Bench(elsewhere, worker=FAKE))
        return opened[-1]

    yield open_copy
    for bench in opened:
        bench.close()


@ON_SQLITE
def test_a_copy_made_while_a_run_is_under_way_is_whole_and_the_run_goes_on_from_it(open_bench, tmp_path, restored):
    bench = open_bench()
    bench.start()
    bench.save_design("mine", SPEC)
    done, under_way = bench.begin("steady done", epochs=1), bench.begin("steady", epochs=300)
    until(lambda: len(bench.run(under_way).epochs) >= 3)
    said, code = upkeep("backup", tmp_path / "copy", home=tmp_path)
    assert (said, code) == ("Copied: workbench.db, checkpoints", 0)
    bench.kill()
    bench.close()

    copy = restored(tmp_path / "copy", tmp_path)
    assert [design.name for design in copy.designs()] == ["mine"]
    assert [(e.step, e.values["loss"]) for e in copy.events(done)] == [(n, loss(n)) for n in range(1, 21)]
    steps = copy.steps(under_way)
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 3 * STEPS_PER_EPOCH
    copy._store.bury(str(tmp_path), os.uname().nodename, "its machine is lost")
    copy.start()
    copy.resume(under_way)
    until(lambda: len(copy.steps(under_way)) > len(steps) + 2 * STEPS_PER_EPOCH)
    steps = copy.steps(under_way)
    assert steps == list(range(1, len(steps) + 1))


@ON_SQLITE
def test_a_run_whose_records_are_older_than_its_newest_checkpoint_goes_on_without_a_gap(
    open_bench, tmp_path, restored, monkeypatch
):
    """As in a copy during which an epoch ended, or of a database that was brought back to an earlier hour."""
    bench = open_bench()
    bench.start()
    run = bench.begin("steady", epochs=300)
    until(lambda: len(bench.run(run).epochs) >= 3)

    def kept(home):
        return sorted(int(path.name[:12]) for path in home.checkpoints(run).iterdir() if path.name[0].isdigit())

    def slowly(source, target, copy=upkeep_module._copy_records):
        name, newest = copy(source, target), kept(bench.home)[-1]
        until(lambda: kept(bench.home)[0] > newest)  # none is left that the records may know
        return name

    monkeypatch.setattr(upkeep_module, "_copy_records", slowly)
    upkeep_module.backup(bench.home, settings(), tmp_path / "copy")
    bench.kill()
    bench.close()
    copy = restored(tmp_path / "copy", tmp_path)
    ahead = kept(copy.home)[-1]
    assert ahead > copy.steps(run)[-1]
    copy._store.bury(str(tmp_path), os.uname().nodename, "its machine is lost")
    copy.start()
    copy.resume(run)
    until(lambda: copy.steps(run)[-1] > ahead)
    assert copy.steps(run) == list(range(1, len(copy.steps(run)) + 1))


@ON_SQLITE
def test_a_restored_export_can_be_downloaded(open_bench, tmp_path, restored):
    bench = open_bench()
    run = bench.export(SPEC, ["keras"], name="an export")
    bench._store.enter("w", "host", "home", 1)
    claimed = bench._store.claim("w", "CPU", "a test")
    path = bench.home.artifacts(run) / "network.keras"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a network")
    bench._store.add_artifact("w", claimed, Artifact("keras", str(path), 9, 0.1, True, 0.0, "", None))
    bench._store.end("w", claimed, "finished")
    assert upkeep("backup", tmp_path / "copy", home=tmp_path) == ("Copied: workbench.db, artifacts", 0)

    copy = restored(tmp_path / "copy", tmp_path)
    (artifact,) = copy.artifacts(run)
    assert (copy.home.artifacts(run) / Path(artifact.path).name).read_bytes() == b"a network"


@ON_SQLITE
def test_a_copy_is_not_made_over_another(open_bench, tmp_path):
    open_bench().designs()
    target = tmp_path / "copy"
    assert upkeep("backup", target, home=tmp_path)[1] == 0
    said, code = upkeep("backup", target, home=tmp_path)
    assert (said, code) == (f"{target} must be a new folder: it holds something already", 1)
    assert upkeep("backup", tmp_path / "other", home=tmp_path / "nowhere")[1] == 1


def test_the_schema_goes_down_and_up_and_keeps_the_records(open_bench, tmp_path, database_url):
    bench = open_bench()
    run = bench.begin("steady")
    place = {"home": tmp_path, "DATABASE_URL": database_url}
    assert upkeep("version", **place) == (f"The records have {HEAD}, this version wants {HEAD}", 0)
    assert upkeep("to", "0002", **place) == ("The records have 0002", 0)
    assert upkeep("version", **place)[0].startswith("The records have 0002")
    assert upkeep("to", "head", **place) == (f"The records have {HEAD}", 0)
    assert open_bench().run(run).name == "steady"
    said, code = upkeep("to", "0815", **place)
    assert code == 1
    assert "0815" in said
    assert "Traceback" not in said


@pytest.mark.services
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_dump_of_postgres_restores_every_point(open_bench, postgres, tmp_path, database_url):
    bench = open_bench()
    bench.start()
    run = bench.begin("steady", epochs=2)
    until(lambda: bench.state(run) == "finished")
    dump, empty = tmp_path / "records.dump", postgres.create(migrated=False)
    for command in operations("pg_dump", "pg_restore"):
        words = command.replace('"$DATABASE_URL"', database_url).replace('"$NEW_DATABASE_URL"', empty).split()
        subprocess.run([programs() / words[0], *words[1:]], cwd=dump.parent, check=True)
    assert Bench(tmp_path / "new", empty).events(run) == bench.events(run)


def operations(*programs):
    """The lines of docs/operations.md that start one of these programs."""
    text = (ROOT / "docs" / "operations.md").read_text()
    return re.findall(rf"^(?:{'|'.join(programs)}) .*$", text, re.MULTILINE)
