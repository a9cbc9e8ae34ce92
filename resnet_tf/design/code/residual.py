"""A residual network as code: a function for its block, and a loop over a table of its stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from resnet_tf.design import graph as g
from resnet_tf.design.code.gates import carried, exclusive, is_gated, opened, shortcut_gate
from resnet_tf.design.code.lines import expression
from resnet_tf.design.code.places import Places
from resnet_tf.design.code.shortcuts import arguments, has_shortcut, read, shortcut
from resnet_tf.design.code.text import call, function, named, table, times, used

_BLOCKS = {
    "basic": "Two 3x3 convolutions",
    "bottleneck": "A 1x1 convolution to fewer channels, a 3x3, a 1x1 to more",
    "plain": "Two 3x3 convolutions and no way around them",
}
_ORDERS = {
    "post": "",
    "norm-after-addition": "; the norm follows the addition",
    "activation-before-addition": "; the branch is activated before the addition",
    "activation-only-pre": "; activations come before convolutions, norms after them",
    "pre": "; norms and activations come before convolutions",
}
_UNCUT = "name not in CUT"
# a layer of a block -> when it is there, where some blocks lack it
_WHEN = {"antialias": "stride > 1", "scale": _UNCUT, "rescale": _UNCUT, "drop": "drop", "add": _UNCUT}


def residual(places: Places) -> tuple[list[str], list[str], list[str]]:
    """Constants, functions, and the lines of the network between its stem and its head."""
    functions = [shortcut_gate(places.spec)] if is_gated(places) else []
    functions += [shortcut(places)] if has_shortcut(places) else []
    return _constants(places), [*functions, _block(places)], _stages(places)


def _constants(places: Places) -> list[str]:
    spec, columns = places.spec, _columns(places)
    rows = [
        tuple({"blocks": place.stage.blocks, "width": place.stage.width, "stride": place.dilation.stride,
               "dilation": place.dilation.rest}[column] for column in columns)
        for place in places if place.name.endswith(".block1")
    ]  # fmt: skip
    strided = "of each last block" if spec.stride_at == "last-block" else "of each first block"
    words = [f"stride {strided}" if column == "stride" else column for column in columns]
    lines = [table("STAGES", rows, ", ".join(words))]
    if spec.normalization.kind == "fixup":
        power = -0.25 if spec.block == "bottleneck" else -0.5
        lines.append("# what a branch's first weights are multiplied by (Fixup, Zhang 2019)")
        lines.append(f"GAIN = sum(blocks for blocks, *_ in STAGES) ** {power}")
    if any("CUT" in line for line in _lines(places)):
        names = [f'"{place.name}"' for place in places if place.cut]
        lines.append(f"# blocks without a shortcut\n{call('CUT = {', names, '}', depth=0)}")
    return lines


def _columns(places: Places) -> list[str]:
    told = _told(places)
    dilated = {"entry", "dilation"} & set(told)
    return ["blocks", "width", *(["stride"] if "stride" in told else []), *(["dilation"] if dilated else [])]


def _told(places: Places) -> list[str]:
    """What `block` is told beside its input, name and width: all that its lines speak of."""
    return used(_lines(places), ("stride", "entry", "dilation", "drop"))


def _dilation(places: Places, suffix: str) -> str:
    """The text of a convolution's dilation: 1, its stage's, or in a stage's first block that of the stage before."""
    ops = [each.op for place in places for each in place.branch if each.name == f"{place.name}.{suffix}"]
    if not any(isinstance(op, g.Convolution) and op.dilation > 1 for op in ops):
        return "1"
    return "entry" if suffix == "conv1" or places.spec.block == "bottleneck" else "dilation"


def _block(places: Places) -> str:
    """The function `block`."""
    head = ", ".join(["x", "name", "width", *_told(places)])
    return function(f"block({head})", f"{_BLOCKS[places.spec.block]}{_ORDERS[places.spec.order]}.", _lines(places))


def _lines(places: Places) -> list[str]:
    """The branch, a line a layer, and what it is added to."""
    spec = places.spec
    inner = times("width", spec.bottleneck_factor, {stage.width for stage in spec.stages})
    lines = [f"inner = {inner}"] if inner != "width" else []
    lines += _branch(places, "inner" if lines else "width")
    for each in _merged(place.join for place in places):
        name = named("name", _suffix(each))
        made = f"layers.Add(name={name})([y, x])" if isinstance(each.op, g.Addition) else ""
        made = made or expression(each.op, name, "y", places.graph)
        lines += _where_it_is(places, each, f"y = {made}")
    lines = _joined(lines)
    if lines[-1].startswith("y = "):
        return [*lines[:-1], lines[-1].replace("y = ", "return ", 1)]
    return [*lines, "return y"]


def _where_it_is(places: Places, layer: g.Layer, line: str) -> list[str]:
    """The line of a layer, under a condition where some blocks lack it."""
    suffix = _suffix(layer)
    lacking = [place for place in places if not any(_suffix(own) == suffix for own in (*place.branch, *place.join))]
    if not lacking:
        return [line]
    also = f" and {_UNCUT}" if suffix == "drop" and any(place.cut for place in places) else ""
    return [f"if {_WHEN[suffix]}{also}:", f"    {line}"]


