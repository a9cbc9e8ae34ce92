"""A design's profile: its signals at first weights, over seeds, beside itself with other shortcuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.junctions import Span, spans
from resnet_tf.design.labels import label
from resnet_tf.design.shortcuts import counterpart, has_shortcuts
from resnet_tf.design.spec import Spec
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.datasets import Data, Split, load
from resnet_tf.learning.formula import Formula, Terms
from resnet_tf.learning.gradients import Batch, Profiler
from resnet_tf.learning.profile import ALONE, BATCH, SEEDS, WITH, WITHOUT, Profile, Sum
from resnet_tf.learning.signals import GradientFlow


class Measured(NamedTuple):
    """How far a profile is: passes that are done and that there are in all, and at the end the profile."""

    done: int
    of: int
    what: str  # was measured last
    profile: Profile | None = None


def profiled(spec: Spec, dataset: str | DatasetCard, seeds: Sequence[int] = tuple(range(SEEDS))) -> Iterator[Measured]:
    """Each pass as it is done, then the profile: of weights that are drawn anew for every seed.

    One batch of the dataset's images, drawn evenly over them, at the design's own size; both sides and all seeds see
    the same. Raises what `load` raises for images that cannot be had, or not made to fit.
    """
    data = load(dataset, spec.input_shape)
    batch, sides, graph = batch_of(data, BATCH), sides_of(spec), expand(spec)
    flows: dict[str, list[GradientFlow]] = {side: [] for side in sorted(sides)}  # whichever is the design's own
    sums: list[Sum] = []
    has_sum = bool(spans(graph))

    def passes() -> Iterator[str]:
        for side, subject in sides.items():
            profiler = Profiler(subject)
            for seed in seeds:
                flows[side].append(profiler.flow(batch, seed))
                yield f"{side}, seed {seed}"
            del profiler  # a network's weights, before the next one's
        if has_sum:
            formula = Formula(graph)
            for seed in seeds:
                sums.append(sum_of(graph, formula.terms(batch, seed), seed))
                yield f"the formula's terms, seed {seed}"

    of = (len(sides) + has_sum) * len(seeds)
    for done, what in enumerate(passes(), 1):
        yield Measured(done, of, what)
    kept = {side: tuple(each) for side, each in flows.items()}
    profile = Profile(next(iter(sides)), kept, tuple(sums), len(batch[1]), data.card.title)
    yield Measured(of, of, "all", profile)


def sides_of(spec: Spec) -> dict[str, Spec]:
    """The design, and beside it the same with its shortcuts cut, or put in, where that makes a network."""
    other = counterpart(spec)
    if other is None:
        return {ALONE: spec}
    return {WITH: spec, WITHOUT: other} if has_shortcuts(spec) else {WITHOUT: spec, WITH: other}


def batch_of(data: Data, count: int) -> Batch:
    """Images from -1 to 1 and their classes, drawn evenly from those for training, whose classes may come in order."""
    return drawn(data.train, count)


def drawn(split: Split, count: int) -> Batch:
    """So many images from -1 to 1 and their classes, drawn evenly; all where there are fewer."""
    indices = np.unique(np.linspace(0, len(split) - 1, min(count, len(split))).round().astype(int))
    return scaled(split.batch(indices)), split.labels[indices]


def sum_of(graph: LayerGraph, terms: Terms, seed: int) -> Sum:
    """The terms' norms, and what follows the additions of their span."""
    norms = (float(np.linalg.norm(each)) for each in (terms.total, terms.direct, terms.branches, terms.remainder))
    blocks = [each.block for each in terms.span.blocks]
    return Sum(seed, blocks[0].name, blocks[-1].name, len(blocks), after(graph, terms.span), *norms)


def after(graph: LayerGraph, span: Span) -> str:
    """What follows the additions of a span in words, as "batch norm and ReLU"; "" where nothing does."""
    found: dict[str, None] = {}
    for each in span.blocks:
        layers = graph.layers_of(each.block)
        joined = next(i for i, layer in enumerate(layers) if layer.name == each.join)
        found.update(dict.fromkeys(label(layer.op) for layer in layers[joined + 1 :]))
    return " and ".join(found)
