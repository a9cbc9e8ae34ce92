"""The command line in this process, and as processes that may be interrupted."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from benches import FAKE, Bench
from typer.testing import CliRunner

from resnet_tf.cli.main import app
from resnet_tf.runs import executor, workbench


@pytest.fixture
def run():
    """A function from arguments to what came of them: exit_code, stdout, stderr."""

    def run_one(*arguments, input=None):
        return CliRunner().invoke(app, [str(each) for each in arguments], input=input)

    return run_one


@pytest.fixture
def read(run):
    """A function from arguments to the JSON that they print; they must succeed."""

    def read_one(*arguments, input=None):
        result = run(*arguments, "--json", input=input)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return read_one


@pytest.fixture
def bench(home, monkeypatch):
    """A workbench in the home that the command line uses; its workers are fake, and gone with the test."""
    monkeypatch.setenv("RESNET_TF_HOME", str(home))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(executor, "FIRST_PAINT", 0.0)
    opened = Bench(home, worker=FAKE)
    monkeypatch.setattr(workbench, "Workbench", lambda: Bench(home, worker=FAKE))
    yield opened
    opened.close()


@pytest.fixture
def start():
    """A function from arguments to the process that runs them, all its streams pipes; none outlives the test."""
    started = []

    def start_one(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "resnet_tf", *map(str, arguments)],
            cwd=Path(__file__).parents[2], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
        )  # fmt: skip
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()
