"""Laboratory: how signals and gradients travel through the design on the desk, and what trained weights are like."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

from app import state, words
from app.components.canvas import still
from app.components.choice import in_link
from app.components.instep import in_step
from app.components.lesions import lesions
from app.components.measuring import is_under_way, outcome, press
from app.components.orders import orders
from app.components.paths import paths
from app.components.profile import profile
from app.components.surface import surface
from app.frame import net
from resnet_tf.design.spec import SpecError
from resnet_tf.runs.profiles import SEEDS, fitting


def head(about: str) -> None:
    """The design's name, and what measuring changes of it."""
    small = f"<small>{escape(about)}</small>" if about else ""
    st.html(f'<h4 class="run">{escape(state.design_name())}{small}</h4>')


def gradients(about: str) -> None:
    """Whichever is there of the profile: what was measured, how far that is, what there is to press."""
    bench, spec, name = state.workbench(), state.current_spec(), state.design_name()
    found = bench.laboratory.profiled(spec)
    run = None if found else bench.laboratory.profiling(spec)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="laboratory.head"):
        head(about)
        if not found and not is_under_way(run):
            long = "ten seconds for a small design, minutes for a deep one"
            press("Measure", f"Gradients of every block on {SEEDS} seeds, with and without shortcuts: {long}",
                  lambda: bench.laboratory.profile(spec, name=name))  # fmt: skip
    if found:
        profile(found)
        return
    still(state.current_costs(), "stage", key="laboratory.still")
    outcome(run)
    if not is_under_way(run):
        st.markdown("#### Nothing measured yet")
        st.markdown(
            f"Press **Measure**. Weights are drawn {SEEDS} times, and one batch of handwritten digits goes through the "
            "design and back; likewise through the same design with its shortcuts cut, or, where it has none, put in. "
            "You see how much of the error reaches each block, which way carries it, and what the formula's terms are."
        )


def compared(about: str) -> None:
    head(about)
    in_step()


def signal(about: str) -> None:
    head(about)
    orders()


def of_design(draw: Callable[[str], None]) -> Callable[[], None]:
    """A section that measures the design as it fits the bundled digits, where it does."""

    def section() -> None:
        try:
            about = fitting(state.current_spec())
        except SpecError as error:
            head("")
            st.info(words.plain(f"This design cannot be measured: {error}"))
            return
        draw(about)

    return section


def named(draw: Callable[[], None]) -> Callable[[], None]:
    """A section under the design's name."""

    def section() -> None:
        head("")
        draw()

    return section


SECTIONS: dict[str, Callable[[], None]] = {
    "Gradients": of_design(gradients),
    "With and without": of_design(compared),
    "Signal": of_design(signal),
    "Paths": named(paths),
    "Lesions": named(lesions),
    "Surface": named(surface),
}

st.html(Path(__file__).parents[1] / "components" / "runs.css")
chosen = in_link("Study", [*SECTIONS], "study", seen="collapsed")
with net(chosen):
    SECTIONS[chosen]()
