"""The sweep that is open: how far it is, its figures, its trials as pictures and as a table, and what one can do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from app import state, words
from app.components import charts
from app.components.chosen import MOST
from app.components.front import COSTS, against_cost
from app.components.history import STALE, ago
from app.components.parallel import parallel
from app.components.shown import SWEEP
from app.components.sweepsetup import HOW, refused
from app.components.table import Column, sortable
from app.frame import net
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Sweep, SweepTrial, in_words, written_value

EVERY = 1.5  # seconds between two looks at a sweep under way
TABLE = 420  # px at most
_OPENED = "sweep.run"  # of the trial that was clicked


def face(sweep: str) -> None:
    """Draws a sweep, and while it is under way draws it again and again."""
    found = state.workbench().sweep_of(sweep)
    st.fragment(_live, run_every=None if found.over else EVERY)(sweep, found.over)
    if found.illegal:
        refused(found.illegal)


def _live(id: str, was_over: bool) -> None:
    if st.session_state.pop(STALE, False):
        st.rerun()
    if run := st.session_state.pop(_OPENED, None):
        st.switch_page("views/train.py", query_params={"run": run})
    with net("This sweep"):
        sweep = state.workbench().sweep_of(id)
        if sweep.over != was_over:
            st.rerun()  # the whole page: the timer stops, and the list says so too
        _head(sweep)
        _progress(sweep)
        _figures(sweep)
        _pictures(sweep)
        _table(sweep)


def _head(sweep: Sweep) -> None:
    """The name, what is searched, and the buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sweep.head"):
        base, search = sweep.base, sweep.search
        axes = ", ".join(axis.field for axis in search.axes)
        line = " · ".join(
            [base.dataset.title, f"{HOW[search.how]} over {axes}", base.recipe.title, f"{base.recipe.epochs:,} epochs",
             f"begun {ago(sweep.created)}"]
        )  # fmt: skip
        st.html(f'<h4 class="run">{escape(sweep.name)}<small>{escape(line)}</small></h4>')
        if not sweep.over:
            is_stopping = sweep.state == "stopping"
            st.button("Stopping" if is_stopping else "Stop", icon=":material/stop:", on_click=_act, key="sweep.stop",
                      args=(state.workbench().stop_sweep, sweep.id), disabled=is_stopping)  # fmt: skip
        if sweep.state == "stopped":
            st.button("Resume", icon=":material/play_arrow:", on_click=_act, key="sweep.resume", type="primary",
                      args=(state.workbench().resume_sweep, sweep.id))  # fmt: skip
        with st.popover("", icon=":material/more_horiz:", key="sweep.more", help="More"):
            st.button("Delete this sweep with its trials, their points and files", on_click=_delete, key="sweep.delete",
                      args=(sweep.id,), width="stretch")  # fmt: skip
    if said := st.session_state.pop("sweep.said", None):
        st.error(words.plain(said))


def _act(act: Callable[[str], None], sweep: str) -> bool:
    """Does something with a sweep; whether it could be done. What went wrong is said on the next drawing."""
    try:
        act(sweep)
    except WorkbenchError as error:
        st.session_state["sweep.said"] = str(error)
        return False
    st.session_state[STALE] = True
    return True


def _delete(sweep: str) -> None:
    if _act(state.workbench().delete_sweep, sweep):
        SWEEP.forget()


def _progress(sweep: Sweep) -> None:
    """How far it is, or why it is not under way."""
    if sweep.waits_for:
        st.info(words.plain(sweep.waits_for), icon=":material/hourglass_empty:")
    if sweep.state == "stopped":
        st.info("Stopped: what was trained is kept. Resume goes on with it.", icon=":material/stop_circle:")
    if sweep.over:
        return
    done, whole = sweep.epochs
    about = "about " if sweep.search.how == "asha" else ""
    running = sum(trial.state == "running" for trial in sweep.trials)
    said = [f"{len(sweep.settled):,} of {len(sweep.trials):,} trials", f"{done:,} of {about}{whole:,} epochs"]
    said += [f"{running:,} under way"] if running else ["the next waits in the queue"]
    if sweep.led and about:
        said.append("Ray Tune decides which go on")
    if (left := _left(sweep)) is not None:
        said.append(f"about {words.seconds(left)} left")
    st.progress(min(done / whole, 1.0) if whole else 0.0, text=" · ".join(said))


def _left(sweep: Sweep) -> float | None:
    """Seconds that the rest takes at the pace so far; None where there is none yet, or where it was broken off."""
    begun = [trial.run.started for trial in sweep.trials if trial.run and trial.run.started]
    done, whole = sweep.epochs
    if not begun or not done or sweep.state != "running":
        return None
    return max(time.time() - min(begun), 0.0) / done * (whole - done)


