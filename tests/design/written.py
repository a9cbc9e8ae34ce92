"""Designs whose generated code is kept in tests/fixtures/code: each says something that the others do not."""

from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import DenseNetSpec, DenseStage, Head, Normalization, ResNetSpec, Stage, Stem

BUSIEST = ResNetSpec(
    input_shape=(65, 64, 3), stem=Stem(kernel=3, widths=(4, 8, 8), pool="max-blur"), block="bottleneck", expansion=4,
    stages=(Stage(blocks=2, width=24), Stage(blocks=3, width=48, stride=2), Stage(blocks=2, width=48, stride=2)),
    bottleneck_factor=1.5, groups=2, reduce_first=2, shortcut="average-pool", output_stride=8, antialias="blur",
    bias="unnormalized", attention={"kind": "eca", "gamma": 1.0}, dropout=0.1, stochastic_depth=0.2, layer_scale=1e-4,
    normalization=Normalization(kind="group", groups=2, weight_standardization=True), zero_init_residual=True,
    initializer="orthogonal", head=Head(pool="average-max", hidden=(8, 8), dropout=0.2),
)  # fmt: skip
PRESETS = (
    "resnet18", "resnet50", "resnetrs50", "senet154", "resnetv2_50x1_bit", "resnet20_cifar10", "keras_resnet50v2",
    "resnet110_fixup_cifar10", "ecaresnet50d", "resnetblur50", "resnetaa50d", "wide_resnet50_2", "resnext50_32x4d",
    "plain18", "densenet121", "densenet_bc100_12_cifar10", "vgg16", "wrn28_10_dropout_cifar10",
    "resnet110_activation_before_addition_cifar10", "resnet1202_cifar10",
)  # fmt: skip
WRITTEN = {
    **{name: preset(name) for name in PRESETS},
    "busiest": BUSIEST,
    "busiest_pre": edit(
        BUSIEST, order="pre", antialias="none", zero_init_residual=False, shared_preactivation="first", stem=Stem()
    ),
    "dilated": preset("resnet50", output_stride=8, shortcut="projection-everywhere", shortcut_kernel=3),
    "dilated_basic": preset("resnet34", output_stride=16, shortcut_kernel=3),
    "all_dilated": preset("resnet18", output_stride=4, shortcut_kernel=3),
    "patches": preset(
        "resnet50", stem={"kernel": 4, "stride": 4, "widths": (64,), "patch": True, "pool": "none"}, activation="gelu"
    ),
    "whitened": preset(
        "resnet20_cifar10",
        stem={"kernel": 3, "stride": 1, "widths": (54, 16), "pool": "none", "whitening": True},
        bias="all",
    ),
    "whitened_gate": preset(
        "seresnet18", stem={"kernel": 3, "stride": 1, "widths": (54, 64), "pool": "none", "whitening": True}
    ),
    "headless": preset("resnet18", head={"pool": "none"}, bias="all", activation="leaky_relu"),
    "rounded_gate": preset("seresnet18", attention={"kind": "se", "ratio": 0.3, "divisor": 8}),
    "plain_gate": preset("seresnet18", attention={"kind": "se", "ratio": 0.3, "divisor": 1}),
    "whole_gate": preset("seresnet18", attention={"kind": "se", "ratio": 1.0, "divisor": 1}),
    "even_gate": preset("resnet18", attention={"kind": "eca", "gamma": 8.0}),
    "shared_always": preset("resnetv2_50", shared_preactivation="always", normalization={"kind": "layer"}),
    "shared_first": preset("resnetv2_18", shared_preactivation="first", shortcut="zero-padding"),
    "narrow": preset("resnet50", bottleneck_factor=0.5, stochastic_depth=0.1),
    "odd_inside": preset("resnet50", bottleneck_factor=0.625, normalization={"kind": "none"}),
    "cut": preset("resnet18", cut_shortcuts=("stage1.block2", "stage2.block1")),
    "busiest_cut": edit(BUSIEST, cut_shortcuts=("stage1.block2", "stage3.block2")),
    "all_cut": preset("resnet18", cut_shortcuts=preset("resnet18").block_names),
    "scaled": preset("resnet20_cifar10", shortcut_scale=0.5, branch_scale=0.5),
    "gated": preset("resnetv2_50", shortcut_gate="shortcut", shared_preactivation="always"),
    "gated_cut": preset(
        "seresnet18", shortcut_gate="exclusive", shortcut_gate_bias=0.0, cut_shortcuts=("stage1.block2",)
    ),
    "one_stage": ResNetSpec(stages=(Stage(blocks=1, width=64),), stem=Stem(pool="average"), classes=2),
    "strides_alone": ResNetSpec(
        stages=(Stage(blocks=1, width=64), Stage(blocks=1, width=64, stride=2)), shortcut="zero-padding"
    ),
    "fixup_bottleneck": preset("resnet50", normalization={"kind": "fixup"}, initializer="glorot_uniform"),
    "fixup_orthogonal": preset("resnet20_cifar10", normalization={"kind": "fixup"}, initializer="orthogonal"),
    "dense_one_stage": DenseNetSpec(stages=(DenseStage(blocks=3),), bottleneck=0, stem=Stem(pool="max-zero-padded")),
    "dense_third": preset("densenet121", compression=0.3, dropout=0.2),
    "dense_all": preset("densenet121", compression=1.0, normalization={"kind": "none"}),
}
