"""Sweeps from the records: every trial is trained once and as far as it should be, whoever dies or is stopped."""

import random
import threading
import time

import pytest
import sqlalchemy as sa
from benches import SPEC, Bench, on_sqlite, until
from fake_worker import STEPS_PER_EPOCH
from hands import Hand, accuracy, trained

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.sweep_axes import parse_axis
from resnet_tf.learning.sweeps import Search
from resnet_tf.runs import clock
from resnet_tf.runs.failures import NoSuchRun, NoSuchSweep, WorkbenchError
from resnet_tf.runs.records import STALE
from resnet_tf.runs.settings import settings
from resnet_tf.runs.tables import runs, sweeps
from resnet_tf.runs.trials import MOST_DEATHS, Known, Standing, Step, Trials, next_step

ASHA = Search(axes=(parse_axis("learning_rate=0.1..1"), parse_axis("width=0.5,1")), how="asha", trials=9)
GRID = Search(axes=(parse_axis("learning_rate=0.1,0.2,0.4"),))


@pytest.fixture
def idle(tmp_path, database_url):
    """A function that opens a workbench without a worker, with some limits."""
    return lambda **limits: Bench(tmp_path, database_url, settings=settings(**{"hosted": False, **limits}))


def begin(bench, search=ASHA, epochs=9, name="a sweep"):
    return bench.sweep(SPEC, "digits", recipe(epochs=epochs), search, name=name)


def work(hands, sweep, bench, draws=None, deaths=0):
    """Lets hands work until the sweep is over; with draws in any order, some of them dying in between."""
    while not bench.sweep_of(sweep).over:
        for hand in hands if draws is None else draws.sample(hands, len(hands)):
            if hand.look():
                hand.step()
                if deaths and draws.random() < 0.08:
                    hand.die()
                    deaths -= 1


def test_a_sweep_trains_every_trial_of_a_grid_to_its_end(idle, tmp_path):
    bench = idle()
    sweep = begin(bench, GRID, epochs=2)
    work([Hand(bench, tmp_path)], sweep, bench)
    done = bench.sweep_of(sweep)
    assert done.state == "finished"
    assert [trial.values for trial in done.trials] == [(("learning_rate", rate),) for rate in (0.1, 0.2, 0.4)]
    assert [trial.run.recipe for trial in done.trials] == [recipe(epochs=2, learning_rate=r) for r in (0.1, 0.2, 0.4)]
    assert trained(tmp_path) == [(n, epoch) for n in range(3) for epoch in (1, 2)]
    assert done.best.best == accuracy(done.trials[2].run, 2)
    assert {run.sweep for run in bench.runs()} == {sweep}


def test_the_best_third_of_every_rung_goes_on_from_where_it_was(idle, tmp_path):
    bench = idle()
    sweep = begin(bench)
    work([Hand(bench, tmp_path)], sweep, bench)
    done = bench.sweep_of(sweep)
    epochs = [len(trial.run.epochs) for trial in done.trials]
    assert set(epochs) <= {1, 3, 9}
    by_rate = sorted(done.trials, key=lambda trial: -dict(trial.values)["learning_rate"])
    assert len(by_rate[0].run.epochs) == 9  # the best there is always comes to the top
    assert by_rate[0] == done.best
    for end, least in ((3, 3), (9, 1)):  # at least what successive halving would promote
        assert sum(count >= end for count in epochs) >= least
    states = {1: "paused", 3: "paused", 9: "finished"}
    assert [trial.state for trial in done.trials] == [states[count] for count in epochs]
    assert len(trained(tmp_path)) == len(set(trained(tmp_path))) == sum(epochs)  # no epoch is trained again


@pytest.mark.parametrize("seed", range(5))
def test_workers_that_die_at_any_moment_lose_no_trial_and_none_is_begun_twice(idle, tmp_path, seed):
    bench, draws = idle(), random.Random(seed)
    sweep = begin(bench)
    work([Hand(bench, tmp_path) for _ in range(3)], sweep, bench, draws, deaths=6)
    done = bench.sweep_of(sweep)
    assert done.state == "finished"
    assert len(bench.runs()) == len(done.trials) == 9
    for trial in done.trials:
        assert trial.state == ("finished" if trial.run.until is None else "paused")
        assert [values["epoch"] for values in trial.run.epochs] == list(range(1, (trial.run.until or 9) + 1))
    ends = [sum((trial.run.until or 9) >= end for trial in done.trials) for end in (1, 3, 9)]
    assert ends[0] == 9
    assert ends[1] >= 3
    assert ends[2] >= 1
    assert set(trained(tmp_path)) == {(t.number, e) for t in done.trials for e in range(1, (t.run.until or 9) + 1)}


