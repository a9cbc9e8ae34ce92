"""What is seen as a file: for a paper, a slide, a page."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from importlib.util import find_spec

import streamlit as st

from app import state
from app.frame import net
from resnet_tf.design.links import to_link
from resnet_tf.design.picture import Level

_STYLES = {"canvas": "As seen", "paper": "As in He 2015"}
_HELP = {
    "svg": "Vectors, for the web and to draw on", "png": "Twice the size, for slides",
    "pdf": "Vectors, for LaTeX and print", "tikz": "For \\input in a paper: words in the paper's own font",
}  # fmt: skip


def figures(level: Level, turned: Collection[str]) -> None:
    """A popover with the drawing in each format."""
    with (
        st.popover("Figure", type="tertiary", key="figure", on_change="rerun", icon=":material/image:") as popover,
        net("The figure"),
    ):
        if popover.open:
            _files(level, turned)


def _files(level: Level, turned: Collection[str]) -> None:
    from resnet_tf.design.figures import FILES, figure

    style = st.segmented_control(
        "Style", list(_STYLES), format_func=_STYLES.__getitem__, key="figure.style", default="canvas", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    spec = state.current_spec()
    name = to_link(spec).partition("~")[0]
    subject = {state.design_name(): spec} if style == "paper" else spec
    with st.container(horizontal=True, gap="xsmall"):
        for format, words in _HELP.items():
            if format == "png" and not find_spec("pypdfium2"):
                continue  # what paints it comes with the formats of exports
            file = FILES[format]
            st.download_button(
                file.title, partial(figure, subject, format, level=level, style=style, turned=turned),
                f"{name}{file.suffix}", file.mime, on_click="ignore", help=words, key=f"figure.{format}",
            )  # fmt: skip
