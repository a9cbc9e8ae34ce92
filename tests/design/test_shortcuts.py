"""A design beside itself with other shortcuts."""

import pytest

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, edit, preset
from resnet_tf.design.shortcuts import counterpart, has_shortcuts, without
from resnet_tf.design.spec import ResNetSpec, SpecError


def shortcuts(spec):
    return {block.shortcut for block in expand(spec).blocks if block.name.startswith("stage")}


RESIDUAL = [name for name, row in PRESETS.items() if isinstance(row.spec, ResNetSpec)][::7]


def is_plainly_cut(spec):
    """Whether a design has shortcuts, and norms that stay as they are without them; the others are told below."""
    return spec.normalization.kind != "fixup" and has_shortcuts(spec)


@pytest.mark.parametrize("name", [name for name in RESIDUAL if is_plainly_cut(preset(name))])
def test_a_residual_network_without_its_shortcuts_adds_nothing_and_has_its_other_layers(name):
    spec = preset(name)
    cut = counterpart(spec)
    assert shortcuts(cut) == {"cut"}
    left = {layer.name for layer in expand(cut)}
    gone = [layer for layer in expand(spec) if layer.name not in left]
    assert {layer.role for layer in gone} <= {"join", "shortcut", "branch"}  # a branch: layer scale, dropped branches


def test_cut_is_the_same_network_as_none():
    spec = preset("resnet20_cifar10")
    assert expand(counterpart(spec)).layers == expand(edit(spec, shortcut="none")).layers


def test_a_plain_network_gets_a_shortcut_around_every_block():
    assert not has_shortcuts(preset("plain20_cifar10"))
    assert shortcuts(counterpart(preset("plain20_cifar10"))) == {"identity", "projection"}
    assert shortcuts(counterpart(preset("resnet18", shortcut="none"))) == {"identity", "projection"}


def test_a_design_that_has_every_shortcut_cut_gets_them_back():
    spec = preset("resnet18")
    assert counterpart(counterpart(spec)) == spec
    assert not has_shortcuts(counterpart(spec))


def test_one_with_a_few_cut_has_all_cut():
    spec = preset("resnet18", cut_shortcuts=("stage1.block2",))
    assert has_shortcuts(spec)
    assert counterpart(spec).cut_shortcuts == spec.block_names


@pytest.mark.parametrize("name", ["vgg16", "densenet121", "resnet110_fixup_cifar10"])
def test_where_nothing_can_be_cut_there_is_no_counterpart(name):
    assert name in PRESETS
    assert counterpart(preset(name)) is None


def cut_in(spec):
    """The blocks that expand leaves without a shortcut."""
    return {block.name for block in expand(spec).blocks if block.shortcut == "cut"}


@pytest.mark.parametrize(
    ("parts", "gone"),
    [
        (("all",), {f"stage{s}.block{b}" for s in (1, 2, 3) for b in (1, 2, 3)}),
        (("stage2",), {"stage2.block1", "stage2.block2", "stage2.block3"}),
        (("stage1.block2",), {"stage1.block2"}),
        (("stage3.block1", "stage1"), {"stage1.block1", "stage1.block2", "stage1.block3", "stage3.block1"}),
    ],
)
def test_the_shortcuts_of_parts_are_cut_and_no_other(parts, gone):
    spec = preset("resnet20_cifar10")
    assert cut_in(without(spec, parts)) == gone
    assert cut_in(without(edit(spec, cut_shortcuts=["stage2.block2"]), parts)) == gone | {"stage2.block2"}


@pytest.mark.parametrize(
    ("name", "parts", "said"),
    [
        ("resnet20_cifar10", ("stem",), "stages or blocks"),
        ("resnet20_cifar10", ("stage7",), "stage3"),
        ("resnet20_cifar10", (), "at least one shortcut"),
        ("plain20_cifar10", ("all",), "whose shortcuts are not all cut"),
        ("densenet121", ("all",), "whose shortcuts are not all cut"),
    ],
)
def test_what_has_no_shortcut_cannot_be_without(name, parts, said):
    with pytest.raises(SpecError, match=said):
        without(preset(name), parts)


def test_branches_that_begin_at_zero_keep_their_shortcuts():
    with pytest.raises(SpecError, match="needs its shortcut"):
        without(edit(preset("resnet20_cifar10"), normalization={"kind": "fixup"}))
