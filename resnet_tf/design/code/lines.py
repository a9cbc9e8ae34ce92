"""A line of generated code for each operation: what makes the layer `name` from the variable `x`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.code.convolutions import convolved
from resnet_tf.design.code.helpers import hidden
from resnet_tf.design.code.text import named

# (operation, the text of the layer's name, the variable that goes in, the graph, texts of what varies) -> an expression
Line: TypeAlias = Callable[[Any, str, str, g.LayerGraph, dict[str, str]], str]


def _norm(op: Any, name: str, x: str, graph: g.LayerGraph, symbols: dict[str, str]) -> str:
    scale = symbols.get("scale", '"zeros"' if op.starts_at_zero else "")
    return f"norm({x}, {name}, scale={scale})" if scale else f"norm({x}, {name})"


def _average_pool(op: g.AveragePooling, name: str, x: str, graph: g.LayerGraph, symbols: dict[str, str]) -> str:
    stride = symbols.get("stride", str(op.stride))
    kernel = symbols.get("kernel", str(op.kernel))
    size = kernel if stride == kernel else f"{kernel}, {stride}"
    padding = "" if op.whole else ', padding="same"'
    return f"layers.AveragePooling2D({size}{padding}, name={name})({x})"


def _dense(op: g.Dense, name: str, x: str, graph: g.LayerGraph, symbols: dict[str, str]) -> str:
    units = symbols.get("units", str(op.units))
    if op.gain == 0:
        return f'layers.Dense({units}, kernel_initializer="zeros", name={name})({x})'
    if not hidden(graph):
        return f"layers.Dense({units}, kernel_initializer=initial, name={name})({x})"
    return f"dense({x}, {name}, {units})"


def _drop(op: g.StochasticDepth, name: str, x: str, graph: g.LayerGraph, symbols: dict[str, str]) -> str:
    return f"layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name={name})({x})"


def _rescaled(op: g.Rescaling, name: str, x: str, graph: g.LayerGraph, symbols: dict[str, str]) -> str:
    return f"layers.Rescaling({op.scale!r}, name={name})({x})"


LINES: dict[type, Line] = {
    g.Convolution: lambda op, name, x, graph, symbols: convolved(op, name, x, graph, **symbols),
    g.BatchNormalization: _norm,
    g.GroupNormalization: _norm,
    g.ScalarBias: lambda op, name, x, graph, symbols: f"Bias(name={name})({x})",
    g.ScalarScale: lambda op, name, x, graph, symbols: f"Scale(name={name})({x})",
    g.ChannelScale: lambda op, name, x, graph, symbols: f"LayerScale(name={name})({x})",
    g.Rescaling: _rescaled,
    g.StochasticDepth: _drop,
    g.Activation: lambda op, name, x, graph, symbols: f"act({x}, {name})",
    g.MaxPooling: lambda op, name, x, graph, symbols: f"max_pool({x}, {name})",
    g.AveragePooling: _average_pool,
    g.BlurPooling: lambda op, name, x, graph, symbols: f"blur({x}, {name}, {symbols.get('stride', op.stride)})",
    g.GlobalAveragePooling: lambda op, name, x, graph, symbols: f"layers.GlobalAveragePooling2D(name={name})({x})",
    g.GlobalAverageMaxPooling: lambda op, name, x, graph, symbols: f"average_max({x}, {name})",
    g.Multiplication: lambda op, name, x, graph, symbols: f"gate({x}, {name.replace('.scale', '')})",
    g.Subsample: lambda op, name, x, graph, symbols: f"layers.MaxPooling2D(1, stride, name={name})({x})",
    g.Dense: _dense,
    g.Dropout: lambda op, name, x, graph, symbols: f"layers.Dropout({op.rate!r}, name={name})({x})",
}


def expression(op: g.Operation, name: str, x: str, graph: g.LayerGraph, symbols: dict[str, str] | None = None) -> str:
    """The text that makes a layer. Raises UnknownOperation for an operation without a row."""
    return g.row(LINES, op, "code")(op, name, x, graph, symbols or {})


def straight(
    layers: Iterable[g.Layer], graph: g.LayerGraph, symbols: dict[str, dict[str, str]] | None = None
) -> list[str]:
    """The lines of layers that follow each other, each under its full name: a stem's, a head's."""
    told = symbols or {}
    return [f"x = {expression(each.op, named('', each.name), 'x', graph, told.get(each.name))}" for each in layers]
