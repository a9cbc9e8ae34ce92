"""Visitors of one instance: what is one's own, what is shared, how much one may have, and whose turn it is."""

import time
from pathlib import Path

import numpy as np
import pytest
from benches import SPEC, Bench, until

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.failures import NoSuchRun, WorkbenchError
from resnet_tf.runs.quotas import QuotaReached
from resnet_tf.runs.settings import HOSTED, Settings, settings
from resnet_tf.runs.store import Happening
from resnet_tf.runs.workbench import Workbench

# everything of a Workbench that takes a run's id, and what it takes beside
READS = {"run": (), "events": (), "evaluation": (), "artifacts": ()}
CHANGES = {"stop": (), "resume": (), "delete": (), "share": ()}


def train(bench, name="a run", **changes):
    return bench.train(SPEC, "digits", recipe(**changes), 0, name=name)


@pytest.fixture
def hosted(tmp_path, database_url):
    """A function that opens an instance with some limits, and none beside them."""
    return lambda **limits: Workbench(tmp_path, database_url, settings=settings(**{"hosted": False, **limits}))


@pytest.mark.parametrize("method", [*READS, *CHANGES])
def test_what_takes_a_run_knows_no_run_of_another_owner(tmp_path, database_url, method):
    ada, bob = (Workbench(tmp_path, database_url).of(owner) for owner in ("ada", "bob"))
    run = train(ada)
    with pytest.raises(NoSuchRun) as said:
        getattr(bob, method)(run)
    with pytest.raises(NoSuchRun) as of_none:
        getattr(bob, method)("0" * 16)
    assert str(said.value).replace(run, "") == str(of_none.value).replace(
        "0" * 16, ""
    )  # and does not say that it exists
    assert (ada.run(run).state, bob.runs(None)) == ("queued", [])


def test_an_export_takes_no_weights_of_another_owner(tmp_path, database_url):
    ada, bob = (Workbench(tmp_path, database_url).of(owner) for owner in ("ada", "bob"))
    with pytest.raises(NoSuchRun):
        bob.export(SPEC, ["keras"], run=train(ada), name="theft")
    assert bob.runs(None) == []


def test_a_shared_run_can_be_read_by_its_id_and_changed_by_its_owner_alone(tmp_path, database_url):
    ada, bob = (Workbench(tmp_path, database_url).of(owner) for owner in ("ada", "bob"))
    run = train(ada)
    ada.share(run)
    for method in READS:
        assert getattr(bob, method)(run) == getattr(ada, method)(run)
    assert bob.runs() == []  # it is found by its link alone
    for method in CHANGES:
        with pytest.raises(WorkbenchError, match="shared by another visitor"):
            getattr(bob, method)(run)
    ada.share(run, False)
    with pytest.raises(NoSuchRun):
        bob.run(run)


def test_designs_are_their_owners(tmp_path, database_url):
    ada, bob = (Workbench(tmp_path, database_url).of(owner) for owner in ("ada", "bob"))
    ada.save_design("mine", SPEC)
    bob.save_design("mine", preset("resnet50"))
    ada.delete_design("mine")
    assert [[d.spec for d in bench.designs()] for bench in (ada, bob)] == [[], [preset("resnet50")]]


@pytest.mark.parametrize(
    ("limit", "changes", "sentence"),
    [
        ({"runs": 1}, {}, r"1 of your runs wait .* at most 1 may.*RESNET_TF_RUNS"),
        ({"queue": 1}, {}, r"1 runs wait already, and at most 1 may.*RESNET_TF_QUEUE"),
        ({"epochs": 5}, {"epochs": 6}, r"epochs must be at most 5 \(got 6; nearest 5\).*RESNET_TF_EPOCHS"),
        ({"parameters": 100_000}, {}, r"has 27\d,\d{3} parameters and may have 100,000.*RESNET_TF_PARAMETERS"),
        ({"worker_mb": 610}, {}, r"takes about 0\.\d GB and this machine has 0\.0 GB free"),
    ],
)
def test_more_than_an_instance_allows_is_refused_before_it_waits(hosted, limit, changes, sentence):
    bench, free = hosted(**limit), hosted()
    first = train(free)
    with pytest.raises(WorkbenchError, match=sentence):
        train(bench, **changes)
    assert [run.id for run in bench.runs()] == [first]


