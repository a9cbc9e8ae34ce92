"""One saved design beside the gallery's cards: what one can do with it, its tags and notes, its runs, its versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import count, pairwise

import streamlit as st

from app import state, words
from app.components.chosen import when
from app.components.fields import in_words
from app.components.history import ago
from resnet_tf.design.diff import changed_fields
from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.records import Design, DesignVersion, KeptDesign, Run

CHOSEN = "gallery.chosen"
DELETED = "gallery.deleted"  # the last design that was deleted here, for who wants it back
_SAID = "gallery.said"
MOST_RUNS, MOST_VERSIONS, MOST_CHANGES = 6, 8, 4  # that are listed


def open_design(design: Design | DesignVersion, name: str) -> None:
    """Puts a design on the desk, as one step to undo, and goes there."""
    state.set_spec(design.spec, name)
    st.switch_page("views/design.py")


def panel(design: Design, runs: Sequence[Run], tags: Sequence[str]) -> None:
    """Draws all that there is of a design; `tags` are those of all designs."""
    st.html(f'<h4 class="run">{escape(design.name)}<small>saved {ago(design.updated)}</small></h4>')
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Open", type="primary", key="gallery.open"):
            open_design(design, design.name)
        st.button("Fork", icon=":material/call_split:", key="gallery.fork", on_click=_saying, args=(_fork, design),
                  help="A copy under a name of its own")  # fmt: skip
        st.button("Delete", key="gallery.delete", on_click=_saying, args=(_delete, design))
    if said := st.session_state.pop(_SAID, None):
        st.error(words.plain(said))
    _described(design, tags)
    _runs(runs)
    _versions(design)


def take_back() -> None:
    """Draws the way back of the last deletion."""
    kept = st.session_state.get(DELETED)
    if kept is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(words.plain(f"{kept.design.name} is deleted."), width="content")
        st.button("Undo", key="gallery.undo", icon=":material/undo:", on_click=_saying, args=(_put_back, kept))


def _saying(act: Callable[..., None], *about: object) -> None:
    """Does what a click asks for; what is wrong with it is said on the page."""
    try:
        act(*about)
    except WorkbenchError as error:
        st.session_state[_SAID] = str(error)


def _fork(design: Design) -> None:
    bench = state.workbench()
    taken = {each.name for each in bench.designs()}
    stem = design.name[:100]
    name = next(n for i in count(1) if (n := f"{stem}, fork" + (f" {i}" if i > 1 else "")) not in taken)
    bench.save_design(name, design.spec)
    bench.describe_design(name, tags=design.tags, notes=design.notes)
    st.session_state[CHOSEN] = name


def _delete(design: Design) -> None:
    st.session_state[DELETED] = state.workbench().delete_design(design.name)
    st.session_state[CHOSEN] = None


def _put_back(kept: KeptDesign) -> None:
    state.workbench().put_back(kept)
    del st.session_state[DELETED]
    st.session_state[CHOSEN] = kept.design.name


def _described(design: Design, tags: Sequence[str]) -> None:
    for part, value in (("tags", list(design.tags)), ("notes", design.notes)):
        key = f"gallery.{part}.{design.name}"
        st.session_state[key] = value
    st.multiselect(
        "Tags",
        sorted({*tags, *design.tags}, key=str.casefold),
        key=f"gallery.tags.{design.name}",
        accept_new_options=True,
        placeholder="Type one",
        on_change=_saying,
        args=(_describe, design, "tags"),
    )
    st.text_area("Notes", key=f"gallery.notes.{design.name}", height=90, placeholder="What it is for, what came of it",
                 on_change=_saying, args=(_describe, design, "notes"))  # fmt: skip


def _describe(design: Design, part: str) -> None:
    said = st.session_state[f"gallery.{part}.{design.name}"]
    state.workbench().describe_design(design.name, **{part: said})


def _runs(runs: Sequence[Run]) -> None:
    if not runs:
        return
    st.html('<h5 class="run">Runs of it</h5>')
    for run in sorted(runs, key=lambda run: run.best or 0.0, reverse=True)[:MOST_RUNS]:
        reached = f", best {words.percent(run.best)}" if run.best is not None else f", {run.state}"
        images = f" on {run.dataset.title}" if run.dataset else ""
        st.page_link("views/train.py", label=words.plain(f"{run.name}{images}{reached}"), query_params={"run": run.id})


def _versions(design: Design) -> None:
    """The versions, the newest first, each with what it changed in the one before it."""
    kept = state.workbench().versions(design.name)
    st.html(f'<h5 class="run">{len(kept):,} {"version" if len(kept) == 1 else "versions"}</h5>')
    all_of_them = len(kept) > MOST_VERSIONS and st.toggle("All of them", key="gallery.all")
    befores: list[DesignVersion | None] = [*(before for _, before in pairwise(kept)), None]
    for version, before in list(zip(kept, befores, strict=True))[: None if all_of_them else MOST_VERSIONS]:
        is_now = version is kept[0]
        with st.container(key=f"gallery.version.{version.number}", gap=None):
            st.html(
                f'<p class="version"><b>{version.number}</b> {when(version.saved)}{" · as it is" if is_now else ""}'
                f"<br><small>{escape(_changed(before, version))}</small></p>"
            )
            if not is_now:
                with st.container(horizontal=True, gap="xsmall"):
                    if st.button("Open", key=f"gallery.version.open.{version.number}", type="tertiary"):
                        open_design(version, f"{design.name}, version {version.number}")
                    st.button("Restore", key=f"gallery.version.restore.{version.number}", type="tertiary",
                              on_click=_saying, args=(_restore, design, version),
                              help="Saves it again as the newest version")  # fmt: skip


def _restore(design: Design, version: DesignVersion) -> None:
    state.workbench().save_design(design.name, version.spec)


def _changed(before: DesignVersion | None, now: DesignVersion) -> str:
    if before is None:
        return "First saved" if now.number == 1 else "Versions before it are no longer kept"
    changes = [in_words(change) for change in changed_fields(before.spec, now.spec)]
    more = f" and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
    return "; ".join(changes[:MOST_CHANGES]) + more
