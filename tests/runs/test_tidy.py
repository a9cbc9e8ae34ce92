"""What tidying up removes, sends and leaves alone: by the records, here and in a folder that machines share."""

import os
import time

import numpy as np
import pytest
from benches import SPEC, Bench, until

from resnet_tf.learning.recipes import recipe
from resnet_tf.runs import tidier
from resnet_tf.runs.expiry import fates
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.files import Files
from resnet_tf.runs.records import Artifact
from resnet_tf.runs.settings import HOSTED, Settings, settings
from resnet_tf.runs.tables import runs
from resnet_tf.runs.tidy import DAY, tidy

KEEP = 10  # days


class Kept:
    """A workbench with a run of each kind, and their files."""

    def __init__(self, folder, url, **chosen):
        self.settings = settings(keep_days=KEEP, **chosen)
        self.bench = Bench(folder, url, settings=self.settings)
        self.store = self.bench._store
        self.files = Files(self.bench.home, self.settings)
        self.store.enter("w", "host", "elsewhere", 1)

    def tidy(self):
        tidy(self.files, self.store, self.settings)

    def train(self, name="a run", outcome="finished", days=0.0):
        """A run with a checkpoint, over for so many days (or waiting, without an outcome)."""
        run = self.bench.train(SPEC, "digits", recipe(epochs=1), 0, name=name)
        self.files.checkpoints(run).keep(20, lambda path: path.write_bytes(b"weights"))
        if outcome:
            claimed = self.store.claim("w", None, None)
            assert claimed.id == run
            self.store.weigh("w", claimed, 7)
            self.store.end("w", claimed, outcome)
        self.age(run, days)
        return run

    def export(self, days=0.0):
        run = self.bench.export(SPEC, ["keras"], name="taken away")
        claimed = self.store.claim("w", None, None)
        self.bench.home.make(self.bench.home.artifacts(run)).joinpath("network.keras").write_bytes(b"a network")
        facts = {"seconds": 1.0, "verified": True, "difference": 0.0, "load": "", "error": None}
        self.store.add_artifact("w", claimed, Artifact("keras", "network.keras", 9, **facts))
        self.store.add_artifact("w", claimed, Artifact("onnx", None, 0, **facts | {"error": "no such library"}))
        self.store.end("w", claimed, "finished")
        self.age(run, days)
        return run

    def age(self, run, days):
        with self.store.database.writing() as connection:
            times = {c.name: c - days * DAY for c in (runs.c.queued, runs.c.heartbeat, runs.c.ended)}
            connection.execute(runs.update().where(runs.c.id == run).values(times))

    def here(self):
        return {path.name for path in (self.bench.home.folder / "checkpoints").iterdir()}


@pytest.fixture
def kept(tmp_path, database_url):
    return Kept(tmp_path / "a", database_url)


def test_checkpoints_expire_with_their_runs_and_no_sooner(kept):
    old, young = kept.train(days=KEEP + 0.1), kept.train(days=KEEP - 0.1)
    waiting = kept.train(outcome=None, days=KEEP + 0.1)  # resumed, and the queue is long
    kept.tidy()
    assert kept.here() == {young, waiting}
    assert [kept.bench.run(run).bytes for run in (old, young)] == [0, 7]
    assert kept.store.disk("local") == 7


def test_a_run_that_is_under_way_keeps_its_checkpoints(kept):
    run = kept.train(outcome=None)
    kept.age(run, KEEP + 1)
    claimed = kept.store.claim("w", None, None)
    assert fates(kept.store.database, [run], time.time() - KEEP * DAY) == {run: "open"}
    kept.tidy()
    assert kept.here() == {claimed.id}


def test_an_export_expires_with_the_time_and_no_path(kept):
    old, young = kept.export(days=KEEP + 0.1), kept.export(days=KEEP - 0.1)
    assert kept.bench.download(old, "keras").read_bytes() == b"a network"
    kept.tidy()
    gone, unwritten = kept.bench.artifacts(old)
    assert (gone.path, gone.error, unwritten.expired) == (None, None, None)
    assert abs(gone.expired - time.time()) < 60
    with pytest.raises(WorkbenchError, match="export it again"):
        kept.bench.download(old, "keras")
    assert kept.bench.download(young, "keras").read_bytes() == b"a network"
    assert kept.store.disk("local") == 9
    kept.tidy()
    assert kept.bench.artifacts(old)[0].expired == gone.expired  # it has expired once


def test_without_a_limit_nothing_expires_and_a_host_has_one(kept):
    kept.settings = settings(keep_days=0)
    run = kept.train(days=1000)
    kept.tidy()
    assert kept.here() == {run}
    assert Settings(hosted=True).limit("keep_days") == HOSTED["keep_days"] == 14


def test_what_is_left_of_a_deleted_run_goes_and_a_stranger_stays(kept):
    deleted, stranger = kept.train(), "f" * 16
    kept.bench.delete(deleted)
    for run in (deleted, stranger):  # a worker that was asleep, on this machine or another, wrote once more
        kept.files.checkpoints(run).keep(40, lambda path: path.write_bytes(b"late"))
    kept.tidy()
    assert kept.here() == {stranger}  # other records may know it


