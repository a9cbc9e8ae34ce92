"""One block from the inside: its formula with the real shapes, and its layers."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import state, words
from app.components.shortcut import shortcut
from resnet_tf.design.code.excerpt import excerpt
from resnet_tf.design.costs import Costs
from resnet_tf.design.formulas import SYMBOLS, formula
from resnet_tf.design.graph import Block
from resnet_tf.design.labels import block_label, label, shape_label


def find(counted: Costs, name: str) -> Block | None:
    """The block of that name, or the first of the stage of that name."""
    blocks = counted.graph.blocks
    return next((block for block in blocks if name in (block.name, block.stage)), None)


def inspector(counted: Costs, block: Block) -> None:
    """Draws a block's formula, figures and layers."""
    index = counted.graph.blocks.index(block)
    cost = counted.blocks[index]
    before = counted.graph.by_name[counted.graph.layers[block.start].inputs[0]].shape
    st.markdown(f"**{block_label(block.name).capitalize()}** · {block.kind}")
    if block.kind not in ("stem", "head", "pool"):
        says = formula(counted.graph, block)
        notes = [f"x: {shape_label(before)}", f"y: {shape_label(cost.shape)}"]
        notes += [meaning for symbol, meaning in SYMBOLS.items() if symbol in says]
        spans = " ".join(f"<span>{escape(note)}</span>" for note in notes)
        st.html(f'<div class="formula"><div>{escape(says)}</div><small>{spans}</small></div>')
    st.caption(
        f"{cost.parameters:,} parameters · {words.short(cost.macs)} MACs · {cost.depth} deep · "
        f"sees {cost.receptive_field:,} px"
    )
    if not state.is_looked_at():
        shortcut(block)
    rows = "".join(
        f"<tr><td>{escape(layer.name.removeprefix(block.name + '.'))}</td><td>{escape(label(layer.op))}</td>"
        f"<td>{shape_label(layer.shape)}</td><td>{part.parameters:,}</td><td>{words.short(part.macs)}</td></tr>"
        for layer, part in zip(counted.graph.layers_of(block), counted.layers[block.start : block.stop], strict=True)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("layer", "operation", "shape", "parameters", "MACs"))
    with st.expander("The lines that build it", key="lines", on_change="rerun") as lines:
        if lines.open:
            st.code(excerpt(state.current_spec(), block))
    st.html(
        f'<div class="scroll"><table class="layers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
