"""What is told of a sweep: tables for people, which on a terminal follow it, and JSON for programs."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from resnet_tf.cli.output import Cell, finite, print_table
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.sweep_axes import in_words, written_value
from resnet_tf.learning.sweeps import Illegal, Plan, Search
from resnet_tf.runs.records import SETTLED, Sweep, SweepTrial

HEAD = ("sweep", "name", "images", "how", "axes", "state", "ended", "trials", "best", "begun")
_OVER = "\x1b[{lines}F\x1b[J"  # back over so many lines, and clear what is below
MOST_REFUSED = 5  # lines of a plan before it is begun
FRONT = "* the best accuracy for its MACs"


class Teller(Protocol):
    """Tells of a sweep as it goes; gives it back."""

    def __call__(self, sweep: Sweep) -> Sweep: ...

    def end(self, sweep: Sweep) -> None: ...


def teller(*, as_json: bool) -> Teller:
    """Who tells programs, a terminal, or a file."""
    return Lines() if as_json else Screen() if sys.stdout.isatty() else Changes()


# --- documents


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan for programs."""
    trials = [{"trial": t.number, "values": dict(t.values), "seed": t.seed} for t in plan.trials]
    illegal = [{"values": dict(each.values), "reason": each.reason} for each in plan.illegal]
    return {"trials": trials, "illegal": illegal, "epochs": plan.epochs, "macs": plan.macs}


def document(sweep: Sweep) -> dict[str, Any]:
    """A sweep for programs."""
    return finite({
        "id": sweep.id, "name": sweep.name, "owner": sweep.owner, "state": sweep.state, "created": sweep.created,
        "ended": sweep.ended, "waits_for": sweep.waits_for or None,
        "spec": sweep.base.spec.model_dump(mode="json"), "dataset": sweep.base.dataset.as_json(),
        "recipe": sweep.base.recipe.model_dump(mode="json"), "image_size": sweep.base.image_size,
        "search": sweep.search.model_dump(mode="json"), "trials": [trial_document(each) for each in sweep.trials],
        "illegal": [{"values": dict(each.values), "reason": each.reason} for each in sweep.illegal],
        "front": [each.number for each in sweep.front],
    })  # fmt: skip


def trial_document(trial: SweepTrial) -> dict[str, Any]:
    """A trial for programs."""
    cost, run = trial.cost, trial.run
    return {
        "trial": trial.number, "values": dict(trial.values), "seed": trial.seed, "state": trial.state,
        "epochs": len(run.epochs) if run else 0, "best": trial.best, "parameters": cost.parameters, "macs": cost.macs,
        "run": run.id if run else None, "error": run.error if run else None,
    }  # fmt: skip


# --- tables


def plan_lines(plan: Plan, search: Search, recipe: Recipe) -> Iterator[str]:
    """A plan in a line, and one for each of the first combinations that cannot be."""
    about = "about " if search.how == "asha" else ""
    ends = search.ends(recipe)
    rungs = f", the best go on after {', '.join(map(str, ends[:-1]))}" if len(ends) > 1 else ""
    trials, epochs = _count(len(plan.trials), "trial"), _count(plan.epochs, "epoch")
    yield f"{trials}, {about}{epochs}{rungs}, {about}{plan.macs:.3g} MACs"
    yield from refused(plan.illegal[:MOST_REFUSED])
    if (more := len(plan.illegal) - MOST_REFUSED) > 0:
        yield f"and {more:,} more that cannot be: --plan --json lists all"


def refused(illegal: Iterable[Illegal]) -> Iterator[str]:
    """A line for each combination that cannot be."""
    return (f"not trained: {in_words(each.values)}: {each.reason}" for each in illegal)


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def line(sweep: Sweep) -> tuple[Cell, ...]:
    """A sweep under `HEAD`."""
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(sweep.created))
    axes = ", ".join(axis.field for axis in sweep.search.axes)
    best = sweep.best.best if sweep.best else None
    ended = len(sweep.settled)
    return (
        sweep.id, sweep.name, sweep.base.dataset.name, sweep.search.how, axes, sweep.state, ended, len(sweep.trials),
        _percent(best), begun,
    )  # fmt: skip


