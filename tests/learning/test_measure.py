"""A profile of a small network, against the signals that are measured of each side by itself."""

import numpy as np
import pytest
from small import TINY

from resnet_tf.design.expand import expand
from resnet_tf.design.junctions import spans
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import DenseNetSpec, VGGSpec
from resnet_tf.learning.datasets import load
from resnet_tf.learning.findings import arrives, ends, sentences
from resnet_tf.learning.formula import Formula, terms
from resnet_tf.learning.gradients import gradient_flow
from resnet_tf.learning.measure import after, batch_of, profiled, sides_of
from resnet_tf.learning.profile import ALONE, WITH, WITHOUT

pytestmark = pytest.mark.keras

PRE = edit(TINY, order="pre", stages=[{"blocks": 2, "width": 8}, {"blocks": 1, "width": 16, "stride": 2}])


@pytest.fixture(scope="module")
def told():
    return list(profiled(PRE, "digits", seeds=(0, 3)))


@pytest.fixture(scope="module")
def batch():
    return batch_of(load("digits", PRE.input_shape), 32)


def test_each_pass_is_told_and_the_last_word_is_the_profile(told):
    *passes, last = told
    assert [each.done for each in passes] == list(range(1, 7))  # two seeds of each side and of the formula
    assert {each.of for each in told} == {6}
    assert passes[2].what == "without shortcuts, seed 0"
    assert [each.profile is None for each in told] == [True] * 6 + [False]
    assert (last.profile.own, last.profile.seeds, last.profile.images) == (WITH, (0, 3), 32)


def test_both_sides_are_what_each_network_has_by_itself_on_the_same_images_and_seeds(told, batch):
    sides = told[-1].profile.sides
    assert sides[WITH][1] == gradient_flow(PRE, batch, seed=3)
    bare = gradient_flow(edit(PRE, shortcut="none"), batch, seed=3)
    assert [block.gradient for block in sides[WITHOUT][1].blocks] == [block.gradient for block in bare.blocks]


def test_the_formulas_ends_are_gradients_that_the_taps_measured_on_their_way(told):
    """x_l is what the stem gives and x_K what stage 1 gives: taps there know their gradients without any formula."""
    found = told[-1].profile
    for flow, one in zip(found.flows, found.sums, strict=True):
        gradients = {block.name: block.gradient for block in flow.blocks}
        assert (one.first, one.last, one.after) == ("stage1.block1", "stage1.block2", "")
        assert one.total == pytest.approx(gradients["stem"], rel=1e-4)
        assert one.direct == pytest.approx(gradients["stage1.block2"], rel=1e-4)
        assert one.share < 1e-5


def test_a_formula_that_is_kept_gives_for_a_seed_what_a_new_one_does(batch):
    kept = Formula(PRE)
    kept.terms(batch, seed=0)
    again, new = kept.terms(batch, seed=3), terms(PRE, batch, seed=3)
    np.testing.assert_array_equal(again.total, new.total)
    np.testing.assert_array_equal(again.branches, new.branches)


def test_what_follows_the_additions_is_named():
    graph = expand(TINY)
    assert after(graph, spans(graph)[0]) == "ReLU"
    assert after(expand(PRE), spans(PRE)[0]) == ""


def test_the_designs_own_side_comes_first():
    assert list(sides_of(TINY)) == [WITH, WITHOUT]
    assert list(sides_of(preset("plain20_cifar10"))) == [WITHOUT, WITH]
    assert list(sides_of(preset("densenet121"))) == [ALONE]


def test_images_are_drawn_evenly_and_go_from_minus_one_to_one():
    data = load("digits", (8, 8, 1))
    images, labels = batch_of(data, 32)
    assert images.shape == (32, 8, 8, 1)
    assert (images.min(), images.max()) == (-1, 1)
    assert labels.dtype == np.int32
    assert len(set(labels.tolist())) > 5


OTHERS = {
    "VGG": VGGSpec(
        input_shape=(8, 8, 1), classes=10, stages=({"convolutions": 1, "width": 4}, {"convolutions": 2, "width": 8}),
        hidden=(8,),
    ),
    "DenseNet": DenseNetSpec(
        input_shape=(8, 8, 1), classes=10, stem=TINY.stem, stages=({"blocks": 2}, {"blocks": 2}), growth=4,
    ),
    "Fixup": edit(TINY, normalization={"kind": "fixup"}),
    "layer scale": edit(TINY, layer_scale=1e-3, stochastic_depth=0.2),
    "attention": edit(TINY, attention={"kind": "eca"}),
    "plain": edit(TINY, shortcut="none"),
    "a few cut": edit(TINY, cut_shortcuts=("stage2.block1",)),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_every_kind_of_network_is_measured_and_told(name):
    *_, last = profiled(OTHERS[name], "digits", seeds=(0,))
    found = last.profile
    assert found.own == {"VGG": ALONE, "DenseNet": ALONE, "Fixup": ALONE, "plain": WITHOUT}.get(name, WITH)
    first, final = ends(found.flows[0])
    assert (0 < first.gradient < np.inf) == (name != "Fixup")  # whose last layer begins at zero (Zhang 2019)
    assert ("which begins at zero" in arrives(found)) == (name == "Fixup")
    assert final.name.startswith("stage2")
    told = sentences(found)
    assert len(told) == 4
    assert ("so there is no sum" in told[3]) == (name in ("VGG", "DenseNet", "plain"))
    assert ("No block has a shortcut" in told[1]) == (name == "VGG")
