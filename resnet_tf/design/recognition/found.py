"""A network as it was found somewhere else, and when it is the same as another: what a recognition is proved by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from resnet_tf.design import graph as g
from resnet_tf.design.labels import label

# what a file may leave unsaid: how training begins and goes; norms that were folded into the convolutions before them
Unsaid: TypeAlias = Literal["training", "norms"]
Essence: TypeAlias = tuple[object, ...]

DIGITS = 5  # of an epsilon that a file has in 32 bits


class Unrecognised(ValueError):
    """A network that no design describes; the sentence says which layer, and why."""


@dataclass(frozen=True)
class Found:
    """A network that was read: operations like ours, under the file's names; what the file does not say; remarks."""

    graph: g.LayerGraph
    unsaid: frozenset[Unsaid] = frozenset()
    notes: tuple[str, ...] = ()


def _convolution(op: g.Convolution) -> Essence:
    return op.filters, op.kernel, op.stride, op.groups, op.bias, op.dilation, op.padding


def _batch_norm(op: g.BatchNormalization) -> Essence:
    return (_rounded(op.epsilon),)


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


# operation -> what of it is computed; whatever has no row is compared as it is
_COMPUTED: dict[type, Callable[[Any], Essence]] = {
    g.Convolution: _convolution,
    g.BatchNormalization: _batch_norm,
    g.GroupNormalization: lambda op: (op.groups, _rounded(op.epsilon)),
    g.ChannelScale: lambda op: (),
    g.Dense: lambda op: (op.units, op.bias),
}
# operation -> what only a training is told; an operation that is nothing else has no part in what is computed
_TRAINED: dict[type, Callable[[Any], Essence]] = {
    g.Convolution: lambda op: (op.initializer if op.gain else None, op.frozen, op.first_bias),
    g.BatchNormalization: lambda op: (_rounded(op.momentum), op.starts_at_zero),
    g.GroupNormalization: lambda op: (op.starts_at_zero,),
    g.ChannelScale: lambda op: (_rounded(op.initial),),
    g.StochasticDepth: lambda op: (_rounded(op.rate),),
    g.Dropout: lambda op: (op.rate,),
}
_TRAINING_ONLY = (g.StochasticDepth, g.Dropout)


class Essences:
    """Numbers for what layers compute: two layers, of whatever networks, have one number if they compute the same.

    A layer's number stands for its operation and the numbers of its inputs (for an addition, in any order): so the
    outputs of two networks have the same number only where all that leads to them is the same, operation by operation.
    """

    def __init__(self, unsaid: frozenset[Unsaid] = frozenset()) -> None:
        self.unsaid = unsaid
        self._numbers: dict[Essence, int] = {}

    def of(self, graph: g.LayerGraph) -> dict[str, int]:
        """Layer -> its number. A layer that does nothing that the file says has the number of its input."""
        numbers: dict[str, int] = {}
        positive: dict[str, bool] = {}
        into = folded(graph) if "norms" in self.unsaid else {}
        biased = set(into.values())
        for layer in graph:
            inputs = [numbers[name] for name in layer.inputs]
            positive[layer.name] = _positive(layer, positive)
            if layer.name in into or self._is_nothing(layer.op):
                numbers[layer.name] = inputs[0]
                continue
            if isinstance(layer.op, g.Addition | g.Multiplication):
                inputs.sort()
            op = layer.op
            if isinstance(op, g.Convolution) and layer.name in biased:
                op = replace(op, bias=True)
            essence = (type(op), *self._said(op, positive, layer), *inputs)
            numbers[layer.name] = self._numbers.setdefault(essence, len(self._numbers))
        return numbers

    def _is_nothing(self, op: g.Operation) -> bool:
        return isinstance(op, _TRAINING_ONLY) and ("training" in self.unsaid or not op.rate)

    def of_output(self, graph: g.LayerGraph) -> int:
        """The number of what a network gives."""
        return self.of(graph)[graph.output.name]

    def _said(self, op: g.Operation, positive: dict[str, bool], layer: g.Layer) -> Essence:
        if isinstance(op, g.MaxPooling) and op.zeros and positive[layer.inputs[0]]:
            op = replace(op, zeros=False)  # beside what is never negative, zeros are as good as nothing
        kind = type(op)
        said: Essence = _COMPUTED[kind](op) if kind in _COMPUTED else (op,)
        if "training" not in self.unsaid and kind in _TRAINED:
            said += _TRAINED[kind](op)
        return said


def _positive(layer: g.Layer, positive: dict[str, bool]) -> bool:
    if isinstance(layer.op, g.Activation):
        return layer.op.kind in ("relu", "sigmoid")
    return isinstance(layer.op, _TRAINING_ONLY) and positive[layer.inputs[0]]


def folded(graph: g.LayerGraph) -> dict[str, str]:
    """Each batch norm that alone reads a convolution, and that convolution: an exporter makes one of the two."""
    readers = Counter(name for layer in graph for name in layer.inputs)
    return {
        layer.name: source
        for layer in graph
        if isinstance(layer.op, g.BatchNormalization)
        for source in layer.inputs
        if readers[source] == 1 and isinstance(graph.by_name[source].op, g.Convolution)
    }


def difference(found: Found, other: g.LayerGraph) -> str:
    """The first place at which a design computes something else than what was found, in words; empty if nowhere."""
    essences = Essences(found.unsaid)
    there, ours = essences.of(found.graph), essences.of(other)
    if there[found.graph.output.name] == ours[other.output.name]:
        return ""
    known = {number: name for name, number in there.items()}
    new = next((layer for layer in other if ours[layer.name] not in known), None)
    if new is None:
        return f"the file goes on after {known[ours[other.output.name]]}, where the nearest design ends"
    sources = {known[ours[name]] for name in new.inputs}
    numbers = set(ours.values())
    after = [each for each in found.graph if sources & set(each.inputs) and there[each.name] not in numbers]
    wanted = f"{label(new.op)} ({new.name})"
    if not after:
        return f"after {_names(sources)} the nearest design has {wanted}, and the file nothing like it"
    words = f"{label(after[0].op)}{_same_words(after[0].op, new.op)}"
    return f"{_names(each.name for each in after)} is {words}, where the nearest design has {wanted}"


def _same_words(there: g.Operation, ours: g.Operation) -> str:
    """What differs where the labels agree."""
    if label(there) != label(ours) or type(there) is not type(ours):
        return ""
    unlike = [each.name for each in fields(there) if getattr(there, each.name) != getattr(ours, each.name)]
    said = ", ".join(f"{name} {getattr(there, name)}, not {getattr(ours, name)}" for name in unlike)
    return f" ({said})" if said else ""


def _names(names: Iterable[str]) -> str:
    kept = sorted(set(names))
    return " and ".join(kept[:2]) + (" and others" if len(kept) > 2 else "")