def test_many_who_look_at_once_begin_each_trial_once(idle):
    bench = idle()
    sweep = begin(bench, Search(axes=(parse_axis("learning_rate=0.1..1"),), how="random", trials=12))
    barrier, failed = threading.Barrier(6), []

    def look():
        mine = Trials(bench._store, bench.settings)
        barrier.wait()
        try:
            for _ in range(4):
                mine.advance()
                bench._store.claim("nobody", "CPU", "a test")
        except WorkbenchError as error:  # SQLite's writers may wait too long for each other, but never both write
            failed.append(error)

    bench._store.enter("nobody", "host", "home", 1)
    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [run.trial for run in bench.runs()]
    assert sorted(found) == list(range(len(found)))
    assert len(found) == 12 or failed
    assert bench.sweep_of(sweep).state == "running"


def test_no_more_trials_wait_than_are_under_way_so_that_better_ones_come_first(idle, tmp_path):
    bench = idle()
    begin(bench, Search(axes=(parse_axis("learning_rate=0.1..1"),), how="random", trials=30))
    hands = [Hand(bench, tmp_path) for _ in range(6)]
    waited = []
    for hand in hands:
        hand.look()
        Trials(bench._store, bench.settings).advance()
        waited.append(bench._store.waiting())
    assert waited == [1, 2, 3, 4, 5, 6]


def test_a_sweep_trickles_into_the_queue_as_its_owners_limit_has_it(idle, tmp_path):
    bench = idle(runs=3)
    other = bench.begin("another", epochs=1)
    sweep = begin(bench, Search(axes=(parse_axis("learning_rate=0.1..1"),), how="random", trials=8), epochs=1)
    hands, most = [Hand(bench, tmp_path) for _ in range(5)], 0
    bench.stop(other)
    while not bench.sweep_of(sweep).over:
        for hand in hands:
            if hand.look():
                hand.step()
            most = max(most, bench._store.open_runs("local"))
    assert most == 3
    assert len(trained(tmp_path)) == 8


def test_a_sweep_that_finds_no_room_says_why_and_begins_when_there_is(idle, tmp_path):
    bench = idle(runs=1)
    other = bench.begin("another", epochs=1)
    sweep = begin(bench, GRID, epochs=1)
    found = bench.sweep_of(sweep)
    assert (found.state, [trial.run for trial in found.trials]) == ("queued", [None] * 3)
    assert "1 of your runs wait or are under way and at most 1 may" in found.waits_for
    bench.stop(other)
    work([Hand(bench, tmp_path)], sweep, bench)
    assert len(trained(tmp_path)) == 3
    assert bench.sweep_of(sweep).waits_for == ""


def test_two_owners_sweeps_take_turns(idle, tmp_path):
    bench = idle()
    ids = [begin(bench.of(owner), GRID, epochs=1) for owner in ("ada", "bob")]
    hand, order = Hand(bench, tmp_path), []
    while not all(bench.of(None).sweep_of(id).over for id in ids):
        if hand.run is None and hand.look():
            order.append(hand.run.owner)
        if hand.run:
            hand.step()
    assert sorted(order) == ["ada"] * 3 + ["bob"] * 3
    assert order[:4] in (["ada", "bob"] * 2, ["bob", "ada"] * 2)


def test_a_stopped_sweep_begins_nothing_and_goes_on_with_what_was_stopped_with_it(idle, tmp_path):
    bench, hand = idle(), Hand(idle(), tmp_path)
    sweep = begin(bench, GRID, epochs=3)
    while len(trained(tmp_path) if (tmp_path / "log").exists() else ()) < 4:
        hand.look()
        hand.step()
    bench.stop_sweep(sweep)
    assert bench.sweep_of(sweep).state == "stopping"
    while hand.run:
        hand.step()
    assert not hand.look()
    stopped = bench.sweep_of(sweep)
    assert (stopped.state, [trial.state for trial in stopped.trials]) == ("stopped", ["finished", "stopped", "to come"])
    bench.stop_sweep(sweep)  # again: nothing changes
    bench.resume_sweep(sweep)
    work([hand], sweep, bench)
    assert bench.sweep_of(sweep).state == "finished"
    assert sorted(trained(tmp_path)) == [(n, epoch) for n in range(3) for epoch in (1, 2, 3)]
    with pytest.raises(WorkbenchError, match="cannot be resumed: it is finished"):
        bench.resume_sweep(sweep)


