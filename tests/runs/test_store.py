"""The records: what is written is what is read, by two openers at once, and the schema is the migrations'."""

import gc
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from benches import SPEC, on_sqlite
from setuptools import find_packages

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import database
from resnet_tf.runs.designs import Designs
from resnet_tf.runs.failures import ClaimLost, WorkbenchError
from resnet_tf.runs.records import STALE, Facts
from resnet_tf.runs.store import Happening, Store
from resnet_tf.runs.tables import metadata
from resnet_tf.runs.workbench import Workbench

ROOT = Path(__file__).parents[2]
NOW = 1_000_000.0


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    yield opened
    opened.database.close()


@pytest.mark.parametrize(
    ("named", "found"), [("", "cba"), ("RESN", "ca"), ("50%", "b"), ("_", ""), ("x", "c")], ids=repr
)
def test_runs_are_found_by_a_part_of_their_names(store, named, found):
    names = {"a": "ResNet-20", "b": "wide, 50% dropped", "c": "A resnext"}
    for name in names.values():
        store.add_run("train", name, SPEC, "local", recipe=recipe())
    assert [run.name for run in store.runs(named=named)] == [names[letter] for letter in found]
    assert store.count_runs("train", "local", named) == len(found)
    assert [run.name for run in store.runs(named=named, most=1)] == [names[letter] for letter in found[:1]]


def test_a_run_is_found_by_the_beginning_of_its_id(store):
    run = store.add_run("train", "a run", SPEC, "local", recipe=recipe())
    assert [found.id for found in store.runs(named=run[:6])] == [run]
    assert store.runs(named=run[3:9]) == []


def claimed(store, name="a run"):
    store.add_run("train", name, SPEC, "local", recipe=recipe())
    store.enter("w1", "host", "home", 1)
    return store.claim("w1", "CPU", "a test")


def step(n, **values):
    return Happening("step", n, 0, float(n), values)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(None, None, None, None, None), "queued"),
        (Facts(None, None, NOW, None, None), "stopped"),
        (Facts(None, "w", None, NOW - 1, None), "running"),
        (Facts(None, "w", NOW, NOW - 1, None), "running"),  # asked to stop, and not yet there
        (Facts(None, "w", None, NOW - STALE - 1, None), "interrupted"),
        (Facts(None, "w", None, NOW - 1, NOW), "interrupted"),
        (Facts(None, "w", NOW, NOW - 1, NOW), "stopped"),
        (Facts("finished", "w", None, NOW - 9999, NOW), "finished"),
        (Facts("diverged", "w", NOW, NOW, None), "diverged"),
    ],
)
def test_the_state_of_a_run_follows_from_its_facts(facts, state):
    assert facts.state(NOW) == state


