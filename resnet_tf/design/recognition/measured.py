"""What a network's structure says of itself, by measure: its stem, blocks and stages, its widths, norms and gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from resnet_tf.design import graph as g
from resnet_tf.design.recognition.found import Found, Unrecognised
from resnet_tf.design.recognition.others import densenet, vgg
from resnet_tf.design.recognition.parts import Fields, common, stem, style
from resnet_tf.design.spec import EfficientChannelAttention, SqueezeExcitation

_KINDS = {(3, 3): "basic", (1, 3, 1): "bottleneck"}  # kernels of a residual branch
_PLAIN: dict[int, Fields] = {2: {"block": "plain"}}  # by a branch's convolutions, where no shortcut is
_GAMMAS = (
    (2.0, 1.0),
    (1.0, 1.0),
    (2.0, 0.0),
    (1.0, 0.0),
    (3.0, 1.0),
    (4.0, 1.0),
)  # gamma and beta of channel attention
MOST_STEM = 9  # convolutions, and one
_RATIOS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1 / 32)  # of gates that papers and libraries have


class Residue(NamedTuple):
    """What lies between a place that everything passes and the addition that is the next such place."""

    name: str  # of the addition
    branch: tuple[g.Convolution, ...]
    stride: int
    width: int  # channels that leave it
    first: int  # its layers are those from here
    last: int  # to here
    cut: bool = False  # it has no shortcut, though others have


def measured(found: Found) -> list[Fields]:
    """Fields of a residual, plain or densely connected network, the likeliest first.

    Raises Unrecognised for what has no such structure.
    """
    graph = found.graph
    ops = [layer.op for layer in graph]
    if any(isinstance(op, g.Flatten) for op in ops) and not any(isinstance(op, g.Addition) for op in ops):
        return [vgg(graph)]
    if any(isinstance(op, g.Concatenation) for op in ops):
        return [densenet(graph)]
    if residues := list(_residues(graph)):
        return [_resnet(graph, list(_with_cut(graph, residues)))]
    return [{**_resnet(graph, chain), "shortcut": "none", **_PLAIN.get(len(chain[0].branch), {})}
            for chain in _chains(graph)]  # fmt: skip


# --- residual networks


def passes(graph: g.LayerGraph) -> list[int]:
    """Places of the layers that everything passes: nothing after them reads anything before them."""
    last_read = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    found, furthest = [], 0
    for i, layer in enumerate(graph.layers):
        if furthest <= i:
            found.append(i)
        furthest = max(furthest, last_read.get(layer.name, i))
    return found


def _residues(graph: g.LayerGraph) -> Iterator[Residue]:
    places = passes(graph)
    for first, last in pairwise(places):
        layer = graph.layers[last]
        if last - first > 1 and isinstance(layer.op, g.Addition):
            yield _residue(graph, first, last)


def _with_cut(graph: g.LayerGraph, residues: Sequence[Residue]) -> Iterator[Residue]:
    """The blocks that are added, and between them those whose shortcut is cut: as many convolutions as a branch has."""
    size = len(residues[0].branch)
    ends = [*(each.first + 1 for each in residues[1:]), len(graph)]
    for residue, end in zip(residues, ends, strict=True):
        yield residue
        between = [i for i in range(residue.last + 1, end) if isinstance(graph.layers[i].op, g.Convolution)]
        between = [i for i in between if not _gated(graph, graph.layers[i])]
        for at in range(0, len(between) - size + 1, size or 1):
            block = between[at : at + size]
            yield _link(graph, block, block[-1] + 1)._replace(cut=True)


def _residue(graph: g.LayerGraph, first: int, last: int) -> Residue:
    layer, start = graph.layers[last], graph.layers[first]
    ways = sorted((_way(graph, name, start.name) for name in layer.inputs), key=len)
    stride = _stride(graph.layers[first + 1 : last])
    return Residue(layer.name, tuple(ways[-1]), stride, layer.shape[-1], first, last)


def _stride(layers: Sequence[g.Layer]) -> int:
    """The largest stride among a block's layers: what one of its paths is strided by, the others are too."""
    return max((getattr(layer.op, "stride", 1) for layer in layers), default=1)


def _way(graph: g.LayerGraph, name: str, start: str) -> list[g.Convolution]:
    """The convolutions on the way from a block's start to a layer, those of gates aside."""
    convolutions: list[g.Convolution] = []
    while name != start and graph.by_name[name].inputs:
        layer = graph.by_name[name]
        if isinstance(layer.op, g.Convolution):
            convolutions.append(layer.op)
        name = max(layer.inputs, key=lambda each: len(graph.by_name[each].shape) == 3 and graph.by_name[each].shape[0])
    return convolutions[::-1]


