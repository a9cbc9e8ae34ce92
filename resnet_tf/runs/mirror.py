"""Tells an MLflow server of every run, from the records: `python -m resnet_tf.runs.mirror`, one per home.

A process of its own, since MLflow's client takes 180 MB and seconds to load: neither a page nor a training waits for
it, or for a server that is slow or down. What is not told yet is in the records, so nothing is lost: it is told later.
"""

from __future__ import annotations

import hashlib
import logging
import socket
import sys
import time

from resnet_tf.runs import logs
from resnet_tf.runs.answers import insist
from resnet_tf.runs.failures import NoSuchRun, WorkbenchError
from resnet_tf.runs.home import Home, Lock
from resnet_tf.runs.ledger import Due, HolderLost, Ledger, Place
from resnet_tf.runs.points import points_of
from resnet_tf.runs.records import Run
from resnet_tf.runs.settings import Settings, settings
from resnet_tf.runs.store import Store
from resnet_tf.runs.tracking import Refused, ServerTrouble, Tracker

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks for what is new
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds before the next try, the longer the more have failed in a row
IDLE = 60.0  # seconds without news, or without a server that answers, before a mirror leaves
PAGE = 500  # events that are told at once
MISSING = "Runs cannot be mirrored without MLflow's client: pip install 'resnet_tf[mlflow]'"


def target(uri: str) -> str:
    """A server as the records call it; another server is another target, which is told everything anew."""
    return f"mlflow:{hashlib.sha256(uri.encode()).hexdigest()[:12]}"


def ledger(store: Store, home: Home, uri: str) -> Ledger:
    """What is told to a server, as a home's mirror sees it: it has what an earlier mirror of the same home held."""
    place = f"{socket.gethostname()}:{home.folder}"
    return Ledger(store.database, target(uri), hashlib.sha256(place.encode()).hexdigest()[:32])


class Mirror:
    """Tells a server what the records have and it has not, in the order of the runs and of their events."""

    def __init__(self, store: Store, ledger: Ledger, tracker: Tracker) -> None:
        self._store, self._ledger, self._tracker = store, ledger, tracker
        # a run -> the attempt of which nothing is there yet but what the ledger says
        self._sure: dict[str, int] = {}

    def look(self) -> bool:
        """Tells what is due; whether anything was told. Raises ServerTrouble, WorkbenchError for the records."""
        told = False
        for due in self._ledger.due():
            place = self._ledger.take(due.run)
            if place is not None:
                told = self._tell(due, place) or told
        return told

    def _tell(self, due: Due, place: Place) -> bool:
        try:
            run = self._store.run(due.run)
            return self._tell_export(run, due.state) if run.task == "export" else self._tell_run(run, due.state, place)
        except (NoSuchRun, HolderLost):
            return False  # deleted meanwhile, or taken over by another mirror
        except Refused as error:
            log.error("%s is no longer mirrored: MLflow answers %s", due.run, error, extra=logs.of("mirror.refused"))
            self._ledger.note(due.run, closed=True)
            return False

    def _tell_run(self, run: Run, state: str, place: Place) -> bool:
        ref, seq, sure = place.ref, place.seq, self._sure.pop(run.id, None)
        if ref is None:
            ref = self._tracker.begin(run, self._ledger.sweep(run.sweep) if run.sweep else None)
            self._ledger.note(run.id, ref=ref)
        while page := self._ledger.events(run.id, seq, PAGE):
            points, last = list(points_of(page, run.started or run.created)), page[-1]
            if sure != last.attempt:  # a mirror died in the middle of this, or a resumed run does steps again
                there = self._tracker.there(ref, {point.key for point in points})
                points = [point for point in points if (point.key, point.step) not in there]
                sure = last.attempt if last.step > max((step for _, step in there), default=-1) else None
            self._tracker.tell(ref, points)
            seq = last.seq
            self._ledger.note(run.id, seq=seq)
        self._tracker.tell_state(ref, run, state)
        self._ledger.note(run.id, state=state)
        if sure is not None and not run.over:
            self._sure[run.id] = sure
        return True

    def _tell_export(self, run: Run, state: str) -> bool:
        """Where the files of an export of a trained run are; of any other there is nothing to tell."""
        if state == "finished" and run.source is not None:
            ref = self._ledger.ref(run.source)
            if ref is None and run.source in {due.run for due in self._ledger.due()}:
                return False  # another mirror is about to tell of the run that it is of
            if ref is not None:
                self._tracker.tell_files(ref, self._store.artifacts(run.id))
        self._ledger.note(run.id, state=state)
        return True


def work(mirror: Mirror, patience: float | None) -> None:
    """Mirrors until there has been nothing to tell, or nobody to tell it to, for so many seconds; None is for ever."""
    told, failures = time.monotonic(), 0
    while patience is None or time.monotonic() - told < patience:
        try:
            if mirror.look():
                told = time.monotonic()
            failures = 0
        except (ServerTrouble, WorkbenchError) as trouble:
            failures += 1
            log.warning("%s; what was not told yet will be later", trouble, extra=logs.of("mirror.trouble"))
        time.sleep(PAUSES[min(failures, len(PAUSES)) - 1] if failures else LOOK)


def main(chosen: Settings | None = None, idle: float = IDLE) -> None:
    """Mirrors the home and the records that the environment names, unless another mirror is there already."""
    chosen = chosen or settings()
    logs.begin(chosen.log)
    home = Home.at()
    if not chosen.mlflow_tracking_uri:
        sys.exit("There is nothing to mirror runs to: MLFLOW_TRACKING_URI is not set")
    home.make()
    lock = Lock(home.mirror_lock)
    if not lock.acquire():
        return
    try:
        tracker = Tracker(chosen.mlflow_tracking_uri, chosen.mlflow_experiment_name)
    except ImportError:
        sys.exit(MISSING)
    store = insist(lambda: Store(chosen.records(home)), log.warning)
    rows = ledger(store, home, chosen.mlflow_tracking_uri)
    work(Mirror(store, rows, tracker), idle if chosen.patience else None)
    try:
        rows.leave()
    except WorkbenchError as trouble:  # the next mirror of this home holds what it held
        log.warning("%s", trouble, extra=logs.of("mirror.trouble"))


if __name__ == "__main__":
    main()
