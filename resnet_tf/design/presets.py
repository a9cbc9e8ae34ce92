"""Published networks by name, with the paper and what it reached; rows.py has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resnet_tf.design.part import Part
from resnet_tf.design.published import PUBLISHED
from resnet_tf.design.rows import CIFAR, DENSE, GATES, IMAGENET, PAPERS
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
    in_timm: bool = False  # whether timm has a network of this name

    @property
    def family(self) -> str:
        return self.spec.family


PRESETS: dict[str, Preset] = {
    row[0]: Preset(*row, PUBLISHED.get(row[0], {}), in_timm)
    for rows, in_timm in (((*IMAGENET, *GATES, *DENSE), True), ((*PAPERS, *CIFAR), False))
    for row in rows
}

# keras.applications' own names, which differ from torchvision's and timm's by their capitals alone
ALIASES = {row.title.removesuffix(" (Keras)"): row.name for row in PRESETS.values() if row.name.startswith("keras_")}


def preset(name: str, **changes: Any) -> Spec:
    """The spec of a published network, with fields changed: `preset("resnet50", classes=10)`.

    A name is that of torchvision or timm ("resnet50"), or of keras.applications ("ResNet50V2"). Raises SpecError for an
    unknown one (with the nearest) and for a change that makes no network.
    """
    name = ALIASES.get(name, name)
    if name not in PRESETS:
        raise SpecError("preset", "a known name", name, nearest_word(name, list(PRESETS)))
    return edit(PRESETS[name].spec, **changes)


def preset_of(spec: Spec) -> Preset | None:
    """The preset that a design is, whatever its images and classes; None where it is none."""
    anywhere = {"input_shape": spec.input_shape, "classes": spec.classes}
    same_family = (row for row in PRESETS.values() if row.family == spec.family)
    return next((row for row in same_family if row.spec.model_copy(update=anywhere) == spec), None)


# what another field's edit can leave only one value: it takes it by itself, since a page hides each where it has none
FOLLOWERS = frozenset({
    "antialias", "branch_scale", "cut_shortcuts", "groups", "head.dropout", "head.hidden", "layer_scale",
    "normalization.groups", "output_stride", "shared_preactivation", "shortcut_gate", "shortcut_kernel",
    "shortcut_scale", "stem.kernel", "stem.stride", "stem.whitening", "stem.widths", "stochastic_depth", "stride_at",
    "zero_init_residual",
})  # fmt: skip


def edit(spec: Spec, **changes: Any) -> Spec:
    """The spec with fields changed, validated anew, and what the changes imply.

    Another block takes along the expansion and the shortcut that it implies; a follower that was not edited itself and
    no longer fits takes the nearest legal value. A part given as an object, not as JSON, is taken as it is.
    """
    if not changes:
        return spec
    fields = spec.model_dump()
    if "block" in changes and isinstance(spec, ResNetSpec) and changes["block"] != spec.block:
        for implied in ("expansion", "shortcut") if "plain" in (spec.block, changes["block"]) else ("expansion",):
            fields.pop(implied)
    fields |= changes
    for _ in FOLLOWERS:
        try:
            return parse_spec(fields)
        except SpecError as error:
            if not _follows(spec, error, changes):
                raise
            whole, _, part = error.field.partition(".")
            fields[whole] = {**fields[whole], part: error.nearest} if part else error.nearest
    return parse_spec(fields)


def _follows(spec: Spec, error: SpecError, changes: Mapping[str, Any]) -> bool:
    """Whether what is wrong is a follower that was not edited itself."""
    whole, _, part = error.field.partition(".")
    if error.field not in FOLLOWERS:
        return False
    if not part:
        return whole not in changes
    return not isinstance(changes.get(whole), Part) and error.value == getattr(getattr(spec, whole), part)