def test_widths_that_a_refusal_names_are_within_the_limit(hosted):
    with pytest.raises(QuotaReached, match="widths at 60 %"):  # (0.36 of the weights)
        train(hosted(parameters=100_000))
    narrower = [stage.model_dump() | {"width": round(0.6 * stage.width)} for stage in SPEC.stages]
    stem = SPEC.stem.model_dump() | {"widths": (10,)}
    smaller = preset("resnet20_cifar10", stages=narrower, stem=stem)
    assert hosted(parameters=100_000).train(smaller, "digits", "quick", name="narrower")


def test_files_count_for_their_owner_and_for_all_until_they_expire(hosted):
    bench = hosted(disk_mb=1, instance_disk_mb=3)
    store = bench._store
    store.enter("w", "host", "home", 1)
    for owner in ("ada", "bob"):
        run = store.run(train(bench.of(owner)))
        claimed = store.claim("w", None, None)
        assert claimed.id == run.id
        with store.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE runs SET bytes = 2000000 WHERE id = '{run.id}'")
        store.end("w", claimed, "finished")
    assert (store.disk("ada"), store.disk()) == (2_000_000, 4_000_000)
    with pytest.raises(QuotaReached, match="Your files take 2 MB and may take 1"):
        train(bench.of("ada"))
    with pytest.raises(QuotaReached, match="All files here take 4 MB and may take 3"):
        train(bench.of("carol"))
    bench.of("ada").delete(bench.of("ada").runs()[0].id)
    assert train(bench.of("carol"))


def test_an_upload_above_the_limit_is_refused_unread(hosted):
    with pytest.raises(QuotaReached, match=r"has 1\.5 MB and may have 1 MB \(RESNET_TF_UPLOAD_MB\)"):
        hosted(upload_mb=1).add_images("large", bytes(1_500_000))


def test_owners_take_turns_and_who_waited_longest_is_first(tmp_path, database_url):
    bench = Workbench(tmp_path, database_url)
    asked = ["ada 1", "ada 2", "ada 3", "bob 1", "carol 1", "bob 2"]
    for name in asked:
        train(bench.of(name.split()[0]), name)
    everything = bench.of(None)
    assert positions(everything) == ["ada 1", "bob 1", "carol 1", "ada 2", "bob 2", "ada 3"]
    bench._store.enter("w", "host", "home", 1)
    served = []
    while run := bench._store.claim("w", None, None):
        bench._store.append("w", run, [Happening("step", 1, 0, 1.0, {})])
        bench._store.end("w", run, "finished")
        served.append(run.name)
        if len(served) == 2:
            train(bench.of("dora"), "dora 1")  # who was never served comes before whoever was
    assert served == ["ada 1", "bob 1", "carol 1", "dora 1", "ada 2", "bob 2", "ada 3"]


def test_an_owner_with_a_run_under_way_waits_for_those_without(tmp_path, database_url):
    bench = Workbench(tmp_path, database_url)
    for name in ("ada 1", "ada 2", "ada 3", "bob 1", "bob 2"):
        train(bench.of(name.split()[0]), name)
    bench._store.enter("w", "host", "home", 1)
    assert [bench._store.claim("w", None, None).name for _ in range(4)] == ["ada 1", "bob 1", "ada 2", "bob 2"]


def positions(bench):
    return [run.name for run in sorted(bench.runs(), key=lambda run: run.position)]


def test_a_limit_of_nought_is_none_and_a_host_has_its_own(monkeypatch):
    assert [Settings(hosted=True, runs=n).limit("runs") for n in (0, 7, None)] == [None, 7, HOSTED["runs"]]
    assert Settings(hosted=False).limit("runs") is None
    monkeypatch.delenv("RESNET_TF_HOSTED")
    monkeypatch.setenv("DYNO", "web.1")
    monkeypatch.setenv("RESNET_TF_EPOCHS", "9")
    assert (settings().hosted, settings().limit("epochs")) == (True, 9)


@pytest.mark.parametrize(("name", "value"), [("RESNET_TF_RUNS", "-1"), ("RESNET_TF_CHECKPOINTS", "none")])
def test_a_variable_that_cannot_be_used_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(WorkbenchError, match=f"{name} cannot be used: .*got '{value}'"):
        settings()


