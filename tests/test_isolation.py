"""The page's process stays light: nothing that it runs loads a training framework."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FRAMEWORKS = ("keras", "tensorflow", "jax", "torch", "ray")
REPORT = f"""
import json, sys
print(json.dumps([name for name in {FRAMEWORKS!r} if name in sys.modules]))
"""
PAGES = sorted(path.stem for path in (ROOT / "app" / "views").glob("[!_]*.py"))

COUNT_AND_DRAW = """
from resnet_tf import costs, diff, draw, expand, from_link, layout, preset, to_link
spec = preset("resnet50")
assert costs(spec).memory(batch=8).training.bytes > costs(expand(spec)).parameters
assert "stage1" in draw(spec, level="block").source
assert layout(spec).packed()
assert diff(spec, preset("resnet18")).blocks
assert from_link(to_link(spec)) == spec
"""

OPEN_PAGES = f"""
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app/main.py", default_timeout=60)
page.run()
for name in {PAGES!r}:
    page.switch_page(f"views/{{name}}.py").run()
    assert not page.exception, (name, page.exception)
    assert not page.error, (name, [error.value for error in page.error])
    assert not {{*{FRAMEWORKS!r}}} & {{*sys.modules}}, name
"""


def loaded_by(code, home):
    """The frameworks that a fresh process has loaded after running the code in the repository's root."""
    finished = subprocess.run(
        [sys.executable, "-c", code + REPORT],
        cwd=ROOT,
        env={**os.environ, "RESNET_TF_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_the_check_sees_a_framework_that_is_loaded(home):
    fake = "import sys, types; sys.modules['torch'] = types.ModuleType('torch')"
    assert loaded_by(fake, home) == ["torch"]


def test_importing_the_package_loads_no_framework(home):
    assert loaded_by("import resnet_tf; dir(resnet_tf)", home) == []


def test_counting_and_drawing_load_no_framework(home):
    assert loaded_by(COUNT_AND_DRAW, home) == []


def test_asking_for_recipes_and_the_workbench_loads_no_framework(home):
    code = """
from resnet_tf import RECIPES
from resnet_tf.runs.workbench import Workbench
bench = Workbench()
assert RECIPES and bench.recipes() and bench.datasets() and bench.runs() == []
"""
    assert loaded_by(code, home) == []


def test_reading_the_lessons_and_their_outcomes_loads_no_framework(home):
    code = """
from resnet_tf.lessons.course import lessons
from resnet_tf.lessons.reports import report
from resnet_tf.lessons.results import recorded
for language in ("en", "ru"):
    for each in lessons(language):
        assert report(each, recorded(each.name, "quick"))
"""
    assert loaded_by(code, home) == []


def test_running_any_page_loads_no_framework(home):
    assert len(PAGES) >= 5
    assert loaded_by(OPEN_PAGES, home) == []
