"""What is trained, on what, and how: the controls beside the curves, and the button that starts a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from app import state, words
from app.components.shown import RUN
from app.components.start import frozen_parts, start_from
from app.components.upload import own_images
from resnet_tf.design.spec import Spec, SpecError, VGGSpec
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import DatasetCard, Recipe

MOST_EPOCHS, MOST_BATCH, MOST_SEED = 10_000, 65_536, 2**31 - 1
LOOKAHEAD = 5  # updates, where a recipe has none of its own (Zhang 2019)
AVERAGE = 0.99  # momentum of averaged weights, where a recipe has none of its own
SIDES = (16, 24, 32, 48, 64, 96, 128, 160, 224)  # px


def setup() -> Spec | None:
    """The design as it would be trained, or None where it cannot be. A press on Train opens the new run."""
    cards = {card.name: card for card in state.workbench().datasets()}
    recipes = {row.name: row for row in state.workbench().recipes()}
    what = st.container(gap="xsmall")
    card = images(cards)
    side = _side(card)
    start = start_from(card, side)
    parts = st.empty()
    chosen = st.selectbox("Recipe", list(recipes), format_func=lambda name: recipes[name].title, key="train.recipe",
                          persist_state="session", help=in_words(recipes[_chosen(recipes)]))  # fmt: skip
    recipe, seed = _edited(recipes[chosen])
    with what:
        fitted = _fitted(card, side, recipe.batch_size, start)
    if start and fitted:
        with parts:
            recipe = recipe.model_copy(update={"frozen": frozen_parts(fitted)})
    is_pressed = st.button("Train", type="primary", width="stretch", icon=":material/play_arrow:", key="train.start",
                           disabled=fitted is None, shortcut="Ctrl+Enter")  # fmt: skip
    if is_pressed:
        _start(card, recipe, seed, side, start)
    return fitted


def _chosen(recipes: dict[str, Recipe]) -> str:
    """The recipe's name, before its widget is drawn: at first the one for networks without norm where there is none."""
    if st.session_state.get("train.recipe") not in recipes:
        spec = state.current_spec()
        bare = isinstance(spec, VGGSpec) or spec.normalization.kind == "none"
        st.session_state["train.recipe"] = "gentle" if bare and "gentle" in recipes else next(iter(recipes))
    return st.session_state["train.recipe"]


def images(cards: dict[str, DatasetCard]) -> DatasetCard:
    """What it is trained on; beside it the way to one's own images."""
    if st.session_state.get("train.dataset") not in cards:
        st.session_state["train.dataset"] = next(iter(cards))
    said = words.plain(about(cards[st.session_state["train.dataset"]]))
    left, right = st.columns([4, 1.2], vertical_alignment="bottom", gap="xsmall")
    name = left.selectbox("Images", list(cards), format_func=lambda name: cards[name].title, key="train.dataset",
                          persist_state="session", help=said)  # fmt: skip
    with right:
        own_images()
    return cards[name]


def _side(card: DatasetCard) -> int | None:
    """Pixels a side, or None for the size that the workbench suggests; only sizes that the design can take."""
    spec, fit = state.current_spec(), state.workbench().fit
    try:
        suggested = words.shape(fit(spec, card)[0].input_shape[:2])
    except SpecError:
        return None  # `_fitted` says why
    possible = [0, *(side for side in SIDES if _takes(spec, card, side))]
    if st.session_state.get("train.side") not in possible:
        st.session_state["train.side"] = 0
    side = st.selectbox(
        "Image size", possible, key="train.side", persist_state="session",
        format_func=lambda side: f"{side}×{side} px" if side else f"{suggested} px, suggested",
        help=f"The images are {words.shape(card.image_shape)} and are scaled. Twice the side takes four times as long.",
    )  # fmt: skip
    return side or None


def _takes(spec: Spec, card: DatasetCard, side: int) -> bool:
    try:
        state.workbench().fit(spec, card, side)
    except SpecError:
        return False
    return True


def about(card: DatasetCard) -> str:
    """One line on a set of images."""
    network = "Fetched from the network when it is first used." if card.needs_network else ""
    return (
        f"{card.images:,} images of {words.shape(card.image_shape)}, {card.classes:,} classes. "
        f"{card.source}. Licence: {card.licence}. {network}"
    )


def _edited(recipe: Recipe) -> tuple[Recipe, int]:
    """The recipe as the fields say, and the seed. Every recipe keeps its own edits."""
    left, right = st.columns(2)
    epochs = left.number_input("Epochs", 1, MOST_EPOCHS, recipe.epochs, key=f"train.epochs.{recipe.name}",
                               persist_state="session")  # fmt: skip
    batch = right.number_input("Batch (images)", 1, MOST_BATCH, recipe.batch_size, key=f"train.batch.{recipe.name}",
                               persist_state="session")  # fmt: skip
    with st.expander("More"):
        rate = st.number_input(
            "Learning rate", 1e-6, 100.0, recipe.learning_rate, format="%g", step=recipe.learning_rate / 10,
            key=f"train.rate.{recipe.name}", persist_state="session", help=in_words(recipe),
        )  # fmt: skip
        seed = st.number_input("Seed", 0, MOST_SEED, 0, key="train.seed", persist_state="session",
                               help="The same seed gives the same weights, batches and curve")  # fmt: skip
        others = {field: draw(recipe) for field, draw in _OTHERS.items()}
    changes = {"epochs": int(epochs), "batch_size": int(batch), "learning_rate": float(rate)}
    return recipe.model_copy(update=changes | others), int(seed)


