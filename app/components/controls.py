"""The controls of a design, in the order in which one thinks of them; only what applies to it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import state
from app.components.axes import about, axis_of, brief, choices, price, row
from app.components.fields import choice, heard, is_typed, refused, shown
from app.components.stages import stages
from resnet_tf.design.axes import GROUPS, Axis
from resnet_tf.design.offers import axes, offers
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import DenseNetSpec, ResNetSpec, Spec, Stem, VGGSpec

STEMS = {
    "7×7": Stem(),
    "Three 3×3": Stem(kernel=3, widths=(32, 32, 64)),
    "One 3×3": Stem(kernel=3, stride=1, widths=(16,), pool="none"),
    "Patch": Stem(kernel=4, stride=4, pool="none", patch=True),
}
OTHER_STEM = "Other"
STEM_HELP = (
    "7×7: stride 2 and a pool, for photographs. Three 3×3: ResNet-C. One 3×3: no stride, for small images. "
    "Patch: tiles of 4×4."
)
POOLS = {
    "max": "convolution",
    "convolution": "max",
}  # the two of the switch, each the other's; the stem's group has all
_IMAGE = ("input_shape.0", "input_shape.1", "classes")
# a family's axes that always stand open; its other ones are in groups
OPEN = {
    "resnet": ("block", "stages.blocks", "stages.width", "stages.stride", "shortcut", "order", *_IMAGE),
    "vgg": ("stages.convolutions", "stages.width", "hidden", "dropout", *_IMAGE),
    "densenet": ("stages.blocks", "growth", "bottleneck", "compression", *_IMAGE),
}


def controls() -> None:
    """Draws all controls of the design on the desk."""
    spec = state.current_spec()
    with st.container(key="controls", gap="xsmall"):
        _start()
        _FAMILIES[type(spec)](spec)
        _groups(spec)
        heard()


def _start() -> None:
    link = state.desk().link
    groups = list(dict.fromkeys(row.group for row in PRESETS.values()))
    names = sorted(PRESETS, key=lambda name: groups.index(PRESETS[name].group))
    key = shown("preset", link if link in PRESETS else None)
    # with no index: a browser sends nothing for a box that is empty, which would be read as the first network
    st.selectbox(
        "Start from", names, index=None, key=key,
        format_func=lambda name: f"{PRESETS[name].title} · {PRESETS[name].group}", on_change=_take_preset, args=(key,),
        placeholder=state.design_name(), help=_source(link),
    )  # fmt: skip


def _source(link: str) -> str:
    if link not in PRESETS:
        return "A published network to begin with. Every edit can be undone."
    row = PRESETS[link]
    errors = "; ".join(f"{error:g} % error on {benchmark}" for benchmark, error in row.published.items())
    return f"{row.source}. Published: {errors or 'no error rate'}."


def _take_preset(key: str) -> None:
    name = st.session_state[key]
    if name and is_typed(key):
        state.set_spec(preset(name), PRESETS[name].title)


# --- what always stands open


def _resnet(spec: ResNetSpec) -> None:
    brief(spec, "block")
    refused("block")
    stages(spec)
    if spec.block != "plain":
        brief(spec, "shortcut")
        refused("shortcut")
    brief(spec, "order")
    refused("order")
    _stem(spec)
    _image(spec)


def _densenet(spec: DenseNetSpec) -> None:
    stages(spec)
    _beside(spec, "growth", "bottleneck", *(["compression"] if len(spec.stages) > 1 else []))
    _stem(spec)
    _image(spec)


def _vgg(spec: VGGSpec) -> None:
    st.caption("Convolutions and pools only, to compare with.")
    stages(spec)
    _image(spec)
    _beside(spec, "hidden", "dropout")


_FAMILIES: dict[type, Callable[[Any], None]] = {ResNetSpec: _resnet, VGGSpec: _vgg, DenseNetSpec: _densenet}


def _beside(spec: Spec, *fields: str) -> None:
    """Axes next to each other, and what was wrong with the last edit of one."""
    with st.container(key=f"beside.{fields[0]}".replace(".", "_")):
        for cell, field in zip(st.columns(len(fields), gap="xsmall"), fields, strict=True):
            with cell:
                brief(spec, field)
    _refused_above(spec, *map(_whole, fields))


def _image(spec: Spec) -> None:
    headed = isinstance(spec, VGGSpec) or spec.head.pool != "none"
    _beside(spec, "input_shape.0", "input_shape.1", *(["classes"] if headed else []))


def _stem(spec: ResNetSpec | DenseNetSpec) -> None:
    """The stem's kind, and the switch of which the paper says that it hardly matters, with what it costs."""
    current = next((name for name, stem in STEMS.items() if _alike(stem, spec.stem)), OTHER_STEM)
    names = [*STEMS, *([OTHER_STEM] if current == OTHER_STEM else [])]
    key = shown("stem", current)
    if st.session_state[key] not in names:
        st.session_state[key] = current
    st.segmented_control(
        "Stem", names, key=key, on_change=_take_stem, args=(key,), width="stretch", required=True, help=STEM_HELP
    )
    axis = axis_of(spec, "stem.pool")
    others = offers(spec, axis)
    now, costs = spec.stem.pool, {other.value: f"{other.words}: {price(spec, other)}" for other in others}
    near = {value: said for value, said in choices(spec, axis, others).items() if value in (*POOLS, now)}
    choice("Stem pool", axis.field, now, near, name="pool", help=about(spec, axis, others))
    st.caption(costs[POOLS.get(now, "convolution")])
    _refused_above(spec, "stem")


def _alike(a: Stem, b: Stem) -> bool:
    """Whether two stems are of one kind, whatever their widths and pools."""
    return (a.kernel, a.stride, a.patch, len(a.widths)) == (b.kernel, b.stride, b.patch, len(b.widths))


def _take_stem(key: str) -> None:
    """Takes a kind of stem; whether it whitens stays, and where both have a pool, the pool."""
    if st.session_state[key] not in STEMS or not is_typed(key):
        return
    stem, now = STEMS[st.session_state[key]].model_dump(mode="json"), state.draft()["stem"]
    kept = ("whitening", *(["pool"] if "none" not in (now["pool"], stem["pool"]) else []))
    state.change(stem={**stem, **{field: now[field] for field in kept}})


# --- what can be opened


def _groups(spec: Spec) -> None:
    """The other axes by group. Only the opened group is built: all of them would slow every edit."""
    members = {group: found for group in GROUPS if (found := _members(spec, group))}
    if st.session_state.get("group") not in members:
        st.session_state["group"] = None
    with st.container(key="more", gap="xsmall"):
        opened = st.pills("More", list(members), key="group")
        inside = {_whole(axis.field) for found in members.values() for axis in found}
        above = {_whole(field) for field in (*OPEN[spec.family], "stem")}
        refused(*(inside - above), *(_whole(axis.field) for axis in members.get(opened, [])))
        for axis in members.get(opened, []):
            row(spec, axis)


def _members(spec: Spec, group: str) -> list[Axis]:
    """The axes of a group that apply and do not stand open anyway."""
    return [axis for axis in axes(spec) if axis.group == group and axis.field not in OPEN[spec.family]]


def _refused_above(spec: Spec, *fields: str) -> None:
    """What was wrong with the last edit of one of these, unless the opened group has it too and says so."""
    below = {_whole(axis.field) for axis in _members(spec, st.session_state.get("group") or "")}
    refused(*(field for field in fields if field not in below))


def _whole(field: str) -> str:
    """The field of the design that an axis is, or is a part of."""
    return field.partition(".")[0]
