"""What stands above the code: which network it is, what it costs, where it comes from."""

from __future__ import annotations

from textwrap import wrap
from typing import NamedTuple

from resnet_tf.design import graph as g
from resnet_tf.design.code.helpers import has
from resnet_tf.design.code.text import WIDTH
from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.presets import preset_of
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, Spec


class Origin(NamedTuple):
    """A design's name for people, and the source of the published network that it is, if it is one."""

    title: str
    source: str = ""


def origin(spec: Spec) -> Origin:
    """What a design is called: a preset's title, whatever the size of its images and the number of its classes."""
    if published := preset_of(spec):
        return Origin(published.title, published.source)
    if isinstance(spec, ResNetSpec):
        kind = "plain network" if spec.block == "plain" else "residual network"
        return Origin(f"A {kind} of {sum(stage.blocks for stage in spec.stages)} blocks")
    if isinstance(spec, DenseNetSpec):
        return Origin(f"A densely connected network of {sum(stage.blocks for stage in spec.stages)} blocks")
    return Origin(f"A VGG of {sum(stage.convolutions for stage in spec.stages)} convolutions")


def heading(spec: Spec, graph: g.LayerGraph) -> str:
    """The docstring of the code."""
    title, source = origin(spec)
    images = " x ".join(map(str, spec.input_shape))
    classes = f" and {spec.classes:,} classes" if isinstance(graph.output.op, g.Dense) else ""
    paragraphs = [f"{title}, for images of {images}{classes}, in Keras 3.", "", _counts(costs(graph), graph)]
    paragraphs += [f"Source: {source}."] if source else []
    lines = [line for text in paragraphs for line in wrap(text, WIDTH - 3) or [""]]
    return "\n".join([f'"""{lines[0]}', *lines[1:], '"""'])


def _counts(counted: Costs, graph: g.LayerGraph) -> str:
    """What the network costs, in words."""
    fixed = counted.non_trainable_parameters
    kinds = ["moving statistics"] if has(graph, g.BatchNormalization) else []
    kinds += ["the kernel that whitens"] if any(getattr(layer.op, "frozen", False) for layer in graph) else []
    also = f" ({fixed:,} more are {' and '.join(kinds)})" if fixed else ""
    return f"{counted.trainable_parameters:,} parameters to train{also}, {counted.macs:,} multiply-adds for an image."
