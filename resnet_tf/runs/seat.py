"""A worker's seat on a node of a Ray cluster: an actor that starts a worker there, and is there as long as it is."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from resnet_tf.runs.executor import TIE, Post, cause_of_death, spawn
from resnet_tf.runs.home import Home, Lock

LINGER = 60.0  # seconds that a seat whose worker has left is there for whoever asks how that was


class Place(NamedTuple):
    """Where a seat's worker is, as the records say it."""

    home: str
    host: str


class Ending(NamedTuple):
    """How a seat's worker ended: the code that it gave, and what it died of where it did not end by itself."""

    code: int
    cause: str | None


class Seat:
    """Ray makes it on a node, in a process of its own: if that dies, with its node or without, the worker ends too."""

    def __init__(self, folder: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """`folder` is the worker's home inside the node's; `arguments` are what Python is started with."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        home = Home(Home.at().folder / "seats" / folder)
        self._place = Place(str(home.folder), f"{socket.gethostname()}-{node[:8]}")
        self._present = Lock(home.make() / home.servers_lock.name)
        self._present.acquire(shared=True, wait=True)  # a worker waits for records that are gone while somebody is here
        here = {"RESNET_TF_HOME": self._place.home, "RESNET_TF_NODE": self._place.host, TIE: str(os.getpid())}
        post = Post("worker", (sys.executable, *arguments), home.worker_lock, home.log)
        self._child = spawn(post, {**variables, **here}, setsid=False)
        self._ending: Ending | None = None
        self._over = threading.Event()
        threading.Thread(target=self._wait, name="wait", daemon=True).start()

    def place(self) -> Place:
        return self._place

    def watch(self) -> Ending | None:
        """How the worker ended, once it has."""
        self._over.wait()
        return self._ending

    def _wait(self) -> None:
        _, status = os.waitpid(self._child, 0)
        self._ending = Ending(os.waitstatus_to_exitcode(status), cause_of_death(status))
        self._over.set()
        time.sleep(LINGER)
        os._exit(0)
