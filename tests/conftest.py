"""One process for the browser, one for each file of Keras' tests, homes that leave no worker."""

import psutil
import pytest
from hypothesis import HealthCheck, settings

# how long an example takes says how busy the machine is, and nothing of the code
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
        elif item.get_closest_marker("keras"):  # what a file builds for its tests is built once
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def end_processes_of(home):
    """Kills every process that lives in a workbench's home, and waits until they are gone."""
    found = [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("RESNET_TF_HOME") == str(home)
    ]
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=10)


@pytest.fixture
def home(tmp_path):
    """A folder for RESNET_TF_HOME. A worker that was started in it is ended with the test."""
    folder = tmp_path / "home"
    yield folder
    end_processes_of(folder)
