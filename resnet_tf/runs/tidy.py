"""Tidies up, once an hour: the files of deleted runs go, old ones expire, what was not sent yet is, copies have an end.

What is done to a run's files follows from its records alone, wherever the files lie. Files of runs that these records
never had are left alone: a home and an object store may outlive their records, or serve other ones too.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from resnet_tf.runs import logs
from resnet_tf.runs.checkpoints import UNFINISHED, sizes
from resnet_tf.runs.expiry import Fate, expire, fates, used_uploads, weigh
from resnet_tf.runs.files import Files
from resnet_tf.runs.home import KINDS, Home
from resnet_tf.runs.objects import Found, Objects
from resnet_tf.runs.settings import Settings
from resnet_tf.runs.store import Store

log = logging.getLogger(__name__)

DAY = 86_400.0
GONE: tuple[Fate, ...] = ("deleted", "old")


def tidy(files: Files, store: Store, chosen: Settings) -> None:
    """Tidies up here, then in the object store. Raises WorkbenchError and OSError: the rest is for the next time."""
    now, days = time.time(), chosen.limit("keep_days")
    before = now - DAY * days if days else -math.inf
    used = used_uploads(store.database, before)
    for run in _gone(store, _runs(files.home), before):
        files.forget_here(run)
    for path in files.home.added():
        if path.stat().st_mtime < before and path.stem not in used:
            path.unlink(missing_ok=True)
    _drop_unfinished(files.home, now - DAY)
    expired = expire(store.database, before)
    if expired:
        log.info("%s files of exports expired", expired, extra=logs.of("tidy.expired"))
    if files.objects is None:
        weigh(store.database, {run: files.checkpoints(run).bytes for run in _resting(store, _runs(files.home), before)})
    else:
        _tidy_store(files, files.objects, store, before, used)
        files.objects.drop_unfinished(now - DAY)
        _trim(files, store, chosen.limit("cache_mb"), before)


def _tidy_store(files: Files, objects: Objects, store: Store, before: float, used: set[str]) -> None:
    """Removes what has gone, and sends what is not there."""
    there = {kind: _by_run(objects.found(kind)) for kind in KINDS}
    for run in _gone(store, {run for kind in KINDS for run in there[kind]}, before):
        files.forget_there(run)
    for run, fate in fates(store.database, _runs(files.home), before).items():
        if fate not in GONE:
            files.send(run)
    added = objects.found("uploads")
    for name, found in added.items():
        if found.changed < before and Path(name).stem not in used:
            objects.remove([f"uploads/{name}"])
    for path in files.home.added():
        if path.relative_to(files.home.folder / "uploads").as_posix() not in added:
            files.send_upload(path)
    kept = _resting(store, there["checkpoints"], before)
    weigh(store.database, {run: sum(one.size for one in there["checkpoints"][run].values()) for run in kept})


def _trim(files: Files, store: Store, most: int | None, before: float) -> None:
    """Drops the copies that nobody has needed for longest, until they fit; what is not in the store is no copy."""
    if most is None:
        return
    under_way = {run for run, fate in fates(store.database, _runs(files.home), before).items() if fate == "open"}
    copies = [path for path in files.copies() if path.parent.name not in under_way]
    copies.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    taken = 0
    for path in copies:
        taken += path.stat().st_size
        if taken > most * 10**6:
            path.unlink(missing_ok=True)


def _gone(store: Store, found: set[str], before: float) -> list[str]:
    return [run for run, fate in fates(store.database, found, before).items() if fate in GONE]


def _resting(store: Store, found: Iterable[str], before: float) -> list[str]:
    """Of runs those that are kept and that no worker has just now, who says himself what their checkpoints take."""
    return [run for run, fate in fates(store.database, found, before).items() if fate == "kept"]


def _runs(home: Home) -> set[str]:
    """The runs of which something lies here."""
    return {name for kind in KINDS for name in sizes(home.folder / kind)}


def _by_run(found: dict[str, Found]) -> dict[str, dict[str, Found]]:
    runs: dict[str, dict[str, Found]] = defaultdict(dict)
    for path, facts in found.items():
        run, _, name = path.partition("/")
        runs[run][name] = facts
    return runs


def _drop_unfinished(home: Home, before: float) -> None:
    """Removes what writers left that were killed before a time."""
    for folder in (*KINDS, "uploads"):
        for path in (home.folder / folder).glob("**/*"):
            is_left = path.name.startswith(".") or UNFINISHED in path.name
            if is_left and path.exists() and path.stat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