def test_a_trial_that_a_person_stopped_stays_so_when_the_sweep_is_taken_up_again(idle, tmp_path):
    bench = idle()
    sweep, hand = begin(bench, GRID, epochs=3), Hand(bench, tmp_path)
    hand.look()
    bench.stop(hand.run.id)
    hand.step()
    bench.stop_sweep(sweep)
    bench.resume_sweep(sweep)
    work([hand], sweep, bench)
    assert [trial.state for trial in bench.sweep_of(sweep).trials] == ["stopped", "finished", "finished"]


def test_a_paused_trial_that_a_person_takes_up_goes_on_to_its_end(idle, tmp_path):
    bench = idle()
    sweep = begin(bench)
    hand = Hand(bench, tmp_path)
    work([hand], sweep, bench)
    paused = next(trial.run for trial in bench.sweep_of(sweep).trials if trial.state == "paused")
    assert paused.resumable
    bench.resume(paused.id)
    assert bench.sweep_of(sweep).state == "running"
    while hand.look():
        hand.step()
    assert (bench.state(paused.id), len(bench.run(paused.id).epochs)) == ("finished", 9)
    assert bench.sweep_of(sweep).state == "finished"


def test_a_deleted_sweep_leaves_no_run_point_or_file(idle, tmp_path):
    bench = idle()
    sweep, hand = begin(bench, GRID, epochs=1), Hand(bench, tmp_path)
    hand.look()
    bench.home.checkpoints(hand.run.id).mkdir(parents=True)
    trial = hand.run.id
    while hand.run:
        hand.step()
    with pytest.raises(WorkbenchError, match="is a trial of a sweep"):
        bench.delete(trial)
    hand.look()
    with pytest.raises(WorkbenchError, match="is running"):
        bench.delete_sweep(sweep)
    while hand.run:
        hand.step()
    bench.delete_sweep(sweep)
    assert (bench.sweeps(), bench.runs(None)) == ([], [])
    assert not bench.home.checkpoints(trial).exists()
    with pytest.raises(WorkbenchError, match="There is no sweep"):
        bench.sweep_of(sweep)


def test_a_sweep_is_its_owners_alone_and_a_users_once_he_signs_in(idle):
    bench = idle()
    ada, bob = bench.of("ada"), bench.of("bob")
    sweep = begin(ada, GRID)
    for method in ("sweep_of", "stop_sweep", "resume_sweep", "delete_sweep"):
        with pytest.raises(WorkbenchError, match="There is no sweep"):
            getattr(bob, method)(sweep)
    assert (bob.sweeps(), [found.id for found in ada.sweeps()]) == ([], [sweep])
    assert bench.of(None).sweep_of(sweep).owner == "ada"
    bench.adopt("ada", "user")
    assert bench.of("user").sweep_of(sweep).open[0].run.owner == "user"
    with pytest.raises(NoSuchRun):
        ada.run(bench.of("user").sweep_of(sweep).open[0].run.id)


def test_a_trial_whose_workers_die_again_and_again_has_failed_and_the_sweep_goes_on(idle, tmp_path):
    bench, hand = idle(), Hand(idle(), tmp_path)
    sweep = begin(bench, GRID, epochs=2)
    for _ in range(MOST_DEATHS + 1):
        assert hand.look()
        assert hand.run.trial == 0
        hand.die()
    work([hand], sweep, bench)
    found = bench.sweep_of(sweep)
    assert [trial.state for trial in found.trials] == ["failed", "finished", "finished"]
    assert "died 4 times" in found.trials[0].run.error


def test_a_silent_worker_is_watched_before_its_trial_goes_on_elsewhere(idle, tmp_path, monkeypatch):
    bench, (silent, other) = idle(), [Hand(idle(), tmp_path) for _ in range(2)]
    begin(bench, Search(axes=(parse_axis("learning_rate=0.1,0.2"),)), epochs=2)
    silent.look(), other.look()
    with bench._store.database.writing() as connection:  # the records were gone for a while
        connection.execute(sa.update(runs).values(heartbeat=time.time() - STALE - 1))
    third = Hand(bench, tmp_path)
    assert not third.look()
    assert other.step()  # it speaks again
    monkeypatch.setattr(clock, "GRACE", 0.0)
    assert third.look()
    assert third.run.trial == 0
    silent.step(), silent.step()
    assert not silent.run  # and heard that it is no longer its own


