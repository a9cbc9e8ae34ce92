"""A design beside itself with other shortcuts: some or all cut, or, where it has none, one around every block."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from resnet_tf.design.presets import edit
from resnet_tf.design.spec import ResNetSpec, Spec, SpecError
from resnet_tf.design.stages import cut, place_of

ALL = "all"


def has_shortcuts(spec: Spec) -> bool:
    """Whether a residual network has a shortcut that is not cut; what VGGs and DenseNets have is none."""
    return (
        isinstance(spec, ResNetSpec)
        and spec.shortcut != "none"
        and not set(spec.block_names) <= set(spec.cut_shortcuts)
    )


def counterpart(spec: Spec) -> ResNetSpec | None:
    """The design with all its shortcuts cut; of one that has none, with one around every block.

    None where nothing can be compared: of VGGs, of DenseNets, whose growth is their shortcuts, and with Fixup, whose
    branches begin at zero.
    """
    if not isinstance(spec, ResNetSpec) or spec.normalization.kind == "fixup":
        return None
    changes: dict[str, Any]
    if has_shortcuts(spec):
        changes = {"cut_shortcuts": spec.block_names}
    elif spec.shortcut != "none":
        changes = {"cut_shortcuts": ()}
    else:
        changes = {"block": "basic" if spec.block == "plain" else spec.block, "shortcut": "projection"}
    changed = edit(spec, **changes)
    assert isinstance(changed, ResNetSpec)
    return changed


def without(spec: Spec, parts: Iterable[str] = (ALL,)) -> ResNetSpec:
    """The design with the shortcuts of some parts cut: of "all", of stages ("stage2"), of blocks ("stage2.block1").

    Raises SpecError for a part that has none, and for a design that cannot be without.
    """
    if not isinstance(spec, ResNetSpec) or not has_shortcuts(spec):
        raise SpecError("design", "a residual network whose shortcuts are not all cut", spec.family)
    if counterpart(spec) is None:
        raise SpecError("normalization.kind", "another: a branch that begins at zero needs its shortcut", "fixup")
    changed = spec
    for part in parts:
        place = place_of(spec, "network" if part == ALL else part)
        if place.kind not in ("network", "stage", "block"):
            raise SpecError("cut", "'all', stages or blocks", part, ALL)
        changed = cut(changed, place)
    if changed == spec:
        raise SpecError("cut", "at least one shortcut that is not cut already", ", ".join(parts), ALL)
    return changed