def test_what_killed_writers_left_goes_after_a_day(kept):
    home, run = kept.bench.home, kept.train()
    left = [
        home.checkpoints(run) / ".unfinished.npz.4711",
        home.artifacts(run) / ".unfinished-x" / "network.onnx",
        home.uploads("ada") / ".images-0.npz.4711",
        home.uploads("local") / ".weights",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    kept.tidy()
    assert all(path.exists() for path in left)  # somebody may be at it
    for path in (*left, left[1].parent):
        os.utime(path, (0, time.time() - 1.1 * DAY))
    kept.tidy()
    assert not any(path.exists() for path in left)
    assert len(list(home.checkpoints(run).iterdir())) == 1


def test_the_bytes_of_a_run_whose_worker_died_are_counted_again(kept):
    run = kept.train(outcome=None)
    claimed = kept.store.claim("w", None, None)
    kept.store.end("w", claimed, "failed")
    assert kept.bench.run(run).bytes == 0
    kept.tidy()
    assert kept.bench.run(run).bytes == len(b"weights")


def pets(tmp_path, value=0):
    path = tmp_path / "pets.npz"
    np.savez(path, images=np.full((8, 16, 16, 3), value, np.uint8), labels=np.arange(8) % 2)
    return path.read_bytes()


def test_added_images_expire_unless_a_run_of_late_is_of_them(kept, tmp_path):
    cards = [kept.bench.of(owner).add_images("pets", pets(tmp_path, n)) for n, owner in enumerate(("ada", "local"))]
    used = kept.bench.add_images("used", pets(tmp_path, 2))
    kept.bench.train(SPEC, used.name, recipe(epochs=1), 0, name="of late")
    for card in (*cards, used):
        os.utime(card.path, (0, time.time() - (KEEP + 0.1) * DAY))
    young = kept.bench.add_images("young", pets(tmp_path, 3))
    kept.tidy()
    assert {card.name for card in kept.bench.datasets() if card.path} == {used.name, young.name}
    assert not os.path.exists(cards[0].path)


# --- with an object store


@pytest.fixture
def shared(tmp_path, database_url):
    """A function that gives a machine that shares a folder with others."""
    return lambda **chosen: Kept(tmp_path / "a", database_url, artifact_url=str(tmp_path / "shared"), **chosen)


def test_what_waited_for_the_store_is_sent(shared, tmp_path):
    kept = shared()
    run, export = kept.train(), kept.export()
    card = kept.bench.of("ada").add_images("pets", pets(tmp_path))
    os.remove(tmp_path / "shared" / os.path.relpath(card.path, tmp_path / "a"))
    kept.tidy()
    found = sorted(path.relative_to(tmp_path / "shared").parts[:2] for path in (tmp_path / "shared").rglob("*.*"))
    assert found == [
        ("artifacts", export),
        ("checkpoints", run),
        ("uploads", os.path.basename(os.path.dirname(card.path))),
    ]


def test_the_store_loses_what_is_deleted_or_old_and_nothing_else(shared, tmp_path):
    kept = shared()
    deleted, old, young, export, stranger = kept.train(), kept.train(), kept.train(), kept.export(), "f" * 16
    kept.files.checkpoints(stranger).keep(1, lambda path: path.write_bytes(b"x"))
    kept.files.send(stranger)
    kept.tidy()
    kept.store.delete_run(deleted)  # while the store was down
    for run in (old, export):
        kept.age(run, KEEP + 0.1)
    for run in (deleted, old, export):
        kept.files.forget_here(run)  # the machine that has its files has gone
    kept.tidy()
    left = {path.parent.name for path in (tmp_path / "shared").rglob("*.*")}
    assert left == {young, stranger}
    assert kept.bench.artifacts(export)[0].expired


def test_copies_have_an_end_and_what_is_not_sent_is_none(shared, tmp_path):
    kept = shared(cache_mb=1)
    big = bytes(700_000)
    runs = [kept.train(f"run {n}") for n in range(3)]
    for n, run in enumerate(runs):
        for path in kept.bench.home.checkpoints(run).iterdir():
            path.unlink()
        kept.files.checkpoints(run).keep(20, lambda path: path.write_bytes(big))
        for path in kept.bench.home.checkpoints(run).iterdir():
            os.utime(path, (0, time.time() - 100 + n))
    kept.tidy()
    assert [bool(list(kept.bench.home.checkpoints(run).iterdir())) for run in runs] == [False, False, True]
    assert kept.files.checkpoints(runs[0]).newest(lambda path: path.read_bytes()) == big  # from the store


def test_a_server_tidies_up_by_itself(open_bench, monkeypatch):
    monkeypatch.setattr(tidier, "FIRST", 0.1)
    monkeypatch.setenv("RESNET_TF_KEEP_DAYS", str(KEEP))
    bench = open_bench()
    run = bench.begin("steady")
    folder = bench.home.make(bench.home.checkpoints(run))
    (folder / f"{20:012d}-{'0' * 16}.npz").write_bytes(b"old")
    bench._store.delete_run(run)
    bench.start()
    until(lambda: not folder.exists(), 60)


def test_a_server_that_tidies_up_begins_no_records(tmp_path, monkeypatch):
    """Their file may be moved away just then."""
    monkeypatch.setattr(tidier, "FIRST", 0.0)
    looked = []
    monkeypatch.setattr("resnet_tf.runs.tidy.tidy", lambda files, store, chosen: looked.append(store))
    bench = Bench(tmp_path / "home")
    bench._instance.tidier.start()
    time.sleep(1.0)
    assert looked == []
    assert bench._instance._database.version() is None
    bench.ask()  # somebody's question does
    again = Bench(tmp_path / "home")
    again._instance.tidier.start()
    until(lambda: looked)
    for each in (bench, again):
        each._instance.tidier.close()
        each.close()
