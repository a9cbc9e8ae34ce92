"""What JAX compiled is there for the next run, and for the next process of the home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resnet_tf.runs import compiled
from resnet_tf.runs.compiled import keep_compiled
from resnet_tf.runs.home import Home

TESTS = Path(__file__).parents[1]
NAMES = ("JAX_COMPILATION_CACHE_DIR", "JAX_COMPILATION_CACHE_MAX_SIZE", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """A copy of it, in which nothing is said of what JAX keeps."""
    mine = {name: value for name, value in os.environ.items() if name not in NAMES}
    monkeypatch.setattr(os, "environ", mine)
    return mine


def test_jax_is_told_a_folder_of_the_home_and_how_large_it_may_grow(environment, tmp_path):
    keep_compiled(Home.at(tmp_path))
    assert environment[NAMES[0]] == str(tmp_path / "compiled")
    assert int(environment[NAMES[1]]) == compiled.MOST


def test_what_the_environment_says_already_is_left(environment, tmp_path):
    environment[NAMES[0]] = "/elsewhere"
    keep_compiled(Home.at(tmp_path))
    assert environment[NAMES[0]] == "/elsewhere"


def test_without_what_bounds_its_size_nothing_is_kept(environment, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    keep_compiled(Home.at(tmp_path))
    assert not set(NAMES) & environment.keys()


@pytest.mark.services
def test_on_jax_a_second_run_traces_nothing_and_a_second_process_compiles_no_step(environment, tmp_path):
    paths = os.pathsep.join([str(TESTS.parent), str(TESTS / "learning")])
    here = {**environment, "KERAS_BACKEND": "jax", "PYTHONPATH": paths}
    command = [sys.executable, str(TESTS / "runs" / "run_on_jax.py"), str(tmp_path)]
    kept = []
    for _ in range(2):
        done = subprocess.run(command, env=here, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-2_000:]
        first, second = map(int, done.stdout.split())
        assert (first > 0, second) == (True, 0)
        kept.append({path.name for path in (tmp_path / "compiled").glob("jit__step*-cache")})
    assert kept[0]
    assert kept[1] == kept[0]
