"""The run that is open: what it is doing, its figures and curves, and what one can do with it."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from app import state, words
from app.components import charts
from app.components.faces import FACES
from app.components.history import STALE, accuracy
from app.components.report import report
from app.components.results import results
from app.components.sharing import share
from app.components.shown import RUN
from app.components.start import choose, frozen_words, parts_of
from app.frame import net
from resnet_tf.reports.subjects import Subject
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Run
from resnet_tf.runs.tensorboard import event_file_name

EVERY = 1.0  # seconds between two looks at a run under way
EVERY_RESUMABLE = 5.0  # at one that another browser may resume
AXES = {"step": "Steps", "epoch": "Epochs", "seconds": "Seconds"}


def face(run_id: str) -> None:
    """Draws a run, and while it is under way draws it again every second."""
    run = state.workbench().run(run_id)
    every = EVERY if not run.over else EVERY_RESUMABLE if run.resumable else None
    st.fragment(_live, run_every=every)(run_id, run.over)
    if run.state == "finished":
        evaluation = state.workbench().evaluation(run_id)
        if evaluation:
            results(evaluation, run_id)


def _live(run_id: str, was_over: bool) -> None:
    if st.session_state.pop(STALE, False):
        st.rerun()
    with net("This run"):
        run = state.workbench().run(run_id)
        if run.over != was_over:
            st.rerun()  # the whole page: the timer stops, and what comes at the end is drawn
        outlook = _outlook(run)
        _head(run, outlook)
        if not state.workbench().owns(run):
            st.caption("Shared with you: you can look at it, open its design and export it; it is another visitor's.")
        FACES[run.state](run, outlook)
        for note in state.workbench().events(run, ("note",))[-1:]:
            st.warning(words.plain(note.values["sentence"]), icon=":material/info:")
        _figures(run)
        _curves(run, outlook)


def _outlook(run: Run) -> dict[str, Any]:
    """What the run said before its first step, and whether that step was `compiled` (None: not begun)."""
    told = sorted(state.workbench().events(run, ("compiling",)), key=lambda event: event.seq)
    if not told:
        return {}
    said = told[-1]
    start = next((event.values["start"] for event in told if event.values.get("start")), None)  # resumed, it has none
    if said.attempt != run.attempt:
        return {**said.values, "start": start, "compiled": None}
    stepped = state.workbench().events(run, ("step",), after=said.seq, most=1)
    return {**said.values, "start": start, "compiled": bool(stepped)}


def _head(run: Run, outlook: dict[str, Any]) -> None:
    """The name, what it is trained on and from, and the buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run.head"):
        recipe = run.recipe
        about = [run.dataset.title if run.dataset else "", words.shape(run.spec.input_shape)]
        about += [recipe.title, f"{recipe.epochs:,} epochs", f"batch {recipe.batch_size:,}"] if recipe else []
        about += [f"seed {run.seed}", f"on the {run.device}" if run.device else ""]
        line = " · ".join(part for part in about if part)
        lines = f'<small title="{escape(run.why or "")}">{escape(line)}</small>'
        lines += f"<small>{escape(begun)}</small>" if (begun := _begun(run, outlook)) else ""
        st.html(f'<h4 class="run">{escape(run.name)}{lines}</h4>')
        _buttons(run)


def _begun(run: Run, outlook: dict[str, Any]) -> str:
    """What it began with instead of drawn weights, what is new in it and what stays."""
    if run.start is None:
        return ""
    fresh = (outlook.get("start") or {}).get("fresh")
    still = frozen_words(parts_of(run.spec), run.recipe.frozen).lower()
    parts = [f"From {run.start.title}", "head begun anew" if fresh else "", f"{still} frozen" if still else ""]
    return " · ".join(part for part in parts if part)


def _buttons(run: Run) -> None:
    mine = state.workbench().owns(run)
    if mine:
        _controls(run)
    if run.epochs and run.over and st.button("Export", icon=":material/download:", key="run.export"):
        st.session_state["export.source"] = run.id
        st.switch_page("views/export.py")
    if run.epochs and run.over:
        st.page_link("views/compare.py", label="Compare", icon=":material/compare_arrows:",
                     query_params={"with": f"run.{run.id}"})  # fmt: skip
        report([Subject(run.name, f"trained on {run.dataset.title if run.dataset else ''}", run.spec, run)],
               "run.report")  # fmt: skip
    if mine:
        share(run)
    if run.state != "running":
        with st.popover("", icon=":material/more_horiz:", key="run.more", help="More"):
            if st.button("Open its design", width="stretch", key="run.design"):
                state.set_spec(run.spec, run.name)
                st.switch_page("views/design.py")
            if mine and run.epochs and run.over:
                st.button("Train on from its weights", on_click=_train_on, args=(run,), width="stretch", key="run.tune")
            _curves_for_tensorboard(run)
            if mine:
                st.button("Delete this run with its points and files", on_click=_delete, args=(run.id,),
                          width="stretch", key="run.delete")  # fmt: skip
    if said := st.session_state.pop("run.said", None):
        st.error(words.plain(said))


