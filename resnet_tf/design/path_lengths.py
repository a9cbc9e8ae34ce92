"""How long the paths through a network are (Veit 2016): a residual block is passed by its branch or around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import accumulate, zip_longest
from math import sqrt
from typing import Any, NamedTuple

from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import Convolution, LayerGraph
from resnet_tf.design.junctions import junctions
from resnet_tf.design.spec import Spec

MOST = Fraction(19, 20)  # of all paths


class Lengths(NamedTuple):
    """How many paths have each length, exactly: `paths[k]` have the length k."""

    paths: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.paths)

    @property
    def shares(self) -> tuple[float, ...]:
        """Of all paths, those of each length; they sum to 1."""
        total = self.total
        return tuple(count / total for count in self.paths)

    @property
    def mean(self) -> float:
        return self._sum(1) / self.total

    @property
    def deviation(self) -> float:
        """The standard deviation of the lengths of all paths."""
        total = self.total
        return sqrt((total * self._sum(2) - self._sum(1) ** 2) / total**2)

    def most(self, share: Fraction = MOST) -> tuple[int, int]:
        """The shortest and the longest of the fewest neighbouring lengths that have such a share of all paths."""
        return fewest(self.paths, share)

    def _sum(self, power: int) -> int:
        return sum(count * length**power for length, count in enumerate(self.paths))


class PathLengths(NamedTuple):
    """The paths from the image to the output, by what they pass."""

    branches: Lengths  # residual branches
    convolutions: Lengths

    def as_json(self) -> dict[str, Any]:
        """How many paths by length: whole numbers, of more digits than a double has."""
        return {"branches": list(self.branches.paths), "convolutions": list(self.convolutions.paths)}


def fewest(weights: Sequence[float], share: Fraction = MOST) -> tuple[int, int]:
    """The first and the last of the fewest neighbours that have such a share of the sum; counts stay whole numbers."""
    ends = [0, *accumulate(weights)]
    wanted = share * Fraction(ends[-1])
    first, best = 0, (0, len(weights) - 1)
    for last in range(len(weights)):
        while first < last and ends[last + 1] - ends[first + 1] >= wanted:
            first += 1
        if ends[last + 1] - ends[first] >= wanted and last - first < best[1] - best[0]:
            best = first, last
    return best


def path_lengths(subject: Spec | LayerGraph) -> PathLengths:
    """The lengths of all paths from the image to the output, or the outputs.

    A path comes to an addition or a concatenation by one of the ways that meet there, so that n blocks with a shortcut
    have 2^n paths, binomially distributed over the branches that they pass (Veit 2016, section 3). A gate scales what
    passes and is no path of its own. A block without a shortcut is one branch, which all its paths pass.
    """
    graph = as_graph(subject)
    convolutions = {layer.name for layer in graph if isinstance(layer.op, Convolution)}
    return PathLengths(_counted(graph, _branch_ends(graph)), _counted(graph, convolutions))


def _branch_ends(graph: LayerGraph) -> set[str]:
    """The last layer of each residual branch: what passes it has passed the branch."""
    ends = {each.block.name: graph.by_name[each.join].inputs[0] for each in junctions(graph)}
    for block in graph.blocks:
        branch = [layer.name for layer in graph.layers_of(block) if layer.role == "branch"]
        if branch:
            ends.setdefault(block.name, branch[-1])
    return set(ends.values())


def _counted(graph: LayerGraph, passed: Collection[str]) -> Lengths:
    """The paths by how many of these layers they pass: a polynomial for each layer, whose powers are lengths."""
    gates = {layer.name for layer in graph if layer.role == "gate"}
    ways = {
        layer.name: [name for name in layer.inputs if name not in gates] for layer in graph if layer.name not in gates
    }
    readers = Counter(name for came in (*ways.values(), graph.output_names) for name in came)
    paths: dict[str, list[int]] = {}
    for name, came in ways.items():
        here = _sum([paths[each] for each in came]) if came else [1]
        paths[name] = [0, *here] if name in passed else here
        for each in came:  # what nobody reads any more goes: a deep network's numbers have hundreds of digits
            readers[each] -= 1
            if not readers[each]:
                del paths[each]
    return Lengths(tuple(_sum([paths[name] for name in graph.output_names])))


def _sum(polynomials: Sequence[list[int]]) -> list[int]:
    if len(polynomials) == 1:
        return polynomials[0]
    return [sum(terms) for terms in zip_longest(*polynomials, fillvalue=0)]
