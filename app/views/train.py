"""Train: what will be trained on the left, the run that is open on the right, all runs below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app import state, words
from app.components import opened, trouble
from app.components.answers import answers
from app.components.canvas import still
from app.components.faces import FACES, worker
from app.components.history import delete, history
from app.components.live import live
from app.components.setup import setup, take_advice

if TYPE_CHECKING:
    from resnet_tf.runs.records import Run

EVERY = 1.0  # seconds between two looks at a run under way
EVERY_RESUMABLE = 5.0  # another browser may resume it


def main() -> None:
    with st.container(key="train"):
        left, right = st.columns([1, 3.4], gap="medium")
        with left:
            setup()
            worker()
        run = opened.take()
        with right:
            _open(run) if run else _nothing_open()
            history(run.id if run else None)


def _nothing_open() -> None:
    """What is about to be trained, and where to begin."""
    counted = state.current_costs()
    st.markdown(f"**{state.design_name()}** is ready to train.")
    still(counted, "stage" if len(counted.graph.blocks) > 24 else "block", key="train.still", height=220)
    st.caption("Press Train: its curves grow here, and the run goes on when this page is closed.")
    st.page_link("views/design.py", label="Change the design", icon=":material/account_tree:")


def _open(run: Run) -> None:
    every = EVERY if not run.over else EVERY_RESUMABLE if run.resumable else None
    st.fragment(_panel, run_every=every)(run.id, run.state, run.attempt)
    if run.state == "finished" and (found := state.workbench().evaluation(run.id)):
        answers(found)


def _panel(id: str, was: str, attempt: int) -> None:
    """The run as it is now; where its state is another than the page was drawn for, the page is drawn anew."""
    run = state.workbench().run(id)
    if (run.state, run.attempt) != (was, attempt):
        st.rerun()
    _head(run)
    trouble.show("run")
    live(run)


def _head(run: Run) -> None:
    """The run's name, what it trains on, and what can be done with it now."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{run.name}**  ·  {FACES[run.state].word}", width="stretch")
        act = trouble.attempt
        bench = state.workbench()
        if not run.over:
            st.button("Stop", on_click=act, args=("run", bench.stop, run.id), icon=":material/stop:", key="run.stop")
        if run.resumable:
            st.button("Resume", on_click=act, args=("run", bench.resume, run.id), icon=":material/play_arrow:",
                      type="primary", key="run.resume")  # fmt: skip
        if run.state == "diverged" and run.recipe:
            st.button("Use this advice", on_click=take_advice, args=(run.recipe,), key="run.advice")
        if run.state == "finished":
            st.page_link("views/export.py", label="Export", icon=":material/download:", query_params={"run": run.id})
            st.page_link("views/compare.py", label="Compare", icon=":material/compare_arrows:")
        st.button("Open design", on_click=state.set_spec, args=(run.spec, run.name), key="run.design", type="tertiary")
        delete(run, place="run", key="run.delete")
    recipe = run.recipe
    counted = state.counted(run.spec)
    if recipe and run.dataset:
        st.caption(
            f"{run.dataset.title} at {words.shape(run.spec.input_shape)} · {words.short(counted.trainable_parameters)} "
            f"parameters · {recipe.title} · {recipe.epochs:,} epochs · batch {recipe.batch_size:,} · seed {run.seed:,}"
        )


main()
