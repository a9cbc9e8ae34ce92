"""The error on its way back: networks beside each other, their lines as thick as what comes back along them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import streamlit as st

from app import state
from app.components.assets import component
from app.components.strength import Lines, Norms, Scale, lines_of, scale_of
from resnet_tf.design.layout import layout
from resnet_tf.design.spec import Spec

_flow = component("canvas", name="flow", html='<div class="flow">\n</div>', css="flow.css", js="flow.js")
NOTHING = "No error comes back through this network: there is nothing to draw."


class Side(NamedTuple):
    """A network, what it is called beside the other one, and what was measured of its blocks."""

    title: str
    spec: Spec
    measured: Mapping[str, Norms]


def played(sides: Sequence[Side], *, key: str, when: str, among: Iterable[Side] = ()) -> None:
    """Draws the networks, to play the error back through them in step.

    `when` says with which weights. Thicknesses keep their meaning `among` more measurements that take this one's
    place, as those after other epochs.
    """
    drawn = [lines_of(state.counted(side.spec).graph, side.measured) for side in sides]
    more = [lines_of(state.counted(side.spec).graph, side.measured) for side in among]
    scale = scale_of(norm for network in drawn + more for lines in network.values() for norm in lines)
    if scale is None:
        st.caption(NOTHING)
        return
    data = {
        "sides": [
            {"title": side.title, "picture": _picture(side.spec), "blocks": _blocks(network, scale)}
            for side, network in zip(sides, drawn, strict=True)
        ],
        "marks": [[norm, scale.width(norm), scale.share(norm)] for norm in scale.marks()],
        "when": when,
    }
    _flow(data=[data], key=key, width="stretch", height="content")  # a dictionary would load pandas


def _blocks(network: Mapping[str, Lines], scale: Scale) -> list[list[object]]:
    """A row for each block, in their order: its name, its norms, how thick each is drawn, and how dark it is."""
    return [
        [name, list(lines), [scale.width(norm) for norm in lines], scale.share(lines.after)]
        for name, lines in network.items()
    ]


@lru_cache(maxsize=32)
def _picture(spec: Spec) -> dict[str, object]:
    """The canvas' own drawing, every block by itself."""
    return layout(state.counted(spec), "block").packed()
