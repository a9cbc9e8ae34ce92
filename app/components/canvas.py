"""The canvas: a Picture as SVG that one can pan, zoom, fold, select and edit in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from app import words
from app.components.assets import component
from resnet_tf.design.costs import Cost, Costs
from resnet_tf.design.layout import layout
from resnet_tf.design.picture import Level, Picture

_HTML = """<div class="canvas">
<div class="window">
<div class="stagebar" hidden>
<button type="button" data-edit="-">−</button><button type="button" data-edit="+">+</button>
<button type="button" data-edit="menu">⋯</button>
</div>
<div class="hint" role="status" hidden></div>
</div>
<div class="map" aria-hidden="true"></div>
<div class="line" role="status"></div>
<div class="foot">
<div class="legend"></div>
<label class="shade"><i></i><span class="scale"></span><select class="measure" aria-label="Colour by"></select></label>
<div class="tools" role="toolbar" aria-label="View">
<button type="button" data-act="out" aria-label="Zoom out">−</button>
<button type="button" data-act="in" aria-label="Zoom in">+</button>
<button type="button" data-act="fit">Fit</button>
</div>
</div>
<div class="menu" role="menu" hidden></div>
<ol class="told"></ol>
</div>
"""
_canvas = component("canvas", html=_HTML, css="canvas.css", js="main.js")
_LINE = '<svg width="26" height="8" aria-hidden="true"><g class="edge {kind}"><path d="M0 4H26"/></g></svg>'
_KINDS = {
    "identity": "identity", "scaled": "scaled identity", "gated": "gated identity", "projection": "projection",
    "padding": "zero padding", "concatenation": "concatenation", "cut": "cut shortcut",
}  # fmt: skip
_WAYS = {
    "identity": "identity shortcut", "scaled": "scaled shortcut", "gated": "gated shortcut",
    "projection": "projection shortcut", "padding": "zero-padded shortcut",
    "concatenation": "concatenation", "cut": "cut shortcut", "none": "no shortcut",
}  # fmt: skip
_HUES = {"convolution": "convolution, dense", "norm": "norm", "activation": "activation", "pool": "pool"}


def canvas(
    counted: Costs, level: Level, *, key: str, selected: str | None, turned: Collection[str],
    edits: Mapping[str, Any] | None, on: Mapping[str, Callable[[Any], None]], extra: Mapping[str, Any] | None = None,
    height: int = 330,
) -> None:  # fmt: skip
    """Draws the network at a level, but for the parts that are `turned` the other way.

    `edits` is what can be done to it, as the script takes it, if anything. `on` has what is called when a part is
    "chosen" or "turned", when a "menu" is wanted of it, when it is "moved" by a row of one, when an edge was "dragged",
    and when the network is "coloured" by another measure. `extra` is more to colour by: by name a title, a unit and
    `values` by parts' names.
    """
    picture = layout(counted, level, turned)
    data = {**_data(counted, picture, selected, height, interactive=True), "edits": edits, "extra": extra or {}}

    def told(event: str) -> Callable[[], None]:
        return lambda: on[event](st.session_state[key][event])

    calls = {f"on_{event}_change": told(event) for event in on}
    _canvas(data=[data], key=key, width="stretch", height="content", **calls)  # a dictionary would load pandas


def still(counted: Costs, level: Level, *, key: str, height: int = 130) -> None:
    """Draws the network small, to be looked at only."""
    picture = layout(counted, level)
    _canvas(data=[_data(counted, picture, None, height, interactive=False)], key=key, width="stretch", height="content")


def _data(
    counted: Costs, picture: Picture, selected: str | None, height: int, *, interactive: bool
) -> dict[str, object]:
    return {
        "picture": picture.packed(),
        "selected": selected,
        "height": height,
        "interactive": interactive,
        "label": in_words(counted),
        "told": [_told(counted, part) for part in counted.stages] if interactive else [],
        "legend": _legend(counted, picture) if interactive else "",
    }


def in_words(counted: Costs) -> str:
    """The network in a sentence, for who cannot see the picture."""
    stages = [stage for stage in counted.stages if stage.name.startswith("stage")]
    return (
        f"A network of depth {counted.depth} with {len(stages)} stages, from {words.shape(counted.graph.input_shape)} "
        f"to {words.given(counted.graph)}. "
        "Arrow keys walk its blocks, Enter unfolds one, Space selects it, "
        "plus and minus change its stage's depth, the menu key says what else can be done."
    )


def _told(counted: Costs, part: Cost) -> str:
    """A stage, the stem or the head in a sentence: what is in it, what comes out, what it costs."""
    blocks = [block for block in counted.graph.blocks if block.name.startswith(f"{part.name}.")]
    kinds = Counter(block.shortcut for block in blocks)
    ways = ", ".join(f"{count} × {_WAYS[kind]}" for kind, count in kinds.items())
    inside = f" of {len(blocks)} {'block' if len(blocks) == 1 else 'blocks'} ({ways})" if blocks else ""
    title = part.name.capitalize() if not blocks else f"Stage {part.name.removeprefix('stage')}"
    costs = f"{words.short(part.parameters)} parameters, {words.short(part.macs)} MACs"
    return f"{title}{inside} gives {words.shape(part.shape)}: {costs}."


def _legend(counted: Costs, picture: Picture) -> str:
    drawn = Counter(edge.kind for piece in picture.pieces for edge in piece.drawing.edges)
    lines = [f"<span>{_LINE.format(kind=kind)}{name}</span>" for kind, name in _KINDS.items() if drawn[kind]]
    hues = [f'<span style="--colour:var(--{hue})"><b></b>{name}</span>' for hue, name in _HUES.items()]
    layers = any(piece.kind == "layers" for piece in picture.pieces)
    return "".join([*lines, *(hues if layers else [])])
