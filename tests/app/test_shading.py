"""What the canvas is coloured by beside its own counts: what differs, as `diff` says it."""

from app.components.shading import differences, differing
from resnet_tf.design.diff import diff
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import edit, preset

FIFTY = preset("resnet50")
OTHER = edit(FIFTY, stages=[{"blocks": n, "width": stage.width, "stride": stage.stride}
                            for n, stage in zip((3, 2, 23, 3), FIFTY.stages, strict=True)], order="pre")  # fmt: skip


def test_what_differs_is_counted_layer_by_layer():
    """Every layer that differs has its line in `diff`."""
    values, gone = differences(OTHER, FIFTY)
    found = diff(FIFTY, OTHER).blocks
    changed = {each.name: len(each.what) for each in found if each.change == "changed"}
    assert changed
    assert {name: values[name] for name in changed} == changed
    added = [each.name for each in found if each.change == "added"]
    sizes = {block.name: block.stop - block.start for block in expand(OTHER).blocks}
    assert {name: values[name] for name in added} == {name: sizes[name] for name in added} != {}
    assert gone == len([each for each in found if each.change == "removed"]) > 0
    assert values["stage3"] == sum(n for name, n in values.items() if name.startswith("stage3."))


def test_a_design_does_not_differ_from_itself():
    values, gone = differences(FIFTY, FIFTY)
    assert {*values.values()} == {0}
    assert gone == 0


def test_nothing_is_counted_before_it_is_asked_for():
    (of,) = differing(OTHER, FIFTY, "ResNet-50", asked=False).values()
    assert (of["title"], of["values"]) == ("difference from ResNet-50", {})
    (of,) = differing(OTHER, FIFTY, "ResNet-50", asked=True).values()
    assert of["unit"] == "layers unlike ResNet-50's; 2 of its blocks not here"
