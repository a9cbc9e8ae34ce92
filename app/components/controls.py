"""The controls of a design, in the order in which one thinks of them; only what applies to it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import state
from app.components.fields import FARTHEST, choice, number, numbers, refused, select, shown
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import ResNetSpec, Spec, Stage, Stem, VGGSpec, VGGStage

# value -> how it reads on the page
BLOCKS = {"basic": "Basic", "bottleneck": "Bottleneck", "plain": "Plain"}
SHORTCUTS = {
    "projection": "Project where shapes change (B)",
    "zero-padding": "Pad with zeros where they change (A)",
    "projection-everywhere": "Project everywhere (C)",
    "average-pool": "Average-pool, then project (D)",
    "none": "None",
}
ORDERS = {"post": "After (2015)", "pre": "Before (2016)"}
STRIDES = {"3x3": "On the 3×3 (v1.5)", "1x1": "On the first 1×1 (v1)", "last-block": "In the last block (Keras v2)"}
BIASES = {"none": "None", "unnormalized": "Where no norm follows", "all": "Everywhere"}
ACTIVATIONS = {"relu": "ReLU", "silu": "SiLU", "gelu": "GELU", "leaky_relu": "Leaky ReLU"}
POOLS = {"max": "Max-pool", "convolution": "Strided 3×3", "none": "None"}
NORMS = {"batch": "Batch norm", "none": "None"}
STEMS = {
    "7×7": Stem(),
    "Three 3×3": Stem(kernel=3, widths=(32, 32, 64)),
    "One 3×3": Stem(kernel=3, stride=1, widths=(16,), pool="none"),
}
OTHER_STEM = "Other"
STEM_HELP = "7×7: stride 2 and a pool, for photographs. Three 3×3: ResNet-C. One 3×3: no stride, for small images."
BLOCK_HELP = "Basic: two 3×3. Bottleneck: 1×1, 3×3, 1×1. Plain: two 3×3 without a shortcut."
ORDER_HELP = "Norm and activation after each convolution (He 2015), or before it (He 2016)."


def controls() -> None:
    """Draws all controls of the design on the desk."""
    spec = state.current_spec()
    with st.container(key="controls", gap="xsmall"):
        _start()
        _FAMILIES[type(spec)](spec)


def _start() -> None:
    link = state.desk().link
    key = shown("preset", link if link in PRESETS else None)
    st.selectbox(
        "Start from", list(PRESETS), format_func=lambda name: f"{PRESETS[name].title} · {PRESETS[name].group}", key=key,
        on_change=_take_preset, args=(key,), placeholder=state.design_name(), help=_source(link),
    )  # fmt: skip


def _source(link: str) -> str:
    if link not in PRESETS:
        return "A published network to begin with. Every edit can be undone."
    row = PRESETS[link]
    errors = "; ".join(f"{error:g} % error on {benchmark}" for benchmark, error in row.published.items())
    return f"{row.source}. Published: {errors or 'no error rate'}."


def _take_preset(key: str) -> None:
    name = st.session_state[key]
    if name:
        state.set_spec(preset(name), PRESETS[name].title)


def _resnet(spec: ResNetSpec) -> None:
    choice("Block", "block", spec.block, BLOCKS, help=BLOCK_HELP)
    refused("block")
    _stages(spec)
    if spec.block != "plain":
        select("Shortcut", "shortcut", spec.shortcut, SHORTCUTS)
        refused("shortcut")
    choice("Norm and activation", "order", spec.order, ORDERS, help=ORDER_HELP)
    refused("order")
    _stem(spec)
    _image(spec)
    with st.expander("More", key="more", on_change="rerun") as more:
        if more.open:  # closed, it would make the first page slower by a third
            _more(spec)
    refused("bottleneck_factor", "groups", "expansion", "stride_at", "attention", "activation", "bias", "normalization")


def _more(spec: ResNetSpec) -> None:
    bottleneck = spec.block == "bottleneck"
    if bottleneck:
        number("Bottleneck factor", "bottleneck_factor", spec.bottleneck_factor, step=0.5,
               help="Channels inside a block over its width: 2 is wide ResNet-50-2")  # fmt: skip
        number("Groups", "groups", spec.groups, help="Of the 3×3 convolutions: 32 is ResNeXt's")
    number("Expansion", "expansion", spec.expansion, help="Channels that leave a block over its width")
    select("Stride", "stride_at", spec.stride_at, {k: v for k, v in STRIDES.items() if bottleneck or k != "1x1"})
    numbers("Stem widths", "stem.widths", spec.stem.widths, help="One convolution for each")
    number("Stem kernel", "stem.kernel", spec.stem.kernel, step=2)
    number("Stem stride", "stem.stride", spec.stem.stride)
    select("Stem pool", "stem.pool", spec.stem.pool, POOLS)
    number("Image channels", "input_shape.2", spec.input_shape[2])
    _gate(spec)
    select("Activation", "activation", spec.activation, ACTIVATIONS)
    select("Biases", "bias", spec.bias, BIASES)
    select("Norm", "normalization.kind", spec.normalization.kind, NORMS)
    if spec.normalization.kind == "batch":
        number("Epsilon", "normalization.epsilon", spec.normalization.epsilon, step=1e-6, format="%.3e")
        number("Momentum", "normalization.momentum", spec.normalization.momentum, step=0.01,
               help="The share of the old average that is kept, as Keras says it")  # fmt: skip


def _vgg(spec: VGGSpec) -> None:
    st.caption("Convolutions and pools only, to compare with.")
    _stages(spec)
    _image(spec)
    numbers("Dense layers", "hidden", spec.hidden, help="Units of each, before the last")
    number("Dropout", "dropout", spec.dropout, step=0.1)
    refused("hidden", "dropout")


_FAMILIES: dict[type, Callable[[Any], None]] = {ResNetSpec: _resnet, VGGSpec: _vgg}


# --- stages


def _stages(spec: Spec) -> None:
    """A row of numbers for each stage, and what one can do to all of them."""
    columns = ["convolutions", "width"] if isinstance(spec, VGGSpec) else ["blocks", "width", "stride"]
    widths = [1.35, 1, 0.75][: len(columns)]
    with st.container(key="stages", gap="xxsmall"):
        heads = "".join(f"<span>{head.capitalize()}</span>" for head in columns)
        st.html(f'<div class="heads" aria-hidden="true"><span></span>{heads}</div>')
        for i, stage in enumerate(spec.stages):
            cells = st.columns([0.18, *widths], vertical_alignment="center", gap="xxsmall")
            cells[0].caption(f"{i + 1}")
            for cell, field in zip(cells[1:], columns, strict=True):
                key = shown(f"stage{i}.{field}", getattr(stage, field))
                cell.number_input(
                    f"Stage {i + 1} {field}", -FARTHEST, FARTHEST, step=8 if field == "width" else 1, key=key,
                    label_visibility="collapsed", on_change=_edit_stage, args=(i, field, key),
                )  # fmt: skip
        _all_stages(len(spec.stages))
    refused("stages")


def _all_stages(count: int) -> None:
    actions: list[tuple[str, str, Callable[[], None], bool]] = [
        ("+ stage", "Adds a stage: half the size, twice the width", _add_stage, True),
        ("− stage", "Removes the last stage", _remove_stage, count > 1),
        ("÷ 2", "Halves all widths", _halve, True),
        ("× 2", "Doubles all widths", _double, True),
    ]
    with st.container(key="all_stages", horizontal=True, gap="xxsmall"):
        for title, help, act, possible in actions:
            st.button(title, key=f"stages.{title}", on_click=act, disabled=not possible, help=help, width="stretch")


def _edit_stage(index: int, field: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None:
        stages = state.draft()["stages"]
        stages[index][field] = value
        state.change(stages=stages)


def _add_stage() -> None:
    stages = state.draft()["stages"]
    following: dict[type, Callable[[Any], dict[str, Any]]] = {
        Stage: lambda last: {**last, "width": 2 * last["width"], "stride": 2},
        VGGStage: lambda last: last,
    }
    kind = type(state.current_spec().stages[-1])
    state.change(stages=[*stages, following[kind](stages[-1])])


def _remove_stage() -> None:
    state.change(stages=state.draft()["stages"][:-1])


def _halve() -> None:
    _scale(lambda width: max(width // 2, 1))


def _double() -> None:
    _scale(lambda width: 2 * width)


def _scale(scaled: Callable[[int], int]) -> None:
    """All widths, the stem's too, as other widths."""
    fields = state.draft()
    changes: dict[str, Any] = {
        "stages": [{**stage, "width": scaled(stage["width"])} for stage in fields["stages"]],
    }
    if "stem" in fields:
        changes["stem"] = {**fields["stem"], "widths": [scaled(width) for width in fields["stem"]["widths"]]}
    state.change(**changes)


