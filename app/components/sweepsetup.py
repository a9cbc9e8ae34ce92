"""What is swept: the design, images, recipe and axes; how they are searched; what that makes; and the button."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from app import state, words
from app.components.chosen import Candidate, candidates
from app.components.setup import MOST_EPOCHS, MOST_SEED, images
from app.components.setup import in_words as recipe_in_words
from app.components.shown import SWEEP
from app.components.sweepaxes import chosen_axes, rows
from app.frame import net
from resnet_tf.design.spec import SpecError
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import DatasetCard, Illegal, Plan, Recipe, Search, in_words

HOW = {"grid": "Grid", "random": "Random", "asha": "ASHA"}
ABOUT = {
    "grid": "Every combination of the axes' values, each trained to its end.",
    "random": "So many combinations drawn at random, each trained to its end.",
    "asha": "So many combinations begin; after a few epochs only the best go on, and of these again (Li et al. 2020, "
    "arXiv:1810.05934).",
}
MOST_TRIALS, USUAL_TRIALS, MOST_REPEATS = 500, 16, 20
MOST_REFUSED = 30  # lines


def setup() -> None:
    """Draws the controls, apart from the page: a change here draws nothing else anew. The button opens the sweep."""
    st.fragment(_setup)()


def _setup() -> None:
    with net("The setup of a sweep"):
        base = _base()
        cards = {card.name: card for card in state.workbench().datasets()}
        card = images(cards)
        recipe = _recipe()
        how = st.segmented_control("Search", list(HOW), format_func=HOW.__getitem__, default="grid", required=True,
                                   key="sweep.how", persist_state="session", width="stretch",
                                   help=" ".join(f"{HOW[name]}: {said}" for name, said in ABOUT.items()))  # fmt: skip
        axes = chosen_axes(rows(base.spec, recipe, how))
        fields, name = _search(how, base.name)
        plan, search = None, None
        if axes:
            try:
                search = Search(axes=tuple(axes), how=how, **fields)
                with st.spinner("Counting the trials"):
                    plan = state.workbench().plan_sweep(base.spec, card, recipe, search)
            except (SpecError, WorkbenchError) as error:
                st.error(words.plain(str(error)), icon=":material/error:")
        elif axes is None and not st.session_state["sweep.axes"]:
            st.caption("Choose at least one axis.")
        if plan and search:
            _tell(plan, search)
        is_pressed = st.button("Sweep", type="primary", width="stretch", icon=":material/play_arrow:",
                               key="sweep.start", disabled=not (plan and plan.trials))  # fmt: skip
        if is_pressed and search:
            _start(base, card, recipe, search, name)


def _base() -> Candidate:
    """The design that the trials are changed from."""
    found = {key: each for key, each in candidates().items() if each.run is None}
    if st.session_state.get("sweep.base") not in found:
        st.session_state["sweep.base"] = "desk"
    key = st.selectbox("Design", list(found), format_func=lambda key: found[key].label, key="sweep.base",
                       persist_state="session", help="Every trial is this design, changed along the axes")  # fmt: skip
    return found[key]


def _recipe() -> Recipe:
    """The recipe, and for how long each trial is trained."""
    found = {row.name: row for row in state.workbench().recipes()}
    if st.session_state.get("sweep.recipe") not in found:
        st.session_state["sweep.recipe"] = next(iter(found))
    chosen = found[st.session_state["sweep.recipe"]]
    left, right = st.columns([2.2, 1], gap="xsmall")
    left.selectbox("Recipe", list(found), format_func=lambda name: found[name].title, key="sweep.recipe",
                   persist_state="session", help=recipe_in_words(chosen))  # fmt: skip
    epochs = right.number_input("Epochs", 1, MOST_EPOCHS, chosen.epochs, key=f"sweep.epochs.{chosen.name}",
                                persist_state="session", help="Of each trial; with ASHA, of the best")  # fmt: skip
    return chosen.model_copy(update={"epochs": int(epochs)})


def _search(how: str, base: str) -> tuple[dict[str, int | None], str]:
    """The numbers of a search by their fields, and the sweep's name."""
    fields: dict[str, int | None] = {}
    left, right = st.columns(2, gap="xsmall")
    usual = None if how == "grid" else USUAL_TRIALS
    fields["trials"] = left.number_input(
        "Trials at most" if how == "grid" else "Trials", 1, MOST_TRIALS, usual, key=f"sweep.trials.{how}",
        persist_state="session", placeholder="all", help="With fewer than there are combinations they are drawn",
    )  # fmt: skip
    if how == "asha":
        fields["least"] = right.number_input("First choice (epochs)", 1, MOST_EPOCHS, 1, key="sweep.least",
                                             persist_state="session",
                                             help="Each trial is trained so far; then the best go on")  # fmt: skip
    else:
        fields["repeats"] = right.number_input("Seeds for each", 1, MOST_REPEATS, 1, key="sweep.repeats",
                                               persist_state="session",
                                               help="How often each combination is trained")  # fmt: skip
    with st.expander("More"):
        name = st.text_input("Name", placeholder=base, max_chars=100, key="sweep.name")
        fields["seed"] = st.number_input("Seed", 0, MOST_SEED - MOST_REPEATS, 0, key="sweep.seed",
                                         persist_state="session", help="Of draws and first weights")  # fmt: skip
        if how == "asha":
            fields["eta"] = st.number_input(
                "One of so many goes on", 2, 10, 3, key="sweep.eta", persist_state="session",
                help="With 3 the best third goes on to three times as many epochs",
            )  # fmt: skip
    return fields, name or base


def _tell(plan: Plan, search: Search) -> None:
    """What the sweep would do: how many trials, what they take, and which combinations cannot be."""
    about = "about " if search.how == "asha" else ""
    cells = ((f"{len(plan.trials):,}", _plural(len(plan.trials), "trial"), ""),
             (f"{plan.epochs:,}", _plural(plan.epochs, "epoch"), about),
             (words.short(plan.macs), "MACs", about))  # fmt: skip
    html = "".join(f"<div><small>{about}</small><b>{escape(value)}</b><span>{unit}</span></div>"
                   for value, unit, about in cells)  # fmt: skip
    title = f"{plan.macs:,} MACs in all: every image of every epoch, forward and back; counted, not measured"
    st.html(f'<div class="plan" role="group" aria-label="What this sweep takes" title="{title}">{html}</div>')
    if search.combinations and search.combinations > len(plan.trials) // search.repeats + len(plan.illegal):
        st.caption(f"Drawn from {search.combinations:,} combinations.")
    if plan.illegal:
        refused(plan.illegal, is_open=not plan.trials)


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def refused(illegal: Sequence[Illegal], *, is_open: bool = False) -> None:
    """The combinations that cannot be, each with the field, the rule, the value and the nearest that is legal."""
    combinations = _plural(len(illegal), "combination")
    with st.expander(f"{len(illegal):,} {combinations} cannot be trained", expanded=is_open, icon=":material/block:"):
        lines = (f"<li><b>{escape(in_words(each.values))}</b> {escape(each.reason)}</li>"
                 for each in illegal[:MOST_REFUSED])  # fmt: skip
        st.html(f'<ul class="refused">{"".join(lines)}</ul>')
        if len(illegal) > MOST_REFUSED:
            st.caption(f"And {len(illegal) - MOST_REFUSED:,} more.")


def _start(base: Candidate, card: DatasetCard, recipe: Recipe, search: Search, name: str) -> None:
    try:
        begun = state.workbench().sweep(base.spec, card, recipe, search, name=name)
    except (WorkbenchError, SpecError) as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    SWEEP.show(begun)
    st.rerun()
