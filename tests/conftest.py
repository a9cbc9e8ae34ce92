"""One process for what a file makes once, homes that leave no worker, one's own databases."""

import psutil
import pytest
from hypothesis import HealthCheck, settings

# how long an example takes says how busy the machine is, and nothing of the code
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("keras") or made_once(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def made_once(item):
    """Whether a test asks for what its file makes once, as a server: then it goes where that is."""
    return any(found[-1].scope == "module" for found in item._fixtureinfo.name2fixturedefs.values())


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


@pytest.fixture(autouse=True)
def laptop(monkeypatch):
    """Tests are on a laptop, whatever the machine that runs them is; those of a host say so."""
    monkeypatch.setenv("RESNET_TF_HOSTED", "0")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for the session."""
    from postgres import Postgres

    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def database_url(request, tmp_path):
    """The URL of an empty store of this test's own, on SQLite and, among the services, on PostgreSQL.

    A test of one of them alone says so: `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    """
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'workbench.db'}"
        return
    server = request.getfixturevalue("postgres")
    url = server.create()
    yield url
    server.drop(url)
