"""The pages as a visitor meets them, with records in a folder of the test's own and no worker."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from resnet_tf.runs.workbench import Workbench

MAIN = Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The workbench that the pages ask; its worker is never started."""
    bench = Workbench(tmp_path / "home")
    monkeypatch.setattr(state, "workbench", lambda: bench)
    monkeypatch.setattr(state, "workbench_soon", lambda: None)
    monkeypatch.setattr(state, "PAINT", 0.0)  # there is no browser to wait for
    return bench


@pytest.fixture
def visit(bench):
    """Opens the workbench, at a link if one is given."""

    def visit(design=None):
        page = AppTest.from_file(str(MAIN), default_timeout=60)
        if design is not None:
            page.query_params["design"] = design
        return page.run()

    return visit
