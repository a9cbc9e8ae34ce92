"""What a design may cost: a most for each quantity, held in the URL, and what an edit would go over, said before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from app import state, words
from app.components.fields import rule_of
from resnet_tf.design.budget import (
    EPOCHS,
    QUANTITIES,
    Budget,
    Quantity,
    Standing,
    Terms,
    amount,
    over,
    spent,
)
from resnet_tf.design.devices import DEVICES, Hardware
from resnet_tf.design.spec import Spec, SpecError

FORMS: Mapping[str, Callable[[float], str]] = {"": words.short, "B": words.size, "s": words.seconds}
# what a quantity is called under its figure
TITLES: Mapping[str, Callable[[Terms], str]] = {
    "parameters": lambda terms: "parameters",
    "macs": lambda terms: "MACs",
    "activations": lambda terms: "activations",
    "training": lambda terms: f"to train at {terms.batch:,}",
    "inference": lambda terms: f"to answer {terms.batch:,}",
    "epoch": lambda terms: f"an epoch, {terms.hardware.title if terms.hardware else 'here'}",
    "file": lambda terms: f"as {FILES[terms.format]}",
}
FILES = {
    "keras": ".keras", "savedmodel": "SavedModel", "onnx": "ONNX", "timm": "safetensors", "litert": "LiteRT",
    "litert_float16": "LiteRT 16",
}  # fmt: skip
HERE = "here"  # this machine, among the GPUs
LENT = "t4"  # what an epoch is estimated for where this machine is not measured: the GPU that people have for nothing
DEFAULTS = {"batch": 32, "precision": "float32", "epoch": "cifar10", "on": LENT, "file": "keras"}


def terms() -> Terms:
    """What memory, time and files are counted for, as the visitor chose."""
    chosen = {key: st.session_state.get(key) or value for key, value in DEFAULTS.items()}
    images = EPOCHS[chosen["epoch"]]
    return Terms(chosen["batch"], chosen["precision"], images=images, hardware=hardware()[on()],
                 format=chosen["file"])  # fmt: skip


def hardware() -> dict[str, Hardware | None]:
    """What an epoch can be estimated for, by name; None for this machine before it is measured."""
    return {HERE: state.calibration(), **DEVICES}


def on() -> str:
    """What an epoch is estimated for: as the visitor chose, or this machine once it is measured."""
    if st.session_state.get("on.chosen"):
        return st.session_state["on"]
    return LENT if state.calibration() is None else HERE


def said(quantity: Quantity, of: Terms) -> str:
    """What kind of number a quantity is: `bytes of a training step at batch 32 in float32, estimated`."""
    aside = {
        "training": f" at batch {of.batch} in {of.precision}",
        "inference": f" of {of.batch} in {of.precision}",
        "epoch": f", {of.images:,} in batches of {of.batch} in {of.precision}",
        "file": f" as {FILES[of.format]}",
    }
    return f"{quantity.says}{aside.get(quantity.name, '')}, {'exact' if quantity.exact else 'estimated'}"


# --- setting them


def budget() -> None:
    """Draws the popover's content: a most for each quantity, empty where there is none."""
    st.caption("The most that a design may cost: what would go over says so before you click. The link keeps it.")
    most = dict(state.budgets())
    cells = [cell for _ in range(-(-len(QUANTITIES) // 2)) for cell in st.columns(2)]
    for cell, row, value in zip(cells, QUANTITIES.values(), spent(state.current_spec(), terms()), strict=False):
        form, key = FORMS[row.unit], f"budget.{row.name}"
        if key not in st.session_state:
            st.session_state[key] = form(most[row.name]) if row.name in most else ""
        title, about = TITLES[row.name](terms()), said(row, terms())
        cell.text_input(
            title[:1].upper() + title[1:], key=key, on_change=_set, args=(row.name, key),
            placeholder="not known" if value is None else f"now {form(value)}", help=about[:1].upper() + about[1:],
        )  # fmt: skip
    if refusal := st.session_state.get("budget.refused"):
        st.warning(words.plain(refusal))
    if st.session_state.pop("budget.set", False):
        st.rerun()  # all of the page, whose controls say what goes over: this stands in a fragment


def _set(name: str, key: str) -> None:
    """Takes what was typed as a budget; nothing means none."""
    typed = st.session_state[key].strip()
    rows = dict(state.budgets())
    rows.pop(name, None)
    st.session_state["budget.refused"] = ""
    try:
        if typed:
            rows[name] = amount(name, typed)
    except SpecError as error:
        st.session_state["budget.refused"] = f"{rule_of(error)}; got {typed}."
        return
    state.set_budgets(tuple(Budget(*row) for row in rows.items()))
    st.session_state["budget.set"] = True


# --- what would go over


def excess(spec: Spec | None) -> str:
    """What a design that is offered goes over, in words: `0.4 M parameters over your budget`; nothing where none."""
    return "" if spec is None else "; ".join(map(_over, over(spec, terms(), state.budgets())))


def _over(standing: Standing) -> str:
    row = standing.quantity
    return f"{FORMS[row.unit](-(standing.left or 0))} {TITLES[row.name](terms())} over your budget"
