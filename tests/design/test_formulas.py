"""A block's formula says what its layers do, in the papers' symbols."""

import pytest

from resnet_tf.design.expand import expand
from resnet_tf.design.formulas import formula
from resnet_tf.design.presets import PRESETS, preset

F = "F(x, {Wᵢ})"
# read off the papers: He 2015 equations 1 and 2, He 2016 section 3.1 and Figure 4, Huang 2017 equation 2,
# Zhang 2019 Figure 1
BLOCKS = [
    (preset("resnet18"), "stage1.block2", f"y = ReLU({F} + x)"),
    (preset("resnet18"), "stage2.block1", f"y = ReLU({F} + Wₛ x)"),
    (preset("resnet50d"), "stage2.block1", f"y = ReLU({F} + Wₛ pool(x))"),
    (preset("resnet20_cifar10"), "stage2.block1", f"y = ReLU({F} + pad(sub(x)))"),
    (preset("plain18"), "stage1.block1", f"y = ReLU({F})"),
    (preset("resnet110_norm_after_addition_cifar10"), "stage1.block1", f"y = ReLU(BN({F} + x))"),
    (preset("resnet110_activation_before_addition_cifar10"), "stage1.block1", f"y = {F} + x"),
    (preset("resnetv2_50"), "stage1.block2", f"y = {F} + x"),
    (preset("resnetv2_50"), "stage2.block1", f"y = {F} + Wₛ x̂,  x̂ = ReLU(BN(x))"),
    (preset("resnetv2_50x1_bit"), "stage2.block1", f"y = {F} + Wₛ x̂,  x̂ = ReLU(GN(x))"),
    (preset("resnetv2_50", normalization={"kind": "layer"}), "stage2.block1", f"y = {F} + Wₛ x̂,  x̂ = ReLU(LN(x))"),
    (preset("resnetv2_50", shared_preactivation="never"), "stage2.block1", f"y = {F} + Wₛ x"),
    (preset("seresnet50"), "stage1.block2", f"y = ReLU(g ⊙ {F} + x)"),
    (preset("resnet18", layer_scale=0.1, stochastic_depth=0.2), "stage4.block2", f"y = ReLU(b λ ⊙ {F} + x)"),
    (preset("resnet110_fixup_cifar10"), "stage1.block1", f"y = ReLU(a {F} + x)"),
    (preset("resnet18", shortcut_scale=0.5), "stage1.block2", f"y = ReLU({F} + 0.5 x)"),
    (preset("resnet18", shortcut_scale=0.5, branch_scale=0.5), "stage2.block1", f"y = ReLU(0.5 {F} + 0.5 Wₛ x)"),
    (preset("resnet18", shortcut_gate="shortcut"), "stage1.block2", f"y = ReLU({F} + (1 − g(x)) ⊙ x)"),
    (preset("resnet18", shortcut_gate="exclusive"), "stage1.block2", f"y = ReLU(g(x) ⊙ {F} + (1 − g(x)) ⊙ x)"),
    (preset("densenet121"), "stage1.block1", f"y = [x, {F}]"),
    (preset("vgg16"), "stage1.block1", f"y = {F}"),
]


@pytest.mark.parametrize(("spec", "name", "said"), BLOCKS, ids=[said for _, _, said in BLOCKS])
def test_a_block_has_the_formula_of_its_paper(spec, name, said):
    graph = expand(spec)
    assert formula(graph, next(block for block in graph.blocks if block.name == name)) == said


def test_every_block_of_every_preset_has_a_formula():
    for row in PRESETS.values():
        graph = expand(row.spec)
        for block in graph.blocks:
            if block.stage not in ("stem", "head"):
                assert formula(graph, block).startswith("y = ")
