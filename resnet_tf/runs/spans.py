"""A long curve in fewer points that keep its extremes: ranges of steps, each with the events that a chart needs of it.

A span of level n is 10^n steps wide. It knows which of its events have the lowest and the highest loss, and follows
from the ten spans below it, level 0 being the events themselves. Whoever writes an event brings the spans over it up to
date in the same transaction, so that they are always true, of redone steps too; a page then reads some hundred spans of
the level that fits, however long the run is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, delete, insert, select, union_all

from resnet_tf.runs.records import StoredEvent
from resnet_tf.runs.tables import ONE_A_STEP, events, spans

RATIO = 10
LEVELS = 6  # of spans above the events: a run of two thousand million steps is read by two thousand of them
FINE = 6  # spans that are read for two points of an answer; where the next level would be used they are 0.6
LEAST = 4  # points of an answer: its ends and its extremes
MEASURE = "loss"
FEW = 20  # events that are read before it is asked how many there are
SOME = 10_000  # events that are asked for at once by their numbers


class Span(NamedTuple):
    """A range of steps. An event is one of level 0; without a loss its place is kept."""

    level: int
    start: int
    low: float | None
    low_seq: int
    high: float | None
    high_seq: int
    oldest: int
    newest: int

    @property
    def end(self) -> int:
        """The first step behind it."""
        return self.start + RATIO**self.level


def keep_extremes(connection: Connection, run: str, written: Iterable[tuple[str, int]]) -> None:
    """Brings the spans over events (kind, step) that were just written up to date."""
    for kind, together in groupby(sorted(written), key=lambda event: event[0]):
        steps = [step for _, step in together]
        made = _spans_over(connection, run, kind, steps[0], steps[-1])
        mine = and_(spans.c.run == run, spans.c.kind == kind)
        same = and_(mine, spans.c.level == bindparam("of_level"), spans.c.start == bindparam("at_start"))
        connection.execute(delete(spans).where(same), [{"of_level": s.level, "at_start": s.start} for s in made])
        connection.execute(insert(spans), [{"run": run, "kind": kind, **span._asdict()} for span in made])


def _spans_over(connection: Connection, run: str, kind: str, first: int, last: int) -> list[Span]:
    """The spans over some steps as they must be now, level by level."""
    made: list[Span] = []
    families = [(level, *_aligned(level + 1, first, last)) for level in range(LEVELS)]
    below = _events(connection, run, kind, *families[0][1:])
    above = _stored(connection, run, kind, families[1:])
    for level in range(1, LEVELS + 1):
        fresh = [_joined(level, parts) for _, parts in groupby(below, key=lambda s, n=level: s.start // RATIO**n)]
        made += fresh
        siblings = {span.start: span for span in above if span.level == level} | {span.start: span for span in fresh}
        below = sorted(siblings.values(), key=lambda span: span.start)
    return made


def _aligned(level: int, first: int, last: int) -> tuple[int, int]:
    """The first and the last step of the spans of a level that some steps lie in."""
    width = RATIO**level
    return first // width * width, last // width * width + width - 1


def _joined(level: int, parts: Iterable[Span]) -> Span:
    """The span that some of the level below make up; of equal extremes it keeps the first."""
    parts = list(parts)
    low = min(parts, key=lambda span: math.inf if span.low is None else span.low)
    high = max(parts, key=lambda span: -math.inf if span.high is None else span.high)
    oldest, newest = min(span.oldest for span in parts), max(span.newest for span in parts)
    start = parts[0].start // RATIO**level * RATIO**level
    return Span(level, start, low.low, low.low_seq, high.high, high.high_seq, oldest, newest)


def _events(connection: Connection, run: str, kind: str, first: int, last: int) -> list[Span]:
    """The events of some steps as spans, by step."""
    query = select(events.c.step, events.c.seq, events.c["values"]).where(_by_step(run, kind))
    query = query.where(events.c.step.between(first, last)).order_by(events.c.step, events.c.seq)
    found = []
    for step, seq, values in connection.execute(query).all():
        loss = values.get(MEASURE)
        known = float(loss) if isinstance(loss, int | float) else None
        found.append(Span(0, step, known, seq, known, seq, seq, seq))
    return found


def _stored(connection: Connection, run: str, kind: str, ranges: Sequence[tuple[int, int, int]]) -> list[Span]:
    """The spans of some levels that begin between two steps each, by level and step."""
    mine = select(*(spans.c[name] for name in Span._fields)).where(spans.c.run == run, spans.c.kind == kind)
    # one seek each: SQLite would read all spans of a run for one condition with "or" in it
    seeks = [mine.where(spans.c.level == level, spans.c.start.between(*steps)) for level, *steps in ranges]
    return sorted(map(Span._make, connection.execute(union_all(*seeks)).all()))


def of_kind(run: str, kind: str) -> Any:
    return and_(events.c.run == run, events.c.kind == kind)


def furthest(run: str, kind: str, *, first: bool = False) -> Select[tuple[int]]:
    """The question for the highest step, or the first, of a run's events of a kind.

    A seek, whatever is known of the table: for `max` a PostgreSQL that has not analysed it yet reads all of them.
    """
    order = events.c.step if first else events.c.step.desc()
    return select(events.c.step).where(_by_step(run, kind)).order_by(order).limit(1)


def _by_step(run: str, kind: str) -> Any:
    """The condition of a run's events of a kind, as the index by steps wants it."""
    return of_kind(run, kind) if kind == "note" else and_(of_kind(run, kind), ONE_A_STEP)


