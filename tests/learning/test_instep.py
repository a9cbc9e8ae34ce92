"""Two networks trained in step, against each of them trained alone, to the bit."""

import numpy as np
import pytest
from small import TINY

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import edit
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.datasets import load
from resnet_tf.learning.gradients import Profiler
from resnet_tf.learning.instep import in_step
from resnet_tf.learning.measure import batch_of
from resnet_tf.learning.profile import WITH, WITHOUT, dead_units
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.train import train
from resnet_tf.learning.versus import sides_of
from resnet_tf.learning.whitening import whitened

pytestmark = pytest.mark.keras

SHORT = recipe("quick", epochs=2, shift=1, batch_size=128)
DROPPING = edit(TINY, dropout=0.1, stochastic_depth=0.2)
SEEDS = (0, 4)


@pytest.fixture(scope="module")
def told():
    return list(in_step(sides_of(DROPPING), "digits", SHORT, SEEDS))


@pytest.fixture(scope="module")
def found(told):
    return told[-1].found


def drawn(spec, seed):
    """First weights by their paths."""
    return {each.path: keras.ops.convert_to_numpy(each) for each in build(spec, seed=seed).weights}


@pytest.fixture(scope="module")
def alone():
    """Side and seed -> the events of its training by itself."""
    return {
        (side, seed): list(train(spec, "digits", SHORT, seed))
        for side, spec in enumerate(sides_of(DROPPING).values())
        for seed in SEEDS
    }


def test_a_moment_before_the_first_epoch_and_after_each_at_every_seed(told, found):
    assert [(each.seed, each.epoch) for each in found.moments] == [
        (seed, epoch) for seed in SEEDS for epoch in (0, 1, 2)
    ]
    assert [each.moment for each in told if each.moment] == list(found.moments)
    assert (found.sides, found.epochs, found.seeds, found.images) == ((WITH, WITHOUT), 2, 2, 32)
    assert found.blocks == ("stem", "stage1.block1", "stage2.block1", "head")
    done = [each.done for each in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, told[0].of)
    steps = [each.done for each in told[1:] if not each.moment]
    assert len(steps) == len(set(steps))  # as the records want it
    assert {each.of for each in told} == {2 * 2 * 2 * 11}  # sides, seeds, epochs, steps of 128 of 1,438 images


@pytest.mark.parametrize("side", [0, 1], ids=(WITH, WITHOUT))
def test_each_side_is_its_training_alone_to_the_bit(found, alone, side):
    for seed in SEEDS:
        told = [event.values for event in alone[side, seed] if event.kind == "epoch"]
        figures = [each.figures[side] for each in found.moments if each.seed == seed and each.epoch]
        assert [each._asdict() for each in figures] == [{name: e[name] for name in figures[0]._fields} for e in told]


def test_sides_that_are_equal_stay_equal_to_the_bit():
    *_, last = in_step({"one": TINY, "other": TINY}, "digits", SHORT, (7,))
    for moment in last.found.moments:
        assert moment.figures[0] == moment.figures[1]
        assert moment.gradients[0] == moment.gradients[1]
    assert len(last.found.moments) == 3


def test_both_begin_with_the_same_weights_by_layer_name():
    joined, bare = (drawn(spec, seed=4) for spec in sides_of(TINY).values())
    assert set(bare) < set(joined)
    assert all(np.array_equal(joined[path], bare[path]) for path in bare)


def test_the_gradients_are_those_of_the_weights_of_the_moment(found, alone):
    """Of drawn weights, and of those that the training alone had after its last epoch."""
    batch = batch_of(load("digits", DROPPING.input_shape), 32)
    for side, spec in enumerate(sides_of(DROPPING).values()):
        first, last = (each for each in found.moments if each.seed == 4 and each.epoch in (0, 2))
        weights = [event.values["state"].weights for event in alone[side, 4] if event.kind == "checkpoint"][-1]
        profiler = Profiler(spec)
        for moment, flow in ((first, profiler.flow(batch, seed=4)), (last, profiler.flow(batch, 4, weights))):
            assert moment.gradients[side] == tuple(block.gradient for block in flow.blocks)
            ways = [(block.gradient_branch, block.gradient_around) for block in flow.blocks]
            assert moment.ways[side] == tuple(ways)
            assert moment.ranks[side] == tuple(block.rank for block in flow.blocks)
            shares = dead_units(flow)
            assert moment.dead[side] == tuple(shares.get(block.name) for block in flow.blocks)
            assert len(shares) > 2
            assert any(around for _, around in ways) == (side == 0)  # a cut shortcut brings nothing


def test_a_stem_that_whitens_does_so_before_the_first_profile():
    """Its kernel is never trained: what a checkpoint has of it is what it was at first."""
    spec = edit(TINY, stem={"kernel": 3, "stride": 1, "widths": (18,), "pool": "none", "whitening": True})
    advances = in_step({"one": spec, "other": spec}, "digits", SHORT, (0,))
    first = next(each.moment for each in advances if each.moment)
    advances.close()
    trained = next(event.values["state"] for event in train(spec, "digits", SHORT, 0) if event.kind == "checkpoint")
    kernel = f"{whitened(expand(spec)).name}/kernel"
    weights = {**drawn(spec, seed=0), kernel: trained.weights[kernel]}
    batch = batch_of(load("digits", spec.input_shape), 32)
    flow = Profiler(spec).flow(batch, weights=weights)
    assert first.gradients[0] == tuple(block.gradient for block in flow.blocks)


def test_a_side_that_diverges_is_left_and_the_other_goes_on():
    wild = SHORT.model_copy(update={"learning_rate": 100.0, "warmup": 0.0, "momentum": 0.99})
    bare = edit(TINY, normalization={"kind": "none"})
    *_, last = in_step({"normed": TINY, "bare": bare}, "digits", wild, (0,))
    ends = last.found.ends()[0]
    assert ends.figures[0] is not None
    assert ends.figures[1] is None
    assert ends.gradients[1] is None


def test_who_stops_in_the_middle_leaves_nothing_behind():
    advances = in_step(sides_of(TINY), "digits", SHORT, (0,))
    next(each for each in advances if each.done)
    advances.close()
    with pytest.raises(StopIteration):
        next(advances)
