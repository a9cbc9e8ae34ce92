"""show, draw, diff: what needs a design alone. Loads no Keras."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from resnet_tf.cli.designs import Changes, Design, DesignArgument, complete, design
from resnet_tf.cli.failures import DIFFERENT
from resnet_tf.cli.output import AsJson, print_facts, print_json, print_table
from resnet_tf.design.costs import Cost, Costs, costs
from resnet_tf.design.figures import Style
from resnet_tf.design.picture import Level
from resnet_tf.design.presets import PRESETS, Preset
from resnet_tf.design.spec import SpecError, nearest_word

# what a network, a block or a layer counts -> how it is called
COUNTED = {
    "parameters": "parameters",
    "trainable_parameters": "  trained",
    "non_trainable_parameters": "  not trained",
    "macs": "multiply-adds",
    "flops": "FLOPs",
    "activations": "activations",
    "depth": "depth",
    "receptive_field": "receptive field, px",
}


def about(each: Preset) -> dict[str, Any]:
    return {
        "name": each.name, "title": each.title, "family": each.family, "group": each.group, "source": each.source,
        "published_error_percent": dict(each.published), "input_shape": each.spec.input_shape,
        "classes": each.spec.classes,
    }  # fmt: skip


def counts(cost: Cost | Costs) -> dict[str, int]:
    return {name: getattr(cost, name) for name in COUNTED}


# --- show


def show(text: DesignArgument, changes: Changes, as_json: AsJson = False) -> None:
    """Prints a design's source, link and fields, as --set takes them."""
    from resnet_tf.design.links import to_link

    spec = design(text, changes).spec
    link = to_link(spec)
    fields = spec.model_dump(mode="json")
    published = PRESETS.get(link)
    if as_json:
        print_json({**(about(published) if published else {}), "link": link, "spec": fields})
        return
    if published:
        print(f"{published.title}. {published.source}")
        for benchmark, error in published.published.items():
            print(f"{error:g} % error: {benchmark}")
    print(f"link: {link}\n")
    print_facts({name: _json(value) for name, value in fields.items()})


def _json(value: Any) -> str:
    return json.dumps(value)


# --- draw

Beside = Annotated[
    list[str],
    typer.Option("--beside", help="Another design that stands beside it, on paper. Repeatable.", default_factory=list,
                 autocompletion=complete, show_default=False),
]  # fmt: skip


def draw(
    text: DesignArgument, changes: Changes, beside: Beside,
    level: Annotated[Literal["stage", "block", "layer"], typer.Option(help="How much of it is drawn.")] = "block",
    style: Annotated[
        Literal["canvas", "paper"], typer.Option(help="As on the page, or from top to bottom as in He 2015, Figure 3.")
    ] = "canvas",
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", help="svg, pdf, png, tikz or dot; what the file's ending says without it.",
                     show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .svg, .pdf, .png, .tex, .dot or .gv file; without it, standard output.",
                     show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Draws a design: as a figure, or in Graphviz' language (dot)."""
    form = _format(form, out)
    designs = [design(text, changes), *map(design, beside)]
    drawn = _dot(designs, level) if form == "dot" else _figure(designs, form, level, style)
    if out is not None:
        out.write_bytes(drawn)
    if as_json:
        where = {"path": out} if out else {form: drawn.decode(errors="replace")}
        print_json({**where, "bytes": len(drawn)})
    elif out is not None:
        print(out)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(drawn)


def _format(form: str | None, out: Path | None) -> str:
    from resnet_tf.design.figures import FILES

    endings = {file.suffix: name for name, file in FILES.items()} | dict.fromkeys((".dot", ".gv"), "dot")
    if form is None and out is not None and out.suffix not in endings:
        raise SpecError("out", f"a file that ends in one of {', '.join(endings)}", str(out))
    form = form or (endings[out.suffix] if out else "dot")
    known = list(dict.fromkeys(endings.values()))
    if form not in known:
        raise SpecError("format", f"one of {', '.join(known)}", form, nearest_word(form, known))
    return form


def _dot(designs: Sequence[Design], level: Level) -> bytes:
    from resnet_tf.design.drawing import draw as drawn

    if len(designs) > 1:
        raise SpecError("format", "one of svg, pdf, png, tikz for several designs", "dot", "svg")
    return drawn(designs[0].spec, level=level).source.encode()


def _figure(designs: Sequence[Design], form: str, level: Level, style: Style) -> bytes:
    from resnet_tf.design.figures import figure

    titles = [PRESETS[each.name].title if each.name in PRESETS else each.name for each in designs]
    named = {title: each.spec for title, each in zip(titles, designs, strict=True)}
    alone = designs[0].spec if style == "canvas" and len(designs) == 1 else named
    return figure(alone, form, level=level, style=style)


# --- diff


def diff(
    first: DesignArgument,
    second: Annotated[
        str,
        typer.Argument(metavar="OTHER", help="Another design; the same one by default.", autocompletion=complete,
                       show_default=False),
    ] = "",
    *, changes: Changes, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Says what differs between two designs. --set changes the second. Exits with 1 where something differs."""
    from resnet_tf.design.diff import diff as differences

    a, b = design(first).spec, design(second or first, changes).spec
    found = differences(a, b)
    if as_json:
        fields, blocks = ([each._asdict() for each in some] for some in (found.fields, found.blocks))
        print_json({"same": not found, "fields": fields, "blocks": blocks, "a": _totals(a), "b": _totals(b)})
    elif found:
        for text in _changed(found):
            print(text)
        rows = [(COUNTED[name].strip(), was, now, now - was) for name, was, now in _pairs(a, b) if was != now]
        print()
        print_table(("", "was", "is", "change"), rows)
    if found:
        raise typer.Exit(DIFFERENT)


def _changed(found: Any) -> Iterator[str]:
    for field, was, now in found.fields:
        yield f"{field}: {was} became {now}"
    for name, change, what, was in found.blocks:
        yield f"{name} {change}" + (f", it was {was}" if was not in (None, name) else "")
        yield from (f"  {line}" for line in what)


def _totals(spec: Any) -> dict[str, int]:
    return counts(costs(spec))


def _pairs(a: Any, b: Any) -> Iterator[tuple[str, int, int]]:
    """Totals by name in both designs."""
    was, now = _totals(a), _totals(b)
    return ((name, was[name], now[name]) for name in was)
