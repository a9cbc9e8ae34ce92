"""show, count, draw, diff: what needs a design alone. Loads no Keras."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from resnet_tf.cli.designs import Changes, DesignArgument, complete, design
from resnet_tf.cli.failures import DIFFERENT, Failed
from resnet_tf.cli.output import AsJson, Cell, print_facts, print_json, print_table, size
from resnet_tf.design.costs import Cost, Costs, costs
from resnet_tf.design.labels import shape_label
from resnet_tf.design.presets import PRESETS, Preset
from resnet_tf.design.spec import SpecError

# what a network, a block or a layer counts -> how it is called
_COUNTED = {
    "parameters": "parameters",
    "trainable_parameters": "  trained",
    "non_trainable_parameters": "  moving statistics",
    "macs": "multiply-adds",
    "flops": "FLOPs",
    "activations": "activations",
    "depth": "depth",
    "receptive_field": "receptive field, px",
}
_TEXTS = (".dot", ".gv")  # what `draw` writes by itself
_DRAWN = (".svg", ".png", ".pdf")  # what Graphviz' dot makes of it


def about(each: Preset) -> dict[str, Any]:
    return {
        "name": each.name, "title": each.title, "family": each.family, "group": each.group, "source": each.source,
        "published_error_percent": dict(each.published), "input_shape": each.spec.input_shape,
        "classes": each.spec.classes,
    }  # fmt: skip


def counts(cost: Cost | Costs) -> dict[str, int]:
    return {name: getattr(cost, name) for name in _COUNTED}


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


# --- count

Part = Literal["layer", "block", "stage"]
_PARTS: dict[Part, str] = {"layer": "layers", "block": "blocks", "stage": "stages"}


def count(
    text: DesignArgument, changes: Changes,
    by: Annotated[Part | None, typer.Option(help="Also what each of these has.", show_default=False)] = None,
    batch: Annotated[int, typer.Option(help="Images in the memory.")] = 32,
    precision: Annotated[str, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")] = "float32",
    optimizer: Annotated[str, typer.Option(help="sgd, sgd_momentum, adam or adamw.")] = "sgd_momentum",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Counts parameters, multiply-adds and more. All but the memory is exact, and for one image."""
    counted = costs(design(text, changes).spec)
    memory = counted.memory(batch, precision, optimizer)
    parts = getattr(counted, _PARTS[by]) if by else ()
    if as_json:
        document: dict[str, Any] = counts(counted)
        document["memory"] = {"batch": batch, "precision": precision, "optimizer": optimizer}
        document["memory"] |= {name: amount._asdict() for name, amount in memory._asdict().items()}
        if by:
            document[_PARTS[by]] = [{**part._asdict(), "parameters": part.parameters} for part in parts]
        print_json(document)
        return
    if by:
        head = (by, "kind", "gives", "parameters", "macs", "activations", "sees px")
        print_table(head, map(_part_cells, parts))
        print()
    print_table(("", ""), [(_COUNTED[name], number) for name, number in counts(counted).items()])
    print(
        f"\nmemory of {batch:,} images in {precision}, {optimizer} (estimated): "
        f"training {size(memory.training.bytes)}, inference {size(memory.inference.bytes)}"
    )


def _part_cells(part: Cost) -> Sequence[Cell]:
    shape = shape_label(part.shape)
    return part.name, part.kind, shape, part.parameters, part.macs, part.activations, part.receptive_field


# --- draw


def draw(
    text: DesignArgument, changes: Changes,
    level: Annotated[Literal["stage", "block", "layer"], typer.Option(help="How much of it is drawn.")] = "block",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .dot, .gv, .svg, .png or .pdf file; DOT on standard output without it.",
                     show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Draws a design with Graphviz."""
    from resnet_tf.design.drawing import draw as drawn

    if out is not None and out.suffix not in (*_TEXTS, *_DRAWN):
        raise SpecError("out", f"a file that ends in one of {', '.join((*_TEXTS, *_DRAWN))}", str(out))
    figure = drawn(design(text, changes).spec, level=level)
    if out is not None:
        out.write_bytes(figure.source.encode() if out.suffix in _TEXTS else _rendered(figure, out.suffix))
    if as_json:
        print_json({"path": out, "bytes": out.stat().st_size} if out else {"dot": figure.source})
    else:
        print(out or figure.source)


def _rendered(figure: Any, suffix: str) -> bytes:
    import graphviz

    try:
        return figure.pipe(format=suffix[1:], quiet=True)
    except graphviz.ExecutableNotFound:
        raise Failed("Graphviz' dot is not installed: install graphviz, or write a .dot file") from None
    except graphviz.CalledProcessError as error:
        raise Failed(f"Graphviz' dot could not draw it: {error.stderr.decode(errors='replace')}") from None


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
        rows = [(_COUNTED[name].strip(), was, now, now - was) for name, was, now in _pairs(a, b) if was != now]
        print()
        print_table(("", "was", "is", "change"), rows)
    if found:
        raise typer.Exit(DIFFERENT)


def _changed(found: Any) -> Iterator[str]:
    for field, was, now in found.fields:
        yield f"{field}: {was} became {now}"
    for name, change, what in found.blocks:
        yield f"{name} {change}"
        yield from (f"  {line}" for line in what)


def _totals(spec: Any) -> dict[str, int]:
    return counts(costs(spec))


def _pairs(a: Any, b: Any) -> Iterator[tuple[str, int, int]]:
    """Totals by name in both designs."""
    was, now = _totals(a), _totals(b)
    return ((name, was[name], now[name]) for name in was)
