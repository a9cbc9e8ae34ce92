"""What a training begins with: drawn weights, a trained run's or a file's, and how many parts stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import state, words
from app.components.history import accuracy
from resnet_tf.design.labels import block_label
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import DatasetCard, Origin, Run

DRAWN = "Fresh weights"
TUNING = "finetune"  # the recipe for a network that knows something already
FILES = ["safetensors", "pth", "pt", "bin", "h5", "keras", "npz"]
_KEY = "train.from"


def start_from(card: DatasetCard, side: int | None) -> str | None:
    """The run or the file of weights to begin with, of those that fit the design; None for drawn weights."""
    bench = state.workbench()
    try:
        offered = {origin.name: origin for origin in bench.starts(state.current_spec(), card, side)}
    except SpecError:
        offered = {}  # the design does not fit the images, and the page says why
    runs = {run.id: run for run in bench.runs(brief=True)}
    if st.session_state.get(_KEY) not in offered:
        st.session_state[_KEY] = ""
    left, right = st.columns([4, 1.2], vertical_alignment="bottom", gap="xsmall")
    chosen = left.selectbox(
        "Start from", ["", *offered], key=_KEY, persist_state="session",
        format_func=lambda name: _title(offered[name], runs) if name else DRAWN,
        help="A trained run or a file of weights whose layers are this design's: they are trained on, and a head for "
        "other classes begins anew",
    )  # fmt: skip
    with right:
        _own_weights()
    return chosen or None


def _title(origin: Origin, runs: dict[str, Run]) -> str:
    run = runs.get(origin.run or "")
    if run is None:
        return f"{origin.title} · file"
    reached = accuracy(run)
    return " · ".join([run.name, *([] if reached is None else [words.percent(reached)]), run.dataset.title])


def frozen_parts(fitted: Spec) -> int:
    """How many parts shall stay as they begin, the stem first."""
    parts = parts_of(fitted)
    if st.session_state.get("train.frozen", 0) > len(parts):
        st.session_state["train.frozen"] = 0
    return st.selectbox(
        "Frozen", range(len(parts) + 1), key="train.frozen", persist_state="session",
        format_func=lambda count: frozen_words(parts, count) or "Nothing: every layer is trained",
        help="Frozen layers keep their weights, and their norms their statistics: faster, and safer with few images",
    )  # fmt: skip


def parts_of(spec: Spec) -> Sequence[str]:
    """The parts of a design that can be frozen, in the order in which they are."""
    return state.counted(spec).graph.parts


def frozen_words(parts: Sequence[str], count: int) -> str:
    """The first so many parts in words: `Stem to stage 2`."""
    names = [block_label(name).lower() for name in parts[:count]]
    return " to ".join(dict.fromkeys((*names[:1], *names[-1:]))).capitalize()


def _own_weights() -> None:
    """A popover that takes a file of weights, and says what is wrong with it."""
    with st.popover("Add", width="stretch", help="Add a file of weights", key="train.weights.popover"):
        st.caption("Weights of timm, torchvision, keras.applications or this workbench; read as numbers, never run.")
        st.file_uploader("Weights", type=FILES, key="train.weights")
        st.button("Add weights", on_click=_add, type="primary", key="train.weights.add")
        for kind, sentence in st.session_state.pop("train.weights.said", ()):
            {"refused": st.error, "noted": st.info, "added": st.success}[kind](words.plain(sentence))


def _add() -> None:
    """Keeps the uploaded weights and chooses them where they fit; what is wrong with them is said in the popover."""
    file = st.session_state.get("train.weights")
    if file is None:
        _say("refused", "Choose a file of weights first.")
        return
    bench = state.workbench()
    try:
        with st.spinner("Reading the weights"):
            origin = bench.add_weights(file.name, file.getvalue())
    except WorkbenchError as error:
        _say("refused", str(error))
        return
    try:
        bench.fit(state.current_spec(), st.session_state["train.dataset"], start=origin.name)
    except (WorkbenchError, SpecError) as error:
        _say("noted", f"Added {origin.title}, for other designs than this one. {error}")
        return
    st.session_state[_KEY] = origin.name
    _say("added", f"Added {origin.title}: its weights are chosen now.")


def _say(*said: str) -> None:
    st.session_state["train.weights.said"] = [said]


def choose(run: Run) -> None:
    """Puts a run's design on the desk, to be trained on from its weights."""
    state.set_spec(run.spec, run.name)
    st.session_state[_KEY], st.session_state["train.recipe"] = run.id, TUNING
