"""A function that runs the command line in this process."""

import json

import pytest
from typer.testing import CliRunner

from resnet_tf.cli.main import app


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
