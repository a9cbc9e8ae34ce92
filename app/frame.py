"""What every page stands in: one stylesheet, the design in the URL, the worker started, and a net under errors."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st

from app import state
from resnet_tf.design.spec import SpecError
from resnet_tf.runs.failures import WorkbenchError

log = logging.getLogger("resnet_tf")
_ASSETS = Path(__file__).parents[1] / "assets"


@cache
def _style() -> str:
    return f"<style>{(Path(__file__).parent / 'style.css').read_text()}</style>"


@contextmanager
def net(what: str) -> Iterator[None]:
    """Under a page or a fragment: what it raises becomes a sentence here and a traceback in the server's log only."""
    try:
        yield
    except SpecError as error:
        st.error(f"This design cannot be shown: {error}", icon=":material/error:")
    except WorkbenchError as error:
        st.error(str(error), icon=":material/error:")
    except Exception:  # the last net: whatever it is, the visitor's design is safe in the URL
        log.exception("%s failed", what)
        st.error(
            f"{what} could not be shown. Your design is safe: it is in the address of this page. "
            "Reload the page; if it happens again, the server's log says why.",
            icon=":material/error:",
        )


@contextmanager
def around(title: str) -> Iterator[None]:
    """A page: the stylesheet before it, the design of the URL on the desk, a net under it, the worker after it."""
    st.html(_style())
    state.follow_url()
    # Streamlit loads NumPy and Pillow to show a picture: the first visitor of a server need not wait for them
    late = "PIL.Image" not in sys.modules
    if not late:
        _sign()
    with net(f"The {title} page"):
        yield
    if late:
        _sign()
    state.workbench_soon()


def _sign() -> None:
    """The page's icon and name."""
    st.set_page_config(page_icon=str(_ASSETS / "icon.svg"))
    st.logo(str(_ASSETS / "logo.svg"), size="medium")