def thinned(
    connection: Connection, run: str, kind: str, after: int, most: int, room: int = 0
) -> list[StoredEvent]:  # fmt: skip
    """The events of a run and a kind with a `seq` above `after`, by step; at most so many.

    Where there are more, it is the first, the last, and the lowest and the highest loss of about every so many steps,
    with `room` for some more.
    """
    fresh = and_(of_kind(run, kind), events.c.seq > after)
    found = read_events(connection, fresh, most=min(most, FEW) + 1)  # mostly there are few: one question
    if len(found) > min(most, FEW):
        found = _many(connection, run, kind, after, most, room)
    return sorted(found, key=lambda event: (event.step, event.seq))


def _many(connection: Connection, run: str, kind: str, after: int, most: int, room: int) -> list[StoredEvent]:
    fresh = and_(of_kind(run, kind), events.c.seq > after)
    beyond = select(events.c.seq).where(fresh).order_by(events.c.seq).limit(1).offset(most)
    if connection.execute(beyond).first() is None:
        return read_events(connection, fresh)
    seqs = sorted(_chosen(connection, run, kind, after, most - room))
    some = [seqs[i : i + SOME] for i in range(0, len(seqs), SOME)]
    return [event for numbers in some for event in read_events(connection, events.c.seq.in_(numbers))]


def read_events(connection: Connection, *conditions: Any, most: int | None = None) -> list[StoredEvent]:
    """Events by their numbers."""
    query = select(*(events.c[name] for name in StoredEvent.__dataclass_fields__)).where(*conditions)
    return [StoredEvent(*row) for row in connection.execute(query.order_by(events.c.seq).limit(most)).all()]


def _chosen(connection: Connection, run: str, kind: str, after: int, most: int) -> set[int]:
    """The numbers of the events that stand for all of a kind."""
    pairs = max((most - 2) // 2, 1)
    whole = _new_spans(connection, run, kind, after, FINE * pairs)
    start, end = whole[0].start, whole[-1].end
    ends = [_at_end(connection, run, kind, events.c.seq, start, end, last=last) for last in (True, False)]
    if most < LEAST:
        return set(ends[:most])
    groups = groupby(whole, key=lambda span: (span.start - start) * pairs // (end - start))
    extremes = [_joined(0, parts) for _, parts in groups]
    return {*ends, *(seq for span in extremes for seq in (span.low_seq, span.high_seq))}


def _new_spans(connection: Connection, run: str, kind: str, after: int, most: int) -> list[Span]:
    """The spans, about so many at most, that hold all events after one and none before it, by step."""
    first, last = (connection.execute(furthest(run, kind, first=end)).scalar_one() for end in (True, False))
    found = _new_between(connection, run, kind, after, first, last, most)
    if after == 0:
        return found
    # what is new may be the last hundred of a million steps, in one wide span: between its own ends they are fine again
    first = _step_at_end(connection, run, kind, found[0], last=False)
    last = _step_at_end(connection, run, kind, found[-1], last=True)
    return _new_between(connection, run, kind, after, first, last, most)


def _new_between(
    connection: Connection, run: str, kind: str, after: int, first: int, last: int, most: int
) -> list[Span]:  # fmt: skip
    """The same between two steps: spans of one level, and finer ones where one holds events of before, too."""
    level = next((n for n in range(LEVELS) if last // RATIO**n - first // RATIO**n < most), LEVELS)
    found, ranges = [], [_aligned(level, first, last)]
    while ranges:
        read = [span for steps in ranges for span in _read(connection, run, kind, level, *steps)]
        found += [span for span in read if span.oldest > after]
        ranges = [(span.start, span.end - 1) for span in read if span.oldest <= after < span.newest]
        level -= 1
    return sorted(found, key=lambda span: span.start)


def _read(connection: Connection, run: str, kind: str, level: int, first: int, last: int) -> list[Span]:
    if level == 0:
        return _events(connection, run, kind, first, last)
    return _stored(connection, run, kind, [(level, first, last)])


def _step_at_end(connection: Connection, run: str, kind: str, span: Span, *, last: bool) -> int:
    """The step of the first or the last event of a span."""
    return _at_end(connection, run, kind, events.c.step, span.start, span.end, last=last)


def _at_end(connection: Connection, run: str, kind: str, asked: Any, start: int, end: int, *, last: bool) -> int:
    """What is asked of the first or the last event between two steps."""
    order = events.c.step.desc() if last else events.c.step
    query = select(asked).where(_by_step(run, kind), events.c.step >= start, events.c.step < end)
    return connection.execute(query.order_by(order).limit(1)).scalar_one()
