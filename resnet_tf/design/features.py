"""A network as the backbone of another: the maps of its stages, a feature pyramid, a segmentation head.

All of them are graphs as any other: counted, built and exported by the same readings.
"""

from __future__ import annotations

from collections.abc import Sequence

from resnet_tf.design.expand import expand
from resnet_tf.design.graph import Activation, Addition, BatchNormalization, Convolution, LayerGraph, Resize
from resnet_tf.design.network import Network
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Head, ResNetSpec, Spec, SpecError, VGGSpec

_NEITHER = ("transition", "pool")  # kinds of blocks that lead from a stage to the next


def features(spec: Spec, stages: Sequence[int] | None = None, *, output_stride: int | None = None) -> LayerGraph:
    """The network up to the last of these stages (all by default), whose outputs are the maps that they end with.

    Stages count from 1; ResNet-50's maps are 4, 8, 16 and 32 times smaller than the image. With an `output_stride` of 8
    or 16 later stages are dilated instead of strided (Chen 2017). The maps of pre-activation networks are those that
    are added, before the head's norm, as in timm. Raises SpecError for a stage that is not there.
    """
    if output_stride is not None:
        if not isinstance(spec, ResNetSpec):
            raise SpecError("output_stride", f"left out: a {spec.family} has no dilation", output_stride)
        spec = edit(spec, output_stride=output_stride)
    bodiless = spec if isinstance(spec, VGGSpec) else edit(spec, head=Head(pool="none").model_dump())
    graph = expand(bodiless)
    count = len(spec.stages)
    chosen = list(range(1, count + 1)) if stages is None else sorted(set(stages))
    odd = next((stage for stage in chosen if not 1 <= stage <= count), None)
    if not chosen or odd is not None:
        nearest = None if odd is None else min(max(odd, 1), count)
        raise SpecError("stages", f"some of the stages 1 to {count}", odd if chosen else stages, nearest)
    ends = {block.stage: block for block in graph.blocks if block.kind not in _NEITHER}
    last = ends[f"stage{chosen[-1]}"]
    return LayerGraph(
        graph.layers[: last.stop],
        tuple(block for block in graph.blocks if block.stop <= last.stop),
        tuple(graph.layers[ends[f"stage{stage}"].stop - 1].name for stage in chosen),
    )


def fpn(graph: LayerGraph, channels: int = 256) -> LayerGraph:
    """A feature pyramid on the outputs of `features`: as many maps, each of `channels` channels (Lin 2017).

    From the smallest map on, each is brought to `channels` by a 1x1 convolution, the one above it is enlarged to its
    size by nearest neighbours and added, and a 3x3 smooths the sum; all convolutions are biased, as in torchvision.
    """
    net = Network.after(graph)
    outputs: list[str] = []
    above = ""
    for level, name in reversed(list(enumerate(graph.output_names, 1))):
        at = f"neck.level{level}"
        x = net.add(f"{at}.lateral", Convolution(channels, 1, bias=True), name)
        if above:
            height, width, _ = net.shapes[x]
            wide = net.add(f"{at}.enlarged", Resize(height, width, "nearest"), above)
            x = net.add(f"{at}.sum", Addition(), x, wide)
        above = x
        outputs.append(net.add(f"{at}.smooth", Convolution(channels, 3, bias=True), x))
        net.close(at, "neck", "neck")
    return net.graph(tuple(reversed(outputs)))


def segmentation(graph: LayerGraph, classes: int, channels: int = 128) -> LayerGraph:
    """A class for every pixel from the outputs of `features` or `fpn`: logits (height, width, classes) of the image.

    All maps are brought to `channels`, enlarged to the largest and added; a 3x3 with norm and ReLU reads the sum, a 1x1
    classifies it, and the answer is stretched to the image (after Kirillov 2019, Panoptic Feature Pyramid Networks).
    """
    net = Network.after(graph)
    height, width, _ = net.shapes[graph.output_names[0]]
    x = ""
    for level, name in enumerate(graph.output_names, 1):
        y = net.add(f"head.level{level}", Convolution(channels, 1, bias=True), name)
        if net.shapes[y][:2] != (height, width):
            y = net.add(f"head.enlarged{level}", Resize(height, width, "bilinear"), y)
        x = net.add(f"head.sum{level}", Addition(), x, y) if x else y
    x = net.add("head.conv", Convolution(channels, 3), x)
    x = net.add("head.norm", BatchNormalization(1e-5, 0.9), x)
    x = net.add("head.act", Activation("relu"), x)
    x = net.add("head.classifier", Convolution(classes, 1, bias=True), x)
    tall, wide, _ = graph.input_shape
    net.add("head.logits", Resize(tall, wide, "bilinear"), x)
    net.close("head", "head", "head")
    return net.graph()
