"""The controls of a design: each reads its value off the spec and edits one field; only what applies is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from app import state
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import ResNetSpec, Spec, Stage, Stem, VGGSpec, VGGStage

# value -> how it reads on the page
BLOCKS = {"basic": "basic", "bottleneck": "bottleneck", "plain": "plain"}
SHORTCUTS = {
    "projection": "identity, projection where shapes change (B)",
    "zero-padding": "identity, zero padding where shapes change (A)",
    "projection-everywhere": "projection everywhere (C)",
    "average-pool": "average pool, then projection (ResNet-D)",
    "none": "none",
}
ORDERS = {"post": "after (2015)", "pre": "before (2016)"}
STRIDES = {"3x3": "on the 3×3 (v1.5)", "1x1": "on the first 1×1 (v1)", "last-block": "in the last block (Keras v2)"}
BIASES = {"none": "none", "unnormalized": "where no norm follows", "all": "everywhere"}
ACTIVATIONS = {"relu": "ReLU", "silu": "SiLU", "gelu": "GELU", "leaky_relu": "leaky ReLU"}
POOLS = {"max": "max-pool", "convolution": "strided 3×3", "none": "none"}
STEMS = {
    "7×7": {"kernel": 7, "stride": 2, "widths": (64,)},
    "three 3×3": {"kernel": 3, "stride": 2, "widths": (32, 32, 64)},
    "3×3, no stride": {"kernel": 3, "stride": 1, "widths": (16,)},
}


def controls() -> None:
    """All controls of the design on the desk."""
    st.session_state.pop("refusal.shown", None)
    spec = state.current_spec()
    _preset(spec)
    _FAMILIES[type(spec)](spec)
    _refused(lambda field: True)


def _preset(spec: Spec) -> None:
    link = state.desk().link
    key = _set("preset", link if link in PRESETS else None)
    st.selectbox(
        "Start from",
        list(PRESETS),
        format_func=lambda name: f"{PRESETS[name].title}  ·  {PRESETS[name].group}",
        key=key,
        on_change=_take_preset,
        args=(key,),
        placeholder=state.design_name(),
        help=_source(link),
    )


def _source(link: str) -> str:
    if link not in PRESETS:
        return "A published network to begin with; every edit can be undone."
    row = PRESETS[link]
    errors = "; ".join(f"{error:g} % error on {benchmark}" for benchmark, error in row.published.items())
    return f"{row.source}. Published: {errors or 'no error rate'}."


def _take_preset(key: str) -> None:
    name = st.session_state[key]
    if name:
        state.set_spec(preset(name), PRESETS[name].title)


def _resnet(spec: ResNetSpec) -> None:
    _choice("Block", "block", spec.block, BLOCKS, help="Basic: two 3×3. Bottleneck: 1×1, 3×3, 1×1. Plain: no shortcut.")
    _refused(lambda field: field == "block")
    _stages(spec)
    if spec.block != "plain":
        _select("Shortcut", "shortcut", spec.shortcut, SHORTCUTS)
    _choice(
        "Norm and activation", "order", spec.order, ORDERS, help="After each convolution (He 2015) or before (He 2016)"
    )
    _stem(spec)
    with st.expander("More"):
        _image(spec)
        if spec.block == "bottleneck":
            _number("Bottleneck factor", "bottleneck_factor", spec.bottleneck_factor, step=0.5,
                    help="Channels inside a block over its width: 2 is wide ResNet-50-2")  # fmt: skip
            _number("Groups", "groups", spec.groups, help="Of the 3×3 convolutions: 32 is ResNeXt's")
        _number("Expansion", "expansion", spec.expansion, help="Channels that leave a block over its width")
        strides = {k: v for k, v in STRIDES.items() if spec.block == "bottleneck" or k != "1x1"}
        _select("Stride", "stride_at", spec.stride_at, strides)
        _gate(spec)
        _select("Activation", "activation", spec.activation, ACTIVATIONS)
        _select("Biases", "bias", spec.bias, BIASES)
        _norm(spec)


def _stages(spec: ResNetSpec | VGGSpec) -> None:
    """A row for each stage, and a button to add one and to remove the last."""
    count = "convolutions" if isinstance(spec, VGGSpec) else "blocks"
    columns = [count, "width"] if isinstance(spec, VGGSpec) else [count, "width", "stride"]
    with st.container(key="stages", gap="xsmall"):
        heads = "".join(f"<span>{head}</span>" for head in ["stage", *columns])
        st.html(f'<div class="heads" aria-hidden="true">{heads}</div>')
        for i, stage in enumerate(spec.stages):
            cells = st.columns([0.2, 1, 1, 1], vertical_alignment="center")
            cells[0].caption(f"{i + 1}")
            for cell, field in zip(cells[1:], columns, strict=False):
                key = _set(f"stage{i}.{field}", getattr(stage, field))
                step = max(8, stage.width // 4) if field == "width" else 1
                cell.number_input(
                    f"Stage {i + 1} {field}", step=step, key=key, label_visibility="collapsed",
                    on_change=_edit_stage, args=(i, field, key),
                )  # fmt: skip
        left, right = st.columns(2)
        left.button("Add stage", on_click=_add_stage, icon=":material/add:", width="stretch")
        right.button(
            "Remove last", on_click=_remove_stage, icon=":material/remove:", width="stretch",
            disabled=len(spec.stages) == 1,
        )  # fmt: skip
    _refused(lambda field: field.startswith("stages"))


def _edit_stage(index: int, field: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None:
        stages = [stage.model_dump() for stage in state.current_spec().stages]
        stages[index][field] = value
        state.change(stages=stages)


def _add_stage() -> None:
    spec = state.current_spec()
    last = spec.stages[-1]
    more: Stage | VGGStage = last
    if isinstance(last, Stage):
        more = last.model_copy(update={"width": min(2 * last.width, 65_536), "stride": 2})
    state.change(stages=[stage.model_dump() for stage in (*spec.stages, more)])


def _remove_stage() -> None:
    state.change(stages=[stage.model_dump() for stage in state.current_spec().stages[:-1]])


def _stem(spec: ResNetSpec) -> None:
    stem = spec.stem
    shape = {"kernel": stem.kernel, "stride": stem.stride, "widths": tuple(stem.widths)}
    current = next((name for name, row in STEMS.items() if _like(row, shape)), "other")
    options = {name: name for name in [*STEMS, *(["other"] if current == "other" else [])]}
    key = _set("stem", current)
    st.segmented_control("Stem", list(options), key=key, on_change=_take_stem, args=(key,), width="stretch")
    _select("Stem pool", "stem.pool", stem.pool, POOLS)
    _refused(lambda field: field.startswith("stem"))


def _like(row: dict[str, Any], shape: dict[str, Any]) -> bool:
    """Whether a stem is of a row's kind, whatever its width."""
    return (row["kernel"], row["stride"], len(row["widths"])) == (
        shape["kernel"],
        shape["stride"],
        len(shape["widths"]),
    )


