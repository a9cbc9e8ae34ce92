"""The workbench: page setup and navigation, nothing else."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:  # `streamlit run app/main.py` puts only app/ there
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app import frame  # noqa: E402
from app.pages import PAGES, file_of  # noqa: E402

st.set_page_config(page_title="resnet_tf", layout="wide")
page = st.navigation(  # without icons: a browser fetches a page's icon from a foreign host
    [st.Page(file_of(name), title=name.capitalize(), default=name == "design", url_path=name) for name in PAGES],
    position="top",
)
with frame.around(page.title):
    page.run()