def _resnet(graph: g.LayerGraph, residues: Sequence[Residue]) -> Fields:
    odd = next((each for each in residues if tuple(op.kernel for op in each.branch) not in _KINDS), None)
    if odd:
        raise Unrecognised(_odd(odd))
    block = _KINDS[tuple(op.kernel for op in residues[0].branch)]
    stages = [list(each) for _, each in groupby(_numbered(residues), key=lambda pair: pair[0])]
    blocks = [[residue for _, residue in stage] for stage in stages]
    expansion = _expansion(block, residues)
    fields: Fields = {
        "family": "resnet", **common(graph), **style(graph), "block": block, "expansion": expansion,
        "stem": stem(graph, residues[0].first), **_inner(block, residues, expansion),
        "stages": [
            {"blocks": len(stage), "width": max(stage[0].width // expansion, 1),
             "stride": max(residue.stride for residue in stage)}
            for stage in blocks
        ],
    }  # fmt: skip
    _dilate(fields, blocks)
    fields["cut_shortcuts"] = [
        f"stage{s}.block{b}" for s, stage in enumerate(blocks, 1) for b, residue in enumerate(stage, 1) if residue.cut
    ]
    return fields | _branch(graph, residues)


def _odd(residue: Residue) -> str:
    if not residue.branch:
        return f"the addition {residue.name} joins paths without a convolution: no block here does"
    kernels = ", ".join(f"{op.kernel}x{op.kernel}" for op in residue.branch)
    return f"the branch that {residue.name} ends has the kernels {kernels}: blocks here have 3x3, 3x3 or 1x1, 3x3, 1x1"


def _numbered(residues: Sequence[Residue]) -> Iterator[tuple[int, Residue]]:
    """Each block with its stage's number: a stage begins where the channels change, or at a stride within."""
    stage, begun = 0, 0
    for i, residue in enumerate(residues):
        other = i and residue.width != residues[i - 1].width
        if other or (i > begun and residue.stride > 1 and not _ends(residues, i)):
            stage, begun = stage + 1, i
        yield stage, residue


def _ends(residues: Sequence[Residue], i: int) -> bool:
    """Whether a strided block is the last of its stage, as in keras.applications' V2, and not the first of the next."""
    return i + 1 < len(residues) and residues[i + 1].width != residues[i].width and residues[0].stride == 1


def _expansion(block: str, residues: Sequence[Residue]) -> int:
    if block != "bottleneck":
        return 1
    return next((n for n in (4, 2, 1) if all(residue.width % n == 0 for residue in residues)), 1)


def _inner(block: str, residues: Sequence[Residue], expansion: int) -> Fields:
    first, *middle, _ = residues[0].branch
    inner = middle[0] if middle else first
    width = residues[0].width // expansion
    if block != "bottleneck":
        return {"bottleneck_factor": first.filters / width}
    return {
        "groups": inner.groups, "bottleneck_factor": inner.filters / width,
        "reduce_first": max(inner.filters // first.filters, 1),
    }  # fmt: skip


def _dilate(fields: Fields, blocks: Sequence[Sequence[Residue]]) -> None:
    """Strides that became dilations are strides again, and the output's stride is said."""
    total = fields["stem"]["stride"] * (1 if fields["stem"]["pool"] == "none" else 2)
    before, any_ = 1, False
    for stage, residues in zip(fields["stages"], blocks, strict=True):
        total *= stage["stride"]
        dilation = max(op.dilation for op in residues[-1].branch)
        if dilation > before and stage["stride"] == 1:
            stage["stride"], before, any_ = dilation // before, dilation, True
    if any_:
        fields["output_stride"] = total


def _branch(graph: g.LayerGraph, residues: Sequence[Residue]) -> Fields:
    """What stands on branches beside convolutions, norms and activations."""
    fields: Fields = {}
    inside = [layer for each in residues for layer in graph.layers[each.first + 1 : each.last]]
    drops = [layer.op.rate for layer in inside if isinstance(layer.op, g.StochasticDepth)]
    rates = [layer.op.rate for layer in inside if isinstance(layer.op, g.Dropout)]
    scales = [layer.op.initial for layer in inside if isinstance(layer.op, g.ChannelScale)]
    zeros = [layer for layer in inside if getattr(layer.op, "starts_at_zero", False)]
    if drops:
        fields["stochastic_depth"] = max(drops)
    if rates:
        fields["dropout"] = max(rates)
    if scales:
        fields["layer_scale"] = scales[0]
    if zeros:
        fields["zero_init_residual"] = True
    if attention := _attention(graph, inside):
        fields["attention"] = attention
    whole = next((each for each in residues if isinstance(graph.by_name[each.name].op, g.Addition)), None)
    return fields | (_weighed(graph, whole) if whole else {})


def _weighed(graph: g.LayerGraph, residue: Residue) -> Fields:
    """What a block's two ways are multiplied by before they meet: constants, a gate."""
    start = graph.layers[residue.first].name
    around, branch = sorted(graph.by_name[residue.name].inputs, key=lambda name: len(_way(graph, name, start)))
    carried = graph.by_name[around]
    fields: Fields = {}
    if isinstance(carried.op, g.Multiplication):
        fields["shortcut_gate"] = "shortcut"
        convolutions = [layer.op for layer in _behind(graph, carried.inputs[1]) if isinstance(layer.op, g.Convolution)]
        fields["shortcut_gate_bias"] = convolutions[0].first_bias if convolutions else 0.0
        carried = graph.by_name[carried.inputs[0]]
    if isinstance(carried.op, g.Rescaling):
        fields["shortcut_scale"] = carried.op.scale
    is_gated = "shortcut_gate" in fields
    for layer in _behind(graph, branch):
        if is_gated and isinstance(layer.op, g.Multiplication) and graph.by_name[layer.inputs[1]].shape == layer.shape:
            fields["shortcut_gate"] = "exclusive"
        elif isinstance(layer.op, g.Rescaling):
            fields["branch_scale"] = layer.op.scale
        elif not isinstance(layer.op, g.StochasticDepth):
            break
    return fields


def _behind(graph: g.LayerGraph, name: str) -> Iterator[g.Layer]:
    """A layer, the first that it reads, the first that this reads, and so on, up to the image."""
    while graph.by_name[name].inputs:
        yield graph.by_name[name]
        name = graph.by_name[name].inputs[0]


def _attention(graph: g.LayerGraph, inside: Sequence[g.Layer]) -> Fields | None:
    """The gates' kind, and the numbers that give what was measured at every one of them."""
    slid = {(layer.shape[-1], layer.op.kernel) for layer in inside if isinstance(layer.op, g.ChannelConvolution)}
    if slid:
        gates = (EfficientChannelAttention(gamma=gamma, beta=beta) for gamma, beta in _GAMMAS)
        fitting = (gate for gate in gates if all(gate.kernel(channels) == kernel for channels, kernel in slid))
        return next(fitting, EfficientChannelAttention()).model_dump()
    pools = {layer.name: layer.shape[-1] for layer in inside
             if isinstance(layer.op, g.GlobalAveragePooling) and layer.op.keep_axes}  # fmt: skip
    pairs = {(pools[name], layer.op.filters) for layer in inside for name in layer.inputs
             if isinstance(layer.op, g.Convolution) and name in pools}  # fmt: skip
    if not pairs:
        return None
    most, reduced = max(pairs)
    for ratio in (*_RATIOS, reduced / most):
        for divisor in (8, 1, 16, 4):
            gate = SqueezeExcitation(ratio=ratio, divisor=divisor)
            if all(gate.reduced(channels) == given for channels, given in pairs):
                return gate.model_dump()
    return SqueezeExcitation(ratio=reduced / most).model_dump()


# --- networks without shortcuts


def _chains(graph: g.LayerGraph) -> Iterator[list[Residue]]:
    """The convolutions after a stem of one, two or more, in blocks of two or three."""
    places = [
        i for i, each in enumerate(graph.layers) if isinstance(each.op, g.Convolution) and not _gated(graph, each)
    ]
    stems = range(1, min(len(places), MOST_STEM))
    pooled = [count for count in stems if _pooled(graph.layers[places[count - 1] : places[count]])]
    found = False
    for count in dict.fromkeys((*pooled, *stems)):
        for size in (2, 3):
            blocks = [places[i : i + size] for i in range(count, len(places), size)]
            kernels = {tuple(graph.layers[i].op.kernel for i in block) for block in blocks}  # type: ignore[union-attr]
            if len(kernels) == 1 and kernels <= set(_KINDS):
                found = True
                ends = [block[0] - 1 for block in blocks[1:]] + [len(graph)]
                yield [_link(graph, block, end) for block, end in zip(blocks, ends, strict=True)]
    if not found:
        raise Unrecognised("it has no additions, and its convolutions are no blocks of 3x3, 3x3 or 1x1, 3x3, 1x1")


def _gated(graph: g.LayerGraph, layer: g.Layer) -> bool:
    """Whether a convolution is a gate's: it reads a mean over the whole map, or what was made of one."""
    while layer.inputs and not isinstance(layer.op, g.GlobalAveragePooling):
        layer = graph.by_name[layer.inputs[0]]
        if isinstance(layer.op, g.Multiplication | g.Input):
            return False
    return isinstance(layer.op, g.GlobalAveragePooling)


def _pooled(layers: Sequence[g.Layer]) -> bool:
    return any(isinstance(layer.op, g.MaxPooling | g.AveragePooling | g.BlurPooling) for layer in layers)


def _link(graph: g.LayerGraph, block: Sequence[int], end: int) -> Residue:
    layers = [graph.layers[i] for i in block]
    convolutions = tuple(layer.op for layer in layers if isinstance(layer.op, g.Convolution))
    stride = _stride(graph.layers[block[0] : end])
    return Residue(layers[-1].name, convolutions, stride, layers[-1].shape[-1], block[0] - 1, end)
