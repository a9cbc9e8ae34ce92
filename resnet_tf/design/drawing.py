"""Graphviz figures of a network: by stage ("× 6"), by block, by layer.

A box is a residual branch; a circled plus is where its shortcut comes back. Solid arcs are identities, or say that they
are scaled or gated; dashed ones projections, dotted ones zero padding; bold ones are concatenated (a circled double
bar); one that was cut is said in words. Shades are shares of the MACs. Shapes stand on the edges where they change.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import graphviz

from resnet_tf.design.costs import Cost, Costs, as_costs
from resnet_tf.design.graph import Addition, Block, Concatenation, LayerGraph, Shortcut
from resnet_tf.design.labels import block_label, hue, label, shape_label
from resnet_tf.design.picture import LEVELS, Level
from resnet_tf.design.spec import Spec, SpecError, nearest_word

_GRAPH = {"rankdir": "LR", "nodesep": "0.35", "ranksep": "0.3", "bgcolor": "transparent"}
_NODE = {"shape": "box", "style": "filled,rounded", "fontname": "Helvetica", "fontsize": "11", "color": "#5b6470"}
_EDGE = {"fontname": "Helvetica", "fontsize": "9", "color": "#5b6470", "fontcolor": "#5b6470", "arrowsize": "0.6"}
_PLUS = {"label": "+", "shape": "circle", "style": "", "width": "0.22", "fixedsize": "true"}
_ARCS: dict[Shortcut, dict[str, str]] = {
    "identity": {"constraint": "false"},
    "scaled": {"constraint": "false"},
    "gated": {"constraint": "false"},
    "projection": {"constraint": "false", "style": "dashed"},
    "padding": {"constraint": "false", "style": "dotted"},
    "concatenation": {"constraint": "false", "style": "bold"},
}


def _shade(share: float) -> str:
    """A quiet blue, deeper with the share of the work; in HSV, as Graphviz takes it."""
    return f"0.58 {0.04 + 0.36 * share:.3f} 0.98"


def _new() -> graphviz.Digraph:
    return graphviz.Digraph("network", graph_attr=_GRAPH, node_attr=_NODE, edge_attr=_EDGE)


def _figure(counted: Costs, rows: list[tuple[Cost, str, Counter[Shortcut]]]) -> graphviz.Digraph:
    """A chain of boxes with the arcs around them: rows of (cost, label, how many shortcuts of which kind)."""
    figure, sums = _new(), graphviz.Digraph(node_attr=_PLUS)
    most = max(cost.macs for cost, _, _ in rows)
    figure.node("input", "image", fillcolor="white")
    before, carried = "input", shape_label(counted.graph.input_shape)
    for cost, words, shortcuts in rows:
        figure.node(cost.name, words, fillcolor=_shade(cost.macs / most))
        figure.edge(before, cost.name, label=carried)
        end = cost.name
        if shortcuts:
            end = f"{cost.name}.sum"
            sums.node(end, "‖" if "concatenation" in shortcuts else "+")
            figure.edge(cost.name, end)
        for kind, count in shortcuts.items():
            times = f" × {count}" if sum(shortcuts.values()) > 1 else ""
            words = "" if kind == "identity" and not times else f"{kind}{times}"
            figure.edge(before, end, label=words or None, **_ARCS[kind])
        before, carried = end, shape_label(cost.shape)
    figure.node("output", "classes", fillcolor="white")
    figure.edge(before, "output", label=carried)
    figure.subgraph(sums)
    return figure


def _shortcuts(blocks: list[Block]) -> Counter[Shortcut]:
    return Counter(block.shortcut for block in blocks if block.joins)


def _title(name: str, blocks: list[Block]) -> str:
    """A block's or a folded stage's name, how many blocks it has, how many shortcuts are cut."""
    times = f" × {len(blocks)}" if len(blocks) > 1 else ""
    cut = sum(block.shortcut == "cut" for block in blocks)
    count = f"{cut} " if times else ""
    return f"{block_label(name)}{times}{f', {count}cut' if cut else ''}"


def _stages(counted: Costs) -> graphviz.Digraph:
    members = {name: list(blocks) for name, blocks in groupby(counted.graph.blocks, key=lambda block: block.stage)}
    rows = []
    for cost in counted.stages:
        blocks = [block for block in members[cost.name] if block.kind != "pool"]
        rows.append((cost, _title(cost.name, blocks), _shortcuts(blocks)))
    return _figure(counted, rows)


def _blocks(counted: Costs) -> graphviz.Digraph:
    pairs = zip(counted.graph.blocks, counted.blocks, strict=True)
    return _figure(counted, [(cost, _title(cost.name, [block]), _shortcuts([block])) for block, cost in pairs])


def _layers(counted: Costs) -> graphviz.Digraph:
    figure = _new()
    graph = counted.graph
    most = max(cost.macs for cost in counted.layers)
    figure.node("input", "image", fillcolor="white")
    for block in graph.blocks:
        with figure.subgraph(name=f"cluster_{block.name}") as cluster:
            cluster.attr(label=_title(block.name, [block]), fontname="Helvetica", fontsize="10", color="#c4cad2")
            for layer, cost in zip(graph.layers_of(block), counted.layers[block.start : block.stop], strict=True):
                joins = isinstance(layer.op, Addition | Concatenation)
                style = {**(_PLUS if joins else {}), "label": label(layer.op)}
                cluster.node(layer.name, fillcolor=_shade(cost.macs / most), **{"class": hue(layer.op), **style})
    for layer in graph.layers:
        for i, name in enumerate(layer.inputs):
            source = graph.by_name[name]
            shortcut = layer.role == "join" and i == 1
            kind: Shortcut = "projection" if source.role == "shortcut" else "identity"
            kind = "concatenation" if isinstance(layer.op, Concatenation) else kind
            style = _ARCS[kind] if shortcut else {}
            words = shape_label(source.shape) if source.shape != layer.shape else None
            figure.edge(name, layer.name, label=words, **style)
    return figure


_LEVELS = {"stage": _stages, "block": _blocks, "layer": _layers}


def draw(subject: Spec | LayerGraph | Costs, level: Level = "block") -> graphviz.Digraph:
    """A figure of a network, given as spec, graph or costs, at a level: "stage", "block" or "layer".

    Raises SpecError for another level.
    """
    if level not in _LEVELS:
        raise SpecError("level", f"one of {', '.join(LEVELS)}", level, nearest_word(level, list(LEVELS)))
    return _LEVELS[level](as_costs(subject))
