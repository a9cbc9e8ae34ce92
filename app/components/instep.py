"""With and without: the design and the same without some shortcuts, trained in step, live."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import state, words
from app.components.instepexample import example
from app.components.insteplook import curves, standing, through
from app.components.instepsetup import asked_now, press
from app.components.measuring import EVERY, doing, outcome, stop, tell
from app.frame import net
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.runs.versus import so_far


def in_step() -> None:
    """Draws what is compared, and whichever is there of it: what came of it, how far it is, what there is to press."""
    try:
        asked = asked_now(state.current_spec())
    except SpecError as error:
        st.info(words.plain(f"Nothing of this design can be compared: {error}"))
        return
    if asked is None:
        st.caption("Choose at least one block whose shortcut is cut.")
        return
    laboratory = state.workbench().laboratory
    found = laboratory.found("versus", asked.key, everybodys=True)
    run = None if found else laboratory.newest("versus", asked.key)
    if found:
        standing(so_far(*found), asked, state.design_name())
    elif run is not None and not run.over:
        st.fragment(_live, run_every=EVERY)(run.id, asked.sides)
    else:
        outcome(run)
        press(asked)
        example()


def _live(run_id: str, specs: Mapping[str, Spec]) -> None:
    """Draws how far it is and all that is known by now, with a way to stop."""
    with net("This comparison"):
        bench = state.workbench()
        run = bench.run(run_id)
        if run.over:
            st.rerun()  # the whole page: what came of it is drawn
        bar, button = st.columns([4, 1], vertical_alignment="center")
        bar.progress(run.progress, text=words.plain(doing(run)))
        button.button("Stop", icon=":material/stop:", width="stretch", on_click=stop, args=(run.id,),
                      key="instep.stop")  # fmt: skip
        tell()
        for begun in bench.events(run_id, ("compiling",))[-1:]:
            versus = so_far(run, begun).versus
            curves(versus)
            through(versus, specs)
