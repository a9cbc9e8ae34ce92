"""Every tensor of every network has the name and the shape that it has in the library; no Keras."""

import hashlib
import json
from pathlib import Path

import pytest

from resnet_tf.design import graph as g
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import SpecError
from resnet_tf.learning.naming import NoCounterpart, modules

NAMES = json.loads((Path(__file__).parents[1] / "fixtures" / "names.json").read_text())
SOURCES = {"timm": "timm", "torchvision": "torchvision", "keras.applications": "keras"}

# what a layer's tensors are called, and in which order a kernel's axes lie
TORCH = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "mean": "running_mean",
         "variance": "running_var"}  # fmt: skip
KERAS = {"kernel": "kernel", "bias": "bias", "gamma": "gamma", "beta": "beta", "mean": "moving_mean",
         "variance": "moving_variance"}  # fmt: skip


def variables(op, inputs, *, torch):
    """The tensors of an operation with their shapes, by the formulas of the two libraries."""
    channels = inputs[0][-1]
    if isinstance(op, g.Convolution):
        k, per_group = op.kernel, channels // op.groups
        yield "kernel", (op.filters, per_group, k, k) if torch else (k, k, per_group, op.filters)
    elif isinstance(op, g.ChannelConvolution):
        yield "kernel", (1, 1, op.kernel)
    elif isinstance(op, g.Dense):
        yield "kernel", (op.units, channels) if torch else (channels, op.units)
    if isinstance(op, g.Convolution | g.Dense) and op.bias:
        yield "bias", (op.filters if isinstance(op, g.Convolution) else op.units,)
    if isinstance(op, g.BatchNormalization | g.GroupNormalization):
        yield from (("gamma", (channels,)), ("beta", (channels,)))
    if isinstance(op, g.BatchNormalization):
        yield from (("mean", (channels,)), ("variance", (channels,)))


def lines(spec, source):
    """`name (shape)` for each tensor of a network, as the library would have it."""
    graph, torch = expand(spec), source != "keras"
    weighted = {}
    for layer in graph:
        inputs = [graph.by_name[i].shape for i in layer.inputs]
        if inputs and (found := list(variables(layer.op, inputs, torch=torch))):
            weighted[layer.name] = found
    names = modules(list(graph.by_name), list(weighted), source)
    words, mark = (TORCH, ".") if torch else (KERAS, "/")
    for layer, found in weighted.items():
        for variable, shape in found:
            if names[layer] == "head.fc" and variable == "kernel":
                shape = (*shape, 1, 1)  # timm's V2 classifies by a convolution
            yield f"{names[layer]}{mark}{words[variable]} {shape}"


def here(library, name):
    return f"keras_{name.lower()}" if library == "keras.applications" else name


@pytest.mark.parametrize("peer", [peer for peer in NAMES if here(*peer.split("/")) in PRESETS])
def test_all_tensors_have_the_names_and_shapes_of_the_library(peer):
    library, name = peer.split("/")
    text = "\n".join(sorted(lines(preset(here(library, name)), SOURCES[library])))
    assert hashlib.sha256(text.encode()).hexdigest() == NAMES[peer]


@pytest.mark.parametrize(
    ("name", "source", "why"),
    [
        ("seresnet50", "torchvision", "its blocks have no gates"),
        ("resnetv2_50", "torchvision", "activated after"),
        ("resnet50c", "torchvision", "its stem is one convolution"),
        ("resnet50d", "torchvision", "put together otherwise|one convolution"),
        ("resnet110_fixup_cifar10", "timm", "no such layer"),
        ("seresnet50", "keras", "no gates"),
        ("vgg16", "timm", "put together otherwise"),
    ],
)
def test_a_network_that_a_library_does_not_have_is_refused_with_the_reason(name, source, why):
    graph = expand(preset(name))
    learnt = {layer.name for layer in graph if list(variables(layer.op, [(1, 1, 1)], torch=True))}
    weighted = [name for name in graph.by_name if name in learnt or ".shift" in name]
    with pytest.raises(NoCounterpart, match=f"has no counterpart in {source}: .*({why})"):
        modules(list(graph.by_name), weighted, source)


def test_an_unknown_library_names_the_nearest():
    with pytest.raises(SpecError) as caught:
        modules(["stem.conv"], ["stem.conv"], "torchvison")
    assert caught.value.nearest == "torchvision"


def test_our_own_names_are_ours():
    assert modules(["stem.conv"], ["stem.conv"], "resnet_tf") == {"stem.conv": "stem.conv"}
