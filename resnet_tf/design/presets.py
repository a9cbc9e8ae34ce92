"""Published networks, one row each, with the paper and what it reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resnet_tf.design.spec import (
    Normalization,
    ResNetSpec,
    Spec,
    SpecError,
    SqueezeExcitation,
    Stage,
    Stem,
    VGGSpec,
    VGGStage,
    nearest_word,
    parse_spec,
)


@dataclass(frozen=True)
class Preset:
    """A published network: its spec, where it comes from, and its published error in percent by benchmark."""

    name: str
    title: str
    group: str  # what it stands under in a list: "ImageNet", "CIFAR", ...
    spec: Spec
    source: str
    published: Mapping[str, float] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.spec.family


HE2015 = "He et al. 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385"
HE2016 = "He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027"
WRN = "Zagoruyko and Komodakis 2016, Wide Residual Networks, arXiv:1605.07146"
XIE = "Xie et al. 2017, Aggregated Residual Transformations, arXiv:1611.05431"
HU = "Hu et al. 2018, Squeeze-and-Excitation Networks, arXiv:1709.01507"
HE2019 = "He et al. 2019, Bag of Tricks for Image Classification, arXiv:1812.01187"
RS = "Bello et al. 2021, Revisiting ResNets, arXiv:2103.07579"
VGG = "Simonyan and Zisserman 2015, Very Deep Convolutional Networks, arXiv:1409.1556"
TORCHVISION = "torchvision"
TIMM = "timm"
KERAS = "keras.applications"

ONE_CROP = "ImageNet top-1, torchvision V1 weights, 1 crop"
TEN_CROPS = "ImageNet top-1, He 2015, 10 crops"
KERAS_TOP1 = "ImageNet top-1, keras.applications"
CIFAR10 = "CIFAR-10"
CIFAR100 = "CIFAR-100"

# blocks of each stage, by the depth in a network's name (He 2015, Table 1)
DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
CIFAR_STEM = Stem(kernel=3, stride=1, widths=(16,), pool="none")
DEEP_STEM = Stem(kernel=3, widths=(32, 32, 64))
RS_STEM = Stem(kernel=3, widths=(32, 32, 64), pool="convolution")
KERAS_NORM = Normalization(epsilon=1.001e-5, momentum=0.99)


def _imagenet(depth: int, strides: tuple[int, ...] = (1, 2, 2, 2), **axes: Any) -> ResNetSpec:
    widths = (64, 128, 256, 512)
    stages = tuple(Stage(blocks=b, width=w, stride=s) for b, w, s in zip(DEPTHS[depth], widths, strides, strict=True))
    block = "basic" if depth < 50 else "bottleneck"
    return ResNetSpec(**{"stages": stages, "block": block, **axes})


def _cifar(blocks: int, width: int = 16, stem: int = 16, **axes: Any) -> ResNetSpec:
    stages = tuple(Stage(blocks=blocks, width=width * 2**i, stride=1 if i == 0 else 2) for i in range(3))
    options = {"shortcut": "zero-padding", "stem": CIFAR_STEM.model_copy(update={"widths": (stem,)})}
    return ResNetSpec(**{"input_shape": (32, 32, 3), "classes": 10, "stages": stages, **options, **axes})


def _vgg(*convolutions: int) -> VGGSpec:
    widths = (64, 128, 256, 512, 512)
    return VGGSpec(stages=tuple(VGGStage(convolutions=n, width=w) for n, w in zip(convolutions, widths, strict=True)))


def _resnext29(groups: int) -> ResNetSpec:
    axes = {"block": "bottleneck", "groups": groups, "bottleneck_factor": groups, "shortcut": "projection"}
    return _cifar(3, 64, 64, **axes)


_KERAS_V1: dict[str, Any] = {"stride_at": "1x1", "bias": "all", "normalization": KERAS_NORM}
_KERAS_V2: dict[str, Any] = {
    "strides": (2, 2, 2, 1),
    "order": "pre",
    "stride_at": "last-block",
    "bias": "unnormalized",
    "normalization": KERAS_NORM,
}
_B: dict[str, Any] = {"shortcut": "projection"}
_PLAIN: dict[str, Any] = {"block": "plain", "shortcut": "none"}
_WRN: dict[str, Any] = {"order": "pre", "shortcut": "projection"}
_PRE_BOTTLENECK: dict[str, Any] = {"order": "pre", "block": "bottleneck", "stride_at": "1x1", "shortcut": "projection"}
_RS: dict[str, Any] = {"stem": RS_STEM, "shortcut": "average-pool", "attention": SqueezeExcitation(ratio=0.25)}
_SMALL: dict[str, Any] = {
    "input_shape": (32, 32, 3),
    "classes": 10,
    "stem": Stem(kernel=3, stride=1, pool="none"),
}

# published error in percent, by benchmark, of networks by name
_PUBLISHED: dict[str, dict[str, float]] = {
    "resnet18": {ONE_CROP: 30.242, TEN_CROPS: 27.88},
    "resnet34": {ONE_CROP: 26.686, TEN_CROPS: 24.52},
    "resnet34_a": {TEN_CROPS: 25.03},
    "resnet34_c": {TEN_CROPS: 24.19},
    "resnet50": {ONE_CROP: 23.87},
    "resnet101": {ONE_CROP: 22.626},
    "resnet152": {ONE_CROP: 21.688},
    "resnet50_v1": {TEN_CROPS: 22.85},
    "resnet101_v1": {TEN_CROPS: 21.75},
    "resnet152_v1": {TEN_CROPS: 21.43},
    "plain18": {TEN_CROPS: 27.94},
    "plain34": {TEN_CROPS: 28.54},
    "vgg19": {ONE_CROP: 27.624},
    "keras_resnet50": {KERAS_TOP1: 25.1},
    "keras_resnet101": {KERAS_TOP1: 23.6},
    "keras_resnet152": {KERAS_TOP1: 23.4},
    "keras_resnet50v2": {KERAS_TOP1: 24.0},
    "keras_resnet101v2": {KERAS_TOP1: 22.8},
    "keras_resnet152v2": {KERAS_TOP1: 22.0},
    "wide_resnet50_2": {ONE_CROP: 21.532, "ImageNet top-1, Zagoruyko 2016 Table 8, 1 crop": 21.9},
    "wide_resnet101_2": {ONE_CROP: 21.152},
    "resnext50_32x4d": {ONE_CROP: 22.382, "ImageNet top-1, Xie 2017, 1 crop": 22.2},
    "resnext101_32x8d": {ONE_CROP: 20.688},
    "seresnet50": {"ImageNet top-1, authors, 1 crop": 22.37},
    "resnetrs50": {"ImageNet top-1 at 160, authors": 21.2},
    "resnet20_cifar10": {CIFAR10: 8.75},
    "resnet32_cifar10": {CIFAR10: 7.51},
    "resnet44_cifar10": {CIFAR10: 7.17},
    "resnet56_cifar10": {CIFAR10: 6.97},
    "resnet110_cifar10": {CIFAR10: 6.43},
    "resnet1202_cifar10": {CIFAR10: 7.93},
    "preresnet110_cifar10": {CIFAR10: 6.37},
    "preresnet164_cifar10": {CIFAR10: 5.46, CIFAR100: 24.33},
    "preresnet1001_cifar10": {CIFAR10: 4.92},
    "wrn16_4_cifar10": {CIFAR10: 5.02},
    "wrn40_4_cifar10": {CIFAR10: 4.53},
    "wrn28_10_cifar10": {CIFAR10: 4.0},
    "resnext29_8x64d_cifar10": {CIFAR10: 3.65},
    "resnext29_16x64d_cifar10": {CIFAR10: 3.58},
}

_V15 = f"{HE2015}; stride on the 3x3, as in {TORCHVISION} and {TIMM}"
_V2 = f"{HE2016}; every block pre-activated, as in {TIMM}"
_HE_CIFAR = f"{HE2015}, section 4.2"

# name, title, what it stands under in a list, spec, source
_ROWS: list[tuple[str, str, str, Spec, str]] = [
    ("resnet18", "ResNet-18", "ImageNet", _imagenet(18), HE2015),
    ("resnet34", "ResNet-34", "ImageNet", _imagenet(34), HE2015),
    ("resnet50", "ResNet-50", "ImageNet", _imagenet(50), _V15),
    ("resnet101", "ResNet-101", "ImageNet", _imagenet(101), _V15),
    ("resnet152", "ResNet-152", "ImageNet", _imagenet(152), _V15),
    ("resnet50_v1", "ResNet-50 v1 (2015)", "ImageNet", _imagenet(50, stride_at="1x1"), HE2015),
    ("resnet101_v1", "ResNet-101 v1 (2015)", "ImageNet", _imagenet(101, stride_at="1x1"), HE2015),
    ("resnet152_v1", "ResNet-152 v1 (2015)", "ImageNet", _imagenet(152, stride_at="1x1"), HE2015),
    ("resnet34_a", "ResNet-34, zero padding (A)", "ImageNet", _imagenet(34, shortcut="zero-padding"), HE2015),
    ("resnet34_c", "ResNet-34, projections (C)", "ImageNet", _imagenet(34, shortcut="projection-everywhere"), HE2015),
    ("plain18", "Plain-18", "No shortcuts", _imagenet(18, block="plain"), HE2015),
    ("plain34", "Plain-34", "No shortcuts", _imagenet(34, block="plain"), HE2015),
    ("vgg16", "VGG-16", "No shortcuts", _vgg(2, 2, 3, 3, 3), VGG),
    ("vgg19", "VGG-19", "No shortcuts", _vgg(2, 2, 4, 4, 4), VGG),
    ("resnetv2_50", "ResNet-50 v2", "Pre-activation", _imagenet(50, order="pre"), _V2),
    ("resnetv2_101", "ResNet-101 v2", "Pre-activation", _imagenet(101, order="pre"), _V2),
    ("resnetv2_152", "ResNet-152 v2", "Pre-activation", _imagenet(152, order="pre"), _V2),
    ("keras_resnet50", "ResNet50 (Keras)", KERAS, _imagenet(50, **_KERAS_V1), KERAS),
    ("keras_resnet101", "ResNet101 (Keras)", KERAS, _imagenet(101, **_KERAS_V1), KERAS),
    ("keras_resnet152", "ResNet152 (Keras)", KERAS, _imagenet(152, **_KERAS_V1), KERAS),
    ("keras_resnet50v2", "ResNet50V2 (Keras)", KERAS, _imagenet(50, **_KERAS_V2), KERAS),
    ("keras_resnet101v2", "ResNet101V2 (Keras)", KERAS, _imagenet(101, **_KERAS_V2), KERAS),
    ("keras_resnet152v2", "ResNet152V2 (Keras)", KERAS, _imagenet(152, **_KERAS_V2), KERAS),
    ("wide_resnet50_2", "Wide ResNet-50-2", "Wide", _imagenet(50, bottleneck_factor=2), WRN),
    ("wide_resnet101_2", "Wide ResNet-101-2", "Wide", _imagenet(101, bottleneck_factor=2), TORCHVISION),
    ("resnext50_32x4d", "ResNeXt-50 32x4d", "Groups and gates", _imagenet(50, groups=32, bottleneck_factor=2), XIE),
    ("resnext101_32x8d", "ResNeXt-101 32x8d", "Groups and gates", _imagenet(101, groups=32, bottleneck_factor=4), XIE),
    ("seresnet50", "SE-ResNet-50", "Groups and gates", _imagenet(50, attention=SqueezeExcitation()), HU),
    ("resnet50d", "ResNet-50-D", "Groups and gates", _imagenet(50, stem=DEEP_STEM, shortcut="average-pool"), HE2019),
    ("resnetrs50", "ResNet-RS-50", "Groups and gates", _imagenet(50, **_RS), RS),
    ("resnet18_cifar10", "ResNet-18, 3x3 stem", "CIFAR", _imagenet(18, **_SMALL), HE2015),
    *(
        (f"resnet{6 * n + 2}_cifar10", f"ResNet-{6 * n + 2}", "CIFAR", _cifar(n), _HE_CIFAR)
        for n in (3, 5, 7, 9, 18, 200)
    ),
    *(
        (f"resnet{6 * n + 2}_b_cifar10", f"ResNet-{6 * n + 2}, projections (B)", "CIFAR", _cifar(n, **_B), _HE_CIFAR)
        for n in (3, 9, 18)
    ),
    *(
        (f"plain{6 * n + 2}_cifar10", f"Plain-{6 * n + 2}", "CIFAR, no shortcuts", _cifar(n, **_PLAIN), _HE_CIFAR)
        for n in (3, 9, 18)
    ),
    ("preresnet110_cifar10", "Pre-activation ResNet-110", "CIFAR", _cifar(18, order="pre"), HE2016),
    ("preresnet164_cifar10", "Pre-activation ResNet-164", "CIFAR", _cifar(18, **_PRE_BOTTLENECK), HE2016),
    ("preresnet1001_cifar10", "Pre-activation ResNet-1001", "CIFAR", _cifar(111, **_PRE_BOTTLENECK), HE2016),
    *(
        (f"wrn{6 * n + 4}_{k}_cifar10", f"WRN-{6 * n + 4}-{k}", "CIFAR, wide", _cifar(n, 16 * k, **_WRN), WRN)
        for n, k in ((2, 4), (6, 4), (4, 10))
    ),
    *((f"resnext29_{g}x64d_cifar10", f"ResNeXt-29 {g}x64d", "CIFAR, wide", _resnext29(g), XIE) for g in (8, 16)),
]

PRESETS: dict[str, Preset] = {row[0]: Preset(*row, _PUBLISHED.get(row[0], {})) for row in _ROWS}


def preset(name: str, **changes: Any) -> Spec:
    """The spec of a published network, with fields changed: `preset("resnet50", classes=10)`.

    Raises SpecError for an unknown name (with the nearest one) and for a change that makes no network.
    """
    if name not in PRESETS:
        raise SpecError("preset", "a known name", name, nearest_word(name, list(PRESETS)))
    return edit(PRESETS[name].spec, **changes)


def edit(spec: Spec, **changes: Any) -> Spec:
    """The spec with fields changed, validated anew. Changing the block takes along the expansion it implies."""
    if not changes:
        return spec
    fields = spec.model_dump()
    if "block" in changes and isinstance(spec, ResNetSpec) and changes["block"] != spec.block:
        for implied in ("expansion", "shortcut") if "plain" in (spec.block, changes["block"]) else ("expansion",):
            fields.pop(implied)
    return parse_spec({**fields, **changes})