def _joined(lines: list[str]) -> list[str]:
    """The lines with one condition for neighbours that have the same."""
    found: list[str] = []
    for line in lines:
        earlier = next((each for each in reversed(found) if not each.startswith(" ")), "")
        if not (line.startswith("if ") and line == earlier):
            found.append(line)
    return found


def _branch(places: Places, inner: str) -> list[str]:
    """The lines of the branch. The shortcut begins where the branch's first convolution does, or after all of it."""
    lines, y = [], "x"
    early = "y" in read(places)
    for each in _merged(place.branch for place in places):
        suffix = _suffix(each)
        if suffix == "conv1" and early:
            lines += _around(places)
        made = expression(each.op, named("name", suffix), y, places.graph, _symbols(places, each, inner))
        lines += _where_it_is(places, each, f"y = {made}")
        y = "y"
    return [*lines, *([] if early else _around(places)), *_uncut(places, exclusive(places))]


def _around(places: Places) -> list[str]:
    """The lines that make of x what is added to the branch."""
    filters = times("width", places.spec.expansion, ())
    lines = opened(places, filters)
    if has_shortcut(places):
        told = [filters if each == "filters" else each for each in arguments(places)]
        told = [*read(places), named("name", "shortcut"), *told]
        depth = 1 if len(places.added) == len(places) else 2
        lines += call("x = shortcut(", told, depth=depth).splitlines()
    elif read(places) == ("y",):
        lines.append("x = y")
    return _uncut(places, [*lines, *carried(places)])


def _uncut(places: Places, lines: list[str]) -> list[str]:
    """Lines under the condition that a block's shortcut is not cut, where some are."""
    if len(places.added) == len(places) or not lines:
        return lines
    return [f"if {_UNCUT}:", *(f"    {line}" for line in lines)]


def _symbols(places: Places, layer: g.Layer, inner: str) -> dict[str, str]:
    """The texts of what varies between blocks in one of their layers."""
    spec, suffix = places.spec, _suffix(layer)
    if suffix == "antialias":
        return {"stride": "stride", "kernel": "stride"}
    if isinstance(layer.op, g.BatchNormalization | g.GroupNormalization):
        return _first_scale(places, suffix)
    if not isinstance(layer.op, g.Convolution):
        return {}
    first = inner if spec.reduce_first == 1 else f"{inner} // {spec.reduce_first}"
    last = suffix == ("conv3" if spec.block == "bottleneck" else "conv2")
    ops = [each.op for place in places for each in place.branch if _suffix(each) == suffix]
    symbols = {
        "filters": times("width", spec.expansion, ()) if last else first if suffix == "conv1" else inner,
        "stride": "stride" if any(isinstance(op, g.Convolution) and op.stride > 1 for op in ops) else "1",
        "dilation": _dilation(places, suffix),
    }
    return symbols | ({"gain": "0" if last else "GAIN"} if spec.normalization.kind == "fixup" else {})


def _first_scale(places: Places, suffix: str) -> dict[str, str]:
    """The text of the scale with which a norm begins, where it differs between blocks: a cut one's is no zero."""
    ops = [each.op for place in places for each in place.branch if _suffix(each) == suffix]
    if len({getattr(op, "starts_at_zero", False) for op in ops}) == 1:
        return {}
    return {"scale": '"ones" if name in CUT else "zeros"'}


def _suffix(layer: g.Layer) -> str:
    """A layer's name within its block."""
    return layer.name.split(".", 2)[2]


def _merged(blocks: Iterable[Sequence[g.Layer]]) -> list[g.Layer]:
    """The layers of all blocks in order, one of each name: each comes after the one that it follows in some block."""
    found: list[g.Layer] = []
    for block in {tuple(map(_suffix, layers)): layers for layers in blocks}.values():
        at = 0
        for layer in block:
            names = [_suffix(each) for each in found]
            if _suffix(layer) in names:
                at = names.index(_suffix(layer)) + 1
            else:
                found.insert(at, layer)
                at += 1
    return found


def _stages(places: Places) -> list[str]:
    """The loop over the table of stages."""
    spec, told = places.spec, _told(places)
    one = "b == blocks" if spec.stride_at == "last-block" else "b == 1"
    texts = {"stride": f"stride if {one} else 1", "entry": "before if b == 1 else dilation"}
    arguments = ["x", 'f"stage{s}.block{b}"', "width", *(texts.get(each, each) for each in told)]
    lines = ["before = 1  # the dilation of the stage before"] if "entry" in told else []
    if "drop" in told:
        lines.append("done, total = 0, sum(blocks for blocks, *_ in STAGES)")
    lines += [f"for s, ({', '.join(_columns(places))}) in enumerate(STAGES, 1):", "    for b in range(1, blocks + 1):"]
    if "drop" in told:
        rate = f"drop = {spec.stochastic_depth!r} * (done + b - 1) / (total - 1)"
        lines.append(f"        {rate}  # from 0 in the first block (Huang 2016)")
    lines += [f"        {line}" for line in call("x = block(", arguments, depth=3).splitlines()]
    lines += ["    done += blocks"] if "drop" in told else []
    return lines + (["    before = dilation"] if "entry" in told else [])
