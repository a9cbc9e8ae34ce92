"""A spec as a Keras model: one loop over its layers, each made by its row (makers.py)."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from resnet_tf.design import graph as g
from resnet_tf.design.expand import as_graph
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.makers import MAKERS, Maker, Seed, Tensor
from resnet_tf.learning.standardization import is_standardized, plain, standardized


def build(spec_or_graph: Spec | g.LayerGraph, *, seed: Seed = None, name: str = "network") -> keras.Model:
    """A functional model whose layers carry the graph's names; it gives logits, not probabilities.

    It takes (batch, height, width, channels). With a seed every layer draws its first weights from the seed and its own
    name, so that a plain network and its residual twin begin alike. Convolutions are initialised as in He 2015
    (fan-out, normal), or as the spec says. Only Keras' stock layers are used, so that what is saved loads without this
    package; weight standardisation alone has a layer of ours, and `folded` gives the same network without it.
    """
    return assemble(as_graph(spec_or_graph), MAKERS, seed=seed, name=name)


def assemble(graph: g.LayerGraph, makers: dict[type, Maker], *, seed: Seed, name: str) -> keras.Model:
    """The model that a table of makers gives for a graph. Raises UnknownOperation for an operation without a row.

    A graph of several outputs gives them as a dictionary by name.
    """
    tensors: dict[str, Tensor] = {}
    for layer in graph:
        make = g.row(makers, layer.op, "build")
        tensors[layer.name] = make(layer.op, layer.name, [tensors[i] for i in layer.inputs], seed_of(seed, layer.name))
    with deep(graph):
        outputs = {each: tensors[each] for each in graph.output_names}
        given = outputs if len(outputs) > 1 else next(iter(outputs.values()))
        return keras.Model(tensors[graph.layers[0].name], given, name=name)


def begin_again(model: keras.Model, seed: int, *, drawn_alone: bool = False) -> None:
    """Gives a model the weights, and its dropouts the state, that it would begin with, assembled with this seed.

    `drawn_alone` leaves those weights as they are that begin alike for every seed.
    """
    for layer in model.layers:
        own = seed_of(seed, layer.name)
        for weight in layer.weights:
            initializer = getattr(layer, f"{weight.name}_initializer")
            if not drawn_alone or _draws(initializer):
                weight.assign(_seeded(initializer, own)(weight.shape, weight.dtype))
        if dropout := getattr(layer, "seed_generator", None):
            dropout.state.assign([own, 0])


def _seeded(initializer: keras.initializers.Initializer, seed: int) -> keras.initializers.Initializer:
    """An initializer with another seed; one that draws nothing is as it was."""
    if not _draws(initializer):
        return initializer
    return type(initializer).from_config({**initializer.get_config(), "seed": seed})


def _draws(initializer: keras.initializers.Initializer) -> bool:
    return "seed" in initializer.get_config()


def recursion_for(graph: g.LayerGraph) -> int:
    """How deep Python must be allowed to recurse, since Keras walks a model from its output layer by layer."""
    return 1_000 + 2 * len(graph)


@contextmanager
def deep(graph: g.LayerGraph) -> Iterator[None]:
    """Python's limit on recursion raised for the depth of a graph: ResNet-1202 has 4,800 layers."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, recursion_for(graph)))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def seed_of(seed: Seed, name: str) -> Seed:
    """A layer's own seed: the same for the same pair, whatever else the network has."""
    if seed is None:
        return None
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big") >> 1


def folded(model: keras.Model, spec_or_graph: Spec | g.LayerGraph) -> keras.Model:
    """The same network of stock layers only, which is what is exported: standardised kernels are so for good."""
    graph = as_graph(spec_or_graph)
    if not is_standardized(graph):
        return model
    twin = assemble(plain(graph), MAKERS, seed=None, name=model.name)
    for layer in twin.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    for layer in graph:
        if isinstance(layer.op, g.Convolution) and layer.op.standardized:
            kernel = twin.get_layer(layer.name).kernel
            kernel.assign(standardized(kernel))
    return twin
