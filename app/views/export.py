"""Export: a trained run or the design on the desk, in formats that load elsewhere, each proven by reloading it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path

import streamlit as st

from app import state, words
from app.components.artifacts import artifact_row
from app.components.chosen import when
from app.components.history import accuracy, ago
from app.components.shown import EXPORT, RUN
from app.components.worker import sentence
from app.frame import net
from resnet_tf.runs.failures import NoSuchRun, WorkbenchError
from resnet_tf.runs.records import Run

DESK = "desk"
EVERY = 1.0  # seconds between two looks at an export under way
HEAVY = 1e9  # bytes of weights: larger ones take minutes to write and to prove


def setup() -> None:
    """What is exported, in which formats, and the button that begins."""
    trained = {run.id: run for run in [*state.workbench().runs(brief=True), *_shared()] if run.epochs}
    sources = {id: _source(run) for id, run in trained.items()} | {DESK: f"{state.design_name()}, fresh weights"}
    if st.session_state.get("export.source") not in sources:
        st.session_state["export.source"] = RUN.last if RUN.last in sources else next(iter(sources))
    source = st.selectbox("What", list(sources), key="export.source", persist_state="session",
                          format_func=sources.__getitem__)  # fmt: skip
    spec = trained[source].spec if source in trained else state.current_spec()
    counted = state.counted(spec)
    weights = counted.memory(1).parameters.bytes
    st.caption(
        f"{counted.parameters:,} weights, {words.size(weights)} · {words.shape(spec.input_shape)} to "
        f"{words.given(counted.graph)}"
    )
    if weights > HEAVY:
        st.caption(f"{words.size(weights)} of weights: writing and reloading them takes minutes.")
    *rows, _ = state.workbench().formats()
    offered = {row.name: row for row in rows if row.missing is None}
    formats = st.pills(
        "Formats", list(offered), format_func=lambda name: offered[name].title, selection_mode="multi",
        default=[row.name for row in offered.values() if row.usual], key="export.formats", persist_state="session",
        wrap=True,
    )  # fmt: skip
    for row in rows:
        if row.missing:
            st.caption(words.plain(row.missing))
    if st.button("Export", type="primary", width="stretch", disabled=not formats, key="export.start"):
        _begin(source if source in trained else None, trained, formats)
    if not trained:
        st.page_link("views/train.py", label="Train it first to export what it learnt", icon=":material/show_chart:")


def _shared() -> Iterator[Run]:
    """The run of another visitor, who shares it, that the page was opened for."""
    asked = st.session_state.get("export.source", DESK)
    if asked != DESK:
        with suppress(NoSuchRun):  # no longer shared, or deleted: then there is the rest to choose from
            yield state.workbench().run(asked)


def _source(run: Run) -> str:
    images = run.dataset.title if run.dataset else ""
    reached = accuracy(run)
    said = f"{words.percent(reached)} on {images}" if reached is not None else images
    return f"{run.name}, trained: {said}, {when(run.created)}"


def _begin(run: str | None, trained: dict[str, Run], formats: Sequence[str]) -> None:
    name = trained[run].name if run else state.design_name()
    try:
        begun = state.workbench().export(state.current_spec(), formats, run=run, name=name)
    except WorkbenchError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    EXPORT.show(begun)
    st.rerun()


def live(export_id: str, was_over: bool) -> None:
    """Draws an export: how far it is, and the files that are there already."""
    with net("This export"):
        run = state.workbench().run(export_id)
        if run.over != was_over:
            st.rerun()  # the whole page: the timer stops
        weights = "trained weights" if run.source else "fresh weights"
        st.html(f'<h4 class="run">{escape(run.name)}<small>{weights} · begun {ago(run.created)}</small></h4>')
        artifacts = state.workbench().artifacts(run.id)
        _progress(run, len(artifacts), any(artifact.expired for artifact in artifacts))
        written = {artifact.format: artifact for artifact in artifacts}
        for row in state.workbench().formats():
            if row.name in written:
                artifact_row(written[row.name], run, row)


def _progress(run: Run, written: int, is_expired: bool) -> None:
    """How far it is, with a way to stop; or what there is not of it, with a way to begin again. A card counts too."""
    files = len(run.formats) + 1
    if not run.over:
        bar, button = st.columns([4, 1], vertical_alignment="center")
        bar.progress(min(written / files, 1.0), text=words.plain(_doing(run, written, files)))
        button.button(
            "Stop", icon=":material/stop:", width="stretch", on_click=_stop, args=(run.id,), key="export.stop"
        )
    elif run.state != "finished" or is_expired:
        why = run.error or "It was stopped."
        ended = words.plain(f"The export is {run.state}: {written} of {files} files were written. {why}")
        st.warning("Files of this export have expired: they can be written again." if is_expired else ended)
        if st.button("Export again", type="primary", key="export.again"):
            EXPORT.show(state.workbench().export(run.spec, run.formats, run=run.source, name=run.name))
            st.rerun()
    if said := st.session_state.pop("export.said", None):
        st.error(words.plain(said))


def _doing(run: Run, written: int, files: int) -> str:
    if run.state == "queued":
        worker = state.workbench().worker()
        if worker.state in ("starting", "resting", "down"):
            return sentence(worker, time.time())
        return f"Number {run.position} in the queue"
    if written >= files:
        return "Done"
    return f"{written} of {files} written; building, writing and reloading in a fresh process"


def _stop(export_id: str) -> None:
    try:
        state.workbench().stop(export_id)
    except WorkbenchError as error:
        st.session_state["export.said"] = str(error)


def earlier(exports: Sequence[Run], chosen: str | None) -> None:
    """A choice among the exports so far."""
    if len(exports) < 2:
        return
    known = {run.id: f"{run.name}, {when(run.created)}" for run in exports}
    st.session_state["export.pick"] = chosen if chosen in known else None
    st.selectbox("Exports so far", list(known), key="export.pick", on_change=_pick, format_func=known.__getitem__)


def _pick() -> None:
    if st.session_state["export.pick"]:
        EXPORT.show(st.session_state["export.pick"])


st.html(Path(__file__).parents[1] / "components" / "runs.css")
exports = state.workbench().runs("export", brief=True)
shown = EXPORT.opened(exports)
aside, main = st.columns([1, 2.6], gap="medium")
with aside:
    setup()
    earlier(exports, shown)
with main:
    if shown is None:
        st.markdown("#### Nothing exported yet")
        st.markdown(
            "Press **Export**. What can be run is reloaded in a fresh process, by its own library, and called verified "
            "only if it answers as the model does. A model card comes with it."
        )
    else:
        with net("This export"):
            over = state.workbench().run(shown).over
            st.fragment(live, run_every=None if over else EVERY)(shown, over)
