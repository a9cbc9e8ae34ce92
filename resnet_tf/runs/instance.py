"""What the workbenches of all visitors of one server share: the home, the settings, the records, the worker."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from resnet_tf.runs import logs
from resnet_tf.runs.cluster import refusal
from resnet_tf.runs.executor import FOREMAN, MIRROR, Executor, Post
from resnet_tf.runs.files import Files
from resnet_tf.runs.home import Home
from resnet_tf.runs.polls import Polls
from resnet_tf.runs.settings import Settings, settings
from resnet_tf.runs.tidier import Tidier

if TYPE_CHECKING:
    from resnet_tf.runs.database import Database
    from resnet_tf.runs.store import Store
    from resnet_tf.runs.trials import Trials

log = logging.getLogger(__name__)

FOREMAN_LOOK = 1.0  # seconds between two looks whether there is work for a cluster
MIRROR_LOOK = 2.0  # seconds between two looks whether there is something to mirror


class Instance:
    """One server's side of an instance; safe in threads. The records are opened at the first question."""

    def __init__(
        self, home: str | os.PathLike[str] | None, database_url: str | None, worker: Sequence[str],
        chosen: Settings | None = None,
    ) -> None:  # fmt: skip
        self.settings = chosen or settings()
        self.home = Home.at(home or self.settings.home or None)
        self.files = Files(self.home, self.settings)
        self.url = database_url or self.settings.records(self.home)
        self.place = (str(self.home.folder), self.settings.node)
        self.executor = self._foreman(worker) if self.settings.ray_address else self._worker(worker)
        self.mirror = Executor(
            self.home, self.url, Post("mirror", MIRROR, self.home.mirror_lock, self.home.mirror_log, MIRROR_LOOK),
            bury=lambda cause: log.warning("The mirror %s", cause, extra=logs.of("mirror.died")),
            needed=lambda: self.behind() > 0,
        )  # fmt: skip
        self.tidier = Tidier(self.files, self._records, self.settings)
        self.polls = Polls()
        self._opening = threading.Lock()

    def _worker(self, command: Sequence[str]) -> Executor:
        """What keeps a worker on this machine."""
        lazy = self.settings.limit("idle_seconds") is not None
        return Executor(
            self.home, self.url, Post("worker", command, self.home.worker_lock, self.home.log),
            bury=lambda cause: self.store.bury(*self.place, cause),
            needed=self._waits if lazy else None,
        )  # fmt: skip

    def _foreman(self, worker: Sequence[str]) -> Executor:
        """What keeps a foreman, who has workers on a cluster; only while there is something to do."""
        lock, log_file = self.home.foreman_lock, self.home.foreman_log
        post = Post("foreman", (*FOREMAN, *worker[1:]), lock, log_file, FOREMAN_LOOK, speaks=True)
        return Executor(
            self.home, self.url, post,
            bury=lambda cause: log.warning("The foreman %s", cause, extra=logs.of("foreman.died")),
            needed=self._has_open_runs,
        )  # fmt: skip

    def start(self) -> None:
        """Begins to look after the worker, and the mirror if runs are mirrored; a second call changes nothing."""
        self.tidier.start()
        if self.settings.worker == "none":
            return
        self.executor.trouble = refusal(self.settings, self.url) if self.settings.ray_address else None
        if self.executor.trouble is None:
            self.executor.start()
        if self.settings.mlflow_tracking_uri and find_spec("mlflow") is None:
            from resnet_tf.runs.mirror import MISSING

            log.warning(MISSING, extra=logs.of("mirror.missing"))
        elif self.settings.mlflow_tracking_uri:
            self.mirror.start()

    def close(self) -> None:
        self.tidier.close()
        self.executor.close()
        self.mirror.close()

    def behind(self) -> int:
        """How many runs the MLflow server is not told everything of."""
        from resnet_tf.runs.mirror import ledger

        return len(ledger(self.store, self.home, self.settings.mlflow_tracking_uri).due())

    @cached_property
    def trials(self) -> Trials:
        from resnet_tf.runs.trials import Trials

        return Trials(self.store, self.settings)

    def _waits(self) -> bool:
        """Whether there is work for a worker, what sweeps have next among it."""
        self.trials.advance()
        return self.store.waiting() > 0

    def _has_open_runs(self) -> bool:
        return self._waits() or self.store.under_way() > 0 or self.trials.go_on()

    @cached_property
    def _database(self) -> Database:
        from resnet_tf.runs.database import Database

        return Database(self.url)

    @cached_property
    def _opened(self) -> Store:
        from resnet_tf.runs.store import Store

        self.home.make()
        return Store(self._database)

    @property
    def store(self) -> Store:
        with self._opening:
            return self._opened

    def _records(self) -> Store | None:
        """The store, where there are records: who tidies up begins none, least of all while theirs are moved away."""
        return self.store if self._database.version() else None
