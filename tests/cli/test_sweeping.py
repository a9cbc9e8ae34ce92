"""Sweeps from the command line: plans, lists and tables from the records, and one that a real worker trains."""

import json
import os
import re

import pytest
from benches import Bench
from hands import Hand, accuracy

from resnet_tf.cli import sweep_tables, sweeping
from resnet_tf.runs import workbench
from resnet_tf.runs.records import WorkerStatus

DESIGN = "resnet20_cifar10"
RATES = ("--axis", "learning_rate=0.1,0.2,0.4", "--with", "epochs=2")


@pytest.fixture
def begin(bench, run, monkeypatch):
    """A function from arguments to the sweep that they begin; nobody trains it."""
    monkeypatch.setattr(sweeping, "call_worker", lambda bench, name: None)

    def begin_one(*arguments):
        result = run("sweep", DESIGN, *(arguments or RATES), "--detach", "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return begin_one


def train(bench, folder):
    """Trains what waits, to its end."""
    hand = Hand(bench, folder)
    while hand.look():
        hand.step()


# --- before it begins


def test_a_plan_says_how_many_trials_and_what_they_take_and_begins_nothing(bench, run, read):
    axes = ("--axis", "width=0.5,1", "--axis", "learning_rate=0.01,0.1,1", "--repeats", 2)
    planned = read("sweep", DESIGN, *axes, "--with", "epochs=3", "--plan")
    assert len(planned["trials"]) == 2 * 3 * 2
    assert planned["epochs"] == 2 * 3 * 2 * 3
    assert planned["trials"][0] == {"trial": 0, "values": {"width": 0.5, "learning_rate": 0.01}, "seed": 0}
    said = run("sweep", DESIGN, *axes, "--with", "epochs=3", "--plan").stderr
    assert said.startswith("12 trials, 36 epochs, ")
    assert bench.sweeps() == []


def test_a_plan_of_asha_says_when_the_best_go_on(bench, run):
    said = run("sweep", DESIGN, "--axis", "width=0.5..2", "--how", "asha", "--with", "epochs=9", "--plan").stderr
    # 16 trials for 1 epoch, 5 of them to 3, 1 of these to 9 (Li et al. 2020, promoting 1/3 of each rung)
    assert said.startswith(f"16 trials, about {16 + 5 * 2 + 1 * 6} epochs, the best go on after 1, 3, about ")


def test_what_cannot_be_is_listed_with_the_field_the_rule_the_value_and_the_nearest(bench, run, read):
    axes = ("--axis", "stem.kernel=2,3,4,6,8,10,12,14", "--plan")
    said = run("sweep", DESIGN, *axes).stderr.splitlines()
    assert said[0].startswith("1 trial, 15 epochs, ")
    assert said[1] == (
        "not trained: stem.kernel 2: stem.kernel must be odd, so that padding is symmetric (got 2); the nearest is 3"
    )
    assert said[-1] == "and 2 more that cannot be: --plan --json lists all"
    assert [each["values"]["stem.kernel"] for each in read("sweep", DESIGN, *axes)["illegal"]] == [
        2,
        4,
        6,
        8,
        10,
        12,
        14,
    ]


@pytest.mark.parametrize(
    ("arguments", "field", "nearest"),
    [
        (("--axis", "stem.kernl=3"), "stem.kernl", "kernel"),
        (("--axis", "depht=1,2"), "axes", "depth"),
        (("--axis", "width"), "axis", None),
        (("--axis", "width=0.5..2"), "how", "random"),
        (("--axis", "width=1", "--axis", "width=2"), "axes", ["width"]),
        (("--axis", "width=1,2", "--eta", 1), "eta", 2),
        (("--axis", "width=1,2", "--trials", 501), "trials", 500),
        (("--axis", "width=1,2", "--how", "asha", "--least", 99), "least", 15),
        (("--axis", "width=1,2", "--recipe", "quik"), "recipe", "quick"),
        (("--axis", "width=1,2", "--dataset", "digit"), "dataset", "digits"),
    ],
)
def test_what_is_no_sweep_says_which_field_and_the_nearest(bench, run, arguments, field, nearest):
    result = run("sweep", DESIGN, *arguments, "--json")
    assert result.exit_code == 2
    error = json.loads(result.stderr)["error"]
    assert (error["field"], error["nearest"]) == (field, nearest)
    assert bench.sweeps() == []


# --- followed


def test_a_sweep_is_followed_to_its_end_in_lines_for_programs(bench, run):
    result = run("sweep", DESIGN, *RATES, "--name", "steady rates", "--json")
    assert result.exit_code == 0, result.stderr
    *told, last = [json.loads(line) for line in result.stdout.splitlines()]
    whole = last["sweep"]
    assert (whole["name"], whole["state"]) == ("steady rates", "finished")
    ends = {each["trial"]: each for each in told}  # the last line of each trial
    assert list(ends.values()) == whole["trials"]
    assert [trial["values"]["learning_rate"] for trial in whole["trials"]] == [0.1, 0.2, 0.4]
    assert [(trial["state"], trial["epochs"]) for trial in whole["trials"]] == [("finished", 2)] * 3
    assert whole["front"] == [2]  # all cost the same, and the fake worker is as good as its rate


def test_ctrl_c_stops_the_sweep_and_says_how_it_goes_on(bench, run, monkeypatch):
    def press(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeping.time, "sleep", press)
    monkeypatch.setattr(Bench, "start", lambda self: None)
    monkeypatch.setattr(Bench, "worker", lambda self: WorkerStatus("warm"))
    result = run("sweep", DESIGN, *RATES)
    assert result.exit_code == 130
    (sweep,) = bench.sweeps()
    assert sweep.state == "stopped"
    assert result.stderr.splitlines()[-1] == f"Stopped: resnet_tf sweeps resume {sweep.id[:8]}"


def test_a_worker_that_cannot_start_is_a_sentence_and_the_sweep_waits(bench, run, monkeypatch):
    monkeypatch.setattr(workbench, "Workbench", lambda: Bench(bench.home.folder, worker=("/nowhere/python",)))
    for more in ((), ("--detach",)):
        result = run("sweep", DESIGN, *RATES, *more)
        assert result.exit_code == 3
        assert "no worker could be started" in result.stderr.splitlines()[-1]
    assert {sweep.state for sweep in bench.sweeps()} == {"queued"}


# --- listed, shown, stopped, taken up again, deleted


def test_sweeps_are_listed_newest_first_with_how_far_they_are(bench, begin, run, read, tmp_path):
    first = begin(*RATES, "--name", "first")
    train(bench, tmp_path)
    second = begin("--axis", "width=0.5..1", "--how", "random", "--trials", 2, "--name", "second")
    assert [each["id"] for each in read("sweeps")] == [second["id"], first["id"]]
    rows = [re.split(r"\s{2,}", line) for line in run("sweeps", "list").stdout.splitlines()]
    assert rows[1][1:8] == ["second", "digits", "random", "width", "queued", "0", "2"]
    assert rows[2][1:9] == ["first", "digits", "grid", "learning_rate", "finished", "3", "3", "40.0 %"]


def test_a_sweep_is_shown_with_its_best_trial_first_and_its_front_marked(bench, begin, run, tmp_path):
    sweep = begin("--axis", "width=0.5,1", "--axis", "learning_rate=0.1,0.4", "--axis", "stem.kernel=3,4",
                  "--with", "epochs=1")  # fmt: skip
    train(bench, tmp_path)
    done = bench.sweep_of(sweep["id"])
    said = run("sweeps", "show", sweep["id"][:10]).stdout.splitlines()
    assert said[0].endswith("finished, 4 of 4 trials ended")
    best = done.trials[1]  # half as wide as the other that is as good
    assert accuracy(best.run, 1) == 0.4
    assert said[1] == f"Best: 40.0 % with width 0.5, learning_rate 0.4, stem.kernel 3 (run {best.run.id})"
    rows = [line.split() for line in said[3:7]]
    assert [row[0] for row in rows] == ["1", "3", "0", "2"]
    assert ["*" in row for row in rows] == [True, False, False, False]
    assert said[7] == sweep_tables.FRONT
    assert said[8].startswith("not trained: width 0.5, learning_rate 0.1, stem.kernel 4: stem.kernel must be odd")
    assert len(said) == 8 + 4


def test_a_sweep_that_is_not_there_or_not_one_is_refused(bench, begin, run):
    begin(), begin()
    for text, rule in (("nothing", "the id of one sweep"), ("", "a longer beginning")):
        result = run("sweeps", "show", text)
        assert (result.exit_code, rule in result.stderr) == (2, True)
    assert run("sweeps", "--json", "show", "x").exit_code == 2


def test_a_sweep_is_stopped_and_goes_on_to_its_end(bench, begin, run, read, tmp_path):
    sweep, hand = begin()["id"], Hand(bench, tmp_path)
    hand.look(), hand.step()
    assert read("sweeps", "stop", sweep[:12])["state"] == "stopping"
    while hand.run:
        hand.step()
    assert [trial["state"] for trial in read("sweeps", "show", sweep)["trials"]] == ["stopped", "to come", "to come"]
    result = run("sweeps", "resume", sweep)
    assert (result.exit_code, result.stdout) == (0, f"{DESIGN} goes on\n")
    train(bench, tmp_path)
    assert read("sweeps", "show", sweep)["state"] == "finished"
    again = run("sweeps", "resume", sweep)
    assert (again.exit_code, again.stderr) == (3, f"resnet_tf: {DESIGN} cannot be resumed: it is finished\n")


def test_a_sweep_is_deleted_only_when_that_was_meant(bench, begin, run, read):
    sweep = begin()["id"]
    refused = run("sweeps", "delete", sweep)
    assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
    assert len(read("sweeps")) == 1
    assert run("sweeps", "delete", sweep, "--yes").exit_code == 0
    assert read("sweeps") == []
    assert bench.runs() == []


# --- told to people


def test_a_file_is_told_each_end_once_and_the_table_at_last(bench, begin, tmp_path, capsys):
    sweep, tell, hand = begin()["id"], sweep_tables.Changes(), Hand(bench, tmp_path)
    while not tell(bench.sweep_of(sweep)).over:
        hand.look() and hand.step()
    assert capsys.readouterr().out.splitlines() == [
        f"learning_rate {rate}: finished after 2 epochs, {100 * rate:.1f} %" for rate in (0.1, 0.2, 0.4)
    ]
    tell.end(bench.sweep_of(sweep))
    assert capsys.readouterr().out.splitlines()[-1] == sweep_tables.FRONT


def test_a_terminal_is_written_over_and_never_wider_or_longer_than_it_is(bench, begin, tmp_path, capsys, monkeypatch):
    size = os.terminal_size((60, 12))
    monkeypatch.setattr(sweep_tables.shutil, "get_terminal_size", lambda: size)
    sweep = begin("--axis", "learning_rate=0.1..1", "--how", "random", "--trials", 20, "--with", "epochs=1")["id"]
    tell, hand, before = sweep_tables.Screen(), Hand(bench, tmp_path), 0
    while not tell(bench.sweep_of(sweep)).over:
        back = re.match(r"\x1b\[(\d+)F\x1b\[J", told := capsys.readouterr().out)
        assert (int(back[1]) if back else 0) == before
        lines = re.sub(r"\x1b\[\d*[FJ]", "", told).splitlines()
        assert max(map(len, lines)) < size.columns
        assert len(lines) < size.lines
        before = len(lines)
        hand.look() and hand.step()
    capsys.readouterr()
    tell.end(bench.sweep_of(sweep))
    assert len(capsys.readouterr().out.splitlines()) == 2 + 1 + 20 + 1  # facts, head, trials, what the star is