def _take_stem(key: str) -> None:
    row = STEMS.get(st.session_state[key] or "")
    spec = state.current_spec()
    if row and isinstance(spec, ResNetSpec):
        state.change(stem=Stem(**row, pool=spec.stem.pool).model_dump())


def _image(spec: Spec) -> None:
    left, middle, right = st.columns(3)
    for cell, axis, name in ((left, 0, "Height"), (middle, 1, "Width"), (right, 2, "Channels")):
        key = _set(f"input.{axis}", spec.input_shape[axis])
        cell.number_input(name, step=1 if axis == 2 else 32, key=key, on_change=_edit_image, args=(axis, key))
    _number("Classes", "classes", spec.classes)
    _refused(lambda field: field.startswith(("input_shape", "classes")))


def _edit_image(axis: int, key: str) -> None:
    value = st.session_state[key]
    if value is not None:
        shape = list(state.current_spec().input_shape)
        shape[axis] = value
        state.change(input_shape=shape)


def _gate(spec: ResNetSpec) -> None:
    key = _set("attention", spec.attention is not None)
    st.toggle(
        "Squeeze and excitation", key=key, on_change=_toggle_gate, args=(key,), help="A gate per channel (Hu 2018)"
    )
    if spec.attention:
        _number("Reduced share", "attention.ratio", spec.attention.ratio, step=0.0625, format="%.4f")