def _figures(sweep: Sweep) -> None:
    best, (done, whole) = sweep.best, sweep.epochs
    lost = sum(trial.state in ("failed", "diverged") for trial in sweep.trials)
    macs = best.cost.macs if best else None
    about = "about " if sweep.search.how == "asha" else ""
    cells = [
        ("–" if best is None or best.best is None else words.percent(best.best), "best validation accuracy",
         in_words(best.values) if best else "after an epoch"),
        ("–" if macs is None else words.short(macs), "MACs of the best", f"trial {best.number}" if best else ""),
        (f"{len(sweep.settled):,}", f"of {len(sweep.trials):,} trials", f"{lost:,} without a result" if lost else
         sweep.state),
        (f"{done:,}", f"of {about}{whole:,} epochs", _spent(sweep)),
    ]  # fmt: skip
    html = "".join(
        f"<div><b>{escape(value)}</b><small>{escape(unit)}</small>"
        f'<small title="{escape(note)}">{escape(note)}</small></div>'
        for value, unit, note in cells
    )
    st.html(f'<div class="strip" role="group" aria-label="Figures of this sweep, measured here">{html}</div>')


def _spent(sweep: Sweep) -> str:
    """The time from the first start of a trial to the last end."""
    runs = [trial.run for trial in sweep.trials if trial.run and trial.run.started]
    if not runs:
        return ""
    end = max(run.ended or time.time() for run in runs)
    return f"{words.seconds(max(end - min(run.started for run in runs if run.started), 0.0))} so far"


def _pictures(sweep: Sweep) -> None:
    if sweep.best is None:
        st.caption("Pictures and table grow with the first epochs. They go on when this page is closed.")
        return
    left, right = st.columns([1.45, 1], gap="medium")
    with left:
        parallel(sweep)
    with right:
        st.html(charts.head("Accuracy against cost", ("",), "joined: the Pareto front"))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sweep.front"):
            cost = st.segmented_control("Against", COSTS, format_func=COSTS.__getitem__, default="macs", required=True,
                                        key="sweep.cost", label_visibility="collapsed",
                                        persist_state="session")  # fmt: skip
            _open_front(sweep, cost)
        against_cost(sweep, cost)


def _open_front(sweep: Sweep, cost: str) -> None:
    """The button that opens the designs of the front on the Compare page, as many as fit there."""
    keys = [f"run.{trial.run.id}" for trial in spread(sweep.front_of(cost), MOST) if trial.run]
    if st.button("Open the front on Compare", icon=":material/compare_arrows:", key="sweep.compare"):
        st.switch_page("views/compare.py", query_params={"with": keys})


def spread(found: Sequence[SweepTrial], most: int) -> Sequence[SweepTrial]:
    """So many at most, evenly from the first to the last."""
    if len(found) <= most:
        return found
    return [found[round(i * (len(found) - 1) / (most - 1))] for i in range(most)]


# --- the table


def _table(sweep: Sweep) -> None:
    """Draws a row for each trial, the best first; a click on one that was begun opens its run."""
    repeats = sweep.search.repeats > 1
    columns = [
        Column("trial", shown=lambda value: f"{value}"),
        *(Column(axis.field, "number" if _numeric(sweep, i) else "text", written_value)
          for i, axis in enumerate(sweep.search.axes)),
        *([Column("seed", "number")] if repeats else []),
        Column("state"),
        Column("epochs", "number"),
        Column("best", "number", lambda value: "–" if value < 0 else words.percent(value),
               "Best accuracy on the validation images after any epoch; measured here"),
        Column("front", help="No trial is as good for as few MACs"),
        Column("parameters", "number", "{:,}".format, "Trainable, exact"),
        Column("MACs", "number", "{:,}".format, "Of one image, exact"),
    ]  # fmt: skip
    front = {trial.number for trial in sweep.front}
    ranked = sorted(sweep.trials, key=lambda trial: (trial.run is None, -(trial.best or -1.0), trial.number))
    rows = [(trial.run.id if trial.run else f"none.{trial.number}", _row(trial, repeats, front)) for trial in ranked]
    st.html(charts.head(f"{len(rows):,} trials, the best first", ("",), "choose one to open its run"))
    sortable(columns, rows, key=f"trials.{sweep.id}", label="Trials of this sweep, the best first",
             height=min(40 + 33 * len(rows), TABLE), on_choice=_open)  # fmt: skip


def _numeric(sweep: Sweep, place: int) -> bool:
    values = [trial.values[place][1] for trial in sweep.trials]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _row(trial: SweepTrial, repeats: bool, front: set[int]) -> tuple[object, ...]:
    return (
        trial.number, *(value for _, value in trial.values), *([trial.seed] if repeats else []), trial.state,
        len(trial.run.epochs) if trial.run else 0, -1.0 if trial.best is None else trial.best,
        "● front" if trial.number in front else "", trial.cost.parameters, trial.cost.macs,
    )  # fmt: skip


def _open(run: str) -> None:
    if not run.startswith("none."):
        st.session_state[_OPENED] = run
