"""The canvas: a Picture as SVG that one can pan, zoom and select in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import words
from resnet_tf.design.costs import Costs
from resnet_tf.design.layout import layout
from resnet_tf.design.picture import Level, Picture

_FOLDER = Path(__file__).parent
_HTML = """<div class="canvas">
<div class="foot">
<div class="legend"></div>
<div class="tools" role="toolbar" aria-label="View">
<button type="button" data-act="out" aria-label="Zoom out">−</button>
<button type="button" data-act="in" aria-label="Zoom in">+</button>
<button type="button" data-act="fit">Fit</button>
</div>
</div>
</div>
"""
_CANVAS = st.components.v2.component(
    "resnet_tf_canvas",
    html=_HTML,
    css=(_FOLDER / "canvas.css").read_text(),
    js=(_FOLDER / "canvas.js").read_text(),
)
_LINE = '<svg width="26" height="8" aria-hidden="true"><g class="edge {kind}"><path d="M0 4H26"/></g></svg>'
_KINDS = {
    "identity": "identity", "projection": "projection", "padding": "zero padding", "concatenation": "concatenation",
}  # fmt: skip
_HUES = {"convolution": "convolution, dense", "norm": "norm", "activation": "activation", "pool": "pool"}


def canvas(
    counted: Costs, level: Level, *, key: str, selected: str | None, on_choice: Callable[[str], None],
    height: int = 330,
) -> None:  # fmt: skip
    """Draws the network at a level; a click on a block calls `on_choice` with its name."""
    picture = layout(counted, level)
    _CANVAS(
        data=[_data(counted, picture, selected, height, interactive=True)],  # a dictionary would load pandas
        key=key,
        on_chosen_change=lambda: on_choice(st.session_state[key]["chosen"]),
        width="stretch",
        height="content",
    )


def still(counted: Costs, level: Level, *, key: str, height: int = 130) -> None:
    """Draws the network small, to be looked at only."""
    picture = layout(counted, level)
    _CANVAS(data=[_data(counted, picture, None, height, interactive=False)], key=key, width="stretch", height="content")


def _data(
    counted: Costs, picture: Picture, selected: str | None, height: int, *, interactive: bool
) -> dict[str, object]:
    return {
        "picture": picture.as_json(),
        "selected": selected,
        "height": height,
        "interactive": interactive,
        "label": in_words(counted),
        "legend": _legend(counted, picture) if interactive else "",
    }


def in_words(counted: Costs) -> str:
    """The network in a sentence, for who cannot see the picture."""
    stages = [stage for stage in counted.stages if stage.name.startswith("stage")]
    return (
        f"A network of depth {counted.depth} with {len(stages)} stages, from {words.shape(counted.graph.input_shape)} "
        f"to {words.given(counted.graph)}. Arrow keys walk its blocks, Enter selects one."
    )


def _legend(counted: Costs, picture: Picture) -> str:
    drawn = Counter(edge.kind for edge in picture.edges)
    lines = [f"<span>{_LINE.format(kind=kind)}{name}</span>" for kind, name in _KINDS.items() if drawn[kind]]
    parts = {"stage": counted.stages, "block": counted.blocks, "layer": counted.layers}[picture.level]
    most = max(part.macs for part in parts)
    shade = f"<span><i></i>0 to {words.short(most)} MACs</span>"
    hues = [f'<span style="--colour:var(--{hue})"><b></b>{name}</span>' for hue, name in _HUES.items()]
    hint = "<span>Choose a block to look inside</span>"
    return "".join([*lines, shade, *(hues if picture.level == "layer" else []), hint])
