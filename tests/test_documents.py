"""What docs/ and deploy/README.md say is so: events, figures, commands and links are the program's."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from resnet_tf.runs.metrics import exposition
from resnet_tf.runs.settings import Settings, settings, variable
from resnet_tf.runs.workbench import Workbench

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "docs" / "operations.md", ROOT / "docs" / "degradation.md", ROOT / "deploy" / "README.md"]
OPERATIONS = PAGES[0].read_text()
SOURCES = "\n".join(path.read_text() for path in (ROOT / "resnet_tf" / "runs").glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, heading = target.partition("#")
        if "://" not in target:
            there = (page.parent / path).read_text()
            assert not heading or re.search(rf"^#+ {heading}$", there, re.I | re.M), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_variables_and_modules_are_there(page):
    known = {variable(field) for field in Settings.model_fields}
    said = set(re.findall(r"\b(?:RESNET_TF_[A-Z_]+|DATABASE_URL|ARTIFACT_URL|RAY_ADDRESS)\b", page.read_text()))
    assert said <= known | {"NEW_DATABASE_URL"}
    modules = set(re.findall(r"python -m ((?:resnet_tf|benchmarks)[\w.]+)", page.read_text()))
    assert modules
    assert all(find_spec(module) for module in modules)


def test_the_events_of_the_log_are_those_that_are_logged():
    section = OPERATIONS[OPERATIONS.index("## Log") : OPERATIONS.index("## Figures")]
    written = set(
        re.findall(r"`((?:run|sweep|worker|files|tidy|seat|experiment|foreman|mirror)\.[a-z_]+)`", section)
    ) - {
        "worker.log",
        "mirror.log",
    }
    logged = set(re.findall(r'(?:logs\.of|noted)\("([a-z_.]+)"', SOURCES))
    assert written == logged


def test_the_figures_are_those_that_prometheus_gets(tmp_path):
    bench = Workbench(tmp_path, settings=settings(mlflow_tracking_uri="http://127.0.0.1:9"))
    given = re.findall(r"^# TYPE (resnet_tf_\w+|process_resident_memory_bytes) ", exposition(bench._instance), re.M)
    assert set(re.findall(r"`((?:resnet_tf|process)_\w+)(?:\{[\w,]+\})?`", OPERATIONS)) == set(given)
