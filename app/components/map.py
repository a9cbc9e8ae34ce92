"""The map of a space of designs: parameters against cost, a dot a design, published networks and the desk's among them.

Drawn by a script of ours on a canvas, so that thousands of dots are as quick as the pointer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from app.components import charts
from app.components.landmarks import ALONE, published
from resnet_tf.design.front import front
from resnet_tf.design.presets import PRESETS
from resnet_tf.design.published import CIFAR10
from resnet_tf.design.space import BLOCKS, OWN, Space
from resnet_tf.design.totals import Totals, totals

_FOLDER = Path(__file__).parent
_MAP = st.components.v2.component(
    "resnet_tf_map",
    html='<div class="map">\n</div>',
    css=(_FOLDER / "map.css").read_text(),
    js=(_FOLDER / "map.js").read_text(),
)
COSTS = {"MACs": "macs", "Activations": "activations"}  # as the page and its link say it -> a field of Totals
HUES = ("Depth", "Width", "Block")
SHADES = 6  # steps of depth or width that one tells apart
TESTED = (224, 224, 3)  # the images on which timm's accuracies were measured at the size that our counts are of
KINDS = [OWN, *BLOCKS]
Window = tuple[float, float, float, float]  # from and to along the bottom, from and to upwards


class Landmark(NamedTuple):
    """A published network; `best` where none is more accurate for no more of both costs."""

    key: str  # "preset.resnet50"
    title: str
    totals: Totals
    accuracy: float  # percent
    best: bool = False


def spoken(cost: str) -> str:
    """A cost in the middle of a sentence."""
    return cost if cost == "MACs" else cost.lower()


def design_map(
    found: Space, cost: str, by: str, here: tuple[str, Totals], window: Window | None, *,
    on_open: Callable[[str], None], on_window: Callable[[Window | None], None],
) -> None:  # fmt: skip
    """Draws the map. A click calls `on_open` with "design.12" or "preset.resnet50", a drag `on_window` with its window.

    `window` is the one that is open at first; after that the browser keeps it.
    """
    name, at = here
    marks = landmarks(found.base.input_shape, cost)
    data = {
        "dots": _dots(found, cost),
        "shades": shades(found, by),
        "titles": [cost, "Parameters"], "cost": spoken(cost),
        "front": most_for_least(found, cost),
        "landmarks": [
            {"key": mark.key, "title": mark.title, "x": getattr(mark.totals, COSTS[cost]), "y": mark.totals.parameters,
             "accuracy": mark.accuracy, "best": mark.best}
            for mark in marks
        ],
        "here": {"title": name, "x": getattr(at, COSTS[cost]), "y": at.parameters},
        "window": window,
        "label": f"Map of {len(found.designs):,} designs: parameters against {spoken(cost)}. "
        "Arrow keys go from dot to dot, Enter opens one on Design, Escape closes the window",
    }  # fmt: skip
    _MAP(
        data=[data], key="map", width="stretch", height="content",  # a dictionary would load pandas
        on_opened_change=lambda: on_open(st.session_state["map"]["opened"]),
        on_window_change=lambda: on_window(st.session_state["map"]["window"]),
    )  # fmt: skip


@lru_cache(maxsize=4)
def _dots(found: Space, cost: str) -> dict[str, Any]:
    """Each design's numbers in columns, and the words about it once for all that share them."""
    designs = found.designs
    depths, widths = (
        list(dict.fromkeys(column)) for column in ([d.depths for d in designs], [d.widths for d in designs])
    )
    return {
        "x": [getattr(design.totals, COSTS[cost]) for design in designs],
        "y": [design.totals.parameters for design in designs],
        "layers": [design.totals.depth for design in designs],
        "block": _places([design.block for design in designs], KINDS), "blocks": KINDS,
        "depth": _places([design.depths for design in designs], depths), "depths": [*map(dashed, depths)],
        "width": _places([design.widths for design in designs], widths), "widths": [*map(dashed, widths)],
    }  # fmt: skip


def _places(values: Iterable[Any], listed: Sequence[Any]) -> list[int]:
    place = {value: i for i, value in enumerate(listed)}
    return [place[value] for value in values]


def dashed(counts: Iterable[int]) -> str:
    """One number a stage: `3-4-6-3`."""
    return "-".join(map(str, counts))


# --- what is shown by shade


@lru_cache(maxsize=4)
def shades(found: Space, by: str) -> dict[str, Any]:
    """The shade of each design, and what each shade stands for: steps of a number, or kinds of blocks."""
    if by == "Block":
        held = {design.block for design in found.designs}
        kinds = [kind for kind in KINDS if kind in held]
        places = _places([design.block for design in found.designs], kinds)
        return {"of": places, "names": kinds, "hues": [charts.hue(i) for i in range(len(kinds))], "title": by}
    values = [design.totals.depth if by == "Depth" else design.widths[0] for design in found.designs]
    tops = steps(values)
    names = [
        f"{low + 1 if i else low:,} to {top:,}"
        for i, (low, top) in enumerate(zip([min(values), *tops], tops, strict=False))
    ]
    title = "Layers deep" if by == "Depth" else "Channels of stage 1"
    return {"of": [bisect_left(tops, value) for value in values], "names": names, "hues": [], "title": title}


def steps(values: Sequence[int]) -> list[int]:
    """Where steps of about as many values each end, the largest value last; fewer where there are few values."""
    ordered = sorted(values)
    cuts = [ordered[-(-len(ordered) * i // SHADES) - 1] for i in range(1, SHADES + 1)]
    return list(dict.fromkeys(cuts))


# --- what stands out


@lru_cache(maxsize=4)
def most_for_least(found: Space, cost: str) -> list[int]:
    """The Pareto front of the space: the places of designs than which none has as many parameters at as little cost."""
    counts = [design.totals for design in found.designs]
    return front(range(len(counts)), lambda i: getattr(counts[i], COSTS[cost]), lambda i: counts[i].parameters)


@lru_cache(maxsize=8)
def landmarks(images: tuple[int, int, int], cost: str) -> list[Landmark]:
    """Published networks on such images, the most accurate first, their costs counted here.

    On ImageNet's 224 px timm's measurement with the best weights that saw ImageNet alone; on CIFAR-10 the papers'.
    """
    reached: dict[str, float] = {}
    if images == TESTED:
        for point in published():
            if point.opens and point.group == ALONE and point.note.startswith(f"at {images[0]} px"):
                name = point.opens.removeprefix("preset.")
                reached[name] = max(point.accuracy, reached.get(name, 0.0))
    else:
        reached = {p.name: 100 - p.published[CIFAR10] for p in PRESETS.values() if CIFAR10 in p.published}
    shown = [name for name in reached if PRESETS[name].spec.input_shape == images]
    marks = [Landmark(f"preset.{n}", PRESETS[n].title, totals(PRESETS[n].spec), round(reached[n], 2)) for n in shown]
    marks.sort(key=lambda mark: -mark.accuracy)
    return [mark._replace(best=not any(_beats(other, mark, cost) for other in marks)) for mark in marks]


def _beats(other: Landmark, mark: Landmark, cost: str) -> bool:
    """Whether another is at least as good in everything and better in something."""
    theirs, ours = (
        (each.accuracy, -getattr(each.totals, COSTS[cost]), -each.totals.parameters) for each in (other, mark)
    )  # fmt: skip
    return theirs != ours and all(a >= b for a, b in zip(theirs, ours, strict=True))