def facts(sweep: Sweep) -> Iterator[str]:
    """Where a sweep is, in one line, and the best of it in another."""
    ended, trials = len(sweep.settled), _count(len(sweep.trials), "trial")
    yield f"{sweep.name} on {sweep.base.dataset.title}: {sweep.state}, {ended:,} of {trials} ended"
    if sweep.waits_for:
        yield sweep.waits_for
    if sweep.best is not None and sweep.best.run is not None:
        yield f"Best: {_percent(sweep.best.best)} with {in_words(sweep.best.values)} (run {sweep.best.run.id})"


def trial_table(sweep: Sweep, most: int | None = None) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
    """The head and the rows of the trials that were begun, the best first; those of the front have a star."""
    fields = [axis.field for axis in sweep.search.axes]
    seeds = ["seed"] if sweep.search.repeats > 1 else []
    head = ("trial", *fields, *seeds, "state", "epochs", "best", "", "parameters", "MACs", "run")
    front = {trial.number for trial in sweep.front}
    begun = [trial for trial in sweep.trials if trial.run is not None]
    ranked = sorted(begun, key=lambda trial: (-(trial.best or -1), trial.number))[:most]
    return head, [_row(trial, bool(seeds), trial.number in front) for trial in ranked]


def _row(trial: SweepTrial, has_seed: bool, is_front: bool) -> Sequence[Cell]:
    cost, run = trial.cost, trial.run
    values = [written_value(value) for _, value in trial.values]
    return (
        trial.number, *values, *([trial.seed] if has_seed else []), trial.state, len(run.epochs) if run else 0,
        _percent(trial.best), "*" if is_front else "", cost.parameters, cost.macs, run.id[:8] if run else "",
    )  # fmt: skip


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


# --- tellers


class Lines:
    """Tells programs: a line of JSON for each trial that changed, at the end one of the whole."""

    def __init__(self) -> None:
        self._told: dict[int, dict[str, Any]] = {}

    def __call__(self, sweep: Sweep) -> Sweep:
        for trial in sweep.trials:
            now = trial_document(trial)
            if trial.run is not None and self._told.get(trial.number) != now:
                self._told[trial.number] = now
                print(json.dumps(finite(now)), flush=True)
        return sweep

    def end(self, sweep: Sweep) -> None:
        print(json.dumps({"sweep": document(sweep)}), flush=True)


class Changes:
    """Tells a file: a line for each trial that came to an end, or to a pause; at the end the table."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[str, int]] = {}

    def __call__(self, sweep: Sweep) -> Sweep:
        for trial in sweep.trials:
            now = (trial.state, len(trial.run.epochs) if trial.run else 0)
            if trial.state in SETTLED and self._told.get(trial.number) != now:
                self._told[trial.number] = now
                said = f"{trial.state} after {_count(now[1], 'epoch')}, {_percent(trial.best) or 'no accuracy'}"
                print(f"{in_words(trial.values)}: {said}", flush=True)
        return sweep

    def end(self, sweep: Sweep) -> None:
        for each in facts(sweep):
            print(each)
        print_table(*trial_table(sweep))
        print(FRONT)


class Screen:
    """Tells a terminal: one table, written over as it changes."""

    def __init__(self) -> None:
        self._lines = 0

    def __call__(self, sweep: Sweep) -> Sweep:
        room = shutil.get_terminal_size()
        text = self._text(sweep, max(room.lines - 6, 5))
        lines = [each[: room.columns - 1] for each in text.splitlines()]
        sys.stdout.write((_OVER.format(lines=self._lines) if self._lines else "") + "\n".join([*lines, ""]))
        sys.stdout.flush()
        self._lines = len(lines)
        return sweep

    def _text(self, sweep: Sweep, most: int | None) -> str:
        written = io.StringIO()
        with contextlib.redirect_stdout(written):
            for each in facts(sweep):
                print(each)
            print_table(*trial_table(sweep, most))
        return written.getvalue()

    def end(self, sweep: Sweep) -> None:
        if self._lines:
            sys.stdout.write(_OVER.format(lines=self._lines))
        print(self._text(sweep, None), end="")
        print(FRONT)
