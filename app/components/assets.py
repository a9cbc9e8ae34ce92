"""Components whose scripts are files of their own, in a folder beside this one: a browser fetches them once.

A script that is given as text travels with every message of its component. Streamlit serves files instead to components
that an installed package declares; the pages are no package, so they declare theirs here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

PACKAGE = "resnet_tf"
_ROOT = Path(__file__).parents[1]


def component(folder: str, *, html: str, css: str, js: str, name: str = "") -> Callable[..., Any]:
    """A function that mounts the component whose files are in a folder of `app`; a second one there has a `name`."""
    own = name or folder
    manifest = ComponentManifest(PACKAGE, "1", [ComponentConfig(own, folder)])
    name = f"{PACKAGE}.{own}"

    @cache
    def renderer() -> Callable[..., Any]:
        return st.components.v2.component(name, html=html, css=css, js=js)

    def mount(**mounted: Any) -> None:
        manager = get_bidi_component_manager()
        if manager.get_component_asset_root(name) is None:  # a server that has not shown it yet
            manager.register_from_manifest(manifest, _ROOT)
            renderer.cache_clear()
        renderer()(**mounted)

    return mount
