"""Explore: thousands of designs around one, by what they cost; published networks among them; a click opens one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from app import state, words
from app.components.choice import in_link
from app.components.map import COSTS, HUES, TESTED, Window, dashed, design_map, most_for_least, spoken
from app.components.opening import follow, take
from app.components.table import Column, sortable
from app.frame import net
from resnet_tf.design.presets import PRESETS, preset, preset_of
from resnet_tf.design.space import Design, Space, residual, space
from resnet_tf.design.spec import ResNetSpec
from resnet_tf.design.totals import totals

AROUND = {"This design": "", "ImageNet": "resnet50", "CIFAR-10": "resnet56_cifar10"}
MOST_ROWS = 100
_WHOLE = "{:,}".format
COLUMNS = (
    Column("block"), Column("blocks", help="Blocks of each stage"), Column("channels", help="Channels of each stage"),
    Column("parameters", "number", _WHOLE), Column("MACs", "number", _WHOLE),
    Column("activations", "number", _WHOLE), Column("layers deep", "number", _WHOLE),
)  # fmt: skip


@lru_cache(maxsize=3)
def counted_space(base: ResNetSpec) -> Space:
    return space(base)


def choices() -> tuple[str, str, str]:
    """Around which design, against which cost, shaded by what."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        around = in_link("Designs around", [*AROUND], "around")
        cost = in_link("Against", [*COSTS], "cost", on_change=_forget_window)
        by = in_link("Shaded by", HUES, "by")
    return around, cost, by


def _forget_window() -> None:
    put_into_link(None)  # it was of another axis


def open_on_design(key: str, found: Space) -> None:
    """Takes what was clicked to the Design page: "design.12" of the space, or "preset.resnet50"."""
    kind, _, name = key.partition(".")
    if kind == "preset":
        take(PRESETS[name].spec, PRESETS[name].title)
        return
    design = found.designs[int(name)]
    known = preset_of(design.spec)
    take(design.spec, known.title if known else f"{design.block}, {dashed(design.depths)}, {dashed(design.widths)}")


def window_in_link() -> Window | None:
    """The window that a link opens, or None where it has none that makes sense."""
    try:
        x0, x1, y0, y1 = map(float, st.query_params.get("window", "").split(","))
    except ValueError:
        return None
    return (x0, x1, y0, y1) if 0 < x0 < x1 < 1e18 and 0 < y0 < y1 < 1e18 else None


def put_into_link(window: Sequence[float] | None) -> None:
    if window:
        st.query_params["window"] = ",".join(f"{value:g}" for value in window)
    else:
        st.query_params.pop("window", None)


def within(found: Space, cost: str, window: Window) -> list[int]:
    """The places of the designs that a window shows."""
    x0, x1, y0, y1 = window
    counts = [(getattr(design.totals, COSTS[cost]), design.totals.parameters) for design in found.designs]
    return [i for i, (x, y) in enumerate(counts) if x0 <= x <= x1 and y0 <= y <= y1]


def row(design: Design) -> tuple[object, ...]:
    parameters, macs, _, activations, depth = design.totals
    return (design.block, dashed(design.depths), dashed(design.widths), parameters, macs, activations, depth)


def listed(found: Space, cost: str, window: Window | None) -> None:
    """The designs in the window, or those of the front, each opened by a click."""
    shown = within(found, cost, window) if window else most_for_least(found, cost)
    shown = sorted(shown, key=lambda i: getattr(found.designs[i].totals, COSTS[cost]))
    what = "in the window" if window else f"on the front: none has as many parameters for as few {spoken(cost)}"
    more = f"; the {MOST_ROWS} with the fewest {spoken(cost)}" if len(shown) > MOST_ROWS else ""
    st.markdown(f"##### {len(shown):,} designs {what}{more}")
    rows = [(f"design.{i}", row(found.designs[i])) for i in shown[:MOST_ROWS]]
    sortable(COLUMNS, rows, key="designs", label="Designs, by cost", height=320,
             on_choice=lambda key: open_on_design(key, found))  # fmt: skip


def source(found: Space) -> str:
    base = found.base
    kept = f"at {words.shape(base.input_shape)}, with all but blocks, depths and widths as in the design"
    said = f"{len(found.designs):,} designs, counted exactly {kept}."
    if found.illegal:
        said += f" {found.illegal:,} combinations make no network and are left out."
    if base.input_shape == TESTED:
        said += (
            " Accuracy: ImageNet top-1, measured by timm (Apache-2.0) with the best weights that saw ImageNet alone."
        )
    elif base.input_shape == PRESETS["resnet56_cifar10"].spec.input_shape:
        said += " Accuracy: CIFAR-10, as the papers report it."
    return said + " Drag a window over the map to list what is in it."


follow()
with net("The map"):
    around, cost, by = choices()
    found = counted_space(residual(state.current_spec() if not AROUND[around] else preset(AROUND[around])))
    if "map" not in st.session_state:  # the page was opened: what the link says is what the map begins with
        st.session_state["window.first"] = window_in_link()
    first = st.session_state["window.first"]
    design_map(found, cost, by, (state.design_name(), totals(state.current_spec())), first,
               on_open=lambda key: open_on_design(key, found), on_window=put_into_link)  # fmt: skip
    st.caption(words.plain(source(found)))
    listed(found, cost, window_in_link())
