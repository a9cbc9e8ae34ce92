"""Profiles and studies made by hand: figures that one knows, for what is made of them."""

import math

from resnet_tf.learning.profile import WITH, WITHOUT, Profile, Sum
from resnet_tf.learning.signals import BlockSignal, GradientFlow, LayerSignal
from resnet_tf.learning.studies import (
    Band,
    Depth,
    Lesion,
    LesionStudy,
    PathGradient,
    PathGradients,
    Score,
    SignalByDepth,
    Surface,
)
from resnet_tf.learning.versus import Figures, Moment, Versus


def flow(gradients, seed=0, ways=(1.0, 2.0, 3.0, 4.0), rank=4.0, dead=0.25):
    """A flow with a block of stage 1 for each gradient; `ways` are branch and shortcut, forward and backward."""
    blocks = [BlockSignal("stem", "none", 1.0, 1.0, rank, *[None] * 4, 1.0)]
    blocks += [
        BlockSignal(f"stage1.block{i}", "identity" if ways[1] else "cut", 1.0, gradient, rank, *ways, 2.0)
        for i, gradient in enumerate(gradients, 1)
    ]
    layers = [LayerSignal(f"stage1.block{i}.act1", 1.0, dead=dead) for i in range(1, len(gradients) + 1)]
    return GradientFlow(2.3, seed, tuple(blocks), tuple(layers))


def sums(after="", remainder=0.0, seeds=2, total=2.0, direct=1.0):
    """The formula's terms over two blocks, the same at every seed."""
    return tuple(
        Sum(seed, "stage1.block1", "stage1.block2", 2, after, total, direct, 1.5, remainder) for seed in range(seeds)
    )


def profile(joined=((1.0, 2.0), (1.0, 2.5)), bare=((0.01, 4.0), (0.01, 3.0)), own=WITH, **more):
    """A profile whose sides have these gradients, a row for each seed."""
    sides = {
        WITH: tuple(flow(each, seed) for seed, each in enumerate(joined)),
        WITHOUT: tuple(flow(each, seed, (None,) * 4, 2.0, 0.5) for seed, each in enumerate(bare)),
    }
    return Profile(own, sides, more.get("sums", sums()), 32, "Handwritten digits (bundled)")


# --- studies


def surface(steep=3.0, seed=0):
    """A bowl: the loss is 0.1 at the weights and grows with the square of the distance."""
    steps = tuple(i / 2 for i in range(-2, 3))
    return Surface(steps, tuple(tuple(0.1 + steep * (a * a + b * b) for b in steps) for a in steps), seed)


def lesions():
    """A network that is right about 90 %; without its second branch about 40 %."""
    alone = [Lesion((f"stage1.block{i}",), Score(1.0, share)) for i, share in enumerate((0.88, 0.4, 0.9), 1)]
    names = tuple(each.blocks[0] for each in alone)
    several = (Lesion(names[:2], Score(2.0, 0.3)), Lesion(names[1:], Score(2.2, 0.2)), Lesion(names, Score(2.3, 0.1)))
    swapped = (Lesion(names[:2], Score(0.5, 0.8)), Lesion(names[1:], Score(0.6, 0.7)))
    return LesionStudy(Score(0.3, 0.9), tuple(alone), several, swapped, 0)


def signals(orders=("post", "pre")):
    """Variances that stay with the first order and double at each block with the others."""
    return tuple(SignalByDepth(order, (0, 1, 2), _depths(1 if i == 0 else 2)) for i, order in enumerate(orders))


def _depths(factor):
    def band(mean):
        return Band(mean, 0.1 * mean, 0.9 * mean, 1.1 * mean)

    stem = Depth("stem", band(1.0), band(1.0), None, band(1.0))
    blocks = [
        Depth(f"stage1.block{i}", band(1.0), band(factor**i), band(0.5), band(0.5**i * factor)) for i in range(1, 4)
    ]
    return (stem, *blocks, Depth("head", band(1.0), band(1.0), None, band(1.0)))


def walks(blocks=9):
    """Single paths whose gradients halve with each branch."""
    lengths = tuple(PathGradient(k, math.comb(blocks, k), (1.1 * 0.5**k, 0.9 * 0.5**k)) for k in range(blocks + 1))
    return PathGradients(lengths, (1.0, 2.0), (0, 1))


STUDIES = {
    "paths": lambda: walks().as_json(),
    "variance": lambda: [each.as_json() for each in signals()],
    "lesion": lambda: lesions().as_json(),
    "surface": lambda: surface().as_json(),
}


def study(kind):
    """What a worker writes of a study."""
    return {"images": 256, "found": STUDIES[kind]()}


# --- trainings in step


def versus(accuracies=((0.9, 0.5), (0.9, 0.6)), epochs=2, gradients=((1.0, 2.0), (0.01, 4.0))):
    """Trainings in step whose sides have these accuracies at each seed (None diverged), gradients always the same."""
    norms = tuple((1.0, *each) for each in gradients)
    none = (None, None)
    ways = ((none, (0.5, 0.75), (0.6, 0.8)), (none,) * 3)
    ranks, dead = ((2.0, 5.0, 7.0), (2.0, 3.0, 1.5)), ((None, 0.0, 0.0), (None, 0.25, 0.75))
    moments = []
    for seed, ends in enumerate(accuracies):
        moments.append(Moment(seed, 0, (None, None), norms, ways, ranks, dead))
        figures = tuple(end and Figures(2.0, end, round(1 - end, 6), end) for end in ends)
        known = [tuple(end and each for end, each in zip(ends, of, strict=True)) for of in (norms, ways, ranks, dead)]
        moments += [Moment(seed, epoch, figures, *known) for epoch in range(1, epochs + 1)]
    blocks = ("stem", "stage1.block1", "stage1.block2")
    data = "Handwritten digits (bundled)"
    return Versus((WITH, WITHOUT), blocks, epochs, len(accuracies), 32, data, tuple(moments))
