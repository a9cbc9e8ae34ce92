"""Numbers as people read them: units always, three significant digits where space is short, thousands marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import floor, log10

from resnet_tf.design.graph import LayerGraph, Shape
from resnet_tf.design.labels import shape_label

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_MARKS = r"\`*_{}[]<>()#+-.!|~$:&"
# what Streamlit and GFM take for icons, arrows and links after the marks are read: `:material/x:`, `->`, `www.`, `a@b`
_LIVE = re.compile(r"(?<=:)(?=\S)|(?<=[-<>=~])(?=[-<>=])|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"  # is not seen and has no width
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def significant(value: float) -> str:
    """Three significant digits, without an exponent: 4.09, 25.6, 117, 0.0813."""
    rounded = float(f"{value:.3g}")
    if not rounded:
        return "0"
    return f"{rounded:,.{max(0, 2 - floor(log10(abs(rounded))))}f}"


def _scaled(value: float, steps: tuple[tuple[float, str], ...], unit: str) -> str:
    for size, name in steps:
        if abs(value) >= 0.9995 * size:
            return f"{significant(value / size)} {name}"
    return f"{value:,.0f}{unit}"


def short(count: float) -> str:
    """A count as `25.6 M`."""
    return _scaled(count, _STEPS, "")


def size(count: float) -> str:
    """Bytes as `102 MB`, in powers of ten."""
    return _scaled(count, _BYTES, " B")


def signed(count: float, form: Callable[[float], str] = short) -> str:
    """A change with its sign: `+1.2 M`, `−3`, or `±0`."""
    if count == 0:
        return "±0"
    return ("+" if count > 0 else "−") + form(abs(count))


def ratio(ours: float, theirs: float) -> str:
    """`0.21 ×`: ours over theirs."""
    return f"{significant(ours / theirs)} ×" if theirs else "no ratio"


def shape(of: Shape) -> str:
    return shape_label(of)


def given(graph: LayerGraph) -> str:
    """What a network gives: its classes, or the maps that a headless one ends with."""
    out = graph.output.shape
    return f"{out[-1]:,} classes" if len(out) == 1 else f"maps of {shape(out)}"


def seconds(span: float) -> str:
    """A time as `48 s`, `3 min 20 s`, `1 h 05 min`."""
    whole = round(span)
    if whole < 60:
        return f"{whole} s" if span >= 1 or span == 0 else f"{span:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def percent(share: float) -> str:
    """`97.4 %`."""
    return f"{100 * share:.1f} %"


def plain(text: str) -> str:
    """A text as it is, none of its characters taken for Markdown: names and values that people typed."""
    return "".join(f"\\{c}" if c in _MARKS else c for c in _LIVE.sub(_JOINER, text))