def _toggle_gate(key: str) -> None:
    state.change(attention={} if st.session_state[key] else None)


def _norm(spec: ResNetSpec) -> None:
    _select("Norm", "normalization.kind", spec.normalization.kind, {"batch": "batch norm", "none": "none"})
    if spec.normalization.kind == "batch":
        left, right = st.columns(2)
        with left:
            _number("Epsilon", "normalization.epsilon", spec.normalization.epsilon, step=1e-6, format="%.3e")
        with right:
            _number("Momentum", "normalization.momentum", spec.normalization.momentum, step=0.01,
                    help="The share of the old average that is kept, as Keras says it")  # fmt: skip


def _vgg(spec: VGGSpec) -> None:
    st.caption("A network without shortcuts or norm, to compare with.")
    _stages(spec)
    _image(spec)
    _number("Dropout", "dropout", spec.dropout, step=0.1)


_FAMILIES: dict[type, Callable[[Any], None]] = {ResNetSpec: _resnet, VGGSpec: _vgg}


# --- one field, one widget


def _set(field: str, value: object) -> str:
    """The key of a widget, which shows this value: what the spec says, whatever was typed before."""
    key = f"edit.{field}"
    st.session_state[key] = value
    return key


def _edit(field: str, key: str) -> None:
    """Takes a widget's value as that of a field; a dot leads into a part of the design."""
    value = st.session_state[key]
    if value is None:
        return
    whole, _, part = field.partition(".")
    if part:
        value = {**getattr(state.current_spec(), whole).model_dump(), part: value}
    state.change(**{whole: value})


def _choice(title: str, field: str, value: str, options: dict[str, str], help: str | None = None) -> None:
    key = _set(field, value)
    st.segmented_control(
        title, list(options), format_func=options.__getitem__, key=key, on_change=_edit, args=(field, key), help=help,
        width="stretch",
    )  # fmt: skip


def _select(title: str, field: str, value: str, options: dict[str, str]) -> None:
    key = _set(field, value)
    st.selectbox(title, list(options), format_func=options.__getitem__, key=key, on_change=_edit, args=(field, key))


def _number(
    title: str, field: str, value: float, *, step: float = 1, format: str | None = None, help: str | None = None
) -> None:
    key = _set(field, value)
    number = type(value)
    st.number_input(
        title, step=number(step), format=format, key=key, on_change=_edit, args=(field, key), help=help,
    )  # fmt: skip


# --- what was refused


def _refused(concerns: Callable[[str], bool]) -> None:
    """The refusal of the last edit, once, beside the controls that it concerns, with the nearest value on a button."""
    refusal = state.desk().refusal
    if refusal is None or not concerns(refusal.error.field) or st.session_state.get("refusal.shown") is refusal:
        return
    st.session_state["refusal.shown"] = refusal
    error = refusal.error
    st.warning(f"{error.field} must be {error.rule}; got {error.value!r}. The design stays as it was.")
    left, right = st.columns(2)
    if error.nearest is not None:
        left.button(f"Use {_brief(error.nearest)}", on_click=_use_nearest, type="primary", width="stretch")
    right.button("Leave it", on_click=state.dismiss, width="stretch")


def _brief(value: object) -> str:
    return " × ".join(map(str, value)) if isinstance(value, tuple) else f"{value}"


def _use_nearest() -> None:
    refusal = state.desk().refusal
    if refusal is None:
        return
    fields = {**state.current_spec().model_dump(mode="json"), **refusal.changes}
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", refusal.error.field)]
    at: Any = fields
    for step in steps[:-1]:
        at = at[step]
    at[steps[-1]] = refusal.error.nearest
    state.change(**{field: fields[field] for field in {*refusal.changes, steps[0]}})
