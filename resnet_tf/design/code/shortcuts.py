"""The way around a residual block, as generated code: one function for all the ways that a network has."""

from __future__ import annotations

from collections.abc import Callable

from resnet_tf.design import graph as g
from resnet_tf.design.code.lines import expression
from resnet_tf.design.code.places import Place, Places
from resnet_tf.design.code.text import function, named

# a shortcut's layer -> when it is there, where some shortcuts that change the shape lack it
_WHEN: dict[str, Callable[[Places], str]] = {
    "subsample": lambda places: "stride > 1",
    "pool": lambda places: places.changes,
    "pad": lambda places: "x.shape[-1] < filters",
}
_ABOUT = {
    "projection": "x itself where its shape stays; else a projection of it",
    "projection-everywhere": "A projection of x, in every block",
    "average-pool": "x itself where its shape stays; else a projection of it, pooled first where it strides (He 2019)",
    "zero-padding": "x itself where its shape stays; else every stride-th pixel of it, and zeros for the new channels",
}


def needs_start(places: Places) -> bool:
    """Whether some shortcuts begin where the branch does, and others before its norm and activation."""
    spec = places.spec
    shares = spec.preactivated or spec.normalization.kind == "fixup"
    if not shares or spec.shared_preactivation in ("always", "never") or spec.shortcut == "none":
        return False
    return any(place.changed for place in places) or _first_is_shared(places)


def _first_is_shared(places: Places) -> bool:
    return places.spec.shared_preactivation == "first" and not places[0].changed


def has_shortcut(places: Places) -> bool:
    """Whether the ways around the blocks are more than x itself."""
    return places.spec.shortcut != "none" and (any(place.around for place in places) or needs_start(places))


def arguments(places: Places) -> list[str]:
    """What the function is told beside x and its name."""
    return [
        *(["filters"] if any(place.changed for place in places) else []),
        *(["stride"] if places.strided else []),
        *(["dilation"] if _tells_dilation(places) else []),
        *(["before"] if dilates(places) else []),
    ]


def _tells_dilation(places: Places) -> bool:
    spec = places.spec
    pooled = spec.shortcut == "average-pool" or spec.shortcut_kernel > 1
    return pooled and places.dilated and any(place.changed for place in places)


def dilates(places: Places) -> bool:
    """Whether some projection's kernel is dilated, as the stage before is."""
    return any(isinstance(each.op, g.Convolution) and each.op.dilation > 1 for place in places for each in place.around)


def shortcut(places: Places) -> str:
    """The function `shortcut`: x where nothing changes, and the layers of the network's rule where something does."""
    spec = places.spec
    start = needs_start(places)
    head = ["x", *(["start"] if start else []), "name", *arguments(places)]
    about = _ABOUT[spec.shortcut]
    if start:
        about += "; that begins at `start`, where the branch does"
    return function(f"shortcut({', '.join(head)})", f"{about}.", [*_unchanged(places), *_changed(places)])


def _unchanged(places: Places) -> list[str]:
    """The lines that return early, where some blocks keep their input's shape or its channels."""
    same = [place for place in places if not place.changed]
    if not same:
        return []
    pooled = any(place.around for place in same)
    tests = [] if pooled or not places.strided else ["stride == 1"]
    tests += ["x.shape[-1] == filters"] if len(same) < len(places) else []
    lines = []
    x = "x"
    if _first_is_shared(places):
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
    x = "start" if needs_start(places) else "x"
    kinds = {each.name.rpartition(".")[2]: each for place in changed for each in place.around}
    for suffix in ("subsample", "pad", "pool", "conv", "norm"):
        if suffix not in kinds:
            continue
        made = _made(suffix, kinds[suffix], x, places, changed)
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
    symbols = {"stride": "stride", "kernel": "2"} if suffix == "pool" else {}
    return expression(layer.op, name, x, places.graph, symbols)


def _symbols(places: Places, changed: list[Place]) -> dict[str, str]:
    """What varies between projections: filters and stride; the kernel where only those that stride have a wide one."""
    ops = [each.op for place in changed for each in place.around if isinstance(each.op, g.Convolution)]
    symbols = {"filters": "filters", "stride": "stride" if any(op.stride > 1 for op in ops) else "1"}
    if len({op.kernel for op in ops}) > 1:
        symbols["kernel"] = f"3 if {places.changes} else 1"
    if dilates(places):
        symbols["dilation"] = f"before if {places.changes} else 1" if "kernel" in symbols else "before"
    return symbols
