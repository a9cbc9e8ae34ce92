"""The package as others get it: its requirements, its wheel, the README's example and the ways to serve it."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(lines):
    return sorted(str(Requirement(line)) for line in lines)


def command_of(*arguments, **options):
    """The output of a command that must succeed."""
    finished = subprocess.run(arguments, capture_output=True, text=True, timeout=300, **options)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


# --- requirements


def test_a_hosted_instance_installs_the_bounds_of_the_core_the_learning_the_app_and_the_export():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    extras = PROJECT["optional-dependencies"]
    hosted = PROJECT["dependencies"] + extras["learning"] + extras["app"] + extras["export"]
    assert requirements(lines) == requirements(hosted)


def test_every_requirement_of_the_app_has_both_bounds():
    extras = PROJECT["optional-dependencies"]
    for line in PROJECT["dependencies"] + extras["learning"] + extras["app"] + extras["export"]:
        operators = {bound.operator for bound in Requirement(line).specifier}
        assert operators == {">=", "<"}, line


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources as they are."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "resnet_tf", source / "resnet_tf", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel")
    command_of(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", ".", cwd=source)
    return next((source / "dist").glob("*.whl"))


def closure(names):
    """The names of these distributions and of all that they need, as installed here."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or ())
            waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The Python of a new environment: in it the wheel, and of all else only what the core says that it needs."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(command_of(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    for name in closure(Requirement(line).name for line in PROJECT["dependencies"]):
        files = importlib.metadata.files(name)
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(importlib.metadata.distribution(name).locate_file(top))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    command_of(*pip, "install", "--no-deps", "--no-index", wheel)
    return python


def test_the_wheel_carries_its_data_its_migrations_and_its_licence(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "resnet_tf").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert tracked <= inside
    assert {"resnet_tf/learning/data/digits.npz", "resnet_tf/runs/migrations/env.py", "resnet_tf/py.typed"} <= tracked
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert {name.partition("/")[0] for name in inside} == {"resnet_tf", f"resnet_tf-{PROJECT['version']}.dist-info"}


def test_the_installed_package_counts_and_draws_with_the_core_dependencies_alone(installed, tmp_path):
    code = """
import json, resnet_tf
from resnet_tf import costs, draw, layout, preset
spec = preset("resnet50")
assert "stage4" in draw(spec).source and layout(spec).nodes
print(json.dumps([resnet_tf.__file__, costs(spec).trainable_parameters]))
"""
    place, parameters = json.loads(command_of(installed, "-c", code, cwd=tmp_path))
    assert Path(place).is_relative_to(installed.parents[1])
    assert parameters == 25_557_032  # torchvision's and timm's count


def test_the_installed_command_counts_with_the_core_dependencies_alone(installed, tmp_path):
    counted = json.loads(command_of(installed.with_name("resnet_tf"), "count", "resnet50", "--json", cwd=tmp_path))
    assert counted["trainable_parameters"] == 25_557_032


def test_the_installed_package_finds_its_digits(installed, tmp_path):
    code = """
from importlib.resources import files
print(len((files("resnet_tf") / "learning" / "data" / "digits.npz").read_bytes()))
"""
    size = int(command_of(installed, "-c", code, cwd=tmp_path))
    assert size == (ROOT / "resnet_tf" / "learning" / "data" / "digits.npz").stat().st_size


def test_asking_for_keras_without_it_names_what_is_missing(installed, tmp_path):
    finished = subprocess.run(
        [installed, "-c", "from resnet_tf import build"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 1
    assert re.search(r"No module named '(keras|numpy)'", finished.stderr)


# --- the README


@pytest.mark.keras
def test_the_readmes_example_prints_what_it_says(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    promised = re.findall(r"^print\(.*\)  # (.*)$", example, re.M)
    assert promised
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    assert command_of(sys.executable, "-c", example, cwd=tmp_path, env=environment).splitlines() == promised
    assert (tmp_path / "resnet18.dot").read_text().startswith("digraph")


def test_every_picture_and_file_that_the_readme_points_to_is_there():
    targets = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    missing = [name for name in targets if "://" not in name and not (ROOT / name.partition("#")[0]).exists()]
    assert targets
    assert missing == []


# --- serving


def arguments_of(command):
    return re.sub(r"^\S+: |^exec ", "", command.strip()).split()


def test_docker_serves_with_the_procfiles_own_command():
    dockerfile = (ROOT / "Dockerfile").read_text()
    (shell,) = re.findall(r'^CMD (\["sh".*\])$', dockerfile, re.M)
    assert arguments_of(json.loads(shell)[-1]) == arguments_of((ROOT / "Procfile").read_text())
    assert "COPY requirements.txt" in dockerfile


def test_docker_runs_a_python_that_the_package_allows():
    (version,) = re.findall(r"^FROM python:([\d.]+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(f"{version}.0")


def test_the_image_and_the_debian_list_hold_the_same_packages():
    (installs,) = re.findall(r"--no-install-recommends ([\w -]+?) &&", (ROOT / "Dockerfile").read_text())
    assert installs.split() == (ROOT / "packages.txt").read_text().split()


def test_what_heroku_runs_after_installing_is_a_program(tmp_path):
    """In an empty environment, so that nothing is removed here."""
    venv.create(tmp_path, with_pip=False)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    headers = next((tmp_path / "lib").glob("python*")) / "site-packages" / "tensorflow" / "include"
    headers.mkdir(parents=True)
    command_of(ROOT / "bin" / "post_compile", cwd=tmp_path, env={**os.environ, "PATH": path})
    assert headers.parent.exists()
    assert not headers.exists()
