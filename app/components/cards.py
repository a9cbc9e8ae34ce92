"""The gallery's cards: saved designs with their pictures, filtered and sorted as one types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app import words
from app.components.history import ago
from resnet_tf.design.spec import Spec
from resnet_tf.design.thumbnail import thumbnail
from resnet_tf.design.totals import Totals, totals
from resnet_tf.runs.records import Design, Run

MOST_CARDS = 100  # the last saved: a new one takes some 10 ms to count and to draw, and 3 kB
_FOLDER = Path(__file__).parent
_HTML = """<div class="gallery">
<div class="filters" role="search">
<input type="search" placeholder="Filter by name, tag or note" aria-label="Filter" maxlength="200">
<label>Sort by <select></select></label>
<div class="tags" role="group" aria-label="Tags"></div>
</div>
<ul class="cards" aria-label="Saved designs"></ul>
<p class="said" role="status"></p>
</div>
"""
_CARDS = st.components.v2.component(
    "resnet_tf_cards", html=_HTML, css=(_FOLDER / "cards.css").read_text(), js=(_FOLDER / "cards.js").read_text()
)


@lru_cache(maxsize=2 * MOST_CARDS)
def _totals(spec: Spec) -> Totals:
    return totals(spec)


class Order(NamedTuple):
    """What cards are sorted by."""

    title: str
    value: Callable[[Design, Sequence[Run]], float | str]
    rises: bool = False  # the least first


def best(runs: Sequence[Run]) -> float | None:
    """The best accuracy of any of the runs (0 to 1)."""
    return max((run.best for run in runs if run.best is not None), default=None)


ORDERS = (
    Order("last saved", lambda design, runs: design.updated),
    Order("name", lambda design, runs: design.name.casefold(), rises=True),
    Order("parameters", lambda design, runs: _totals(design.spec).parameters, rises=True),
    Order("MACs", lambda design, runs: _totals(design.spec).macs, rises=True),
    Order("best accuracy", lambda design, runs: best(runs) or 0.0),
)


@lru_cache(maxsize=2 * MOST_CARDS)
def _picture(spec: Spec) -> str:
    return thumbnail(spec)


def cards(
    designs: Sequence[Design], runs_of: Callable[[Spec], Sequence[Run]], *, chosen: str | None,
    on_choice: Callable[[str], None], on_open: Callable[[str], None],
) -> None:  # fmt: skip
    """Draws a card for each design; a click on one calls `on_choice` with its name, a double click `on_open`."""
    key = "gallery.cards"
    data = {
        "cards": [_card(design, runs_of(design.spec)) for design in designs[:MOST_CARDS]],
        "orders": [[order.title, order.rises] for order in ORDERS],
        "chosen": chosen,
        "left_out": max(len(designs) - MOST_CARDS, 0),
    }
    _CARDS(
        data=[data],  # a dictionary would load pandas
        key=key,
        on_chosen_change=lambda: on_choice(st.session_state[key]["chosen"]),
        on_opened_change=lambda: on_open(st.session_state[key]["opened"]),
        width="stretch",
        height="content",
    )


def _card(design: Design, runs: Sequence[Run]) -> dict[str, object]:
    counted = _totals(design.spec)
    reached = best(runs)
    trained = f"{len(runs):,} {'run' if len(runs) == 1 else 'runs'}" if runs else ""
    return {
        "name": design.name,
        "picture": _picture(design.spec),
        "costs": f"{words.short(counted.parameters)} parameters · {words.short(counted.macs)} MACs",
        "runs": f"{trained}, best {words.percent(reached)}" if reached is not None else trained,
        "when": ago(design.updated),
        "tags": design.tags,
        "notes": design.notes,
        "by": [order.value(design, runs) for order in ORDERS],
    }
