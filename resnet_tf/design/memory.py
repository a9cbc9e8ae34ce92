"""How much memory a network takes, at inference and in a training step, at a batch size and a precision.

Parameters, gradients and the optimiser's slots follow from counts and are exact. Saved activations follow from which
tensors each operation's gradient needs, counted once however many need them; a framework may keep a few more, so they
are an estimate, as is the workspace: the two largest tensors that are alive at once on the way back.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from resnet_tf.design.graph import (
    Activation,
    Addition,
    AveragePooling,
    BatchNormalization,
    BlurPooling,
    ChannelConvolution,
    ChannelScale,
    Concatenation,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAverageMaxPooling,
    GlobalAveragePooling,
    GroupNormalization,
    Input,
    Layer,
    LayerGraph,
    MaxPooling,
    Multiplication,
    PadChannels,
    Rescaling,
    Resize,
    ScalarBias,
    ScalarScale,
    StochasticDepth,
    Subsample,
    row,
)
from resnet_tf.design.spec import SpecError, nearest_word

# bytes of an activation; weights, their gradients and the slots stay in float32 under mixed precision
PRECISIONS = {"float32": 4, "mixed_bfloat16": 2, "mixed_float16": 2}
# slots that an optimiser keeps for every trainable parameter
OPTIMIZERS = {"sgd": 0, "sgd_momentum": 1, "adam": 2, "adamw": 2}
_FLOAT32 = 4


class Amount(NamedTuple):
    """Bytes, and whether they are exact or estimated."""

    bytes: int
    exact: bool


class Memory(NamedTuple):
    """Where the bytes go. `training` and `inference` are totals."""

    parameters: Amount
    gradients: Amount
    slots: Amount
    activations: Amount  # kept from the way forward for the way back
    workspace: Amount
    training: Amount
    inference: Amount


def _input(layer: Layer) -> tuple[str, ...]:
    return layer.inputs


def _output(layer: Layer) -> tuple[str, ...]:
    return (layer.name,)


def _both(layer: Layer) -> tuple[str, ...]:
    return (*layer.inputs, layer.name)


def _neither(layer: Layer) -> tuple[str, ...]:
    return ()


def _convolution(layer: Layer) -> tuple[str, ...]:
    assert isinstance(layer.op, Convolution)
    return () if layer.op.frozen else layer.inputs


_FROM_OUTPUT = {"relu", "leaky_relu", "sigmoid"}  # activations whose slope shows in what comes out of them


def _activation(layer: Layer) -> tuple[str, ...]:
    assert isinstance(layer.op, Activation)
    return _output(layer) if layer.op.kind in _FROM_OUTPUT else _input(layer)


# operation -> the tensors that its gradient needs
_KEPT: dict[type, Callable[[Layer], tuple[str, ...]]] = {
    Input: _neither,
    Convolution: _convolution,
    BatchNormalization: _input,
    GroupNormalization: _input,
    ScalarBias: _neither,
    ScalarScale: _input,
    ChannelScale: _input,
    Rescaling: _neither,
    StochasticDepth: _neither,
    Activation: _activation,
    MaxPooling: _both,
    AveragePooling: _neither,
    BlurPooling: _neither,
    GlobalAveragePooling: _neither,
    GlobalAverageMaxPooling: _both,
    ChannelConvolution: _input,
    Subsample: _neither,
    PadChannels: _neither,
    Addition: _neither,
    Concatenation: _neither,
    Multiplication: _input,
    Resize: _neither,
    Flatten: _neither,
    Dense: _input,
    Dropout: _output,
}


def kept(graph: LayerGraph) -> set[str]:
    """The names of the layers whose outputs a training step keeps from the way forward for the way back."""
    return {name for layer in graph.layers for name in row(_KEPT, layer.op, "memory")(layer)}


def _kept_elements(graph: LayerGraph) -> int:
    names = kept(graph)
    return sum(prod(layer.shape) for layer in graph.layers if layer.name in names)


def _live_elements(graph: LayerGraph) -> int:
    """The most elements alive at once on the way forward, where a tensor dies after its last reader."""
    last_reader = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    dying: dict[int, list[int]] = {}
    alive = most = 0
    for i, layer in enumerate(graph.layers):
        size = prod(layer.shape)
        alive += size
        most = max(most, alive)
        dying.setdefault(last_reader.get(layer.name, i), []).append(size)
        alive -= sum(dying.pop(i, ()))
    return most


def _largest_step(graph: LayerGraph) -> int:
    """Elements of the gradients that meet at the layer where most do: what comes in and what goes out."""
    sizes = {layer.name: prod(layer.shape) for layer in graph.layers}
    return max(sizes[layer.name] + sum(sizes[name] for name in layer.inputs) for layer in graph.layers)


def _known(field: str, value: str, table: dict[str, int]) -> int:
    if value not in table:
        raise SpecError(field, f"one of {', '.join(table)}", value, nearest_word(value, list(table)))
    return table[value]


def check_precision(precision: str) -> None:
    """Raises SpecError for a precision that is not in the table, with the nearest."""
    _known("precision", precision, PRECISIONS)


class Held(NamedTuple):
    """Elements that one image makes: known once for a network, whatever the batch and the precision are."""

    kept: int  # for the way back
    live: int  # the most at once on the way forward
    largest_step: int  # of gradients that meet at a layer


def held(graph: LayerGraph) -> Held:
    """What a network holds of one image."""
    return Held(_kept_elements(graph), _live_elements(graph), _largest_step(graph))


def memory(each: Held, trainable: int, non_trainable: int, batch: int, precision: str, optimizer: str) -> Memory:
    """Bytes by purpose for a batch of images. Raises SpecError for an unknown precision or optimiser, or no batch."""
    if batch < 1:
        raise SpecError("batch", "at least 1", batch, 1)
    size = _known("precision", precision, PRECISIONS)
    slots = _known("optimizer", optimizer, OPTIMIZERS)
    parameters = Amount(_FLOAT32 * (trainable + non_trainable), True)
    gradients = Amount(_FLOAT32 * trainable, True)
    slot_bytes = Amount(_FLOAT32 * trainable * slots, True)
    activations = Amount(size * batch * each.kept, False)
    casts = 0 if size == _FLOAT32 else size * trainable  # the weights once more, in the precision of the computation
    workspace = Amount(size * batch * each.largest_step + casts, False)
    training = sum(part.bytes for part in (parameters, gradients, slot_bytes, activations, workspace))
    inference = parameters.bytes + casts + size * batch * each.live
    return Memory(
        parameters, gradients, slot_bytes, activations, workspace, Amount(training, False), Amount(inference, False)
    )
