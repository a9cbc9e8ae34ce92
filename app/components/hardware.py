"""What an epoch is estimated for: a GPU by its name, or this machine, which is measured at a click."""

from __future__ import annotations

import time

import streamlit as st

from app import state
from app.components.budget import HERE, on
from app.frame import net
from resnet_tf.design.devices import DEVICES


def choose_hardware() -> None:
    """Draws the choice of what an epoch is estimated for; this machine is measured at a click."""
    titles = {HERE: "This machine", **{name: each.title for name, each in DEVICES.items()}}
    st.session_state["on"] = on()
    st.selectbox(
        "On", list(titles), format_func=titles.__getitem__, key="on", persist_state="session", on_change=_chosen
    )
    if st.session_state["on"] == HERE:
        _here()


def _chosen() -> None:
    st.session_state["on.chosen"] = True


def _here() -> None:
    """When this machine was measured, or the button that has it measured."""
    measured, busy = state.calibration(), state.workbench().calibrating()
    if busy:
        st.fragment(_until_measured, run_every=1.0)()
        return
    if measured:
        st.caption(f"Measured {time.strftime('%d %b %Y', time.localtime(measured.measured))} on the {measured.device}.")
    st.button("Measure again" if measured else "Measure this machine", on_click=state.calibrate, key="calibrate",
              help="Trains a few small convolutions for about ten seconds, after what is queued")  # fmt: skip


def _until_measured() -> None:
    with net("The measurement"):
        if state.workbench().calibrating():
            st.caption("This machine is being measured: some ten seconds, after what is queued.")
        else:
            st.rerun()