def test_guests_cookies_are_signed_alike_by_every_server(tmp_path, database_url):
    first, second = Workbench(tmp_path, database_url), Workbench(tmp_path, database_url)
    assert first._store.secret("cookies") == second._store.secret("cookies") != first._store.secret("other")


def test_a_worker_that_rests_is_called_by_a_run_and_let_go_after_it(tmp_path, open_bench, monkeypatch):
    monkeypatch.setenv("RESNET_TF_IDLE_SECONDS", "1")
    bench: Bench = open_bench()
    bench.start()
    until(lambda: bench.worker().state == "resting")
    time.sleep(1.0)
    assert bench._store.workers(*bench._instance.place) == []  # none was started in vain
    run = bench.begin("steady")
    until(lambda: bench.state(run) == "finished")
    until(lambda: bench.worker().state == "resting")
    again = bench.begin("steady")
    until(lambda: bench.state(again) == "finished")
    assert len(bench._store.workers(*bench._instance.place)) == 2


def test_a_run_is_stopped_at_the_minutes_of_the_instance(open_bench, monkeypatch):
    monkeypatch.setenv("RESNET_TF_MINUTES", "1")
    bench = open_bench()
    bench.start()
    run = bench.begin("aged", epochs=30)
    until(lambda: bench.run(run).over, 60)
    found = bench.run(run)
    assert (found.state, found.error) == ("stopped", "Stopped after 1 minutes, the limit of this instance")
    assert max(event.seconds for event in bench.events(run)) >= 60


def pets(tmp_path):
    """A small npz of somebody's own images, as bytes."""
    path = tmp_path / "pets.npz"
    images, labels = np.arange(8 * 16 * 16 * 3).reshape(8, 16, 16, 3).astype(np.uint8), np.arange(8) % 2
    np.savez(path, images=images, labels=labels, class_names=np.array(["cat", "dog"]))
    return path.read_bytes()


def test_added_images_are_their_owners_whatever_he_is_called(tmp_path):
    bench, data = Workbench(tmp_path / "home"), pets(tmp_path)
    owners = ["local", "ada", "../../bob", "/etc/passwd", "ö" * 200]
    cards = {owner: bench.of(owner).add_images(f"pets {n}", data) for n, owner in enumerate(owners)}
    for owner, card in cards.items():
        assert [found for found in bench.of(owner).datasets() if found.path] == [card]
        assert (tmp_path / "home" / "uploads").resolve() in Path(card.path).resolve().parents
    assert Path(cards["local"].path).parent == tmp_path / "home" / "uploads"  # where they always were


def test_a_shared_run_does_not_share_its_images(tmp_path):
    bench = Workbench(tmp_path / "home")
    ada, bob = bench.of("ada"), bench.of("bob")
    card = ada.add_images("pets", pets(tmp_path))
    run = ada.train(SPEC, card.name, "quick", name="pets")
    ada.share(run)
    for dataset in (card.name, bob.run(run).dataset):
        with pytest.raises(SpecError, match="dataset must be a known name"):
            bob.train(SPEC, dataset, "quick", name="theft")
    assert ada.train(SPEC, ada.run(run).dataset, "quick", name="again")


def test_a_user_adopts_what_he_made_as_a_guest_and_nothing_else(tmp_path):
    guest, user, bob = (Workbench(tmp_path).of(owner) for owner in ("guest:1", "user:ada", "bob"))
    runs = [train(guest), guest.export(SPEC, ["keras"], name="an export")]
    train(bob)
    for bench, names in ((guest, ("mine", "other")), (user, ("mine",)), (bob, ("mine",))):
        for name in names:
            bench.save_design(name, SPEC if bench is guest else preset("resnet50"))
    card = guest.add_images("pictures", pets(tmp_path))
    guest.adopt("guest:1", "user:ada")
    guest.adopt("guest:1", "user:ada")  # signed in again
    assert {run.id for run in user.runs(None)} == set(runs)
    assert {d.name: d.spec for d in user.designs()} == {"mine": preset("resnet50"), "mine 2": SPEC, "other": SPEC}
    assert [c.name for c in user.datasets()][-1] == card.name
    assert (guest.runs(None), guest.designs()) == ([], [])
    assert (len(bob.runs(None)), [d.name for d in bob.designs()]) == (1, ["mine"])
