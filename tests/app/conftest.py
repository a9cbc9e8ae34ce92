"""The pages as a visitor meets them, with records in a folder of the test's own and no worker."""

import gc
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from app import state
from resnet_tf.runs.workbench import Workbench

MAIN = Path(__file__).parents[2] / "app" / "main.py"

# a server does these once and AppTest in each session or run: half of all that its tests take
SCRIPTS = ScriptCache()
COMPONENTS = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def as_on_a_server(monkeypatch):
    """What is installed is looked through once, and a page's script compiled once."""
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", COMPONENTS)
    for user in (app_test, local_script_runner):
        monkeypatch.setattr(user, "ScriptCache", lambda: SCRIPTS)
    # Streamlit collects garbage after each run, through all that is alive: of other tests' TensorFlow, half a second
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The workbench that the pages ask; its worker is never started."""
    bench = Workbench(tmp_path / "home")
    monkeypatch.setattr(state, "instance", lambda: bench)
    monkeypatch.setattr(state, "workbench_soon", lambda: None)
    monkeypatch.setattr(state, "PAINT", 0.0)  # there is no browser to wait for
    return bench


@pytest.fixture
def visit(bench):
    """Opens the workbench, at a link if one is given, in a session that holds something, with secrets."""

    def visit(design=None, session=(), secrets=()):
        page = AppTest.from_file(str(MAIN), default_timeout=60)
        for key, value in dict(session).items():
            page.session_state[key] = value
        for key, value in dict(secrets).items():
            page.secrets[key] = value
        if design is not None:
            page.query_params["design"] = design
        return page.run()

    return visit
