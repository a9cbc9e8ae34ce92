"""A SavedModel's network: the function that it serves is walked through, with shapes for numbers, without TensorFlow.

What is walked through is a graph of TensorFlow's operations: nothing is computed, no variable is read, and an operation
that no network here has ends the walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resnet_tf.design.recognition import Found, Unrecognised
from resnet_tf.learning.imported.building import DAMAGES, SOFTMAX, Building, worded
from resnet_tf.learning.imported.saved_ops import ROWS, Array, Node, Operand
from resnet_tf.learning.imported.wire import Message

MOST_NODES = 200_000
_DEEPEST = 20  # functions that call functions
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_PREFERRED = ("logits", "output_0")  # of a signature's outputs
_TRAINING = frozenset({"training"})


def read_saved_model(data: bytes) -> Found:
    """The network that a saved_model.pb serves.

    Raises Unrecognised for what is none, or has an operation of no kind here.
    """
    try:
        return _read(Message(data))
    except DAMAGES as error:
        if isinstance(error, Unrecognised):
            raise
        raise Unrecognised(f"it is damaged, or no SavedModel ({type(error).__name__}: {error})") from error


def _read(model: Message) -> Found:
    graphs = model.messages(2)
    if not graphs:
        raise Unrecognised("it is no SavedModel: it holds no graph")
    graph = graphs[0].message(2)
    nodes = [_node(each) for each in graph.messages(1)]
    functions = {each.message(1).text(1): each for each in graph.message(2).messages(1)}
    signature = _signature(graphs[0])
    inputs = signature.messages(1)
    if len(inputs) != 1:
        raise Unrecognised(f"what it serves takes {len(inputs)} inputs: designs take one image")
    tensor = inputs[0].message(2)
    building = Building([each.integer(1) for each in tensor.message(3).messages(2)][1:])
    walk = _Walk(building, functions)
    values: dict[str, Operand] = {_tensor(tensor.text(1)): "input"}
    walk.through(nodes, values, 0, _tensor(_output(signature)))
    if len(signature.messages(2)) > 1:  # probabilities beside the logits are no end that is left out
        building.notes = [note for note in building.notes if note != SOFTMAX]
    return building.found(values[_tensor(_output(signature))], _TRAINING)  # type: ignore[arg-type]


def _signature(graph: Message) -> Message:
    """What the model serves by default, or the first thing that it serves."""
    named = {each.text(1): each.message(2) for each in graph.messages(5)}
    served = [named.get("serving_default"), *(each for name, each in named.items() if not name.startswith("__"))]
    found = next((each for each in served if each is not None), None)
    if found is None:
        raise Unrecognised("it serves nothing: it has no signature")
    return found


def _output(signature: Message) -> str:
    """The place of the output that is read: logits, where there are other outputs beside them."""
    outputs = {each.text(1): each.message(2).text(1) for each in signature.messages(2)}
    preferred = [name for name in _PREFERRED if name in outputs]
    if len(outputs) > 1 and not preferred:
        raise Unrecognised(f"what it serves gives {len(outputs)} outputs: designs give one")
    return outputs[preferred[0] if preferred else next(iter(outputs))]


def _tensor(name: str) -> str:
    """`node` for `node:0`, and any other output as it is said."""
    return name.removesuffix(":0")


def _node(message: Message) -> Node:
    attributes = {each.text(1): each.message(2) for each in message.messages(5)}
    inputs = tuple(_tensor(name) for name in message.texts(3) if not name.startswith("^"))
    return Node(message.text(2), message.text(1), inputs, attributes)


class _Walk:
    """The way through the functions of a model, from its images to what it serves."""

    def __init__(self, building: Building, functions: Mapping[str, Message]) -> None:
        self.building, self.functions = building, functions
        self.count = 0

    def through(self, nodes: Sequence[Node], values: dict[str, Operand], depth: int, wanted: str | None = None) -> None:
        """Gives `values` what nodes give, each after what it reads; of `wanted` alone, where it is said."""
        by_name = {node.name: node for node in nodes}
        waiting = [wanted.partition(":")[0]] if wanted else [node.name for node in reversed(nodes)]
        while waiting:
            node = by_name.get(waiting[-1])
            if node is None or node.name in values:
                waiting.pop()
                continue
            missing = [name.partition(":")[0] for name in node.inputs if name not in values]
            missing = [name for name in missing if name in by_name and name not in values and name != node.name]
            self.count += 1
            if self.count > MOST_NODES:
                raise Unrecognised(f"it has more than {MOST_NODES:,} operations, or goes in circles")
            if missing:
                waiting += missing
                continue
            values.update(self.given(node, [values.get(name, Array()) for name in node.inputs], depth))
            values.setdefault(node.name, Array())
            waiting.pop()

    def given(self, node: Node, reads: Sequence[Any], depth: int) -> dict[str, Operand]:
        if node.kind in _CALLS:
            return self.called(node, reads, depth + 1)
        if node.kind not in ROWS:
            raise Unrecognised(f"operation {node.name} is {worded(node.kind)}: no block here has one")
        result = ROWS[node.kind](self.building, node, reads)
        if isinstance(result, list):
            return {f"{node.name}:{i}" if i else node.name: each for i, each in enumerate(result)}
        return {node.name: result}

    def called(self, node: Node, reads: Sequence[Any], depth: int) -> dict[str, Operand]:
        """What a function gives, by the place that its caller knows it by."""
        name = node.attributes["f"].message(10).text(1)
        if depth > _DEEPEST or name not in self.functions:
            raise Unrecognised(f"operation {node.name} calls {name}, which is not there or calls itself")
        function = self.functions[name]
        arguments = [each.text(1) for each in function.message(1).messages(2)]
        values: dict[str, Operand] = dict(zip(arguments, reads, strict=True))
        body = [_inner(each) for each in function.messages(3)]
        returned = {each.text(1): _place(each.text(2)) for each in function.messages(4)}
        outputs = [returned[each.text(1)] for each in function.message(1).messages(3)]
        self.through(body, values, depth)
        return {f"{node.name}:{i}" if i else node.name: values[place] for i, place in enumerate(outputs)}


def _inner(message: Message) -> Node:
    node = _node(message)
    return Node(node.kind, node.name, tuple(map(_place, node.inputs)), node.attributes)


def _place(name: str) -> str:
    """`node:2` for `node:output:2`, as a function says where its values come from."""
    node, _, index = name.partition(":")
    number = index.rpartition(":")[2]
    return f"{node}:{number}" if number.isdigit() and number != "0" else node
