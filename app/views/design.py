"""Design: the network in the middle, controls beside it, its costs above, every block below."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from app import state
from app.components import edits
from app.components.bar import bar, look_bar
from app.components.budget import DEFAULTS, FILES, budget, terms
from app.components.canvas import canvas, still
from app.components.controls import controls
from app.components.figures import figures
from app.components.hardware import choose_hardware
from app.components.inspector import find, inspector
from app.components.redraw import redraw_when_drawn
from app.components.shading import differing, measured
from app.components.shapes import shapes
from app.components.strip import strip
from app.components.table import as_csv, table
from app.frame import net
from resnet_tf.design.budget import EPOCH_TITLES, EPOCHS
from resnet_tf.design.costs import Costs
from resnet_tf.design.memory import PRECISIONS
from resnet_tf.design.picture import LEVELS
from resnet_tf.design.presets import PRESETS, preset

MANY_BLOCKS = 24  # more are folded into stages when a design is opened
LARGEST_BATCH = 65_536
ASIDE = {"beside": "vgg19", **DEFAULTS}  # what the costs are compared with and counted for


def aside() -> None:
    """Keeps what the costs are compared with, until the visitor chooses something else."""
    for key, value in ASIDE.items():
        if st.session_state.get(key) is None:
            st.session_state[key] = value


def fold(counted: Costs) -> None:
    """Folds a design of many blocks when it is opened; after that the visitor decides."""
    opened = state.desk().now.opened
    if st.session_state.get("level.of") != opened:
        st.session_state["level.of"] = opened
        st.session_state["level"] = "stage" if len(counted.graph.blocks) > MANY_BLOCKS else "block"
        unturn()


def unturn() -> None:
    """All parts stand as the level has them."""
    st.session_state["turned"] = frozenset()


def turn(name: str) -> None:
    """Unfolds a part that is folded, or folds one that is open."""
    st.session_state["turned"] ^= {name}


def choices(counted: Costs) -> None:
    """How much of the network is drawn, what its costs are compared with, and the table as a file."""
    with st.container(key="choices", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.segmented_control(
            "Level", LEVELS, key="level", label_visibility="collapsed", required=True, persist_state="session",
            on_change=unturn,
        )  # fmt: skip
        st.space("stretch")
        title = {name: row.title for name, row in PRESETS.items()}
        with st.popover("Compare with", type="tertiary", key="aside", on_change="rerun") as popover:
            if popover.open:
                st.selectbox("Network", list(PRESETS), format_func=title.__getitem__, key="beside",
                             persist_state="session")  # fmt: skip
                st.number_input("Images in a batch", 1, LARGEST_BATCH, key="batch", persist_state="session")
                st.selectbox("Precision", list(PRECISIONS), key="precision", persist_state="session")
                st.selectbox("An epoch of", list(EPOCHS), format_func=_epoch, key="epoch", persist_state="session")
                choose_hardware()
                st.selectbox("Exported as", list(FILES), format_func=FILES.__getitem__, key="file",
                             persist_state="session")  # fmt: skip
        if not state.is_looked_at():
            _popover("Same cost, other shape", shapes)
            _popover("Budget", budget)
        figures(st.session_state["level"], st.session_state["turned"])
        st.download_button(
            "CSV", lambda: as_csv(counted), "blocks.csv", "text/csv", on_click="ignore", type="tertiary",
            icon=":material/download:", help="The table below: exact integers for every block",
        )  # fmt: skip


def _epoch(name: str) -> str:
    return f"{EPOCH_TITLES[name]}, {EPOCHS[name]:,} images"


def _popover(title: str, content: Callable[[], None]) -> None:
    """Nothing of what is in it is made before it is opened."""
    with st.popover(title, type="tertiary", key=title.split(",")[0].lower().replace(" ", "_"), on_change="rerun") as it:
        if it.open:
            content()


def choose(name: str) -> None:
    """Takes a block, or a folded stage, to look inside; lets go of the one that is chosen."""
    st.session_state["chosen"] = None if st.session_state.get("chosen") == name else name


def colour(measure: str) -> None:
    """Remembers what the canvas is coloured by, for what is not counted before it is asked for."""
    st.session_state["coloured"] = measure


CANVAS = {
    "chosen": choose,
    "turned": turn,
    "coloured": colour,
    "menu": edits.menu,
    "moved": edits.move,
    "dragged": edits.drag,
}


@st.fragment
def sheet() -> None:
    """Numbers, picture and table. Apart from the controls, so that a click on a block draws nothing else anew."""
    with net("The drawing"), st.container(key="sheet"):
        counted = state.current_costs()
        before = state.desk().before
        aside()
        fold(counted)
        edits.follow(state.current_spec())
        beside = st.session_state["beside"]
        strip(
            counted, before and state.counted(before), state.counted(preset(beside)), PRESETS[beside].title,
            terms(), state.budgets(),
        )  # fmt: skip
        above = st.container()
        chosen = st.session_state.get("chosen")
        block = find(counted, chosen) if chosen else None
        canvas(
            counted, st.session_state["level"], key="canvas", selected=block and chosen,
            turned=st.session_state["turned"], on=CANVAS,
            edits=None if state.is_looked_at() else edits.offered(state.current_spec()),
            extra=measured(state.current_spec()) | differing(
                state.current_spec(), preset(beside), PRESETS[beside].title,
                asked=st.session_state.get("coloured") == "differs",
            ),
        )  # fmt: skip
        state.let_paint()
        with above:
            choices(counted)
        rows, inside = st.columns([1.3, 1], gap="medium") if block else (st.container(), None)
        with rows:
            table(counted, selected=block and block.name, on_choice=choose)
        if block and inside:
            with inside:
                inspector(counted, block)


def desk() -> None:
    """The drawing with all that edits it."""
    with st.container(key="desk"):
        right, left = st.columns([3.5, 1], gap="medium")  # the stylesheet has controls on the left; a phone, below
        above = right.container()
        with right:
            sheet()
        with above:
            bar()
        with left:
            controls()
            redraw_when_drawn()


def look() -> None:
    """The design as who was given its link sees it: nothing edits it, and it may be forked."""
    look_bar()
    sheet()


def embedded() -> None:
    """The design inside another page: its drawing, its numbers, and the way to the whole."""
    counted = state.current_costs()
    aside()
    fold(counted)
    beside = st.session_state["beside"]
    link = escape(state.address(state.look_link()))
    with st.container(key="embedded"):
        strip(counted, None, state.counted(preset(beside)), PRESETS[beside].title, terms(), ())
        still(counted, st.session_state["level"], key="embedded.still", height=300)
        st.html(f'<p class="whole"><a href="{link}" target="_blank" rel="noopener">Open in resnet_tf</a></p>')


if state.is_embedded():
    embedded()
elif state.is_looked_at():
    look()
else:
    desk()
