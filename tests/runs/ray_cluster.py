"""A real Ray cluster of several nodes on this machine, which can be killed one by one."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # for whoever joins: nodes are at 127.0.0.1, not at a LAN's


class RayCluster:
    """A head and nodes of two cores each; a node's home for workers is a folder that all have."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: the names of sockets are
        self.log = self.folder / "log"
        # steps that take time and little work: how long a run is says nothing of how busy the machine is
        variables = {"PYTHONPATH": str(ROOT), "RESNET_TF_HOME": str(self.folder / "home"), "FAKE_PAUSE": "0.2"}
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("ray_nodes.py"), self.folder / "ray"],
                env={**os.environ, **variables}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self.address = self._said()
        self.nodes = []  # the process of each

    def _said(self):
        while line := self._process.stdout.readline():
            if line.strip().removeprefix("127.0.0.1:").isdigit():
                return line.strip()
        raise AssertionError(self.log.read_text()[-2000:])

    def add(self, gpus=0):
        """Starts a node; Ray hands its GPUs out by their numbers, and does not look for them."""
        print(gpus, file=self._process.stdin, flush=True)
        self.nodes.append(int(self._said()))
        return self.nodes[-1]

    def node_of(self, pid):
        """The node of a worker, by its process."""
        above = {process.pid for process in psutil.Process(pid).parents()}
        return next(node for node in self.nodes if node in above)

    def kill(self, node):
        """Kills a node as a power cut does: all its processes at once."""
        raylet = psutil.Process(node)
        for process in (raylet, *raylet.children(recursive=True)):
            process.kill()
        self.nodes.remove(node)

    def clear(self):
        """Ends all workers and frees their seats: one whose records went with its test waits for them for ever."""
        seats = str(self.folder / "home" / "seats")
        everything = psutil.process_iter(["environ", "ppid"])
        left = [each for each in everything if (each.info["environ"] or {}).get("RESNET_TF_HOME", "").startswith(seats)]
        for pid in {each.info["ppid"] for each in left} - {1, *(each.pid for each in left)}:
            with suppress(psutil.NoSuchProcess):  # it left meanwhile
                psutil.Process(pid).kill()
        for each in left:
            with suppress(psutil.NoSuchProcess):  # or left with its seat
                each.kill()

    def close(self):
        everything = psutil.Process(self._process.pid).children(recursive=True)
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
            for process in everything:
                with suppress(psutil.NoSuchProcess):  # as it should be
                    process.kill()
            shutil.rmtree(self.folder)
