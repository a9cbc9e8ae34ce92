"""The axes of the design space, a row each: what it is called, what it does, who says so, when it applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from resnet_tf.design.published import (
    HE2015,
    HE2016,
    HE2019,
    HU,
    HUANG2016,
    HUANG2017,
    ORDER_ERRORS,
    RS,
    TIMM,
    VGG,
    WANG,
    WRN,
    WU,
    XIE,
    ZHANG2019,
)
from resnet_tf.design.rules import reached_strides

# papers on what networks are made of, where no network here is named after one
IOFFE = "Ioffe and Szegedy 2015, Batch Normalization, arXiv:1502.03167"
QIAO = "Qiao et al. 2019, Weight Standardization, arXiv:1903.10520"
GOYAL = "Goyal et al. 2017, Training ImageNet in 1 Hour, arXiv:1706.02677"
TOUVRON = "Touvron et al. 2021, Going Deeper with Image Transformers, arXiv:2103.17239"
SRIVASTAVA = "Srivastava et al. 2014, Dropout, JMLR 15"
HE_INIT = "He et al. 2015, Delving Deep into Rectifiers, arXiv:1502.01852"
RAMACHANDRAN = "Ramachandran et al. 2017, Searching for Activation Functions, arXiv:1710.05941"
SPRINGENBERG = "Springenberg et al. 2015, The All Convolutional Net, arXiv:1412.6806"
DOSOVITSKIY = "Dosovitskiy et al. 2021, An Image is Worth 16x16 Words, arXiv:2010.11929"
CHEN = "Chen et al. 2017, Rethinking Atrous Convolution, arXiv:1706.05587"
JORDAN = "Jordan 2024, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, arXiv:2404.00498"
LI = "Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, arXiv:1712.09913"
LIN = "Lin et al. 2014, Network in Network, arXiv:1312.4400"

SCALED = f"{HE2016}, section 3.1 and Table 1"

# what axes stand under on a page, in this order
GROUPS = ("Blocks", "Shortcuts", "Norm", "Attention", "Stem", "Resolution", "Head", "Regularisation", "Details")

Values: TypeAlias = Mapping[Any, str]
_MANY: Values = {}


def _always(spec: Any) -> bool:
    return True


class Axis(NamedTuple):
    """One thing in which designs differ. `tries` is the other value, in words, whose cost tells most of a number."""

    field: str  # "stem.pool"; "stages.width" is the width of every stage
    title: str
    group: str  # one of GROUPS
    does: str  # one sentence
    source: str
    values: Values | Callable[[Any], Values] = _MANY  # in words, where it is one of a few
    tries: tuple[str, Callable[[Any], Any]] | None = None
    applies: Callable[[Any], bool] = _always
    errors: Mapping[Any, tuple[float, float]] = {}  # published, on CIFAR-10 in percent


def _twice(value: Any) -> Any:
    return tuple(2 * each for each in value) if isinstance(value, tuple) else 2 * value


def _one_more(value: Any) -> Any:
    return tuple(each + 1 for each in value) if isinstance(value, tuple) else value + 1


def _to(value: Any) -> Callable[[Any], Any]:
    return lambda now: value


TWICE, ONE_MORE = ("Twice", _twice), ("One more", _one_more)


def _output_strides(spec: Any) -> Values:
    return {None: "As strides say", **{stride: f"{stride}" for stride in reached_strides(spec)[:-1]}}


def _normed(spec: Any) -> bool:
    return spec.normalization.kind in ("batch", "group", "layer")


def _beside(spec: Any) -> bool:
    return bool(spec.shortcut != "none")


def _unfixed(spec: Any) -> bool:
    return bool(spec.normalization.kind != "fixup")


def _headed(spec: Any) -> bool:
    return bool(spec.head.pool != "none")


def _cuttable(spec: Any) -> bool:
    return _beside(spec) and _unfixed(spec)


def _cuts(spec: Any) -> Values:
    """None, all, and those that a design has, which are chosen on the drawing one by one."""
    now, names = spec.cut_shortcuts, spec.block_names
    return {(): "None", **({now: f"{len(now)} of {len(names)}"} if now else {}), names: f"All {len(names)}"}


def _gated(kind: str) -> Callable[[Any], bool]:
    return lambda spec: spec.attention is not None and spec.attention.kind == kind


BLOCK = (
    Axis("block", "Block", "Blocks", "Two 3×3 convolutions, or 1×1, 3×3, 1×1, or two 3×3 without a shortcut.", HE2015,
         {"basic": "Basic", "bottleneck": "Bottleneck", "plain": "Plain"}),
    Axis("stages.blocks", "Blocks", "Blocks", "How many blocks of one shape follow each other: the depth.", HE2015,
         tries=("One more in each stage", _one_more)),
    Axis("stages.width", "Width", "Blocks", "Channels of a stage; they double where the map is halved.", WRN,
         tries=TWICE),
    Axis("stages.stride", "Stride", "Blocks", "By how much a stage shrinks the map.", HE2015,
         tries=("2 in every stage", lambda strides: (2,) * len(strides))),
    Axis("expansion", "Expansion", "Blocks", "Channels that leave a block over its width: 4 for bottlenecks.", HE2015,
         tries=ONE_MORE),
    Axis("bottleneck_factor", "Inner width", "Blocks",
         "Channels between a block's convolutions over its width: 2 is wide ResNet-50-2.", WRN, tries=TWICE),
    Axis("groups", "Groups", "Blocks", "The 3×3 convolutions see so many groups of channels apart: 32 is ResNeXt's.",
         XIE, tries=("At 32", _to(32)), applies=lambda spec: spec.block == "bottleneck"),
    Axis("reduce_first", "First convolution's divisor", "Blocks",
         "The first convolution gives the inner channels divided by this: 2 is SENet-154's.", HU,
         tries=("At 2", _to(2))),
    Axis("stride_at", "Where the stride stands", "Blocks", "Which convolution of a stage makes the map smaller.", GOYAL,
         {"3x3": "On the 3×3 (v1.5)", "1x1": "On the first 1×1 (v1)", "last-block": "In the last block (Keras v2)"}),
)  # fmt: skip

SHORTCUT = (
    Axis("shortcut", "Shortcut", "Shortcuts", "What is added to a branch, where shapes agree and where they do not.",
         f"{HE2015}, section 3.3; {HE2019}",
         {"projection": "Project where shapes change (B)", "zero-padding": "Pad with zeros there (A)",
          "projection-everywhere": "Project everywhere (C)", "average-pool": "Average-pool, then project (D)",
          "none": "None"}, applies=lambda spec: spec.block != "plain"),
    Axis("shortcut_kernel", "Projection's kernel", "Shortcuts",
         "The kernel of projections that change the map: 3 is SENet-154's.", HU, {1: "1×1", 3: "3×3"},
         applies=lambda spec: spec.shortcut.startswith("projection")),
    Axis("shortcut_scale", "Shortcut times", "Shortcuts", "What comes by a shortcut counts so much: y = F(x) + λx.",
         SCALED, {1.0: "1", 0.9: "0.9", 0.5: "0.5"}, applies=_beside),
    Axis("branch_scale", "Branch times", "Shortcuts",
         "What a branch gives counts so much: He tries 0.5 beside λ = 0.5.", SCALED,
         {1.0: "1", 0.5: "0.5", 0.1: "0.1"}, applies=_beside),
    Axis("shortcut_gate", "Gate on the shortcut", "Shortcuts",
         "g(x), a 1×1 convolution and a sigmoid, says how much of x goes by: y = F(x) + (1 − g(x)) x.", SCALED,
         {"none": "None", "shortcut": "Shortcut-only", "exclusive": "Exclusive: F times g(x) too"}, applies=_beside),
    Axis("shortcut_gate_bias", "That gate's first bias", "Shortcuts",
         "At −6, He 2016's best, all but a 400th of x goes by at first; at 0 half of it.", SCALED,
         tries=("At 0", _to(0.0)), applies=lambda spec: _beside(spec) and spec.shortcut_gate != "none"),
    Axis("cut_shortcuts", "Cut", "Shortcuts", "Blocks whose shortcut is left out, each by itself, so that y = F(x).",
         LI, _cuts, applies=_cuttable),
    Axis("shared_preactivation", "After the first activation", "Shortcuts",
         "Which shortcuts start after a block's first norm and activation, and not before.", f"{HE2016}, appendix",
         {"project": "Projections", "first": "Projections and the first block's", "always": "All", "never": "None"},
         applies=lambda spec: spec.preactivated and _beside(spec)),
)  # fmt: skip

ORDER = (
    Axis("order", "Norm and activation", "Norm", "Where they stand around convolutions and addition.",
         f"{HE2016}, Figure 4",
         {"post": "Original (2015)", "norm-after-addition": "Norm after addition",
          "activation-before-addition": "ReLU before addition", "activation-only-pre": "ReLU-only pre-activation",
          "pre": "Full pre-activation (2016)"}, errors=ORDER_ERRORS),
)  # fmt: skip

NORM = (
    Axis("normalization.kind", "Norm", "Norm",
         "Evens out what a layer gives: over a batch, over groups of channels, over all of them, or not at all.",
         f"{IOFFE}; {WU}",
         {"batch": "Batch norm", "group": "Group norm", "layer": "Layer norm", "none": "None", "fixup": "Fixup"}),
    Axis("normalization.groups", "Groups of the norm", "Norm", "Channels are evened out in so many groups.", WU,
         tries=("One", _to(1)), applies=lambda spec: spec.normalization.kind == "group"),
    Axis("normalization.epsilon", "Epsilon", "Norm", "Added to the variance, so that nothing is divided by zero.",
         IOFFE, tries=("At 1e-3, as in Keras", _to(1e-3)), applies=_normed),
    Axis("normalization.momentum", "Momentum", "Norm",
         "The share of the old average that a training step keeps; torch's 0.1 is 0.9 here.", IOFFE,
         tries=("At 0.99, as in Keras", _to(0.99)), applies=lambda spec: spec.normalization.kind == "batch"),
    Axis("normalization.weight_standardization", "Weight standardisation", "Norm",
         "Gives every filter mean 0 and variance 1 before it is used.", QIAO),
    Axis("activation", "Activation", "Norm", "What bends each value between convolutions.", RAMACHANDRAN,
         {"relu": "ReLU", "silu": "SiLU", "gelu": "GELU", "leaky_relu": "Leaky ReLU"}),
)  # fmt: skip

STEM = (
    Axis("stem.pool", "Pool", "Stem",
         "Halves the map before the stages, by a maximum, a mean or a convolution; it hardly matters which.",
         SPRINGENBERG,
         {"max": "Max-pool", "convolution": "Strided 3×3", "average": "Average", "max-blur": "Blurred max",
          "max-zero-padded": "Zero-padded", "none": "None"}),
    Axis("stem.kernel", "Kernel", "Stem", "Pixels a side that each of the stem's convolutions looks at.", HE2019,
         tries=("Two wider", lambda kernel: kernel + 2)),
    Axis("stem.stride", "Stride", "Stem", "By how much the stem's first convolution shrinks the image.", HE2015,
         tries=ONE_MORE, applies=lambda spec: not spec.stem.patch),
    Axis("stem.widths", "Widths", "Stem", "One convolution for each number, of so many channels: 32, 32, 64 is C.",
         HE2019, tries=TWICE),
    Axis("stem.patch", "Patches", "Stem", "Reads the image in tiles that do not overlap, as transformers do.",
         DOSOVITSKIY),
    Axis("stem.whitening", "Whitening", "Stem",
         "The first kernel is made of the images, so that what it gives varies alike in all directions; it stays so.",
         JORDAN),
)  # fmt: skip

BRANCH = (
    Axis("dropout", "Dropout", "Regularisation",
         "In training a branch loses this share of its values before the last convolution.", WRN,
         tries=("At 0.3", _to(0.3))),
    Axis("stochastic_depth", "Stochastic depth", "Regularisation",
         "In training the last branch is dropped at this rate, the ones before it less often.", HUANG2016,
         tries=("At 0.5", _to(0.5)), applies=_beside),
    Axis("layer_scale", "Layer scale", "Regularisation",
         "Multiplies each channel of a branch by a learnt number that begins at this.", TOUVRON,
         {None: "Off", 0.1: "0.1", 1e-4: "1e-4", 1e-5: "1e-5", 1e-6: "1e-6"},
         applies=_cuttable),
)  # fmt: skip

ATTENTION = (
    Axis("attention.kind", "Gate", "Attention", "Multiplies each channel of a branch by a number computed from it.",
         f"{HU}; {WANG}", {None: "None", "se": "Squeeze and excitation", "eca": "Efficient channel attention"},
         applies=_unfixed),
    Axis("attention.ratio", "Reduced share", "Attention", "Channels inside the gate over the branch's: 1/16.", HU,
         tries=("Twice", lambda ratio: min(2 * ratio, 1.0)), applies=_gated("se")),
    Axis("attention.divisor", "Rounded to", "Attention", "The gate's inner channels are a multiple of this.", TIMM,
         tries=("At 1", _to(1)), applies=_gated("se")),
    Axis("attention.gamma", "Gamma", "Attention", "A gate looks at (log₂ channels + beta) / gamma channels.", WANG,
         tries=("Half", lambda gamma: gamma / 2), applies=_gated("eca")),
    Axis("attention.beta", "Beta", "Attention", "A gate looks at (log₂ channels + beta) / gamma channels.", WANG,
         tries=ONE_MORE, applies=_gated("eca")),
)  # fmt: skip

IMAGE = (
    Axis("input_shape.0", "Height (px)", "Resolution", "Pixels from top to bottom; weights do not depend on them.", RS,
         tries=TWICE),
    Axis("input_shape.1", "Width (px)", "Resolution", "Pixels from left to right; weights do not depend on them.", RS,
         tries=TWICE),
    Axis("input_shape.2", "Image channels", "Resolution", "3 for colours, 1 for grey, others for other sensors.",
         HE2015, tries=ONE_MORE),
)  # fmt: skip

DILATION = (
    Axis("output_stride", "Output stride", "Resolution",
         "Where the map is so much smaller than the image, later strides become dilations.", CHEN, _output_strides,
         applies=lambda spec: spec.stride_at != "last-block"),
    Axis("antialias", "Anti-aliasing", "Resolution", "Smooths what a stride in a branch would skip.", ZHANG2019,
         {"none": "None", "blur": "Blur", "average": "Average"}, applies=lambda spec: not spec.preactivated),
)  # fmt: skip

HEAD = (
    Axis("classes", "Classes", "Head", "How many kinds of things the network tells apart.", HE2015,
         tries=("Ten times", lambda classes: 10 * classes), applies=_headed),
    Axis("head.pool", "Pool", "Head", "Makes one number of each map; without it the maps themselves come out.", LIN,
         {"average": "Average", "average-max": "Average and maximum", "none": "None: maps, no classes"}),
    Axis("head.hidden", "Dense layers", "Head", "Units of each dense layer before the classifier.", VGG,
         tries=("One more of 1,024", lambda hidden: (*hidden, 1024)), applies=_headed),
    Axis("head.dropout", "Dropout", "Head", "In training the classifier loses this share of what it reads.",
         SRIVASTAVA, tries=("At 0.2", _to(0.2)), applies=_headed),
)  # fmt: skip

INITIALIZER = (
    Axis("initializer", "Initial weights", "Details", "How the first weights are drawn.", HE_INIT,
         {"he_normal_fan_out": "He normal, fan-out", "he_normal": "He normal, fan-in", "he_uniform": "He uniform",
          "glorot_normal": "Glorot normal", "glorot_uniform": "Glorot uniform", "lecun_normal": "LeCun normal",
          "orthogonal": "Orthogonal"}),
)  # fmt: skip

DETAILS = (
    Axis("bias", "Biases", "Details", "Whether convolutions add a number to each channel; a norm makes it superfluous.",
         IOFFE, {"none": "None", "unnormalized": "Where no norm follows", "all": "Everywhere"}),
    Axis("zero_init_residual", "Branches begin at zero", "Details",
         "A branch's last norm begins with scale 0, so that every block begins as its shortcut.", GOYAL,
         applies=lambda spec: _beside(spec) and _normed(spec) and spec.order == "post"),
)  # fmt: skip

DENSE = (
    Axis("stages.blocks", "Blocks", "Blocks", "How many blocks read all that came before them in their stage.",
         HUANG2017, tries=("One more in each stage", _one_more)),
    Axis("growth", "Growth", "Blocks", "Channels that each block adds.", HUANG2017, tries=TWICE),
    Axis("bottleneck", "Bottleneck", "Blocks", "A 1×1 of so many times the growth comes first: 4 is DenseNet-B.",
         HUANG2017, tries=ONE_MORE),
    Axis("compression", "Compression", "Blocks", "The share of channels that a transition keeps: 0.5 is DenseNet-C.",
         HUANG2017, tries=("At 1, all kept", _to(1.0)), applies=lambda spec: len(spec.stages) > 1),
    Axis("dropout", "Dropout", "Regularisation", "In training each block's new channels lose this share of values.",
         HUANG2017, tries=("At 0.2", _to(0.2))),
)  # fmt: skip

PLAIN = (
    Axis("stages.convolutions", "Convolutions", "Blocks", "How many 3×3 convolutions come before each pool.", VGG,
         tries=("One more in each stage", _one_more)),
    Axis("stages.width", "Width", "Blocks", "Channels of a stage's convolutions.", VGG, tries=TWICE),
    Axis("classes", "Classes", "Head", "How many kinds of things the network tells apart.", VGG,
         tries=("Ten times", lambda classes: 10 * classes)),
    Axis("hidden", "Dense layers", "Head", "Units of each dense layer before the classifier.", VGG,
         tries=("None", _to(()))),
    Axis("dropout", "Dropout", "Regularisation", "In training each dense layer loses this share of its values.",
         SRIVASTAVA, tries=("At 0", _to(0.0))),
)  # fmt: skip

# a family's axes, in the order in which one thinks of them
AXES: dict[str, tuple[Axis, ...]] = {
    "resnet": (
        *BLOCK, *SHORTCUT, *ORDER, *NORM, *STEM, *BRANCH, *ATTENTION, *IMAGE, *DILATION, *HEAD, *INITIALIZER, *DETAILS
    ),
    "vgg": (*PLAIN, *IMAGE),
    "densenet": (*DENSE, *NORM, *STEM, *IMAGE, *HEAD, *INITIALIZER),
}  # fmt: skip
