"""Which blocks a network can do without, and which can stand in each other's place."""

from itertools import combinations
from math import comb

import pytest

from resnet_tf.design.lesions import exchanges, interchangeable, removable, resizing, selections
from resnet_tf.design.presets import edit, preset


def test_every_branch_can_go_that_has_a_shortcut_beside_it():
    """Veit 2016, Figure 3: downsampling modules were removed too, at a higher cost."""
    spec = preset("resnet18")
    assert removable(spec) == spec.block_names
    assert resizing(spec) == ("stage2.block1", "stage3.block1", "stage4.block1")
    assert resizing(preset("resnet50"))[0] == "stage1.block1"  # 64 channels become 256: a projection
    assert removable(preset("plain34")) == removable(preset("vgg16")) == removable(preset("densenet121")) == ()
    assert len(removable(preset("resnet110_cifar10"))) == 54
    assert len(resizing(preset("resnet110_cifar10"))) == 2  # those that are padded with zeros


def test_a_cut_shortcut_leaves_nothing_to_go_around_by():
    spec = edit(preset("resnet18"), cut_shortcuts=["stage1.block2"])
    assert "stage1.block2" not in removable(spec)
    assert "stage1.block1" in removable(spec)


@pytest.mark.parametrize("changes", [{}, {"stochastic_depth": 0.5}, {"order": "pre"}])
def test_blocks_of_one_shape_can_be_exchanged(changes):
    spec = edit(preset("resnet50"), **changes)
    assert interchangeable(spec) == tuple(
        tuple(f"stage{s}.block{b}" for b in range(2, blocks + 1)) for s, blocks in enumerate((3, 4, 6, 3), 1)
    )


def test_a_stage_of_one_block_that_can_go_has_none_to_exchange_it_with():
    assert interchangeable(preset("resnet18")) == (("stage1.block1", "stage1.block2"),)


def test_pairs_are_drawn_from_all_and_none_twice():
    spec = preset("resnet50")
    every = {pair for group in interchangeable(spec) for pair in combinations(group, 2)}
    assert len(every) == sum(comb(n, 2) for n in (2, 3, 5, 2))
    everything = exchanges(spec, 1000)
    assert len(everything) == len(every)
    assert set(everything) == every
    few = exchanges(spec, 5, seed=3)
    assert len(set(few)) == 5
    assert few == exchanges(spec, 5, seed=3) != exchanges(spec, 5, seed=4)
    assert exchanges(preset("plain34"), 5) == ()


def test_sets_of_branches_are_of_all_sizes_up_to_all_and_none_is_there_twice():
    names = removable(preset("resnet110_cifar10"))
    found = selections(preset("resnet110_cifar10"), 3, seed=1)
    sizes = sorted({len(each) for each in found})
    assert (sizes[0], sizes[-1], len(sizes)) == (2, 54, 8)
    assert len(set(found)) == len(found) == 7 * 3 + 1  # of all there is one set alone
    assert all(set(each) <= set(names) and [*each] == sorted(each, key=names.index) for each in found)
    assert found == selections(preset("resnet110_cifar10"), 3, seed=1) != selections(preset("resnet110_cifar10"), 3)
    assert selections(preset("plain34"), 3) == ()
    one = edit(preset("resnet18"), stages=[{"blocks": 1, "width": 64}])
    assert (len(removable(one)), selections(one, 3)) == (1, ())
