"""A report as one HTML file that loads nothing: it opens without a network, and its charts follow the pointer.

The charts are our own SVG and a hundred lines of script. Plotly's script alone is 4.8 MB, which each report would
carry; and the same marks are what the PDF has, so the two cannot disagree.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from resnet_tf.design.figures.svg import to_svg, written
from resnet_tf.reports.charts import HAIR, HUES, INK, QUIET, Chart, axes, frame, line
from resnet_tf.reports.contents import contents
from resnet_tf.reports.elements import Charts, Code, Drawing, Drawings, Heading, Table, Text
from resnet_tf.reports.record import Report

WIDTH, HEIGHT = 440.0, 220.0  # of a chart; a page scales it
_PAINTS = {INK: "var(--ink)", QUIET: "var(--quiet)", HAIR: "var(--hair)"}
_PAINTS |= {hue: f"var(--hue-{i})" for i, hue in enumerate(HUES)}


def to_html(report: Report) -> str:
    """The page; it holds the report as data too, which `record.read` finds there."""
    style, script = _asset("page.css"), _asset("page.js")
    # nothing that a name could smuggle in would run or load: only this style and this script are allowed
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'"
    body = "\n".join(_ROWS[type(element)](element) for element in contents(report))
    return f"""<!doctype html>
<html lang="{escape(report.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{escape(report.title)}</title>
<style>{style}</style>
</head>
<body>
<main>
<header><h1>{escape(report.title)}</h1><p>{escape(report.about)}</p></header>
{body}
</main>
<script type="application/json" id="report">{_held(report.as_json())}</script>
<script>{script}</script>
</body>
</html>
"""


@cache
def _asset(name: str) -> str:
    return resources.files("resnet_tf.reports").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _held(document: Any) -> str:
    """JSON as a script element may hold it: nothing in it ends the element or begins a comment."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _heading(heading: Heading) -> str:
    return f"<h{heading.level}>{escape(heading.text)}</h{heading.level}>"


def _text(text: Text) -> str:
    return f"<p{' class=quiet' if text.quiet else ''}>{escape(text.text)}</p>"


def _table(table: Table) -> str:
    """A table in a box of its own that scrolls, as a page must not; rows are headed by their first cells."""
    heads = f"<thead><tr>{_cells('th', table.head, ' scope=col')}</tr></thead>" if any(table.head) else ""
    body = "".join(f"<tr><th scope=row>{escape(first)}</th>{_cells('td', rest)}</tr>" for first, *rest in table.rows)
    kind = " class=numbers" if table.numbers else ""
    return f'<div class="wide" tabindex="0"><table{kind}>{heads}<tbody>{body}</tbody></table></div>'


def _cells(tag: str, cells: Iterable[str], more: str = "") -> str:
    return "".join(f"<{tag}{more}>{escape(cell)}</{tag}>" for cell in cells)


def _drawings(drawings: Drawings) -> str:
    return f'<div class="drawings">{"".join(map(_drawing, drawings.drawings))}</div>'


def _drawing(drawing: Drawing) -> str:
    about = f"<b>{escape(drawing.title)}</b><em>{escape(drawing.note)}</em>"
    about += f"<details><summary>link</summary><code>{escape(drawing.link)}</code></details>" if drawing.link else ""
    svg = to_svg(drawing.figure).decode()
    return (
        f'<figure class="drawing"><figcaption>{about}</figcaption><div class="wide" tabindex="0">{svg}</div></figure>'
    )


def _charts(charts: Charts) -> str:
    return f'<div class="charts">{"".join(map(_chart, charts.charts))}</div>'


def _chart(chart: Chart) -> str:
    """A chart whose lines are groups of their own, with what the pointer may find: places, in the chart's pixels."""
    room, shown = frame(chart, WIDTH, HEIGHT), chart.shown()
    lines = "".join(f'<g data-line="{i}">{_painted(line(each, room))}</g>' for i, each in enumerate(shown))
    legend = "".join(
        f'<button type="button" aria-pressed="true" data-line="{i}"><i class="hue-{each.hue % len(HUES)}"></i>'
        f"{escape(each.name)}</button>"
        for i, each in enumerate(shown)
    )  # fmt: skip
    spots = [
        {"name": each.name, "hue": each.hue % len(HUES), "points": [
            (round(room.across(x), 1), round(room.up(y), 1), chart.place(x), chart.says(y)) for x, y in each.points
        ]}
        for each in shown
    ]  # fmt: skip
    about = escape(f"{chart.title}, {chart.note}: {', '.join(each.name for each in shown)}; arrow keys read it")
    return (
        f'<figure class="chart" tabindex="0" role="group" aria-label="{about}"><figcaption><b>{escape(chart.title)}</b>'
        f'<em>{escape(chart.note)}</em><div class="legend">{legend if len(shown) > 1 else ""}</div></figcaption>'
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true" font-family="inherit">'
        f"{_painted(axes(chart, room))}{lines}</svg>"
        '<div class="tip" aria-live="polite" hidden></div>'
        f'<script type="application/json">{_held(spots)}</script></figure>'
    )


def _painted(marks: Iterable[Any]) -> str:
    """Marks as SVG in the page's own colours, which are others in the dark."""
    text = written(marks)
    for colour, variable in _PAINTS.items():
        text = text.replace(f'"{colour}"', f'"{variable}"')
    return text


def _code(code: Code) -> str:
    return f'<pre tabindex="0"><code>{escape(code.text)}</code></pre>'


_ROWS: dict[type, Callable[[Any], str]] = {
    Heading: _heading, Text: _text, Table: _table, Charts: _charts, Drawings: _drawings, Code: _code,
}  # fmt: skip
