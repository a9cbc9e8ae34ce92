"""What will be trained: the design as it fits the images, the recipe with its few knobs, and the button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import state, words
from app.components import opened, trouble
from app.components.upload import upload
from resnet_tf.design.spec import Spec, SpecError

if TYPE_CHECKING:
    from resnet_tf.learning.catalogue import DatasetCard
    from resnet_tf.learning.recipes import Recipe

SIDES = (16, 32, 48, 64, 96, 128, 160, 224)  # px
LARGEST_SEED = 2**31 - 1
KNOBS = ("epochs", "batch_size", "learning_rate", "warmup")  # fields of a recipe that the page lets one change


def setup() -> None:
    """All controls of a new run; `Train` puts it into the queue and opens it."""
    bench = state.workbench()
    cards = {card.name: card for card in bench.datasets()}
    recipes = {recipe.name: recipe for recipe in bench.recipes()}
    st.session_state.setdefault("train.dataset", next(iter(cards)))
    if st.session_state["train.dataset"] not in cards:  # its file was deleted
        st.session_state["train.dataset"] = next(iter(cards))
    card = _dataset(cards)
    side = _side(state.current_spec(), card)
    recipe = _recipe(recipes)
    fitted, changes = bench.fit(state.current_spec(), card, side)
    _what(fitted, changes, recipe)
    st.button(
        "Train",
        type="primary",
        width="stretch",
        on_click=trouble.attempt,
        args=("setup", _train, card, recipe, side),
        shortcut="Ctrl+Enter",
    )
    trouble.show("setup")


def _dataset(cards: dict[str, DatasetCard]) -> DatasetCard:
    left, right = st.columns([3, 1], vertical_alignment="bottom", gap="small")
    name = left.selectbox(
        "Images",
        list(cards),
        format_func=lambda name: cards[name].title,
        key="train.dataset",
        persist_state="session",
    )
    with right.popover("Add", help="Train on your own images", width="stretch"):
        upload()
    card = cards[name]
    height, width, channels = card.image_shape
    network = "  ·  fetched from the network once" if card.needs_network else ""
    st.caption(
        f"{card.images:,} images of {height} × {width} × {channels}, {card.classes:,} classes{network}",
        help=f"Source: {card.source}. Licence: {card.licence}.",
    )
    return card


def _side(spec: Spec, card: DatasetCard) -> int | None:
    """Pixels a side, or None for what fits best; sizes that the design cannot take are not offered."""
    best = state.workbench().fit(spec, card)[0].input_shape
    possible = [None, *(side for side in SIDES if _takes(spec, card, side))]
    if st.session_state.get("train.side") not in possible:
        st.session_state["train.side"] = None
    return st.selectbox(
        "Image size",
        possible,
        format_func=lambda side: f"{side} × {side} px" if side else f"{best[0]} × {best[1]} px, suggested",
        key="train.side",
        persist_state="session",
        help="Images are scaled to this size. Twice the side takes about four times as long.",
    )


def _takes(spec: Spec, card: DatasetCard, side: int) -> bool:
    try:
        state.workbench().fit(spec, card, side)
    except SpecError:
        return False
    return True


def _recipe(recipes: dict[str, Recipe]) -> Recipe:
    st.session_state.setdefault("train.recipe", next(iter(recipes)))
    name = st.selectbox(
        "Recipe",
        list(recipes),
        format_func=lambda name: recipes[name].title,
        key="train.recipe",
        persist_state="session",
        on_change=_take_recipe,
        args=(recipes,),
    )
    chosen = recipes[name]
    if "train.epochs" not in st.session_state:
        take_knobs(chosen)
    _said(chosen)
    left, right = st.columns(2, gap="small")
    left.number_input("Epochs", 1, 10_000, key="train.epochs", persist_state="session")
    right.number_input("Batch", 1, 65_536, key="train.batch_size", persist_state="session", help="Images per step")
    with st.expander("More"):
        st.number_input(
            "Learning rate", 0.0, 100.0, key="train.learning_rate", persist_state="session", format="%g", step=0.001
        )
        st.number_input(
            "Warm-up",
            0.0,
            0.99,
            key="train.warmup",
            persist_state="session",
            step=0.05,
            help="Share of all steps over which the learning rate climbs",
        )
        st.number_input(
            "Seed",
            0,
            LARGEST_SEED,
            key="train.seed",
            persist_state="session",
            help="The same design, images, recipe and seed give the same curve",
        )
        st.text_input("Name", key="train.name", persist_state="session", max_chars=120, placeholder=state.design_name())
    return chosen


def _take_recipe(recipes: dict[str, Recipe]) -> None:
    take_knobs(recipes[st.session_state["train.recipe"]])


def take_knobs(recipe: Recipe) -> None:
    """Sets the knobs as a recipe has them."""
    for knob in KNOBS:
        st.session_state[f"train.{knob}"] = getattr(recipe, knob)


def take_advice(recipe: Recipe) -> None:
    """Sets the knobs for another try of a recipe that diverged: a tenth of its rate, reached slowly."""
    take_knobs(recipe)
    st.session_state["train.learning_rate"] = recipe.learning_rate / 10
    st.session_state["train.warmup"] = max(recipe.warmup, 0.1)


def _said(recipe: Recipe) -> None:
    st.caption(
        f"{recipe.optimizer}, {recipe.schedule} schedule, weight decay {recipe.weight_decay:g}",
        help=f"{recipe.source}. Learning rate {recipe.learning_rate:g}; shifts up to {recipe.shift} px; "
        f"{'mirrors half of the images' if recipe.flip else 'mirrors nothing'}.",
    )


def _changes(recipe: Recipe) -> dict[str, Any]:
    """The knobs that are not as the recipe has them; an emptied one is as the recipe has it."""
    asked = {knob: st.session_state.get(f"train.{knob}") for knob in KNOBS}
    return {knob: value for knob, value in asked.items() if value is not None and value != getattr(recipe, knob)}


def _what(fitted: Spec, changes: str, recipe: Recipe) -> None:
    """The design in a line of numbers, and what was changed so that it fits the images."""
    counted = state.counted(fitted)
    batch = st.session_state.get("train.batch_size") or recipe.batch_size
    memory = counted.memory(batch).training.bytes
    st.markdown(
        f"**{state.design_name()}**  \n{words.short(counted.trainable_parameters)} parameters · "
        f"{words.short(counted.macs)} MACs · {counted.depth:,} layers · {words.size(memory)} to train (estimated)"
    )
    if changes:
        st.caption(changes)


def _train(card: DatasetCard, recipe: Recipe, side: int | None) -> None:
    changed = recipe.model_copy(update=_changes(recipe))
    run = state.workbench().train(
        state.current_spec(),
        card,
        changed,
        st.session_state.get("train.seed") or 0,
        name=st.session_state.get("train.name") or state.design_name(),
        image_size=side,
    )
    opened.put(run)
