"""The way around a residual block, as generated code: one function for all the ways that a network has."""

from __future__ import annotations

from collections.abc import Callable

from resnet_tf.design import graph as g
from resnet_tf.design.code.lines import expression
from resnet_tf.design.code.places import Place, Places
from resnet_tf.design.code.text import function, named, used

# a shortcut's layer -> when it is there, where some shortcuts that change the shape lack it
_WHEN: dict[str, Callable[[Places], str]] = {
    "subsample": lambda places: "stride > 1",
    "pool": lambda places: places.changes,
    "pad": lambda places: "x.shape[-1] < filters",
}
# a network's rule -> what its function gives where the shape changes
_ABOUT = {
    "projection": "a projection of {x}",
    "projection-everywhere": "a projection of {x}",
    "average-pool": "a projection of {x}, pooled first where it strides (He 2019)",
    "zero-padding": "every stride-th pixel of {x}",
}


def read(places: Places) -> tuple[str, ...]:
    """What shortcuts begin from: a block's input x, the y that its branch's first convolution reads, or either."""
    spec = places.spec
    shares = spec.preactivated or spec.normalization.kind == "fixup"
    if spec.shortcut == "none" or not shares or spec.shared_preactivation == "never" or not places.added:
        return ("x",)
    late = [
        place.changed
        or spec.shared_preactivation == "always"
        or (spec.shared_preactivation == "first" and place is places[0])
        for place in places.added
    ]
    return tuple(x for x, is_read in (("x", not all(late)), ("y", any(late))) if is_read)


def has_shortcut(places: Places) -> bool:
    """Whether the ways around the blocks are more than x, or y, as it is."""
    return any(place.around for place in places) or len(read(places)) > 1


def arguments(places: Places) -> list[str]:
    """What the function is told beside what it reads and its name: all that its lines speak of."""
    return used(_lines(places), ("filters", "stride", "dilation", "entry"))


def shortcut(places: Places) -> str:
    """The function `shortcut`: x where nothing changes, and the layers of the network's rule where something does."""
    start = ["start"] if len(read(places)) > 1 else []
    head = ", ".join(["x", *start, "name", *arguments(places)])
    return function(f"shortcut({head})", f"{_about(places)}.", _lines(places))


def _about(places: Places) -> str:
    changed = sum(place.changed for place in places.added)
    new = _ABOUT[places.spec.shortcut].format(x="what the branch starts from" if len(read(places)) > 1 else "x")
    if any(isinstance(each.op, g.PadChannels) for place in places for each in place.around):
        new += ", and zeros for the channels that are new"
    if changed == len(places.added):
        return new.capitalize()
    kept = "channels stay" if places.spec.stride_at == "last-block" else "shape stays"
    return f"x where its {kept}, else {new}" if changed else "x, or every stride-th pixel of it"


def _lines(places: Places) -> list[str]:
    return [*_unchanged(places), *_changed(places)]


def _unchanged(places: Places) -> list[str]:
    """The lines that return early, where some blocks keep their input's shape or its channels."""
    same = [place for place in places.added if not place.changed]
    if not same:
        return []
    pooled = any(place.around for place in same)
    tests = [] if pooled or not places.strided else ["stride == 1"]
    tests += ["x.shape[-1] == filters"] if len(same) < len(places.added) else []
    lines = []
    x = "x"
    if len(read(places)) > 1 and places.spec.shared_preactivation == "first" and places[0] in same:
        x = 'start if name == "stage1.block1.shortcut" else x'
    if pooled:
        lines += [f"x = {x}"] if x != "x" else []
        x = 'x if stride == 1 else layers.MaxPooling2D(1, stride, name=f"{name}.subsample")(x)'
    lines.append(f"return {x}")
    if not any(place.changed for place in places):
        return lines
    return [f"if {' and '.join(tests)}:", *(f"    {line}" for line in lines)]


def _changed(places: Places) -> list[str]:
    """The layers of a shortcut that changes the shape; those that some such shortcuts lack under a condition."""
    changed = [place for place in places if place.changed]
    lines: list[str] = []
    x = "start" if len(read(places)) > 1 else "x"
    kinds = {each.name.rpartition(".")[2]: each for place in changed for each in place.around}
    for suffix in ("subsample", "pad", "pool", "conv", "norm"):
        if suffix not in kinds:
            continue
        made = _made(suffix, kinds[suffix], x, places, changed)
        if suffix == "conv" and "kernel" in _symbols(places, changed):
            lines.append(f"kernel = 3 if {places.changes} else 1")
        if all(any(each.name.endswith(f".{suffix}") for each in place.around) for place in changed):
            lines.append(f"x = {made}")
        else:
            if x == "start":
                lines.append("x = start")
                made = _made(suffix, kinds[suffix], "x", places, changed)
            lines += [f"if {_WHEN[suffix](places)}:", f"    x = {made}"]
        x = "x"
    if lines and lines[-1].startswith("x = "):
        lines[-1] = lines[-1].replace("x = ", "return ", 1)
    elif lines:
        lines.append("return x")
    return lines


def _made(suffix: str, layer: g.Layer, x: str, places: Places, changed: list[Place]) -> str:
    name = named("name", suffix)
    if suffix == "pad":
        return f"pad_channels({x}, {name}, filters)"
    if suffix == "conv":
        return expression(layer.op, name, x, places.graph, _symbols(places, changed))
    symbols = {"stride": "stride" if places.strided else "1", "kernel": "2"} if suffix == "pool" else {}
    return expression(layer.op, name, x, places.graph, symbols)


def _dilates(places: Places) -> bool:
    """Whether some projection's kernel is dilated, as the branch's beside it is."""
    return any(isinstance(each.op, g.Convolution) and each.op.dilation > 1 for place in places for each in place.around)


def _symbols(places: Places, changed: list[Place]) -> dict[str, str]:
    """What varies between projections: filters and stride; the kernel where only those that stride have a wide one."""
    ops = [each.op for place in changed for each in place.around if isinstance(each.op, g.Convolution)]
    symbols = {"filters": "filters", "stride": "stride" if any(op.stride > 1 for op in ops) else "1"}
    if len({op.kernel for op in ops}) > 1:
        symbols["kernel"] = "kernel"
    if _dilates(places):
        symbols["dilation"] = "entry if kernel > 1 else 1" if "kernel" in symbols else "entry"
    return symbols
