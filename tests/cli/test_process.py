"""The command line as a process: exit codes, pipes, interruptions, completion, and what it does not load."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from benches import until

from resnet_tf.cli import counting
from resnet_tf.cli.main import COMMANDS, RUNS, SWEEPS

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "resnet_tf")
# what would make every answer slow
HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy", "streamlit", "pandas", "sqlalchemy", "rich", "starlette")


def finished(*arguments, **options):
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120, **options)


def after(code, *arguments):
    """What came of the program in a fresh process that runs some code first; at the end it says what it has loaded."""
    program = f"""
import atexit, json, sys
{code}
atexit.register(lambda: print(json.dumps([name for name in {HEAVY!r} if sys.modules.get(name)]), file=sys.stderr))
sys.argv = ["resnet_tf", *{arguments!r}]
from resnet_tf.cli.main import main
main()
"""
    return finished(sys.executable, "-c", program)


# --- what it loads


@pytest.mark.parametrize(
    "arguments",
    [
        ("count", "resnet50", "--by", "layer"), ("presets", "--like", "wide"), ("show", "resnet50"),
        ("diff", "resnet50", "resnet50"), ("draw", "resnet18"),
        ("build", "resnet18", "-o", "/dev/null/x.py"), ("train", "--help"), ("export", "--help"),
        ("train", "resnet18", "--dataset", "digit", "-o", "nowhere"), ("export", "resnet18", "-f", "x", "-o", "x"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_needs_no_weights_loads_nothing_that_is_slow(arguments):
    result = after("", *arguments)
    assert result.stderr.splitlines()[-1] == "[]"
    assert result.returncode in (0, 2, 3)


def test_the_check_sees_what_is_loaded():
    assert after("import numpy", "count", "resnet18").stderr.splitlines()[-1] == '["numpy"]'


# --- exit codes


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("count resnet18", 0), ("--help", 0), ("", 0), ("diff resnet18 resnet34", 1), ("count resnet1", 2),
        ("count", 2), ("count resnet18 --frob", 2), ("frob", 2), ("--frob", 2), ("draw resnet18 -o /proc/x.dot", 3),
    ],
)  # fmt: skip
def test_an_exit_code_says_what_came_of_it(arguments, code):
    result = finished(*PROGRAM, *arguments.split())
    assert result.returncode == code, result.stderr
    assert len(result.stderr.splitlines()) == (1 if code > 1 else 0)
    assert "Traceback" not in result.stderr


def test_the_script_and_the_module_are_one_program():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    place, _, name = project["scripts"]["resnet_tf"].partition(":")
    called = finished(sys.executable, "-c", f"from {place} import {name}; {name}()", "--version")
    assert called.stdout == finished(*PROGRAM, "--version").stdout == f"{project['version']}\n"


def test_a_missing_package_is_named_with_how_to_install_it():
    result = after("sys.modules['keras'] = None", "build", "resnet20_cifar10")
    assert result.returncode == 3
    assert "keras, which is not installed: pip install 'resnet_tf[learning]'" in result.stderr


def test_what_nobody_foresaw_is_one_sentence_and_a_traceback_only_on_request(run, monkeypatch):
    monkeypatch.setattr(counting, "costs", lambda spec: 1 // 0)
    monkeypatch.delenv("RESNET_TF_TRACEBACK", raising=False)
    result = run("count", "resnet18")
    assert result.exit_code == 3
    assert result.stderr.startswith("resnet_tf: ZeroDivisionError: ")
    monkeypatch.setenv("RESNET_TF_TRACEBACK", "1")
    assert isinstance(run("count", "resnet18").exception, ZeroDivisionError)


def test_an_error_is_json_where_json_is_asked_for():
    result = finished(*PROGRAM, "count", "resnet18", "--by", "x", "--json")
    error = json.loads(result.stderr)["error"]
    assert set(error) == {"message", "field", "rule", "value", "nearest"}
    assert result.stdout == ""


# --- pipes and interruptions


def test_a_reader_that_leaves_early_leaves_no_complaint():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        result = subprocess.run([*PROGRAM, "presets"], cwd=ROOT, stdout=gone, stderr=subprocess.PIPE, timeout=60)
    assert (result.returncode, result.stderr) == (141, b"")


def test_what_is_shown_can_be_piped_into_another_command():
    command = (
        f'"{sys.executable}" -m resnet_tf show resnet50 --set block=basic --json | "{sys.executable}" -m resnet_tf'
    )
    result = finished("sh", "-c", f"{command} count - --json")
    assert json.loads(result.stdout)["trainable_parameters"] == 21_797_672  # ResNet-34


def interrupted(process):
    """Whether a Ctrl+C ended the process; one that comes just before it waits for input is heard only after it."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(2)
    return process.returncode is not None


def test_an_interruption_is_silent_and_says_130(start):
    process = start("count", "-")
    process.stdin.write(" " * 100_000)  # more than a pipe holds: it goes on when the program reads
    process.stdin.flush()
    until(lambda: interrupted(process))
    assert (process.returncode, process.stderr.read(), process.stdout.read()) == (130, "", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_signs_shows_question_marks(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run(
        [*PROGRAM, "diff", "resnet50", "resnet50_v1"], cwd=ROOT, env=environment, capture_output=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (1, b"")
    assert b" ? " in result.stdout


# --- completion


def completed(words):
    """What bash is offered after these words."""
    environment = {
        **os.environ, "_RESNET_TF_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))
    }  # fmt: skip
    return finished(*PROGRAM, env=environment).stdout.split()


def test_a_shell_completes_commands_presets_and_formats():
    assert completed("resnet_tf co") == ["count", "convert"]
    assert {"wide_resnet50_2", "wide_resnet101_2"} <= set(completed("resnet_tf count wide"))
    assert completed("resnet_tf diff resnet18 resnext50") == ["resnext50_32x4d", "resnext50d_32x4d"]
    assert completed("resnet_tf export resnet18 --format on") == ["onnx"]
    assert completed("resnet_tf draw resnet18 --level st") == ["stage"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_can_be_shown(shell):
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    result = finished(*PROGRAM, "--show-completion", shell, env=environment)
    assert "_RESNET_TF_COMPLETE" in result.stdout


# --- help

EXAMPLES = [line for lines in COMMANDS.values() for line in lines] + [
    line for group in (RUNS, SWEEPS) for _, line in group.values()
]


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_of_a_help_text_is_understood(line, run):
    """Each is run with --help behind it, which is answered only where its command and its options exist."""
    words = shlex.split(line.partition(" | ")[0].partition(" > ")[0])
    result = run(*words, "--help")
    assert result.exit_code == 0, result.stderr
    assert f"resnet_tf {line}" in result.stdout