def _controls(run: Run) -> None:
    """What its owner alone may do while it is under way, and once it has ended early."""
    stopping = st.session_state.get("stopping") == (run.id, run.attempt)
    if not run.over:
        label = "Take out of the queue" if run.state == "queued" else "Stop"
        st.button("Stopping" if stopping else label, icon=":material/stop:", on_click=_stop, args=(run,),
                  disabled=stopping, key="run.stop")  # fmt: skip
    if run.sweep:
        st.page_link("views/sweeps.py", label="Its sweep", icon=":material/grid_view:",
                     query_params={"sweep": run.sweep})  # fmt: skip
    if run.resumable:
        st.button("Resume", icon=":material/play_arrow:", type="primary", on_click=_act, key="run.resume",
                  args=(state.workbench().resume, run.id))  # fmt: skip


def _curves_for_tensorboard(run: Run) -> None:
    """The button that makes and downloads a file of the run's curves."""
    bench = state.workbench()  # as this visitor sees it: the file is made outside of his page's script
    st.download_button(
        "Its curves for TensorBoard", lambda: bench.event_file(run.id)[1], event_file_name(run), key="run.curves",
        on_click="ignore", width="stretch", disabled=not run.latest, help="For tensorboard --logdir its folder",
    )  # fmt: skip


def _act(act: Any, run_id: str) -> bool:
    """Does something with a run; whether it could be done. What went wrong is said on the next drawing."""
    try:
        act(run_id)
    except WorkbenchError as error:
        st.session_state["run.said"] = str(error)
        return False
    return True


def _stop(run: Run) -> None:
    if _act(state.workbench().stop, run.id):
        st.session_state["stopping"] = (run.id, run.attempt)


def _delete(run_id: str) -> None:
    if _act(state.workbench().delete, run_id):
        RUN.forget()
        st.session_state[STALE] = True


def _train_on(run: Run) -> None:
    choose(run)
    st.session_state[STALE] = True


def _figures(run: Run) -> None:
    if not run.latest:
        return
    last = run.epochs[-1] if run.epochs else {}
    best = max((e.get("validation_accuracy") or 0.0 for e in run.epochs), default=None)
    spent, speed = run.seconds, run.latest.get("images_per_second")
    cells = [
        (_percent(accuracy(run)), "validation accuracy", f"best {_percent(best)}" if run.epochs else "after an epoch"),
        (_number(last.get("validation_loss")), "validation loss", f"in training {_number(last.get('loss'))}"),
        (_percent(run.latest.get("accuracy")), "training accuracy", f"loss {_number(run.latest.get('loss'))} now"),
        (words.significant(speed) if speed else "–", "images/s", run.device or ""),
        (words.seconds(spent) if spent is not None else "–", "spent", _times(run)),
    ]  # fmt: skip
    html = "".join(
        f"<div><b>{escape(value)}</b><small>{escape(unit)}</small><small>{escape(note)}</small></div>"
        for value, unit, note in cells
    )
    st.html(f'<div class="strip" role="group" aria-label="Figures of this run, measured here">{html}</div>')


def _times(run: Run) -> str:
    """How often a run was taken up again."""
    resumed = run.attempt - 1
    return ("in one go", "resumed once")[resumed] if resumed < 2 else f"resumed {resumed:,} times"


def _percent(share: float | None) -> str:
    return "–" if share is None else words.percent(share)


def _number(value: float | None) -> str:
    return "–" if value is None else words.significant(value)


def _curves(run: Run, outlook: dict[str, Any]) -> None:
    events = state.workbench().events(run, ("step",), most=charts.MOST_POINTS)
    events += state.workbench().events(run, ("epoch",), most=charts.MOST_POINTS)
    if not events:
        return
    per_epoch = outlook.get("steps_per_epoch") or 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="curve.choices"):
        field = st.segmented_control("Along", AXES, format_func=AXES.__getitem__, default="step", required=True,
                                     key="curve.axis", label_visibility="collapsed",
                                     persist_state="session")  # fmt: skip
        log = st.toggle("Logarithmic loss", key="curve.log", persist_state="session")
        st.space("stretch")
        weight = st.slider("Smoothing", 0.0, 0.95, 0.6, 0.05, key="curve.smoothing", width=200, format="smoothing %.2f",
                           label_visibility="collapsed", persist_state="session")  # fmt: skip
    ends = {"step": outlook.get("steps"), "epoch": run.recipe.epochs if run.recipe else None, "seconds": None}
    axis = charts.Axis(field, None if run.over else ends[field])
    charts.learning(run, events, axis, weight, log, per_epoch)
    charts.vital_signs(run, events, axis, per_epoch)