def test_trials_of_another_version_fail_with_the_reason_and_the_sweep_goes_on(idle, tmp_path):
    bench = idle()
    begin(bench, GRID)  # which holds the only place
    sweep = begin(bench, GRID, epochs=1, name="older")
    with bench._store.database.writing() as connection:
        row = connection.execute(sa.select(sweeps).where(sweeps.c.id == sweep)).one()
        planned = [{"values": {"shortcut": "gone"}, "seed": 0}, *row.options["trials"][1:]]
        broken = {**row.options, "trials": planned}
        connection.execute(sa.update(sweeps).where(sweeps.c.id == sweep).values(options=broken))
        connection.execute(sa.delete(runs).where(runs.c.sweep == sweep))
    work([Hand(bench, tmp_path)], sweep, bench)
    found = bench.sweep_of(sweep)
    assert [trial.state for trial in found.trials] == ["failed", "finished", "finished"]
    assert found.trials[0].run.error.startswith("shortcut must be one of")


def test_what_is_too_large_for_the_instance_is_listed_and_not_trained(idle):
    bench = idle(parameters=300_000)
    plan = bench.plan_sweep(SPEC, "digits", "quick", Search(axes=(parse_axis("width=0.5,1,2"),)))
    assert [trial.values[0][1] for trial in plan.trials] == [0.5, 1]
    assert "parameters" in plan.illegal[0].reason
    with pytest.raises(SpecError, match="such that a trial can be: The design has"):
        bench.sweep(SPEC, "digits", "quick", Search(axes=(parse_axis("width=2,3"),)), name="too large")
    assert bench.sweeps() == []
    with pytest.raises(SpecError, match="dataset"):
        bench.plan_sweep(SPEC, "digit", "quick", GRID)
    with pytest.raises(WorkbenchError, match="name"):
        bench.sweep(SPEC, "digits", "quick", GRID, name=" ")


# --- the next step, from facts alone


def known(number, state, rung=0, deaths=0, *scores):
    return Known(number, f"run {number}", 1, state, rung, deaths, tuple((score,) for score in scores))


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ([], Step("begin", 0, 0)),
        ([known(0, "queued")], None),
        ([known(0, "running")], Step("begin", 1, 0)),
        ([known(0, "running"), known(1, "queued")], None),
        ([known(0, "interrupted", 1, 2)], Step("rescue", 0, 1)),
        ([known(0, "interrupted", 1, MOST_DEATHS)], Step("give up", 0, 1)),
        ([known(n, "paused", 0, 0, n / 10) for n in range(3)], Step("promote", 2, 1)),
        ([*(known(n, "paused", 0, 0, n / 10) for n in range(2)), known(2, "queued", 1, 0, 0.9)], None),
        ([known(n, "stopped") for n in range(4)], Step("end")),
        ([*(known(n, "stopped") for n in range(3)), known(3, "running")], None),
    ],
)
def test_the_next_step_follows_from_what_is_known(facts, step):
    assert next_step(facts, 4, 2, 3) == step


# --- in real processes


@on_sqlite
def test_a_sweep_goes_on_when_its_worker_is_killed_and_when_the_page_is_closed(bench):
    search = Search(axes=(parse_axis("learning_rate=0.1..1"),), how="asha", trials=6)
    sweep, luck = begin(bench, search, epochs=3, name="steady sweep"), random.Random(0)
    for _ in range(3):
        until(lambda: bench.worker().state == "busy", 60)
        time.sleep(luck.uniform(0.0, 0.5))
        dead = bench.pid()
        bench.kill()
        until(lambda dead=dead: bench.pid() != dead, 60)
    bench.close()
    until(lambda: bench.sweep_of(sweep).over, 120)
    done = bench.sweep_of(sweep)
    assert done.state == "finished"
    assert len(bench.runs()) == 6
    for trial in done.trials:
        assert trial.state == ("finished" if trial.run.until is None else "paused")
        assert bench.steps(trial.run.id) == list(range(1, (trial.run.until or 3) * STEPS_PER_EPOCH + 1))
    assert sum(trial.state == "finished" for trial in done.trials) >= 2


@on_sqlite
def test_a_worker_that_starts_when_needed_starts_for_what_a_sweep_has_next(
    tmp_path, database_url, open_bench, monkeypatch
):
    monkeypatch.setenv("RESNET_TF_IDLE_SECONDS", "1")
    bench = open_bench()
    sweep = begin(bench, GRID, epochs=1, name="steady sweep")
    with bench._store.database.writing() as connection:  # as if the server had died before it queued a trial
        connection.execute(sa.delete(runs))
    bench.start()
    until(lambda: bench.sweep_of(sweep).over, 60)
    assert {trial.state for trial in bench.sweep_of(sweep).trials} == {"finished"}


