"""Design: the network in the middle, controls beside it, its costs above, every block below."""

from __future__ import annotations

import streamlit as st

from app import state
from app.components.bar import bar
from app.components.canvas import canvas
from app.components.controls import controls
from app.components.inspector import find, inspector
from app.components.strip import strip
from app.components.table import as_csv, table
from app.frame import net
from resnet_tf.design.costs import Costs
from resnet_tf.design.memory import PRECISIONS
from resnet_tf.design.picture import LEVELS
from resnet_tf.design.presets import PRESETS, preset

MANY_BLOCKS = 24  # more are folded into stages when a design is opened
LARGEST_BATCH = 65_536
ASIDE = {"beside": "vgg19", "batch": 32, "precision": "float32"}  # what the costs are compared with and counted for


def aside() -> None:
    """Keeps what the costs are compared with, until the visitor chooses something else."""
    for key, value in ASIDE.items():
        if st.session_state.get(key) is None:
            st.session_state[key] = value


def fold(counted: Costs) -> None:
    """Folds a design of many blocks when it is opened; after that the visitor decides."""
    base = state.desk().link.partition("~")[0]
    if st.session_state.get("level.of") != base:
        st.session_state["level.of"] = base
        st.session_state["level"] = "stage" if len(counted.graph.blocks) > MANY_BLOCKS else "block"


def choices(counted: Costs) -> None:
    """How much of the network is drawn, what its costs are compared with, and the table as a file."""
    with st.container(key="choices", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.segmented_control("Level", LEVELS, key="level", label_visibility="collapsed", required=True)
        st.space("stretch")
        title = {name: row.title for name, row in PRESETS.items()}
        with st.popover("Compare with", type="tertiary", key="aside", on_change="rerun") as popover:
            if popover.open:
                st.selectbox("Network", list(PRESETS), format_func=title.__getitem__, key="beside",
                             persist_state="session")  # fmt: skip
                st.number_input("Images in a batch", 1, LARGEST_BATCH, key="batch", persist_state="session")
                st.selectbox("Precision", list(PRECISIONS), key="precision", persist_state="session")
        st.download_button(
            "CSV", lambda: as_csv(counted), "blocks.csv", "text/csv", on_click="ignore", type="tertiary",
            icon=":material/download:", help="The table below: exact integers for every block",
        )  # fmt: skip


def choose(name: str) -> None:
    """Takes a block, or a folded stage, to look inside; lets go of the one that is chosen."""
    st.session_state["chosen"] = None if st.session_state.get("chosen") == name else name


@st.fragment
def sheet() -> None:
    """Numbers, picture and table. Apart from the controls, so that a click on a block draws nothing else anew."""
    with net("The drawing"), st.container(key="sheet"):
        counted = state.current_costs()
        before = state.desk().before
        aside()
        fold(counted)
        beside = st.session_state["beside"]
        strip(
            counted, before and state.counted(before), state.counted(preset(beside)), PRESETS[beside].title,
            st.session_state["batch"], st.session_state["precision"],
        )  # fmt: skip
        above = st.container()
        chosen = st.session_state.get("chosen")
        block = find(counted, chosen) if chosen else None
        canvas(counted, st.session_state["level"], key="canvas", selected=block and chosen, on_choice=choose)
        state.let_paint()
        with above:
            choices(counted)
        rows, inside = st.columns([1.3, 1], gap="medium") if block else (st.container(), None)
        with rows:
            table(counted, selected=block and block.name, on_choice=choose)
        if block and inside:
            with inside:
                inspector(counted, block)


with st.container(key="desk"):
    right, left = st.columns([3.5, 1], gap="medium")  # the stylesheet puts controls on the left; a phone, below
    above = right.container()
    with right:
        sheet()
    with above:
        bar()
    with left:
        controls()
