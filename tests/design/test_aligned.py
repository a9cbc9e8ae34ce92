"""Two networks on one canvas: every block in its column, nothing on top of another, and what became of it in words."""

from hypothesis import given, settings
from strategies import specs

from resnet_tf.design.aligned import aligned, in_words, title
from resnet_tf.design.diff import diff
from resnet_tf.design.expand import expand
from resnet_tf.design.pairs import runs
from resnet_tf.design.presets import preset


def drawn(a, b):
    return aligned(expand(a), expand(b), runs(diff(a, b).pairs))


@settings(max_examples=60, deadline=None)
@given(specs(), specs())
def test_columns_stand_beside_each_other_and_hold_every_block(a, b):
    picture = drawn(a, b)
    for left, right in zip(picture.columns, picture.columns[1:], strict=False):
        assert left.x + left.w < right.x
    for side, graph in (("a", expand(a)), ("b", expand(b))):
        boxes = [(column, getattr(column, side)) for column in picture.columns if getattr(column, side)]
        assert sum(column.count for column, _ in boxes) == len(graph.blocks)
        for column, box in boxes:
            assert column.x - 0.2 <= box.x
            assert box.x + box.w <= column.x + column.w + 0.2
            assert box.y > 0
            assert box.y + box.h < picture.height
    assert picture.columns[-1].x + picture.columns[-1].w < picture.width


@settings(max_examples=60, deadline=None)
@given(specs(), specs())
def test_the_two_networks_do_not_touch_each_other(a, b):
    picture = drawn(a, b)
    bottom = max(column.a.y + column.a.h for column in picture.columns if column.a)
    assert bottom + 20 < min(column.b.y for column in picture.columns if column.b)


def test_resnet101_is_resnet50_with_a_column_of_seventeen_more():
    columns = drawn(preset("resnet50"), preset("resnet101")).columns
    (added,) = (column for column in columns if column.change != "same")
    assert (added.title, added.sign, added.count) == ("stage 3, blocks 7 to 23", "+", 17)
    assert added.a is None
    assert added.b.detail == "stage 3, block 7: bottleneck, 14×14×1024"
    assert len(columns) < 15


def test_a_changed_column_says_what_changed():
    columns = drawn(preset("resnet50_v1"), preset("resnet50")).columns
    changed = [column for column in columns if column.sign == "~"]
    assert [column.title for column in changed] == [f"stage {i}, block 1" for i in (2, 3, 4)]
    assert "1×1, 128, /2" in changed[0].what[0]


def test_what_became_of_the_blocks_is_said_in_a_sentence():
    assert in_words(runs(diff(preset("resnet50"), preset("resnet101")).pairs)) == "17 added, 18 the same."
    there = runs(diff(preset("keras_resnet101v2"), preset("keras_resnet50v2")).pairs)
    assert in_words(there) == "17 removed, 18 the same."
    assert "stage 3, block 6 (was block 23)" in [title(run) for run in there]
