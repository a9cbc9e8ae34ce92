"""What is trained in step: which shortcuts are cut on the other side, for how long and how often, and the button."""

from __future__ import annotations

import streamlit as st

from app import state, words
from app.components.canvas import still
from app.components.measuring import begin
from resnet_tf.design.labels import block_label
from resnet_tf.design.shortcuts import ALL, has_shortcuts
from resnet_tf.design.spec import ResNetSpec, Spec
from resnet_tf.runs.versus import EPOCHS, SEEDS, Question, expected_seconds, question

MOST_EPOCHS, MOST_SEEDS = 30, 5  # that are offered here
SOME = "some"  # blocks, chosen one by one


def asked_now(spec: Spec) -> Question | None:
    """The question as the controls say it; None where no block is chosen. Raises SpecError where there is none."""
    question(spec, (ALL,))  # and no controls of what cannot be
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="instep.asked"):
        parts = _parts(spec)
        epochs = st.number_input("Epochs", 1, MOST_EPOCHS, EPOCHS, key="instep.epochs", persist_state="session",
                                 width=110)  # fmt: skip
        seeds = st.number_input("Seeds", 1, MOST_SEEDS, SEEDS, key="instep.seeds", persist_state="session", width=110,
                                help="Each draws other first weights and batches; from two on a difference can be "
                                "told from chance")  # fmt: skip
    return question(spec, parts, int(epochs), int(seeds)) if parts else None


def _parts(spec: Spec) -> tuple[str, ...]:
    """Whose shortcuts are cut on the other side."""
    if not isinstance(spec, ResNetSpec) or not has_shortcuts(spec):
        return (ALL,)
    left = [name for name in spec.block_names if name not in spec.cut_shortcuts]
    stages = {name.partition(".")[0]: block_label(name.partition(".")[0]).capitalize() for name in left}
    offered = {ALL: "All", **stages, SOME: "Blocks"}
    if st.session_state.get("instep.cut") not in offered:
        st.session_state["instep.cut"] = ALL
    chosen = st.segmented_control("Shortcuts that are cut", list(offered), format_func=offered.__getitem__,
                                  key="instep.cut", required=True, persist_state="session")  # fmt: skip
    if chosen != SOME:
        return (chosen,)
    usual = left[len(left) // 2 :][:1]
    return tuple(st.multiselect("Blocks", left, usual, format_func=block_label, key=f"instep.blocks.{len(left)}",
                                persist_state="session", width=320))  # fmt: skip


def press(asked: Question) -> None:
    """The button that begins, what it does and how long that takes."""
    laboratory, name, measured = state.workbench().laboratory, state.design_name(), state.calibration()
    seconds = words.seconds(10 * max(round(expected_seconds(asked, measured) / 10), 1))
    own, other = map(words.plain, asked.sides)
    st.button("Train both", type="primary", icon=":material/play_arrow:", key="instep.begin", on_click=begin,
              args=(lambda: laboratory.versus(asked, name=name),))  # fmt: skip
    st.markdown(
        f"The design is trained **{own}** and **{other}** in step on handwritten digits, "
        f"{_count(asked.recipe.epochs, 'epoch')} at each of {_count(asked.seeds, 'seed')}. With one seed both begin "
        f"with the same weights and see the same batches. About **{seconds}**, estimated for "
        f"{'this machine as it was measured' if measured else 'two processor cores'}."
    )
    still(state.current_costs(), "stage", key="instep.still")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
