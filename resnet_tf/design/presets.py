"""Published networks by name, with the paper and what it reached; rows.py has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resnet_tf.design.published import PUBLISHED
from resnet_tf.design.rows import CIFAR, DENSE, GATES, IMAGENET
from resnet_tf.design.spec import ResNetSpec, Spec, SpecError, nearest_word, parse_spec


@dataclass(frozen=True)
class Preset:
    """A published network: its spec, where it comes from, and its published error in percent by benchmark."""

    name: str
    title: str
    group: str  # what it stands under in a list: "ImageNet", "CIFAR", ...
    spec: Spec
    source: str
    published: Mapping[str, float] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.spec.family


PRESETS: dict[str, Preset] = {
    row[0]: Preset(*row, PUBLISHED.get(row[0], {})) for row in (*IMAGENET, *GATES, *DENSE, *CIFAR)
}


def preset(name: str, **changes: Any) -> Spec:
    """The spec of a published network, with fields changed: `preset("resnet50", classes=10)`.

    Raises SpecError for an unknown name (with the nearest one) and for a change that makes no network.
    """
    if name not in PRESETS:
        raise SpecError("preset", "a known name", name, nearest_word(name, list(PRESETS)))
    return edit(PRESETS[name].spec, **changes)


def edit(spec: Spec, **changes: Any) -> Spec:
    """The spec with fields changed, validated anew. Changing the block takes along the expansion it implies."""
    if not changes:
        return spec
    fields = spec.model_dump()
    if "block" in changes and isinstance(spec, ResNetSpec) and changes["block"] != spec.block:
        for implied in ("expansion", "shortcut") if "plain" in (spec.block, changes["block"]) else ("expansion",):
            fields.pop(implied)
    return parse_spec({**fields, **changes})
