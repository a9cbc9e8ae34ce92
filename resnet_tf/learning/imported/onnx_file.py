"""An ONNX file's network: nodes, their attributes and the shapes of weights, read as data without onnx."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from resnet_tf.design.recognition import Found, Unrecognised
from resnet_tf.learning.imported.building import DAMAGES, Building, worded
from resnet_tf.learning.imported.onnx_ops import ROWS, Computed, Constant, Node, Operand
from resnet_tf.learning.imported.wire import Message

SIDE = 224  # of an image whose size a file leaves open
_FEW = 64  # numbers of a constant that are read: shapes and sides, no weights
_TRAINING = frozenset({"training"})


def read_onnx(data: bytes) -> Found:
    """The network in an ONNX model. Raises Unrecognised for what is none, or has a node of no kind here."""
    try:
        return _read(Message(data).message(7))
    except DAMAGES as error:
        if isinstance(error, Unrecognised):
            raise
        raise Unrecognised(f"it is damaged, or no ONNX model ({type(error).__name__}: {error})") from error


def _read(graph: Message) -> Found:
    nodes = [_node(each) for each in graph.messages(1)]
    if not nodes:
        raise Unrecognised("it is no ONNX model: it has no nodes")
    values: dict[str, Operand] = {tensor.text(8): _tensor(tensor) for tensor in graph.messages(5)}
    inputs = [each for each in graph.messages(11) if each.text(1) not in values]
    if len(inputs) != 1:
        raise Unrecognised(f"it has {len(inputs)} inputs: designs take one image")
    name = inputs[0].text(1)
    building, note = _begun(inputs[0], next((node for node in nodes if name in node.inputs), nodes[0]))
    values[name] = "input"
    for node in nodes:
        values.update(_given(building, node, values))
    outputs = [values.get(each.text(1)) for each in graph.messages(12)]
    if len(outputs) != 1 or not isinstance(outputs[0], str):
        outputs = [value for value in outputs if isinstance(value, str)][:1]
    if not outputs:
        raise Unrecognised("its output is none of its nodes'")
    building.notes += note
    return building.found(outputs[0], _TRAINING)  # type: ignore[arg-type]


def _node(message: Message) -> Node:
    attributes = {each.text(1): _attribute(each) for each in message.messages(5)}
    outputs = tuple(message.texts(2))
    name = message.text(3) or (outputs[0] if outputs else message.text(4))
    if message.text(7) not in ("", "ai.onnx"):
        raise Unrecognised(f"node {name} is of somebody's own kind, {message.text(7)}.{message.text(4)}")
    return Node(message.text(4), name, tuple(message.texts(1)), outputs, attributes)


def _attribute(message: Message) -> Any:
    kind = message.integer(20)
    readers: dict[int, Callable[[], Any]] = {
        1: lambda: message.floats(2)[-1], 2: lambda: message.integer(3), 3: lambda: message.text(4),
        4: lambda: _tensor(message.message(5)), 6: lambda: message.floats(7), 7: lambda: message.integers(8),
    }  # fmt: skip
    return readers[kind]() if kind in readers else None


def _tensor(message: Message) -> Constant:
    shape = tuple(message.integers(1))
    if prod(shape) > _FEW:
        return Constant(shape, ())
    raw = message.views(9)
    letter = {1: "f", 6: "i", 7: "q", 11: "d"}.get(message.integer(2))
    if raw and letter:
        size = struct.calcsize(letter)
        return Constant(
            shape, struct.unpack(f"<{len(raw[-1]) // size}{letter}", raw[-1][: len(raw[-1]) // size * size])
        )
    return Constant(shape, (*message.floats(4), *message.integers(7), *message.integers(5)))


def _begun(said: Message, reader: Node) -> tuple[Building, list[str]]:
    """A network that takes the images of an input, whichever way round they are."""
    dimensions = [each.integer(1) for each in said.message(2).message(1).message(2).messages(1)]
    if len(dimensions) != 4:
        raise Unrecognised(f"its input has {len(dimensions)} axes: images have four with the batch")
    last = reader.kind == "Transpose" and list(reader.many("perm", ())) == [0, 3, 1, 2]
    _, *shape = dimensions
    if not last:
        shape = [*shape[1:], shape[0]]
    note = []
    if not (shape[0] and shape[1]):
        shape[:2] = [SIDE, SIDE]
        note = [f"The file leaves the image's size open: it is {SIDE} × {SIDE} here."]
    return Building(shape), note


def _given(building: Building, node: Node, values: Mapping[str, Operand]) -> dict[str, Operand]:
    reads = [values.get(name, Computed()) if name else None for name in node.inputs]
    if node.kind == "Constant":
        return {node.outputs[0]: node.one("value", Constant((), ()))}
    if (
        node.kind in _SHAPES and any(isinstance(each, Computed | Constant) for each in reads[:1])
    ) or node.kind == "Shape":
        return dict.fromkeys(node.outputs, Computed())
    if node.kind not in ROWS:
        raise Unrecognised(f"node {node.name} is {worded(node.kind)}: no block here has one")
    given = ROWS[node.kind](building, node, reads)
    return dict.fromkeys(node.outputs[:1], given)


_SHAPES = ("Gather", "Unsqueeze", "Slice", "Concat", "Cast", "Squeeze", "Mul", "Add", "Div", "ConstantOfShape", "Range")
