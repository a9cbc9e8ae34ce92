"""What `make app` does on machines that are not as they should be: each with programs of our own on the path."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
TOOLS = ("bash", "env", "rm", "mkdir", "chmod", "cp", "touch", "uname")  # what the scripts may rely on

# a Python that makes an environment only once its package for that is installed
PYTHON_WITHOUT_VENV = """\
if [ "$1 $2" != "-m venv" ]; then exec {python} "$@"; fi
[ -e {place}/installed ] || exit 1
mkdir -p "$3/bin" && cp {place}/python-in-venv "$3/bin/python"
"""
APT_GET = 'echo "apt-get $*"; [ "$1" != install ] || touch {place}/installed\n'


@pytest.fixture
def machine(tmp_path):
    """A function that puts programs on an otherwise bare path, and gives the environment to run in."""
    for tool in TOOLS:
        (tmp_path / tool).symlink_to(shutil.which(tool))

    def with_programs(**programs):
        for name, body in programs.items():
            program = tmp_path / name.replace("_", "-")
            program.write_text("#!/usr/bin/env bash\n" + body.format(python=sys.executable, place=tmp_path))
            program.chmod(0o755)
        return {"PATH": str(tmp_path), "HOME": os.environ["HOME"]}

    return with_programs


def run(script, *arguments, folder, environment):
    return subprocess.run(
        [SCRIPTS / script, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_python_that_cannot_make_environments_gets_debians_package_for_it(machine, tmp_path):
    environment = machine(python3=PYTHON_WITHOUT_VENV, apt_get=APT_GET, id="echo 0", python_in_venv="exit 0")
    done = run("environment", tmp_path / "venv", 0, folder=tmp_path, environment=environment)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "installed").exists()
    assert (tmp_path / "venv" / "bin" / "python").exists()
    assert f"Making {tmp_path}/venv with Python {version}" in done.stdout


def test_who_may_not_install_is_told_the_command(machine, tmp_path):
    environment = machine(python3=PYTHON_WITHOUT_VENV, id="echo 1000", sudo="exit 1", apt_get=APT_GET)
    done = run("environment", tmp_path / "venv", 0, folder=tmp_path, environment=environment)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"Run: sudo apt-get install python{version}-venv")
    assert not (tmp_path / "venv").exists()


def test_a_machine_with_no_fitting_python_is_told_which_ones_fit(machine, tmp_path):
    done = run("environment", tmp_path / "venv", 0, folder=tmp_path, environment=machine(python3="exit 1"))
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13" in done.stderr


def test_a_port_in_use_is_said_and_the_next_free_one_is_taken(machine, tmp_path):
    environment = machine(python='exec {python} "$@"', streamlit='echo "streamlit $*"')
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", tmp_path, port, folder=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    said, started = done.stdout.splitlines()
    other = int(started.split("--server.port ")[1].split()[0])
    assert port < other < port + 100
    assert said == f"Port {port} is in use: the workbench is on port {other}."


def test_a_free_port_is_taken_as_it_is(machine, tmp_path):
    environment = machine(python='exec {python} "$@"', streamlit='echo "streamlit $*"')
    with socket.create_server(("", 0)) as probe:
        port = probe.getsockname()[1]
    done = run("serve", tmp_path, port, folder=tmp_path, environment=environment)
    assert done.stdout.startswith(f"streamlit run app/asgi.py --server.port {port} ")
