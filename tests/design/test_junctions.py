"""Where a block's two ways part and meet."""

import pytest

from resnet_tf.design.expand import expand
from resnet_tf.design.junctions import junctions, spans
from resnet_tf.design.presets import PRESETS, preset


def by_name(spec):
    return {each.block.name: each for each in junctions(spec)}


def test_an_identity_parts_at_what_the_block_before_gives_and_is_the_additions_second_input():
    block = by_name(preset("resnet18"))["stage1.block2"]
    assert (block.split, block.join, block.output) == ("stage1.block1.act", "stage1.block2.add", "stage1.block2.act")
    assert (block.branch, block.shortcut) == ((("stage1.block2.conv1", 0),), ("stage1.block2.add", 1))


def test_a_projection_begins_at_its_first_layer():
    assert by_name(preset("resnet50d"))["stage2.block1"].shortcut == ("stage2.block1.shortcut.pool", 0)


def test_a_preactivation_that_is_shared_is_where_both_ways_begin():
    block = by_name(preset("resnetv2_50"))["stage2.block1"]
    assert block.split == "stage2.block1.act1"
    assert block.branch == (("stage2.block1.conv1", 0),)
    assert block.shortcut == ("stage2.block1.shortcut.conv", 0)


def test_a_gate_reads_the_branch_and_not_the_split():
    assert by_name(preset("seresnet18"))["stage1.block2"].branch == (("stage1.block2.conv1", 0),)


@pytest.mark.parametrize("name", PRESETS)
def test_both_ways_read_the_split_in_every_preset(name):
    graph = expand(preset(name))
    for each in junctions(graph):
        for layer, i in (*each.branch, each.shortcut):
            assert graph.by_name[layer].inputs[i] == each.split
        assert each.branch, each.block.name


def test_plain_networks_have_no_junctions():
    assert junctions(preset("vgg16")) == ()
    assert junctions(preset("resnet18", shortcut="none")) == ()


def test_a_block_whose_shortcut_is_cut_has_no_junction_and_ends_a_sum():
    spec = preset("resnetv2_50", cut_shortcuts=("stage3.block3",))
    assert "stage3.block3" not in by_name(spec)
    assert [len(span.blocks) for span in spans(spec)] == [2, 3, 1, 3, 2]


def test_the_sum_of_the_papers_runs_over_the_identities_of_a_stage():
    found = spans(preset("resnetv2_50"))
    assert [[each.block.name for each in span.blocks] for span in found] == [
        ["stage1.block2", "stage1.block3"],
        ["stage2.block2", "stage2.block3", "stage2.block4"],
        [f"stage3.block{i}" for i in range(2, 7)],
        ["stage4.block2", "stage4.block3"],
    ]


def test_it_is_exact_where_nothing_follows_the_addition():
    assert all(span.exact for span in spans(preset("resnet110_cifar10", order="pre")))
    assert not any(span.exact for span in spans(preset("resnet110_cifar10")))


def test_a_block_whose_shortcut_is_cut_has_no_junction():
    spec = preset("resnet18", cut_shortcuts=["stage1.block2"])
    assert [each.block.name for each in junctions(spec)][:2] == ["stage1.block1", "stage2.block1"]