# --- stem and image


def _stem(spec: ResNetSpec) -> None:
    current = next((name for name, stem in STEMS.items() if _alike(stem, spec.stem)), OTHER_STEM)
    options = [*STEMS, *([OTHER_STEM] if current == OTHER_STEM else [])]
    key = shown("stem", current)
    if st.session_state[key] not in options:
        st.session_state[key] = current
    st.segmented_control(
        "Stem", options, key=key, on_change=_take_stem, args=(key,), width="stretch", required=True, help=STEM_HELP
    )
    refused("stem")


def _alike(a: Stem, b: Stem) -> bool:
    """Whether two stems are of one kind, whatever their widths."""
    return (a.kernel, a.stride, a.pool, len(a.widths)) == (b.kernel, b.stride, b.pool, len(b.widths))


def _take_stem(key: str) -> None:
    if st.session_state[key] in STEMS:
        state.change(stem=STEMS[st.session_state[key]].model_dump(mode="json"))


def _image(spec: Spec) -> None:
    with st.container(key="image"):
        cells = st.columns(3, gap="xxsmall")
        for axis, (cell, title) in enumerate(zip(cells, ("Height", "Width"), strict=False)):
            with cell:
                number(f"{title} (px)", f"input_shape.{axis}", spec.input_shape[axis], step=32)
        with cells[2]:
            number("Classes", "classes", spec.classes)
    refused("input_shape", "classes")


def _gate(spec: ResNetSpec) -> None:
    key = shown("attention", spec.attention is not None)
    st.toggle(
        "Squeeze and excitation", key=key, on_change=_toggle_gate, args=(key,), help="A gate per channel (Hu 2018)"
    )
    if spec.attention:
        number("Reduced share", "attention.ratio", spec.attention.ratio, step=0.0625, format="%.4f")


def _toggle_gate(key: str) -> None:
    state.change(attention={} if st.session_state[key] else None)
