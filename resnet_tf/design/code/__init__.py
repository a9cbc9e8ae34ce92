"""A design as source code: standalone Keras 3, as one would have written it by hand."""

from __future__ import annotations

from collections.abc import Callable

from resnet_tf.design import graph as g
from resnet_tf.design.code import convolutions, gates, helpers
from resnet_tf.design.code.families import dense_blocks, vgg
from resnet_tf.design.code.heading import heading
from resnet_tf.design.code.lines import straight
from resnet_tf.design.code.places import Places
from resnet_tf.design.code.residual import residual
from resnet_tf.design.code.text import function
from resnet_tf.design.expand import expand
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, Spec, VGGSpec

_DEEP = 600  # layers; Keras recurses through them, and Python allows that of itself about 1,000 times


def to_python(spec: Spec) -> str:
    """Standalone Keras 3 source for a network: its function `network()` gives the model.

    It needs keras alone. Layers carry the graph's names, so that weights can be copied by name, and compute what
    `build(spec)` computes.
    """
    graph = expand(spec)
    constants, functions, lines = _middle(spec, graph)
    shape = f"INPUT_SHAPE = {spec.input_shape!r}  # height, width, channels"
    constants = [shape, *([f"CLASSES = {spec.classes}"] if helpers.has(graph, g.Dense) else []), *constants]
    parts = [*_helpers(spec, graph), *functions, _network(graph, lines)]
    parts.append('if __name__ == "__main__":\n    print(f"{network().count_params():,} parameters")\n')
    top = "\n\n".join([heading(spec, graph), _imports(parts), "\n".join(constants)])
    return "\n\n\n".join([top, *parts])


def _middle(spec: Spec, graph: g.LayerGraph) -> tuple[list[str], list[str], list[str]]:
    """Constants, functions, and the lines between the stem and the head, as the family has them."""
    if isinstance(spec, VGGSpec):
        return vgg(spec)
    return dense_blocks(spec, graph) if isinstance(spec, DenseNetSpec) else residual(Places(spec, graph))


def _imports(parts: list[str]) -> str:
    standard = [f"import {name}\n" for name in ("math", "sys") if any(f"{name}." in part for part in parts)]
    return "".join([*standard, "\n" if standard else "", "import keras\nfrom keras import layers"])


def _helpers(spec: Spec, graph: g.LayerGraph) -> list[str]:
    """The functions and classes that the network's lines call, none that they do not."""
    if isinstance(spec, VGGSpec):
        return []
    norm, attention = spec.normalization, spec.attention if isinstance(spec, ResNetSpec) else None
    rows: list[tuple[bool, Callable[[], str]]] = [
        (norm.weight_standardization, lambda: convolutions.STANDARDIZED),
        (helpers.has(graph, g.ScalarBias), lambda: helpers.BIAS),
        (helpers.has(graph, g.ScalarScale), lambda: helpers.SCALE),
        (helpers.has(graph, g.ChannelScale), lambda: helpers.layer_scale(graph)),
        (convolutions.has_gates(graph), lambda: convolutions.HE),
        (True, lambda: convolutions.convolution(spec, graph)),
        (helpers.has(graph, g.BatchNormalization, g.GroupNormalization), lambda: helpers.norm(norm, graph)),
        (helpers.has(graph, g.Activation), lambda: helpers.activation(spec.activation)),
        (helpers.has(graph, g.MaxPooling), lambda: helpers.max_pool(graph)),
        (helpers.has(graph, g.BlurPooling), lambda: helpers.BLUR),
        (helpers.has(graph, g.PadChannels), lambda: helpers.PAD_CHANNELS),
        (helpers.has(graph, g.GlobalAverageMaxPooling), lambda: helpers.AVERAGE_MAX),
        (helpers.hidden(graph), lambda: helpers.DENSE_LAYER),
    ]
    written = [write() for is_used, write in rows if is_used]
    return [*written, gates.gate(attention, graph)] if attention else written


def _network(graph: g.LayerGraph, middle: list[str]) -> str:
    """The function that puts all together: stem, stages, head."""
    limit = f"sys.setrecursionlimit(max(sys.getrecursionlimit(), {1_000 + 2 * len(graph)}))"
    body = [f"{limit}  # Keras walks a model from its end, layer by layer"] if len(graph) > _DEEP else []
    body.append('x = inputs = keras.Input(INPUT_SHAPE, name="input")')
    body += [*straight(_layers_of(graph, "stem"), graph), *middle]
    if helpers.has(graph, g.Flatten):  # a VGG's lines have its head already
        return function("network()", "The network; it gives logits, not probabilities.", [*body, _MODEL])
    gives = "logits, not probabilities" if helpers.has(graph, g.Dense) else "the maps of its last stage"
    return function("network()", f"The network; it gives {gives}.", [*body, *_head(graph), _MODEL])


_MODEL = 'return keras.Model(inputs, x, name="network")'


def _head(graph: g.LayerGraph) -> list[str]:
    lines = straight(_layers_of(graph, "head"), graph, {"head.classifier": {"units": "CLASSES"}})
    if lines and "kernel_initializer=initial" in lines[-1]:
        lines.insert(-1, f"initial = {helpers.DENSE}")
    return lines


def _layers_of(graph: g.LayerGraph, name: str) -> tuple[g.Layer, ...]:
    return next((graph.layers_of(block) for block in graph.blocks if block.name == name), ())