def test_the_tables_are_what_the_migrations_make(store):
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_migration_is_the_one_that_the_store_expects():
    config = Config()
    config.set_main_option("script_location", "resnet_tf.runs:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


def test_an_installed_package_has_its_migrations():
    packages = find_packages(str(ROOT), include=["resnet_tf*"])
    assert {"resnet_tf.runs.migrations", "resnet_tf.runs.migrations.versions"} <= set(packages)
    assert files("resnet_tf.runs").joinpath("migrations/env.py").is_file()


@on_sqlite
def test_the_database_is_in_wal_mode_so_that_pages_read_while_the_worker_writes(store):
    with store.database.reading() as reader:
        assert reader.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        reader.exec_driver_sql("SELECT count(*) FROM designs").scalar()
        Designs(store.database).save("written while another reads", SPEC, "local")
    assert len(Designs(store.database).saved()) == 1


def test_many_processes_may_open_a_new_store_at_once(tmp_path, database_url):
    script = f"""
        from resnet_tf.runs.workbench import Workbench
        from resnet_tf.design.presets import preset
        import os
        Workbench({str(tmp_path)!r}, {database_url!r}).save_design(f"by {{os.getpid()}}", preset("resnet18"))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    openers = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [opener.wait(60) for opener in openers] == [0] * 4
    assert len(Workbench(tmp_path, database_url).designs()) == 4


def test_many_threads_of_a_server_use_one_workbench(tmp_path, database_url):
    bench, errors = Workbench(tmp_path, database_url), []

    def use(n):
        try:
            for i in range(10):
                bench.save_design(f"{n} {i}", SPEC)
                bench.runs()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(bench.designs()) == 80


def test_a_step_that_is_done_again_replaces_its_point_and_counts_as_new(store):
    run = claimed(store)
    store.append("w1", run, [step(n, loss=float(n)) for n in range(1, 6)])
    store.append("w1", run, [step(n, loss=-float(n)) for n in range(4, 8)])
    found = store.events(run.id, ("step",))
    assert [(e.step, e.values["loss"]) for e in found] == [(1, 1), (2, 2), (3, 3), (4, -4), (5, -5), (6, -6), (7, -7)]
    assert [e.step for e in store.events(run.id, ("step",), after=5)] == [4, 5, 6, 7]


def test_the_latest_point_of_a_resumed_run_is_where_it_is_now(store):
    run = claimed(store)
    begun = Happening("compiling", 0, 0, 0.0, {"steps": 10})
    store.append("w1", run, [begun, *(step(n, loss=n) for n in range(1, 9))])
    assert (store.run(run.id).latest, store.run(run.id).progress) == ({"loss": 8}, 0.8)
    store.append("w1", run, [begun._replace(step=4), step(5, loss=5)])
    assert (store.run(run.id).latest, store.run(run.id).progress) == ({"loss": 5}, 0.5)


def test_a_step_may_have_two_notes(store):
    run = claimed(store)
    store.append("w1", run, [Happening("note", 3, 0, 1.0, {"sentence": said}) for said in ("one", "two")])
    assert [event.values["sentence"] for event in store.events(run.id, ("note",))] == ["one", "two"]


def test_events_are_written_all_or_none(store):
    run = claimed(store)
    with pytest.raises((WorkbenchError, TypeError)):  # as the database's driver has it
        store.append("w1", run, [step(1, loss=1.0), step(2, loss=object())])
    assert store.events(run.id, ("step",)) == []


def test_a_long_curve_is_thinned_evenly_and_begins_and_ends_where_it_does(store):
    run = claimed(store)
    store.append("w1", run, [step(n, loss=1.0) for n in range(1, 10_001)])
    steps = [event.step for event in store.events(run.id, ("step",), most=1000)]
    assert 300 < len(steps) <= 1000
    assert (steps[0], steps[-1]) == (1, 10_000)
    assert max(b - a for a, b in pairwise(steps)) <= 30
    assert [event.step for event in store.events(run.id, ("step",), most=1)] == [10_000]
    assert [event.step for event in store.events(run.id, ("step",), most=10_000)] == list(range(1, 10_001))


def test_numbers_that_json_has_not_are_none(store):
    run = claimed(store)
    store.append("w1", run, [step(1, loss=float("nan"), rest=[float("inf"), 1.0])])
    assert store.run(run.id).latest == {"loss": None, "rest": [None, 1.0]}


def test_a_worker_that_lost_its_run_writes_nothing_more(store):
    run = claimed(store)
    store.append("w1", run, [step(1, loss=1.0)])
    store.resume(store.run(run.id))
    for write in (
        lambda: store.append("w1", run, [step(2, loss=1.0)]),
        lambda: store.beat("w1", run),
        lambda: store.end("w1", run, "finished"),
    ):
        with pytest.raises(ClaimLost):
            write()
    assert (store.run(run.id).state, len(store.events(run.id, ("step",)))) == ("queued", 1)


def test_two_pages_that_resume_one_run_queue_it_once(store):
    run = claimed(store)
    store.end("w1", run, "stopped")
    seen = store.run(run.id)
    store.resume(seen)
    with pytest.raises(WorkbenchError, match="already"):
        store.resume(seen)
    assert store.run(run.id).attempt == 2


def test_a_run_is_read_as_it_was_asked_for(tmp_path, database_url):
    bench = Workbench(tmp_path, database_url).of("ada")
    card = next(card for card in bench.datasets() if card.name == "cifar10")
    changed = bench.recipes()[0].model_copy(update={"epochs": 3})
    run = bench.run(bench.train(preset("resnet18"), "cifar10", changed, 7, name="  my   run "))
    fitted, sentence = bench.fit(preset("resnet18"), "cifar10")
    assert (run.name, run.spec, run.dataset, run.recipe, run.seed, run.owner) == (
        "my run",
        fitted,
        card,
        changed,
        7,
        "ada",
    )
    assert "10 classes instead of 1,000" in sentence
    assert [bench.of(owner).runs() == [run] for owner in ("ada", "bob", None)] == [True, False, True]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "  "}, "must not be empty"),
        ({"name": "x" * 200}, "at most 120"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"dataset": "cifar01"}, "the nearest is 'cifar10'"),
        ({"recipe": "quik"}, "the nearest is 'quick'"),
        ({"recipe": recipe().model_copy(update={"epochs": 0})}, "epochs must be at least 1"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_is_queued(tmp_path, change, sentence):
    bench = Workbench(tmp_path)
    asked = {"spec": SPEC, "dataset": "digits", "recipe": "quick", "seed": 0, "name": "a run", **change}
    with pytest.raises((WorkbenchError, SpecError), match=sentence):
        bench.train(**asked)
    assert bench.runs() == []


def test_a_saved_design_keeps_its_name_once_and_can_be_deleted(tmp_path, database_url):
    bench = Workbench(tmp_path, database_url)
    bench.save_design("mine", SPEC)
    bench.save_design("other", SPEC)
    bench.save_design("mine", preset("resnet50"))
    assert [(d.name, d.spec) for d in bench.designs()] == [("mine", preset("resnet50")), ("other", SPEC)]
    bench.delete_design("mine")
    assert [d.name for d in Workbench(tmp_path, database_url).designs()] == ["other"]


def test_a_workbench_that_is_let_go_leaves_no_connection_open(tmp_path):
    bench = Workbench(tmp_path)
    assert bench.designs() == []
    assert open_below(tmp_path)
    del bench
    gc.collect()
    assert open_below(tmp_path) == []


def open_below(folder):
    return [file.path for file in psutil.Process().open_files() if Path(file.path).is_relative_to(folder)]


def test_added_images_are_kept_and_can_be_trained_on(tmp_path):
    import numpy as np

    folder = tmp_path / "images.npz"
    images, labels = np.zeros((8, 16, 16, 3), np.uint8), np.arange(8) % 2
    np.savez(folder, images=images, labels=labels, class_names=np.array(["cat", "dog"]))
    bench = Workbench(tmp_path / "home")
    card = bench.add_images("pets", folder.read_bytes())
    assert (card.title, card.class_names, card.images) == ("pets", ("cat", "dog"), 8)
    assert Workbench(tmp_path / "home").datasets()[-1] == card
    run = bench.run(bench.train(SPEC, card.name, "quick", name="on pets"))
    assert (run.spec.classes, run.spec.input_shape[2], run.dataset) == (2, card.image_shape[2], card)
    with pytest.raises(WorkbenchError, match="neither a zip nor an npz"):
        bench.add_images("a letter", b"dear aunt")
    bench.add_images("cats and dogs", folder.read_bytes())  # the same images: the newer name holds
    assert [each.title for each in bench.datasets() if each.path] == ["cats and dogs"]
    whole = bytearray(Path(card.path).read_bytes())
    whole[len(whole) // 2] ^= 1
    Path(card.path).write_bytes(whole)
    assert [each.title for each in bench.datasets() if each.path] == []  # of damaged ones nothing is offered


@pytest.mark.parametrize("formats", [["savedmodle"], ["keras", "card"]])
def test_an_export_in_a_format_that_nobody_writes_is_refused_before_it_is_queued(tmp_path, formats):
    bench = Workbench(tmp_path)
    with pytest.raises(SpecError, match="format"):
        bench.export(SPEC, formats, name="an export")
    assert bench.runs("export") == []


def test_every_format_that_is_chosen_beforehand_can_be_exported(tmp_path):
    bench = Workbench(tmp_path)
    usual = [row.name for row in bench.formats() if row.usual]
    assert bench.run(bench.export(SPEC, usual, name="an export")).formats == tuple(usual)


def test_asking_for_everything_loads_no_keras(tmp_path):
    script = f"""
        import sys
        from resnet_tf.runs.workbench import Workbench
        from resnet_tf.design.presets import preset
        bench = Workbench({str(tmp_path)!r})
        assert "sqlalchemy" not in sys.modules
        run = bench.train(preset("resnet18"), "digits", "quick", 0, name="a run")
        bench.export(preset("resnet18"), ["keras"], name="an export")
        bench.worker(), bench.datasets(), bench.recipes(), bench.runs(), bench.run(run), bench.events(run)
        bench.evaluation(run), bench.artifacts(run), bench.designs(), bench.stop(run), bench.delete(run)
        print(sorted({{"keras", "tensorflow", "jax", "torch"}} & set(sys.modules)))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "[]"


@on_sqlite
def test_a_history_is_read_by_seeks_and_never_by_reading_all_events(store, tmp_path):
    store.enter("w1", "host", "home", 1)
    for n in range(20):
        store.add_run("train", f"run {n}", SPEC, "local", recipe=recipe())
        run = store.claim("w1", "CPU", "a test")
        epochs = [Happening("epoch", 40 * e, e, 1.0, {"loss": 1.0, "validation_accuracy": 0.5}) for e in range(1, 11)]
        store.append("w1", run, [*epochs, *(step(n, loss=n) for n in range(1, 401))])
        store.end("w1", run, "finished")
    asked = []

    def ask(connection, cursor, statement, parameters, *rest):
        asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", ask)
    found = store.runs()
    sa.event.remove(sa.Engine, "before_cursor_execute", ask)
    with closing(sqlite3.connect(tmp_path / "workbench.db")) as raw:
        plans = [row[-1] for sql, values in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert [(len(run.epochs), run.latest) for run in found] == [(10, {"loss": 400})] * 20
    assert any("events" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN events")]
