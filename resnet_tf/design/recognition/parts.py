"""What every family of networks has, by measure: its image and head, its norm and activation, its stem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.recognition.found import Unrecognised

Fields: TypeAlias = dict[str, Any]


def common(graph: g.LayerGraph) -> Fields:
    """What every family has: the image, the classes, the head."""
    dense = [(i, layer.op) for i, layer in enumerate(graph.layers) if isinstance(layer.op, g.Dense)]
    pools = [layer.op for layer in graph if isinstance(layer.op, g.GlobalAverageMaxPooling)]
    head: Fields = {"pool": "average-max" if pools else "average", "hidden": [op.units for _, op in dense[:-1]]}
    head["dropout"] = max((op.rate for op in of(graph, g.Dropout) if len(graph.output.shape) == 1), default=0.0)
    if not dense:
        head = {"pool": "none"}
    else:
        after = [layer for layer in graph if isinstance(layer.op, g.Dropout) and len(layer.shape) == 1]
        head["dropout"] = after[-1].op.rate if after else 0.0  # type: ignore[union-attr]
    fields: Fields = {"input_shape": graph.input_shape, "head": head}
    return fields | ({"classes": dense[-1][1].units} if dense else {})


def style(graph: g.LayerGraph) -> Fields:
    """The norm, the activation and the first weights that most layers have."""
    fields: Fields = {"normalization": _norm(graph)}
    kinds = [op.kind for op in of(graph, g.Activation) if op.kind != "sigmoid"]
    if kinds:
        fields["activation"] = max(set(kinds), key=kinds.count)
    drawn = [op.initializer for op in of(graph, g.Convolution) if not op.frozen]
    fields["initializer"] = max(set(drawn), key=drawn.count)
    return fields


def _norm(graph: g.LayerGraph) -> Fields:
    batch = next(of(graph, g.BatchNormalization), None)
    if batch:
        return {"kind": "batch", "epsilon": batch.epsilon, "momentum": batch.momentum}
    group = next(of(graph, g.GroupNormalization), None)
    if group:
        kind = {"kind": "layer"} if group.groups == 1 else {"kind": "group", "groups": group.groups}
        return {**kind, "epsilon": group.epsilon}
    return {"kind": "fixup" if any(of(graph, g.ScalarBias)) else "none"}


def of(graph: g.LayerGraph, kind: type) -> Iterator[Any]:
    return (layer.op for layer in graph if isinstance(layer.op, kind))


_POOLS: tuple[tuple[type, Fields, str], ...] = (
    (g.BlurPooling, {}, "max-blur"),
    (g.MaxPooling, {"zeros": True}, "max-zero-padded"),
    (g.MaxPooling, {}, "max"),
    (g.AveragePooling, {}, "average"),
)


def stem(graph: g.LayerGraph, end: int) -> Fields:
    """The convolutions before the first block and the pool after them."""
    layers = graph.layers[1 : end + 1]
    convolutions = [layer.op for layer in layers if isinstance(layer.op, g.Convolution)]
    if not convolutions:
        raise Unrecognised(f"no convolution comes before {graph.layers[end].name}: a stem here has at least one")
    pool = "none"
    for kind, fields, name in _POOLS:
        if any(
            isinstance(layer.op, kind) and all(getattr(layer.op, f) == v for f, v in fields.items()) for layer in layers
        ):
            pool = name
            break
    first = convolutions[0]
    if pool == "none" and len(convolutions) > 1 and convolutions[-1].stride == 2:
        pool, convolutions = "convolution", convolutions[:-1]
    patch = not first.padded and first.stride == first.kernel and first.kernel > 1
    return {
        "kernel": first.kernel, "stride": first.stride, "widths": [op.filters for op in convolutions], "pool": pool,
        "patch": patch, "whitening": first.frozen,
    }  # fmt: skip
