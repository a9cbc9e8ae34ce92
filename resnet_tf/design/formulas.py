"""What a block computes, in the papers' symbols: y = ReLU(F(x, {Wᵢ}) + Wₛ x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resnet_tf.design.graph import (
    Activation,
    Addition,
    AveragePooling,
    BatchNormalization,
    Block,
    BlurPooling,
    ChannelScale,
    Concatenation,
    Convolution,
    GroupNormalization,
    Layer,
    LayerGraph,
    Multiplication,
    PadChannels,
    Rescaling,
    ScalarBias,
    ScalarScale,
    StochasticDepth,
    Subsample,
    row,
)
from resnet_tf.design.labels import label

# operation -> what it makes of x, on a shortcut or after an addition
_APPLIED: dict[type, Callable[[Any, str], str]] = {
    Convolution: lambda op, x: f"Wₛ {x}",
    BatchNormalization: lambda op, x: f"BN({x})",
    GroupNormalization: lambda op, x: f"{'LN' if op.groups == 1 else 'GN'}({x})",
    ScalarBias: lambda op, x: f"{x} + c",
    Activation: lambda op, x: f"{label(op)}({x})",
    AveragePooling: lambda op, x: f"pool({x})",
    BlurPooling: lambda op, x: f"blur({x})",
    Subsample: lambda op, x: f"sub({x})",
    PadChannels: lambda op, x: f"pad({x})",
    Rescaling: lambda op, x: f"{op.scale:g} {x}",
    Multiplication: lambda op, x: f"(1 − g(x)) ⊙ {x}",
}
# operation -> the factor that it puts before a whole branch
_FACTORS: dict[type, Callable[[Layer], str]] = {
    Multiplication: lambda layer: "g(x) ⊙ " if ".shortcut." in layer.name else "g ⊙ ",
    ChannelScale: lambda layer: "λ ⊙ ",
    ScalarScale: lambda layer: "a ",
    Rescaling: lambda layer: f"{layer.op.scale:g} ",  # type: ignore[union-attr]
    StochasticDepth: lambda layer: "b ",
}
# what a symbol stands for, where the papers do not agree on one
SYMBOLS = {
    "g(x)": "g(x): the shortcut's gate, σ(W x + b)",
    "g ⊙": "g: the gate", "λ ⊙": "λ: the layer scale", "a F": "a: a learnt number", "+ c": "c: a learnt number",
    "b ": "b: 0 where the branch is dropped, else 1", "sub(": "sub: every second pixel",
}  # fmt: skip


def formula(graph: LayerGraph, block: Block) -> str:
    """What comes out of a block, from what goes in: the branch F, its factors, what is added, what follows.

    Norms after a shortcut's projection are left out, as in the papers; x̂ is what a pre-activation shares with its
    shortcut, and SYMBOLS has the others.
    """
    layers = graph.layers_of(block)
    factors = [_FACTORS[type(each.op)](each) for each in layers if type(each.op) in _FACTORS and each.role == "branch"]
    y = "".join(reversed(factors)) + "F(x, {Wᵢ})"
    shared = ""
    for layer in layers:
        if layer.role != "join":
            continue
        if isinstance(layer.op, Addition | Concatenation):
            around, shared = _around(graph, layers, layer.inputs[1])
            y = f"{y} + {around}" if isinstance(layer.op, Addition) else f"[{around}, {y}]"
        else:
            y = row(_APPLIED, layer.op, "formulas")(layer.op, y)
    return f"y = {y}{shared}"


def _around(graph: LayerGraph, layers: tuple[Layer, ...], name: str) -> tuple[str, str]:
    """The shortcut that ends in a layer, and what x̂ is where it starts after the block's first layers."""
    own = {layer.name: layer for layer in layers}
    steps = []
    while name in own and own[name].role == "shortcut":
        if not isinstance(own[name].op, BatchNormalization | GroupNormalization):
            steps.append(own[name].op)
        name = own[name].inputs[0]
    x, shared = "x", ""
    if name in own:
        x, shared = "x̂", f",  x̂ = {_before(own, name)}"
    for op in reversed(steps):
        x = row(_APPLIED, op, "formulas")(op, x)
    return x, shared


def _before(own: dict[str, Layer], name: str) -> str:
    """What a block's first layers up to one make of x."""
    if name not in own:
        return "x"
    return row(_APPLIED, own[name].op, "formulas")(own[name].op, _before(own, own[name].inputs[0]))
