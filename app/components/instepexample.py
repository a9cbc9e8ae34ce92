"""A pair that was trained in step before, shown where nothing was measured yet; docs/degradation.md has more of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from app import words
from app.components.insteplook import curves, through
from resnet_tf.design.links import from_link
from resnet_tf.runs.versus import QUANTITIES, differs, versus_of

KEPT = Path(__file__).parents[2] / "docs" / "degradation.json"


def example() -> None:
    """Draws how ResNet-56 fared with and without its shortcuts, in words and curves, and says where that is from."""
    pair = _kept()
    if pair is None:
        return
    found = versus_of(pair["found"])
    st.space("small")
    st.markdown("##### For example: ResNet-56")
    st.markdown(words.plain(differs(found, QUANTITIES[0])))
    curves(found)
    st.fragment(through)(found, {side: from_link(link) for side, link in pair["links"].items()})
    st.caption(words.plain(
        f"Measured on {pair['date'][:10]}, on another machine ({pair['device']}): {found.data} at their own 8 x 8 px. "
        "docs/degradation.md has ResNet-110 beside it."
    ))  # fmt: skip


@st.cache_data(show_spinner=False)
def _kept() -> dict[str, Any] | None:
    """The pair as it is kept; None where the pages stand without the documents."""
    if not KEPT.exists():
        return None
    pair: dict[str, Any] = json.loads(KEPT.read_text())["pairs"][0]
    return pair