# --- on a Ray cluster, where Ray Tune says who goes how far; Tune itself: test_cluster.py


@pytest.fixture
def led(idle, tmp_path):
    """A workbench whose sweeps are led, what a follower asks, a sweep of it, and a worker."""
    bench = idle(ray_address="a cluster", worker="none")
    return bench, Trials(bench._store, bench.settings), begin(bench), Hand(bench, tmp_path)


def reached(trials, hand, *where):
    """How a trial stands after a rung, which the hand trains."""
    while (standing := trials.reach(*where)) is None:
        assert hand.look()
        hand.step()
    return standing


def test_a_led_sweep_begins_what_it_is_told_and_trains_no_trial_past_its_rung(led, tmp_path):
    bench, trials, sweep, hand = led
    assert not hand.look()
    for number in (4, 2):
        standing = reached(trials, hand, sweep, number, 0)
        assert standing == Standing(accuracy(bench.sweep_of(sweep).trials[number].run, 1))
    assert trained(tmp_path) == [(4, 1), (2, 1)]
    assert not hand.look()
    assert reached(trials, hand, sweep, 2, 1) == Standing(accuracy(bench.sweep_of(sweep).trials[2].run, 3))
    assert reached(trials, hand, sweep, 2, 2) == Standing(accuracy(bench.sweep_of(sweep).trials[2].run, 9), over=True)
    assert trained(tmp_path)[2:] == [(2, epoch) for epoch in range(2, 10)]
    assert [trials.reach(sweep, 2, rung) for rung in (0, 1)] == [
        Standing(accuracy(bench.sweep_of(sweep).trials[2].run, epoch)) for epoch in (1, 3)
    ]  # asked again, it is not trained again
    assert len(trained(tmp_path)) == 10
    assert bench.sweep_of(sweep).state == "running"
    trials.end(sweep)
    assert bench.sweep_of(sweep).state == "finished"


def test_a_led_trial_whose_worker_dies_goes_on(led, tmp_path):
    bench, trials, sweep, hand = led
    assert trials.reach(sweep, 0, 0) is None
    hand.look()
    hand.step()
    hand.die()
    assert reached(trials, hand, sweep, 0, 0) == Standing(accuracy(bench.sweep_of(sweep).trials[0].run, 1))
    assert trained(tmp_path) == [(0, 1)]


def test_a_led_trial_that_failed_or_was_stopped_is_over_and_the_worst(led):
    bench, trials, sweep, hand = led
    for number, outcome in enumerate(("failed", "diverged", "stopped")):
        assert trials.reach(sweep, number, 0) is None
        hand.look()
        bench._store.end(hand.name, hand.run, outcome)
        hand.run = None
        assert trials.reach(sweep, number, 0) == Standing(0.0, over=True)


def test_followers_of_one_trial_begin_it_once_and_wait_for_room(idle):
    bench = idle(ray_address="a cluster", worker="none", runs=1)
    sweep = begin(bench)
    trials = [Trials(bench._store, bench.settings) for _ in range(2)]
    assert [each.reach(sweep, 0, 0) for each in trials] == [None] * 2
    assert [each.reach(sweep, 1, 0) for each in trials] == [None] * 2
    assert [run.trial for run in bench.runs()] == [0]
    assert "at most 1 may" not in bench.sweep_of(sweep).waits_for  # one of its own is under way
    bench.stop(bench.runs()[0].id)
    assert trials[0].reach(sweep, 1, 0) is None
    assert sorted(run.trial for run in bench.runs()) == [0, 1]


def test_nobody_follows_a_sweep_that_was_stopped_until_it_is_taken_up_again(led):
    bench, trials, sweep, hand = led
    assert trials.reach(sweep, 0, 0) is None
    bench.stop_sweep(sweep)
    for rung in (0, 1):
        with pytest.raises(NoSuchSweep):
            trials.reach(sweep, 0, rung)
    trials.end(sweep)
    assert bench.sweep_of(sweep).state == "stopped"
    bench.resume_sweep(sweep)
    assert reached(trials, hand, sweep, 0, 0).accuracy > 0
    bench.stop_sweep(sweep)
    bench.delete_sweep(sweep)
    with pytest.raises(NoSuchSweep):
        trials.reach(sweep, 0, 0)
