"""What every page stands in: one stylesheet, the design in the URL, the worker started, and a net under errors."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state, words
from app.components.search import follow, search
from app.signing import sign
from resnet_tf.design.spec import SpecError
from resnet_tf.runs.failures import StoreUnavailable, WorkbenchError

ASK = 2.0  # seconds before a page asks again whether the records answer
log = logging.getLogger("resnet_tf")
_ASSETS = Path(__file__).parents[1] / "assets"


@cache
def _style() -> str:
    return f"<style>{(Path(__file__).parent / 'style.css').read_text()}</style>"


@contextmanager
def net(what: str, top: DeltaGenerator | None = None, *, aside: bool = False) -> Iterator[None]:
    """Under a page or a fragment: what it raises becomes a sentence here and a traceback in the server's log only.

    While the records do not answer a fragment with a timer comes back by itself; one `aside` leaves it to another to
    say why. A page gives its `top`: there it is said, and from there the page is drawn again once they do.
    """
    try:
        yield
    except StoreUnavailable as error:
        if aside:
            st.caption(f"{what} waits for the records.")
        elif top is None:
            _say(error)
        else:
            log.warning("%s waits: %s", what, error)
            with top:
                st.fragment(_wait, run_every=ASK)(error, time.monotonic())
    except SpecError as error:
        st.error(words.plain(f"This design cannot be shown: {error}"), icon=":material/error:")
    except WorkbenchError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
    except Exception:  # the last net: whatever it is, the visitor's design is safe in the URL
        log.exception("%s failed", what)
        st.error(
            f"{what} could not be shown. Your design is safe: it is in the address of this page. "
            "Reload the page; if it happens again, the server's log says why.",
            icon=":material/error:",
        )


def _say(error: StoreUnavailable) -> None:
    st.warning(words.plain(silence(error)), icon=":material/hourglass_empty:")


def silence(error: StoreUnavailable) -> str:
    """What there is to say while the records do not answer; of where they are a visitor need not know."""
    if error.seconds < 1.0:
        return str(error)
    remedy = f": {error.remedy}" if error.remedy else ""
    return (
        f"The records have not answered for {words.seconds(error.seconds)}{remedy}. What was written before is not "
        "lost, what trains goes on, and so does this page as soon as they are back."
    )


def _wait(error: StoreUnavailable, drawn: float) -> None:
    """Says why the page is not there, until the records answer: then it is drawn again."""
    if time.monotonic() - drawn >= ASK / 2:  # and not at once: what cannot be written may be there to be read
        try:
            state.workbench().ask()
            st.rerun()
        except StoreUnavailable as still:
            error = still
    _say(error)


@contextmanager
def around(title: str) -> Iterator[None]:
    """A page: the stylesheet before it, the design of the URL on the desk, a net under it, the worker after it."""
    st.html(_style())
    state.follow_url()
    state.drawn_whole()
    # Streamlit loads NumPy and Pillow to show a picture: the first visitor of a server need not wait for them
    late = "PIL.Image" not in sys.modules
    if not late:
        _sign()
    with net("What was chosen"):
        follow()
    if not state.is_embedded():
        _search()
    with net(f"The {title} page", st.container()):
        yield
    if late:
        _sign()
    sign()
    state.remember_visitor()
    state.workbench_soon()


@st.fragment
def _search() -> None:
    """Apart from the page, so that opening it draws nothing else anew."""
    with net("The search"):
        search()


def _sign() -> None:
    """The page's icon and name."""
    st.set_page_config(page_icon=str(_ASSETS / "icon.svg"))
    st.logo(str(_ASSETS / "logo.svg"), size="medium")
