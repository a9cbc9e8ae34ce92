"""A design beside itself with other shortcuts: all of them cut, or, where it has none, one around every block."""

from __future__ import annotations

from typing import Any

from resnet_tf.design.presets import edit
from resnet_tf.design.spec import ResNetSpec, Spec


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
