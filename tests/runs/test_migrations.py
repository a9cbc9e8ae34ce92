"""Records of every version become those of every other, and lose nothing that the other can hold."""

import json
from itertools import pairwise

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from benches import SPEC

from resnet_tf.learning.catalogue import DATASETS
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.designs import Designs
from resnet_tf.runs.records import DesignVersion
from resnet_tf.runs.store import Store

CONFIG = Config()
CONFIG.set_main_option("script_location", "resnet_tf.runs:migrations")
REVISIONS = sorted(script.revision for script in ScriptDirectory.from_config(CONFIG).walk_revisions())
RUNS, POINTS = 5, 200


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def url(request, tmp_path):
    """The URL of records without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'workbench.db'}"
        return
    server = request.getfixturevalue("postgres")
    url = server.create(migrated=False)
    yield url
    server.drop(url)


@pytest.fixture
def engine(url):
    engine = sa.create_engine(url.replace("postgres:", "postgresql+psycopg:"))
    if engine.dialect.name == "sqlite":  # as the store has it: what a table loses takes others with it
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    yield engine
    engine.dispose()


def go(engine, way, revision):
    with engine.begin() as connection:
        CONFIG.attributes["connection"] = connection
        way(CONFIG, revision)


def fill(engine):
    """Writes what the first version could hold."""
    tables = sa.MetaData()
    tables.reflect(engine)
    spec, plan = json.loads(SPEC.model_dump_json()), recipe().model_dump(mode="json")
    run = {
        "task": "train", "owner": "local", "seed": 7, "spec": spec, "recipe": plan,
        "dataset": DATASETS["digits"].as_json(), "options": {}, "created": 1.0, "queued": 1.0, "attempt": 1,
        "claimed_by": "w", "outcome": "finished",
    }  # fmt: skip
    worker = {"id": "w", "host": "h", "home": "f", "pid": 1, "started": 1.0, "heartbeat": 1.0}
    design = {"owner": "local", "name": "mine", "spec": spec, "created": 1.0, "updated": 2.0}
    file = {"format": "keras", "path": "x", "bytes": 7, "seconds": 0.5, "load": "import"}
    point = {"attempt": 1, "kind": "step", "epoch": 0, "seconds": 0.1}
    names = [f"r{n}" for n in range(RUNS)]
    rows = {
        "workers": [worker], "designs": [design],
        "runs": [run | {"id": name, "name": name} for name in names],
        "artifacts": [file | {"run": name} for name in names],
        "events": [point | {"run": name, "step": n, "values": {"loss": 1 / n}} for name in names
                   for n in range(1, POINTS + 1)],
    }  # fmt: skip
    with engine.begin() as connection:
        for table, written in rows.items():
            # columns of JSON are read back from SQLite as text
            texts = {c.name for c in tables.tables[table].columns if "JSON" not in str(c.type)}
            jsons = {key for row in written for key, value in row.items() if isinstance(value, dict)} & texts
            connection.execute(
                tables.tables[table].insert(),
                [{k: json.dumps(v) if k in jsons else v for k, v in row.items()} for row in written],
            )


def held(engine):
    """All rows of the tables that the first version has, in its columns."""
    tables = sa.MetaData()
    tables.reflect(engine)
    found = {}
    with engine.connect() as connection:
        for name, columns in FIRST.items():
            table = tables.tables[name]
            rows = connection.execute(sa.select(*(table.c[column] for column in columns)))
            found[name] = sorted(json.dumps([*row], default=str) for row in rows)
    return found


FIRST = {
    "workers": ("id", "pid"), "designs": ("owner", "name", "spec"), "artifacts": ("run", "format", "path", "bytes"),
    "runs": ("id", "name", "owner", "spec", "dataset", "recipe", "seed", "claimed_by", "outcome"),
    "events": ("seq", "run", "kind", "step", "values"),
}  # fmt: skip


def test_a_filled_store_of_any_version_goes_up_and_down_and_keeps_all(engine, url):
    go(engine, command.upgrade, REVISIONS[0])
    fill(engine)
    before = held(engine)
    assert {name: len(rows) for name, rows in before.items()} == {
        "workers": 1, "designs": 1, "artifacts": RUNS, "runs": RUNS, "events": RUNS * POINTS
    }  # fmt: skip
    for revision in REVISIONS[1:]:
        go(engine, command.upgrade, revision)
        assert held(engine) == before
    for down, up in pairwise([*reversed(REVISIONS), "base"]):
        if up != "base":
            go(engine, command.downgrade, up)
            assert held(engine) == before
            go(engine, command.upgrade, down)
            go(engine, command.downgrade, up)
            assert held(engine) == before
    store = Store(url)  # brings them to the newest version
    assert held(engine) == before
    run = store.run("r3")
    assert (run.spec, run.recipe, run.seed, run.state, run.shared) == (SPEC, recipe(), 7, "finished", False)
    assert [event.values["loss"] for event in store.events("r3", ("step",))] == [1 / n for n in range(1, POINTS + 1)]
    assert [artifact.note for artifact in store.artifacts("r3")] == [None]


def test_a_design_of_a_store_without_versions_is_its_own_first(engine, url):
    go(engine, command.upgrade, REVISIONS[0])
    fill(engine)
    designs = Designs(Store(url).database)
    (design,) = designs.saved()
    assert (design.tags, design.notes, design.updated) == ((), "", 2.0)
    assert designs.versions("mine", "local") == [DesignVersion(1, SPEC, 2.0)]


def test_going_back_before_the_first_version_leaves_nothing(engine):
    go(engine, command.upgrade, "head")
    go(engine, command.downgrade, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version", "sqlite_sequence"}
