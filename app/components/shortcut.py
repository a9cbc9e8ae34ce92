"""The shortcut of one block: a switch that cuts it and brings it back."""

from __future__ import annotations

import streamlit as st

from app import state, words
from app.components.axes import price
from resnet_tf.design.graph import Block
from resnet_tf.design.moves import moves
from resnet_tf.design.spec import Spec


def shortcut(block: Block) -> None:
    """Draws the switch, where the block has a shortcut or had one."""
    spec = state.current_spec()
    offered = {each.move.name: each for each in moves(spec, block.name)}
    other = offered.get("restore" if block.shortcut == "cut" else "cut")
    if other is None:
        return
    key = f"shortcut.{block.name}"
    st.session_state[key] = block.joins
    st.toggle(
        "Shortcut", key=key, on_change=_take, args=(other.spec,),
        help=words.plain(f"{other.move.words}: {price(spec, other)}"),
    )  # fmt: skip


def _take(spec: Spec) -> None:
    state.set_spec(spec)
    state.redraw()
