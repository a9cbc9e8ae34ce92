"""The families that ResNet is compared with, by measure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from resnet_tf.design import graph as g
from resnet_tf.design.recognition.parts import Fields, common, of, stem, style


def densenet(graph: g.LayerGraph) -> Fields:
    joins = [i for i, layer in enumerate(graph.layers) if isinstance(layer.op, g.Concatenation)]
    sides = [graph.layers[i].shape[0] for i in joins]
    growth = graph.by_name[graph.layers[joins[0]].inputs[0]].shape[-1]
    first = min(graph.layers.index(graph.by_name[name]) for name in graph.layers[joins[0]].inputs)
    inside = [layer.op for layer in graph.layers[first + 1 : joins[0]] if isinstance(layer.op, g.Convolution)]
    bottleneck = inside[0].filters // growth if len(inside) > 1 else 0
    fields: Fields = {
        "family": "densenet", **common(graph), **style(graph), "growth": growth, "bottleneck": bottleneck,
        "stages": [{"blocks": len(list(each))} for _, each in groupby(sides)],
        "stem": stem(graph, first), "compression": _compression(graph, joins),
    }  # fmt: skip
    rates = [layer.op.rate for layer in graph if isinstance(layer.op, g.Dropout) and len(layer.shape) == 3]
    return fields | ({"dropout": rates[0]} if rates else {})


def _compression(graph: g.LayerGraph, joins: Sequence[int]) -> float:
    """Of the channels before a transition, how many it keeps."""
    for a, b in pairwise(joins):
        if graph.layers[a].shape[0] != graph.layers[b].shape[0]:
            first = next(layer for layer in graph.layers[a:b] if isinstance(layer.op, g.Convolution))
            return round(first.shape[-1] / graph.layers[a].shape[-1], 4)
    return 1.0


def vgg(graph: g.LayerGraph) -> Fields:
    stages: list[Fields] = []
    count, width = 0, 0
    for layer in graph:
        if isinstance(layer.op, g.Convolution):
            count, width = count + 1, layer.op.filters
        elif isinstance(layer.op, g.MaxPooling):
            stages.append({"convolutions": count, "width": width})
            count = 0
    shared = common(graph)
    rates = [op.rate for op in of(graph, g.Dropout)]
    return {
        "family": "vgg", "input_shape": shared["input_shape"], "classes": shared.get("classes", 1), "stages": stages,
        "hidden": shared["head"]["hidden"], "dropout": rates[0] if rates else 0.0,
    }  # fmt: skip
