"""Which blocks of two networks meet: by name and role, beside what papers say of the networks; fast for any two."""

import time

import pytest
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design.diff import diff
from resnet_tf.design.expand import expand
from resnet_tf.design.pairs import pairs, runs
from resnet_tf.design.presets import PRESETS, edit, preset

LARGEST = ("resnet1202_cifar10", "preresnet1001_cifar10", "densenet_bc250_24_cifar10", "resnetrs420", "vgg19")
MOST = 0.2  # seconds of the processor


def met(a, b, **changes):
    """(name in the first, name in the second, change) of every pair."""
    found = pairs(expand(preset(a)), expand(preset(b, **changes)))
    return [(pair.a and pair.a.name, pair.b and pair.b.name, pair.change) for pair in found]


@settings(max_examples=60, deadline=None)
@given(specs(), specs())
def test_every_block_of_both_networks_is_in_one_pair_and_in_its_order(a, b):
    found = pairs(expand(a), expand(b))
    assert [pair.a.name for pair in found if pair.a] == [block.name for block in expand(a).blocks]
    assert [pair.b.name for pair in found if pair.b] == [block.name for block in expand(b).blocks]
    for pair in found:
        assert (pair.change == "added") == (pair.a is None)
        assert (pair.change == "removed") == (pair.b is None)
        assert (pair.change == "changed") == bool(pair.what)


@settings(max_examples=60, deadline=None)
@given(specs(), specs())
def test_backwards_the_same_blocks_meet(a, b):
    there = pairs(expand(a), expand(b))
    back = pairs(expand(b), expand(a))
    assert {(pair.a, pair.b) for pair in there} == {(pair.b, pair.a) for pair in back}


@settings(max_examples=30, deadline=None)
@given(specs())
def test_a_network_meets_itself_block_by_block(spec):
    found = pairs(expand(spec), expand(spec))
    assert all(pair.change == "same" and pair.a == pair.b for pair in found)


def test_a_deeper_stage_keeps_its_blocks_and_gets_more():
    found = met("resnet50", "resnet101")
    assert [pair for pair in found if pair[2] != "same"] == [
        (None, f"stage3.block{i}", "added") for i in range(7, 24)
    ]  # He 2015, Table 1: 6 and 23 blocks in conv4_x


def test_a_last_block_that_halves_the_map_meets_the_last_block():
    """keras.applications' V2 strides in a stage's last block: He 2016's networks as they are built there."""
    found = met("keras_resnet50v2", "keras_resnet101v2")
    assert ("stage3.block6", "stage3.block23", "same") in found
    assert [pair[2] for pair in found].count("added") == 17
    assert "changed" not in {pair[2] for pair in found}


def test_a_block_that_became_a_bottleneck_meets_the_block_that_it_was():
    found = met("resnet34", "resnet50")
    assert len(found) == 1 + 16 + 1  # both have a stem, 3 + 4 + 6 + 3 blocks and a head
    assert {pair[2] for pair in found[1:]} == {"changed"}
    assert found[0] == ("stem", "stem", "same")


def test_a_network_of_fewer_stages_meets_the_first_ones():
    found = met("resnet56_cifar10", "resnet50")
    assert [pair for pair in found if pair[1] == "stage4.block1"] == [(None, "stage4.block1", "added")]
    assert found[-1] == ("head", "head", "changed")


def test_pools_and_transitions_meet_what_leads_on_too():
    found = met("vgg16", "densenet121")
    assert ("stage1.pool", "stage1.transition", "changed") in found
    assert ("stage1.block1", "stage1.block1", "changed") in found


def test_one_cut_shortcut_is_one_changed_block():
    base = preset("resnet50")
    (change,) = diff(base, edit(base, cut_shortcuts=("stage2.block3",))).blocks
    assert (change.name, change.was, change.change) == ("stage2.block3", "stage2.block3", "changed")


def test_neighbours_that_became_the_same_are_one_run():
    found = diff(preset("resnet50"), preset("resnet101")).pairs
    (added,) = (run for run in runs(found) if run.change == "added")
    assert len(added.pairs) == 17
    assert [pair for run in runs(found) for pair in run.pairs] == list(found)
    assert len(runs(diff(preset("resnet110_cifar10"), preset("resnet1202_cifar10")).pairs)) < 15


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_networks_are_compared_at_once(name):
    for other in LARGEST:
        times = []
        for _ in range(2):  # the machine may be at something else
            start = time.process_time()
            diff(PRESETS[name].spec, PRESETS[other].spec)
            times.append(time.process_time() - start)
        assert min(times) < MOST, (name, other)
