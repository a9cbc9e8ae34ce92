"""Which block is which after an edit: what a person would say, for the edits that a canvas has."""

import pytest
from hypothesis import given, settings
from strategies import specs

from resnet_tf.design.expand import expand
from resnet_tf.design.identity import carried
from resnet_tf.design.moves import moves, outcome
from resnet_tf.design.presets import preset

PLACES = [
    ("resnet50", "stage2", "deepen", {}, {"stage2.block5"}),
    ("resnet50", "stage2", "shallow", {}, set()),
    ("resnet50", "stage2", "widen", {}, set()),
    ("resnet50", "network", "block=basic", {}, set()),
    ("resnet50", "stage1.block2", "cut", {}, set()),
    ("resnet50", "stage1", "insert", {"stage2": "stage3", "stage3": "stage4", "stage4": "stage5"}, {"stage2"}),
    ("resnet50", "stage2", "duplicate", {"stage3": "stage4", "stage4": "stage5"}, {"stage3"}),
    ("resnet50", "stage2", "remove", {"stage2": "", "stage3": "stage2", "stage4": "stage3"}, set()),
    ("resnet50", "stage1", "remove", {"stage1": "", "stage2": "stage1", "stage3": "stage2", "stage4": "stage3"}, set()),
    ("resnet50", "stage4", "insert", {}, {"stage5"}),
    ("densenet121", "stage2", "remove", {"stage2": "", "stage3": "stage2", "stage4": "stage3"}, set()),
    ("densenet121", "stage4", "deepen", {}, {"stage4.block17"}),
    ("vgg16", "stage2", "remove", {"stage2": "", "stage3": "stage2", "stage4": "stage3", "stage5": "stage4"}, set()),
]


@pytest.mark.parametrize(("name", "part", "move", "moved", "new"), PLACES)
def test_blocks_that_persist_are_recognised_and_new_ones_are_new(name, part, move, moved, new):
    """`moved`: stages that stand elsewhere now, "" for one that went; `new`: stages and blocks that came."""
    before, after = expand(preset(name)), expand(outcome(preset(name), part, move).spec)
    found = carried(before, after)
    for block in before.blocks:
        stage = moved.get(block.stage, block.stage)
        wanted = f"{stage}.{block.name.partition('.')[2]}" if "." in block.name else block.name
        exists = stage and any(each.name == wanted for each in after.blocks)
        assert found.get(block.name) == (wanted if exists else None), block.name
    came = {block.name for block in after.blocks} - set(found.values())
    assert {name if name in new else name.partition(".")[0] for name in came} == new


@settings(max_examples=40, deadline=None)
@given(specs())
def test_nothing_moves_where_nothing_was_done_and_no_block_becomes_two(spec):
    graph = expand(spec)
    assert carried(graph, graph) == {block.name: block.name for block in graph.blocks}
    for each in moves(spec, "stage1"):
        if each.spec is not None:
            after = expand(each.spec)
            found = carried(graph, after)
            assert len(set(found.values())) == len(found)
            assert set(found.values()) <= {block.name for block in after.blocks}


def test_what_stands_before_and_behind_the_stages_stays():
    found = carried(expand(preset("resnet18")), expand(preset("resnet152")))
    assert (found["stem"], found["head"]) == ("stem", "head")
    assert found["stage3.block2"] == "stage3.block2"
    assert "stem" not in carried(expand(preset("vgg16")), expand(preset("resnet18")))
