"""The workbench as it is deployed, the Procfile's own command on a free port, and a Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.error import URLError

import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIGHT = ("chromium-headless-shell", *BROWSERS)  # the same engine without the desktop around it: a third of the work
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
OURS_ALONE = ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE")  # what a shell here may say and no deployment does
START = 60.0  # seconds that a server may take until it is healthy
DESKTOP = {"width": 1440, "height": 900}


def procfile() -> str:
    """The command of the Procfile's web process."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return next(line.removeprefix("web:").strip() for line in lines if line.startswith("web:"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Server:
    """A server that is up, its port and its home."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident_bytes(self) -> int:
        """Memory of the server's process alone: the worker has its own."""
        return psutil.Process(self.process.pid).memory_info().rss


def start(
    home: Path, command: str | None = None, port: int | None = None, folder: Path = ROOT,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Server:  # fmt: skip
    """A healthy server that runs a command (the Procfile's by default) with its home in a folder."""
    home.mkdir(parents=True, exist_ok=True)
    port, log = port or free_port(), home / "server.log"
    environment = {key: value for key, value in os.environ.items() if key not in OURS_ALONE}
    environment |= {
        "PORT": str(port),
        "RESNET_TF_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **variables,
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command or procfile()}"],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    server = Server(process, port, home, log)
    _until_healthy(server)
    return server


def _until_healthy(server: Server) -> None:
    limit = time.monotonic() + START
    while server.process.poll() is None and time.monotonic() < limit:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError, TimeoutError):  # it does not listen yet
            time.sleep(0.02)
    server.process.kill()
    server.process.wait()
    raise RuntimeError(f"The server did not come up:\n{server.log.read_text()}")


def end(server: Server) -> None:
    """Ends a server, and the worker in its home."""
    server.process.terminate()
    try:
        server.process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    end_processes_of(server.home)


def end_processes_of(home: Path) -> None:
    """Kills every process that lives in a workbench's home, and waits until they are gone."""
    found = [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("RESNET_TF_HOME") == str(home)
    ]
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=10)


@contextmanager
def served(
    home: Path, command: str | None = None, folder: Path = ROOT, variables: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """A server for the length of a block; `variables` are of its environment, beside ours."""
    server = start(home, command, folder=folder, variables=variables)
    try:
        yield server
    finally:
        end(server)


@contextmanager
def chromium(names: Sequence[str] = BROWSERS) -> Iterator[Browser]:
    """The first Chromium of these that the system has, without a window, or Playwright's own where it has none."""
    path = next((found for name in names if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page, seconds: float = 60.0) -> None:
    """Waits until the page's script is done."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=1e3 * seconds)
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=1e3 * seconds)