def _accumulated(recipe: Recipe) -> int:
    return int(st.number_input(
        "Batches in an update", 1, 4_096, recipe.accumulate, key=f"train.accumulate.{recipe.name}",
        persist_state="session", help="So many batches are seen before the weights move: a larger batch in less memory",
    ))  # fmt: skip


def _patience(recipe: Recipe) -> int | None:
    return int(st.number_input(
        "Patience (epochs)", 0, MOST_EPOCHS, recipe.patience or 0, key=f"train.patience.{recipe.name}",
        persist_state="session", help="Ends after so many epochs without a better validation accuracy; 0 goes on",
    )) or None  # fmt: skip


def _averaged(recipe: Recipe) -> float | None:
    is_on = st.toggle(
        "Average the weights", recipe.average is not None, key=f"train.average.{recipe.name}", persist_state="session",
        help="Judges and exports a moving average of the weights of about the last hundred steps",
    )  # fmt: skip
    return (recipe.average or AVERAGE) if is_on else None


def _lookahead(recipe: Recipe) -> int | None:
    is_on = st.toggle(
        "Lookahead", recipe.lookahead is not None, key=f"train.lookahead.{recipe.name}", persist_state="session",
        help="Every few steps the weights go back half of the way that they came, which steadies them",
    )  # fmt: skip
    return (recipe.lookahead or LOOKAHEAD) if is_on else None


def _balanced(recipe: Recipe) -> bool:
    return st.toggle(
        "Balance the classes", recipe.balance, key=f"train.balance.{recipe.name}", persist_state="session",
        help="Images of rare classes count more, so that all classes count alike",
    )  # fmt: skip


def _precision(recipe: Recipe) -> str:
    """Half precision is offered only where the processor has it."""
    if not state.workbench().computes_bfloat16():
        return "float32"
    is_half = st.toggle(
        "bfloat16", recipe.precision != "float32", key=f"train.precision.{recipe.name}", persist_state="session",
        help="Layers compute with fewer digits, about half as fast again; results are judged and kept in float32",
    )  # fmt: skip
    return "mixed_bfloat16" if is_half else "float32"


# field -> the widget that asks for it
_OTHERS: dict[str, Callable[[Recipe], object]] = {
    "accumulate": _accumulated, "patience": _patience, "average": _averaged,
    "lookahead": _lookahead, "balance": _balanced, "precision": _precision,
}  # fmt: skip


_FLIPS = {"random": "at random", "alternating": "in every second epoch"}


def in_words(recipe: Recipe) -> str:
    """A recipe in one line."""
    parts = [f"{recipe.optimizer}, {recipe.schedule} schedule"]
    parts += [f"warm-up over {recipe.warmup:.0%} of the steps"] if recipe.warmup else []
    parts += [f"weight decay {recipe.weight_decay:g}"] if recipe.weight_decay else []
    parts += [f"gradients clipped at norm {recipe.clip_norm:g}"] if recipe.clip_norm else []
    parts += [f"shifts by up to {recipe.shift} px"] if recipe.shift else []
    parts += [] if recipe.flip == "none" else [f"mirrored {_FLIPS[recipe.flip]}"]
    parts += [f"mixup {recipe.mixup:g}"] if recipe.mixup else []
    parts += [f"Lookahead every {recipe.lookahead:,} updates"] if recipe.lookahead else []
    parts += [f"labels smoothed by {recipe.label_smoothing:g}"] if recipe.label_smoothing else []
    reached = f" It reached {recipe.reached}." if recipe.reached else ""
    return f"{', '.join(parts)}. {recipe.source}.{reached}"


def _fitted(card: DatasetCard, side: int | None, batch: int, start: str | None) -> Spec | None:
    """The design as it is trained, said in two lines; None, with the reason, where it cannot be."""
    spec, name = state.current_spec(), state.design_name()
    try:
        fitted, changed = state.workbench().fit(spec, card, side, start)
    except SpecError as error:
        st.error(words.plain(f"{name} does not fit these images: {error}"), icon=":material/error:")
        return None
    except WorkbenchError as error:  # what it would begin with went since it was offered
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    counted = state.counted(fitted)
    memory = words.size(counted.memory(batch).training.bytes)
    st.html(
        f'<h4 class="run">{escape(name)}<small title="{counted.trainable_parameters:,} trainable parameters, exact; '
        f'{counted.macs:,} MACs an image, exact; memory estimated at batch {batch:,}">'
        f"{words.short(counted.trainable_parameters)} parameters · {words.short(counted.macs)} MACs · "
        f"{counted.depth:,} layers · about {memory} to train</small></h4>"
    )
    st.caption(changed or "Trained as it is designed.")
    return fitted


def _start(card: DatasetCard, recipe: Recipe, seed: int, side: int | None, start: str | None) -> None:
    try:
        run = state.workbench().train(
            state.current_spec(), card, recipe, seed, name=state.design_name(), image_size=side, start=start
        )
    except (WorkbenchError, SpecError) as error:
        st.error(words.plain(str(error)), icon=":material/memory:")
        return
    RUN.show(run)
    st.rerun()


def gentler(recipe: Recipe) -> tuple[Recipe, Sequence[str]]:
    """A recipe that takes smaller steps, after one that diverged, and what was changed."""
    changes = {
        "learning_rate": recipe.learning_rate / 10,
        "warmup": recipe.warmup or 0.1,
        "clip_norm": recipe.clip_norm or 1.0,
    }
    said = [f"learning rate {changes['learning_rate']:g}", f"warm-up {changes['warmup']:.0%}",
            f"clipping at {changes['clip_norm']:g}"]  # fmt: skip
    return recipe.model_copy(update=changes), said
