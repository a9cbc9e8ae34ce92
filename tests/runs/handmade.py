"""Profiles made by hand: figures that one knows, for what is made of them."""

from resnet_tf.learning.profile import WITH, WITHOUT, Profile, Sum
from resnet_tf.learning.signals import BlockSignal, GradientFlow, LayerSignal


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
