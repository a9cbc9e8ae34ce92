"""Curves that pages look at each second: kept as they were last shown, and brought up to date by what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from sqlalchemy import Connection, select

from resnet_tf.runs.records import StoredEvent
from resnet_tf.runs.spans import LEAST, of_kind, read_events, thinned
from resnet_tf.runs.tables import events

KINDS = ("step", "epoch")  # of these a step has one event
ROOM = 0.25  # of a long curve is left for what is new, before it is thinned anew
KEPT = 20_000  # events of all curves together, about 20 MB


class Curve(NamedTuple):
    """The events of a run that stand for all until one, by step."""

    until: int
    shown: list[StoredEvent]


class Curves:
    """The curves that were looked at last, of all visitors together; safe in threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, int], Curve] = OrderedDict()
        self._turn = threading.Lock()

    def read(self, connection: Connection, run: str, kind: str, most: int) -> list[StoredEvent]:
        """What `thinned` says of all events of a run, in two seeks where it said so before."""
        key = (run, kind, most)
        with self._turn:
            known = self._known.pop(key, None)
        curve = (known and _continued(connection, run, kind, most, known)) or _drawn(connection, run, kind, most)
        if curve is None:
            return []
        with self._turn:
            self._known[key] = curve
            while sum(len(curve.shown) for curve in self._known.values()) > KEPT:
                self._known.popitem(last=False)
        return list(curve.shown)


def _drawn(connection: Connection, run: str, kind: str, most: int) -> Curve | None:
    until = connection.scalar(select(events.c.seq).where(of_kind(run, kind)).order_by(events.c.seq.desc()).limit(1))
    room = min(int(ROOM * most), max(most - LEAST, 0))
    return until and Curve(until, thinned(connection, run, kind, 0, most, room=room))


def _continued(connection: Connection, run: str, kind: str, most: int, known: Curve) -> Curve | None:
    """A curve with what is new; None where that is too much for it, or it was not of these events."""
    fresh = read_events(connection, of_kind(run, kind), events.c.seq >= known.until, most=most)
    if not fresh or fresh[0].seq != known.until:  # deleted, or done again by a resumed run
        return None
    if len(fresh) == 1:
        return known
    by_step = {event.step: event for event in (*known.shown, *fresh[1:])}
    if len(by_step) > most or len(fresh) == most:
        return None
    return Curve(fresh[-1].seq, [by_step[step] for step in sorted(by_step)])
