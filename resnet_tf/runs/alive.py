"""Whether this home's worker lives: `python -m resnet_tf.runs.alive` exits with 0 or 1, as health checks want it."""

from __future__ import annotations

import socket
import sys

from resnet_tf.runs.failures import WorkbenchError
from resnet_tf.runs.home import Home, is_free
from resnet_tf.runs.settings import settings
from resnet_tf.runs.store import Store


def trouble() -> str | None:
    """Why the worker does not live; None where it does. Without records it does as long as its process is there.

    A worker that cannot reach its records keeps points for them: who ended it for that would lose them.
    """
    chosen, home = settings(), Home.at()
    if not home.folder.exists() or is_free(home.worker_lock):
        return f"No worker is in {home.folder}"
    try:
        store = Store(chosen.records(home))
        rows = store.workers(str(home.folder), socket.gethostname())
    except WorkbenchError:
        return None
    if not rows:
        return f"The worker in {home.folder} has not begun yet"
    silent = f"The worker in {home.folder} has been silent for {rows[0].now - rows[0].heartbeat:.0f} s"
    return None if store.is_up(rows[0]) else silent


if __name__ == "__main__":
    sys.exit(trouble())
