"""Same cost, other shape: deeper and narrower, or shallower and wider, each opened by a click as one step."""

from __future__ import annotations

import streamlit as st

from app import state, words
from app.components.axes import OVER
from app.components.budget import excess
from resnet_tf.design.alternatives import Alternative, alternatives
from resnet_tf.design.spec import Spec
from resnet_tf.design.totals import totals

_FIGURE = "\u2007"  # as wide as a digit, so that numbers stand below each other
_SPENT = {"macs": "MACs", "parameters": "parameters"}


def shapes() -> None:
    """Draws the popover's content."""
    if st.session_state.pop("shapes.taken", False):
        st.rerun()  # all of the page: this stands in a fragment
    spec = state.current_spec()
    spent = st.segmented_control("As many", _SPENT, format_func=_SPENT.__getitem__, key="shapes.spent", default="macs",
                                 required=True)  # fmt: skip
    budget = dict(state.budgets()).get(spent)
    most = getattr(totals(spec), spent) if budget is None else budget
    whose = "this design has" if budget is None else "your budget allows"
    st.caption(f"Other depths, as wide as the {words.short(most)} {_SPENT[spent]} that {whose}; at least 98 % of them.")
    found = alternatives(spec, spent, most)
    for direction in dict.fromkeys(each.words for each in found):
        st.markdown(f"**{direction}**")
        for each in (each for each in found if each.words == direction):
            _offer(each)
    if not found:
        st.caption("None: no widths of another depth come within 2 % of that.")


def _offer(other: Alternative) -> None:
    too_much = excess(other.spec)
    figures = (
        (f"{other.depth:,}", 4, "layers"), (f"{other.width:.2f}", 4, "× as wide"),
        (words.short(other.parameters), 6, "parameters"), (words.short(other.macs), 6, "MACs"),
    )  # fmt: skip
    lines = " · ".join(f"{number.rjust(wide, _FIGURE)} {unit}" for number, wide, unit in figures)
    help = "\n\n".join(filter(None, (_widths(other.spec), too_much)))
    key = f"shapes.{other.depth}.{other.width}"
    st.button(
        lines + (OVER if too_much else ""), key=key, on_click=_take, args=(other.spec,), width="stretch", help=help
    )


def _take(spec: Spec) -> None:
    state.set_spec(spec)
    st.session_state["shapes.taken"] = True


def _widths(spec: Spec) -> str:
    if spec.family == "densenet":
        return f"Growth {spec.growth}"
    return f"Widths {', '.join(str(stage.width) for stage in spec.stages)}"
