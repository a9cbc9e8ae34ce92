"""Two designs on one canvas: which block became which, what was added, removed and changed, and how."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from resnet_tf.design.aligned import aligned, in_words
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.pairs import Run

_FOLDER = Path(__file__).parent
_ALIGNED = st.components.v2.component(
    "resnet_tf_aligned",
    html='<div class="aligned">\n</div>',
    css=(_FOLDER / "aligned.css").read_text(),
    js=(_FOLDER / "aligned.js").read_text(),
)


def two(names: tuple[str, str], graphs: tuple[LayerGraph, LayerGraph], found: tuple[Run, ...]) -> None:
    """Draws the first network above the second; a click on a column says layer by layer what became of it."""
    data = {
        "picture": aligned(*graphs, found).as_json(),
        "names": names,
        "said": in_words(found),
        "label": f"{names[0]} above, {names[1]} below: {in_words(found)}",
    }
    _ALIGNED(data=[data], key="aligned", width="stretch", height="content")  # a dictionary would load pandas
