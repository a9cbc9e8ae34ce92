"""A long curve in few points: what NumPy says of all of them is true of those, whatever was written in what order."""

from itertools import count

import numpy as np
import pytest
import sqlalchemy as sa
from benches import SPEC
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from resnet_tf.learning.recipes import recipe
from resnet_tf.runs.spans import FINE, LEAST, LEVELS, RATIO
from resnet_tf.runs.store import Happening, Store
from resnet_tf.runs.tables import spans

WIDEST = 1 + RATIO / FINE  # of two points' share of all steps: what an extreme may be away from the point that it hides

# (how many steps back a batch of points begins, the stride between its points, how many they are, of which losses)
batches = st.tuples(
    st.one_of(st.just(0), st.integers(0, 5_000)), st.sampled_from([1, 1, 7, 1_000]), st.integers(0, 400),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
histories = st.lists(batches, min_size=1, max_size=5)


def each(examples):
    """So many examples in one store, each in a run of its own."""
    return settings(max_examples=examples, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    opened.enter("w1", "host", "home", 1)
    yield opened
    opened.database.close()


def some_losses(length, seed):
    """Losses that fall under noise, with leaps, and here and there none."""
    luck = np.random.default_rng(seed)
    falling = 1 / np.arange(1, length + 1) + luck.normal(0, 0.1, length) + 50 * (luck.random(length) < 0.01)
    return [loss if there else None for loss, there in zip(falling.tolist(), luck.random(length) < 0.9, strict=True)]


def written(store, history):
    """A run with points, and {step: (arrival, loss)} as it must be: a step that is done again has the newer one."""
    store.add_run("train", "a run", SPEC, "local", recipe=recipe())
    run, known, arrivals, last = store.claim("w1", None, None), {}, count(), 0
    for back, stride, length, seed in history:
        steps = [max(last - back, 0) + stride * n for n in range(1, length + 1)]
        losses = some_losses(length, seed)
        points = [Happening("step", n, 0, 0.1, {"loss": loss}) for n, loss in zip(steps, losses, strict=True)]
        if points:
            store.append("w1", run, points)
            last = steps[-1]
        known |= {n: (next(arrivals), loss) for n, loss in zip(steps, losses, strict=True)}
    store.end("w1", run, "stopped")
    return run.id, known


def curve(points):
    """The steps and losses of {step: loss}, without those that have none."""
    known = [(step, loss) for step, loss in points.items() if loss is not None]
    return np.array(known, float).reshape(-1, 2).T


def check(shown, must, most):
    """Whether the events that are shown, at most so many, stand for {step: loss}."""
    points = {event.step: event.values["loss"] for event in shown}
    assert len(points) == len(shown) <= most
    assert list(points) == sorted(points)
    assert points.items() <= must.items()
    if len(must) <= most:
        assert points == must
        return
    first, last = min(must), max(must)
    assert ({first, last} if most > 1 else {last}) <= set(points)
    if most < LEAST:
        return
    (steps, losses), (at, drawn) = curve(must), curve(points)
    reach = WIDEST * (last - first + 1) / ((most - 2) // 2) + 1
    near = np.abs(steps[:, None] - at[None, :]) <= reach
    for sign in (1, -1):
        highest = np.where(near, sign * drawn, -np.inf).max(axis=1, initial=-np.inf)
        assert (highest >= sign * losses).all()


@each(25)
@given(histories, st.integers(1, 60), st.floats(0, 1))
@example([(0, 1_000, 350, 0), (0, 1, 115, 0)], 8, 0.75)  # the new ones are few steps at the end of many
def test_the_points_of_a_curve_stand_for_all_of_them(store, history, most, seen):
    run, known = written(store, history)
    check(store.events(run, ("step",), most=most), {n: loss for n, (_, loss) in known.items()}, most)
    everything = sorted(store.events(run, ("step",), most=10**9), key=lambda event: event.seq)
    after = everything[int(seen * (len(everything) - 1))].seq if everything else 0
    fresh = {event.step: event.values["loss"] for event in everything if event.seq > after}
    check(store.events(run, ("step",), after, most), fresh, most)


@each(15)
@given(histories)
def test_spans_are_what_numpy_makes_of_the_events(store, history):
    run, known = written(store, history)
    everything = store.events(run, ("step",), most=10**9)
    assert {event.step: event.values["loss"] for event in everything} == {n: x for n, (_, x) in known.items()}
    with store.database.reading() as connection:
        found = {(row.level, row.start): row for row in connection.execute(sa.select(spans).where(spans.c.run == run))}
    steps, seqs = (np.array([getattr(event, name) for event in everything], int) for name in ("step", "seq"))
    numbers = np.array([event.values["loss"] for event in everything], float)  # None is not a number
    expected = {(level, start) for level in range(1, LEVELS + 1) for start in set(steps // RATIO**level * RATIO**level)}
    assert set(found) == expected
    for (level, start), row in found.items():
        inside = steps // RATIO**level * RATIO**level == start
        assert (row.oldest, row.newest) == (seqs[inside].min(), seqs[inside].max())
        some = inside & np.isfinite(numbers)
        if some.any():
            assert (row.low, row.high) == (numbers[some].min(), numbers[some].max())
            assert [numbers[seqs == seq].item() for seq in (row.low_seq, row.high_seq)] == [row.low, row.high]
        else:
            assert (row.low, row.high) == (None, None)
            assert {row.low_seq, row.high_seq} <= set(seqs[inside].tolist())
