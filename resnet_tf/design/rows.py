"""The published networks, a row each: name, title, group, spec, source. Nothing here is code but the shorthand."""

from __future__ import annotations

from typing import Any

from resnet_tf.design.published import (
    BIT,
    FIXUP,
    HE2015,
    HE2016,
    HE2019,
    HU,
    HUANG2016,
    HUANG2017,
    KERAS,
    LEE,
    RS,
    TIMM,
    TORCHVISION,
    VGG,
    WANG,
    WRN,
    WU,
    XIE,
    ZHANG2019,
)
from resnet_tf.design.spec import (
    DenseNetSpec,
    DenseStage,
    EfficientChannelAttention,
    Normalization,
    ResNetSpec,
    Spec,
    SqueezeExcitation,
    Stage,
    Stem,
    VGGSpec,
    VGGStage,
)

Axes = dict[str, Any]

# blocks of each stage, by the depth in a network's name (He 2015, Table 1; He 2019 and timm for the others)
DEPTHS = {
    10: (1, 1, 1, 1), 14: (1, 1, 1, 1), 18: (2, 2, 2, 2), 26: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3),
    101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3), 201: (3, 24, 36, 4), 269: (3, 30, 48, 8),
}  # fmt: skip
_RS_DEPTHS = {50: DEPTHS[50], 101: DEPTHS[101], 152: DEPTHS[152], 200: DEPTHS[200],
              270: (4, 29, 53, 4), 350: (4, 36, 72, 4), 420: (4, 44, 87, 4)}  # fmt: skip
_BASIC = (10, 18, 34)


def _imagenet(depth: int | tuple[int, ...], *parts: Axes, factor: int = 1, **axes: Any) -> ResNetSpec:
    """Four stages from 64 x factor channels on, each half the size and twice the width of the one before."""
    blocks = DEPTHS[depth] if isinstance(depth, int) else depth
    every: Axes = {"block": "basic" if depth in _BASIC else "bottleneck"}
    for part in (*parts, axes):
        every |= part
    strides = every.pop("strides", (1, 2, 2, 2))
    widths = [64 * factor * 2**i for i in range(4)]
    stages = tuple(Stage(blocks=b, width=w, stride=s) for b, w, s in zip(blocks, widths, strides, strict=True))
    return ResNetSpec(**{"stages": stages, **every})


def _cifar(blocks: int, *parts: Axes, width: int = 16, stem: int = 16, **axes: Any) -> ResNetSpec:
    every: Axes = {"shortcut": "zero-padding", "stem": Stem(kernel=3, stride=1, widths=(stem,), pool="none")}
    for part in (*parts, axes):
        every |= part
    stages = tuple(Stage(blocks=blocks, width=width * 2**i, stride=1 if i == 0 else 2) for i in range(3))
    return ResNetSpec(**{"input_shape": (32, 32, 3), "classes": 10, "stages": stages, **every})


def _vgg(*convolutions: int) -> VGGSpec:
    widths = (64, 128, 256, 512, 512)
    return VGGSpec(stages=tuple(VGGStage(convolutions=n, width=w) for n, w in zip(convolutions, widths, strict=True)))


def _densenet(*blocks: int, **axes: Any) -> DenseNetSpec:
    return DenseNetSpec(**{"stages": tuple(DenseStage(blocks=n) for n in blocks), **axes})


def _cifar_densenet(blocks: int, growth: int, stem: int, **axes: Any) -> DenseNetSpec:
    options: Axes = {"stem": Stem(kernel=3, stride=1, widths=(stem,), pool="none"), "growth": growth}
    return _densenet(*[blocks] * 3, **{"input_shape": (32, 32, 3), "classes": 10, **options, **axes})


def _stem(*widths: int, pool: Any = "max") -> Axes:
    return {"stem": Stem(kernel=3, widths=widths, pool=pool)}


def _groups(groups: int, width: int) -> Axes:
    """ResNeXt's `32x4d`: so many groups, each so wide where a stage is 64 wide."""
    return {"groups": groups, "bottleneck_factor": groups * width / 64}


# what the letters and prefixes in timm's names stand for
_C, _S, _POOLED = _stem(32, 32, 64), _stem(64, 64, 128), {"shortcut": "average-pool"}
_D, _T = {**_C, **_POOLED}, {**_stem(24, 32, 64), **_POOLED}
_SE, _ECA = {"attention": SqueezeExcitation()}, {"attention": EfficientChannelAttention()}
_BLUR: Axes = {"antialias": "blur", "stem": Stem(pool="max-blur")}
_AA: Axes = {"antialias": "average", "stem": Stem(pool="average")}
_BLUR_D = {**_D, "antialias": "blur", **_stem(32, 32, 64, pool="max-blur")}
_AA_D = {**_D, "antialias": "average", **_stem(32, 32, 64, pool="average")}
_PRE: Axes = {"order": "pre"}
_GROUP_NORM: Axes = {"normalization": Normalization(kind="group")}
_RESNET_RS: Axes = {
    **_stem(32, 32, 64, pool="convolution"), **_POOLED, "attention": SqueezeExcitation(ratio=0.25)
}  # fmt: skip
_SENET: Axes = {**_SE, **_S, **_groups(64, 4), "reduce_first": 2, "shortcut_kernel": 3}
_KERAS_NORM: Axes = {"normalization": Normalization(epsilon=1.001e-5, momentum=0.99)}
_KERAS_V1: Axes = {**_KERAS_NORM, "stride_at": "1x1", "bias": "all"}
_KERAS_V2: Axes = {
    **_KERAS_NORM, **_PRE, "strides": (2, 2, 2, 1), "stride_at": "last-block", "bias": "unnormalized",
    "stem": Stem(pool="max-zero-padded"),
}  # fmt: skip
_B: Axes = {"shortcut": "projection"}
_PLAIN: Axes = {"block": "plain", "shortcut": "none"}
_PRE_BOTTLENECK: Axes = {**_PRE, **_B, "block": "bottleneck", "stride_at": "1x1"}
_SMALL: Axes = {"input_shape": (32, 32, 3), "classes": 10, "stem": Stem(kernel=3, stride=1, pool="none")}


def _bit(depth: int, factor: int) -> ResNetSpec:
    stem = Stem(widths=(64 * factor,), pool="max-zero-padded")
    norm = Normalization(kind="group", weight_standardization=True)
    return _imagenet(depth, _PRE, factor=factor, stem=stem, normalization=norm)


_V15 = f"{HE2015}; stride on the 3x3, as in {TORCHVISION} and {TIMM}"
_V2 = f"{HE2016}; every block pre-activated, as in {TIMM}"
_HE_CIFAR = f"{HE2015}, section 4.2"
_FIGURE4 = f"{HE2016}, Figure 4"
_IN_TIMM = f"; as in {TIMM}"

Row = tuple[str, str, str, Spec, str]

# timm has a network of each of these names, torchvision of some
IMAGENET: list[Row] = [
    ("resnet18", "ResNet-18", "ImageNet", _imagenet(18), HE2015),
    ("resnet34", "ResNet-34", "ImageNet", _imagenet(34), HE2015),
    ("resnet50", "ResNet-50", "ImageNet", _imagenet(50), _V15),
    ("resnet101", "ResNet-101", "ImageNet", _imagenet(101), _V15),
    ("resnet152", "ResNet-152", "ImageNet", _imagenet(152), _V15),
    ("resnet26", "ResNet-26", "ImageNet", _imagenet(26), _V15),
    ("resnet200", "ResNet-200", "ImageNet", _imagenet(200), _V15),
    ("resnet10t", "ResNet-10-T", "Deep stem", _imagenet(10, _T), HE2019 + _IN_TIMM),
    ("resnet14t", "ResNet-14-T", "Deep stem", _imagenet(14, _T), HE2019 + _IN_TIMM),
    *((f"resnet{n}d", f"ResNet-{n}-D", "Deep stem", _imagenet(n, _D), HE2019) for n in (18, 26, 34, 50, 101, 152, 200)),
    *((f"resnet{n}t", f"ResNet-{n}-T", "Deep stem", _imagenet(n, _T), HE2019 + _IN_TIMM) for n in (26, 50)),
    *((f"resnet{n}c", f"ResNet-{n}-C", "Deep stem", _imagenet(n, _C), HE2019) for n in (50, 101, 152)),
    *((f"resnet{n}s", f"ResNet-{n}-S", "Deep stem", _imagenet(n, _S), HE2019 + _IN_TIMM) for n in (50, 101, 152)),
    *((f"resnetv2_{n}", f"ResNet-{n} v2", "Pre-activation", _imagenet(n, _PRE), _V2)
      for n in (18, 34, 50, 101, 152)),
    *((f"resnetv2_{n}d", f"ResNet-{n}-D v2", "Pre-activation", _imagenet(n, _D, _PRE), _V2)
      for n in (18, 34, 50, 101, 152)),
    ("resnetv2_50t", "ResNet-50-T v2", "Pre-activation", _imagenet(50, _T, _PRE), _V2),
    ("resnetv2_50d_gn", "ResNet-50-D v2, group norm", "Pre-activation", _imagenet(50, _D, _PRE, _GROUP_NORM), WU),
    *((f"resnetv2_{n}x{k}_bit", f"BiT ResNet-{n}x{k}", "Pre-activation", _bit(n, k), BIT)
      for n, k in ((50, 1), (50, 3), (101, 1), (101, 3), (152, 2), (152, 4))),
    ("resnet50_gn", "ResNet-50, group norm", "ImageNet", _imagenet(50, _GROUP_NORM), WU),
    ("wide_resnet50_2", "Wide ResNet-50-2", "Wide", _imagenet(50, bottleneck_factor=2), WRN),
    ("wide_resnet101_2", "Wide ResNet-101-2", "Wide", _imagenet(101, bottleneck_factor=2), TORCHVISION),
]  # fmt: skip

GATES: list[Row] = [
    ("resnext50_32x4d", "ResNeXt-50 32x4d", "Groups", _imagenet(50, _groups(32, 4)), XIE),
    ("resnext50d_32x4d", "ResNeXt-50-D 32x4d", "Groups", _imagenet(50, _groups(32, 4), _D), XIE + _IN_TIMM),
    *((f"resnext101_{g}x{w}d", f"ResNeXt-101 {g}x{w}d", "Groups", _imagenet(101, _groups(g, w)), XIE)
      for g, w in ((32, 4), (32, 8), (32, 16), (32, 32), (64, 4))),
    *((f"seresnet{n}", f"SE-ResNet-{n}", "Squeeze and excitation", _imagenet(n, _SE), HU)
      for n in (18, 34, 50, 101, 152)),
    ("seresnet50t", "SE-ResNet-50-T", "Squeeze and excitation", _imagenet(50, _T, _SE), HU + _IN_TIMM),
    *((f"seresnet{n}d", f"SE-ResNet-{n}-D", "Squeeze and excitation", _imagenet(n, _D, _SE), HU + _IN_TIMM)
      for n in (152, 200, 269)),
    ("seresnext26d_32x4d", "SE-ResNeXt-26-D 32x4d", "Squeeze and excitation",
     _imagenet(26, _groups(32, 4), _D, _SE), HU + _IN_TIMM),
    ("seresnext26t_32x4d", "SE-ResNeXt-26-T 32x4d", "Squeeze and excitation",
     _imagenet(26, _groups(32, 4), _T, _SE), HU + _IN_TIMM),
    *((f"seresnext{n}_{g}x{w}d", f"SE-ResNeXt-{n} {g}x{w}d", "Squeeze and excitation",
       _imagenet(n, _groups(g, w), _SE), HU)
      for n, g, w in ((50, 32, 4), (101, 32, 4), (101, 32, 8), (101, 64, 4))),
    ("seresnext101d_32x8d", "SE-ResNeXt-101-D 32x8d", "Squeeze and excitation",
     _imagenet(101, _groups(32, 8), _D, _SE), HU + _IN_TIMM),
    ("senet154", "SENet-154", "Squeeze and excitation", _imagenet(152, _SENET), HU + _IN_TIMM),
    *((f"resnetrs{n}", f"ResNet-RS-{n}", "Squeeze and excitation", _imagenet(blocks, _RESNET_RS), RS)
      for n, blocks in _RS_DEPTHS.items()),
    ("ecaresnet26t", "ECA-ResNet-26-T", "Channel attention", _imagenet(26, _T, _ECA), WANG + _IN_TIMM),
    ("ecaresnet50t", "ECA-ResNet-50-T", "Channel attention", _imagenet(50, _T, _ECA), WANG + _IN_TIMM),
    *((f"ecaresnet{n}d", f"ECA-ResNet-{n}-D", "Channel attention", _imagenet(n, _D, _ECA), WANG + _IN_TIMM)
      for n in (50, 101, 200, 269)),
    ("ecaresnetlight", "ECA-ResNet-Light", "Channel attention", _imagenet((1, 1, 11, 3), _POOLED, _ECA),
     WANG + _IN_TIMM),
    *((f"ecaresnext{n}t_32x4d", f"ECA-ResNeXt-{n}-T 32x4d", "Channel attention",
       _imagenet(n, _groups(32, 4), _T, _ECA), WANG + _IN_TIMM) for n in (26, 50)),
    ("resnetblur18", "ResNet-18, blurred", "Anti-aliased", _imagenet(18, _BLUR), ZHANG2019),
    ("resnetblur50", "ResNet-50, blurred", "Anti-aliased", _imagenet(50, _BLUR), ZHANG2019),
    *((f"resnetblur{n}d", f"ResNet-{n}-D, blurred", "Anti-aliased", _imagenet(n, _BLUR_D), ZHANG2019 + _IN_TIMM)
      for n in (50, 101)),
    ("resnetaa50", "ResNet-50, averaged", "Anti-aliased", _imagenet(50, _AA), LEE + _IN_TIMM),
    *((f"resnetaa{n}d", f"ResNet-{n}-D, averaged", "Anti-aliased", _imagenet(n, _AA_D), LEE + _IN_TIMM)
      for n in (34, 50, 101)),
    ("seresnetaa50d", "SE-ResNet-50-D, averaged", "Anti-aliased", _imagenet(50, _AA_D, _SE), LEE + _IN_TIMM),
    ("seresnextaa101d_32x8d", "SE-ResNeXt-101-D 32x8d, averaged", "Anti-aliased",
     _imagenet(101, _AA_D, _groups(32, 8), _SE), LEE + _IN_TIMM),
    ("seresnextaa201d_32x8d", "SE-ResNeXt-201-D 32x8d, averaged", "Anti-aliased",
     _imagenet(201, _AA_D, _stem(64, 64, 128, pool="average"), _groups(32, 8), _SE), LEE + _IN_TIMM),
]  # fmt: skip

DENSE: list[Row] = [
    *((f"densenet{n}", f"DenseNet-{n}", "Dense", _densenet(*blocks), HUANG2017)
      for n, blocks in ((121, (6, 12, 24, 16)), (169, (6, 12, 32, 32)), (201, (6, 12, 48, 32)))),
    ("densenet161", "DenseNet-161", "Dense", _densenet(6, 12, 36, 24, growth=48, stem=Stem(widths=(96,))), HUANG2017),
]  # fmt: skip

# the papers' own, where they differ from what libraries made of them, and Keras' by names of ours
PAPERS: list[Row] = [
    *((f"resnet{n}_v1", f"ResNet-{n} v1 (2015)", "ImageNet", _imagenet(n, stride_at="1x1"), HE2015)
      for n in (50, 101, 152)),
    ("resnet34_a", "ResNet-34, zero padding (A)", "ImageNet", _imagenet(34, shortcut="zero-padding"), HE2015),
    ("resnet34_c", "ResNet-34, projections (C)", "ImageNet", _imagenet(34, shortcut="projection-everywhere"), HE2015),
    ("plain18", "Plain-18", "No shortcuts", _imagenet(18, _PLAIN), HE2015),
    ("plain34", "Plain-34", "No shortcuts", _imagenet(34, _PLAIN), HE2015),
    ("vgg16", "VGG-16", "No shortcuts", _vgg(2, 2, 3, 3, 3), VGG),
    ("vgg19", "VGG-19", "No shortcuts", _vgg(2, 2, 4, 4, 4), VGG),
    *((f"keras_resnet{n}", f"ResNet{n} (Keras)", KERAS, _imagenet(n, _KERAS_V1), KERAS) for n in (50, 101, 152)),
    *((f"keras_resnet{n}v2", f"ResNet{n}V2 (Keras)", KERAS, _imagenet(n, _KERAS_V2), KERAS) for n in (50, 101, 152)),
    *((f"keras_densenet{n}", f"DenseNet{n} (Keras)", KERAS, _densenet(*blocks, **_KERAS_NORM), KERAS)
      for n, blocks in ((121, (6, 12, 24, 16)), (169, (6, 12, 32, 32)), (201, (6, 12, 48, 32)))),
]  # fmt: skip

CIFAR: list[Row] = [
    ("resnet18_cifar10", "ResNet-18, 3x3 stem", "CIFAR", _imagenet(18, _SMALL), HE2015),
    *((f"resnet{6 * n + 2}_cifar10", f"ResNet-{6 * n + 2}", "CIFAR", _cifar(n), _HE_CIFAR)
      for n in (3, 5, 7, 9, 18, 200)),
    *((f"resnet{6 * n + 2}_b_cifar10", f"ResNet-{6 * n + 2}, projections (B)", "CIFAR", _cifar(n, _B), _HE_CIFAR)
      for n in (3, 9, 18)),
    *((f"plain{6 * n + 2}_cifar10", f"Plain-{6 * n + 2}", "CIFAR, no shortcuts", _cifar(n, _PLAIN), _HE_CIFAR)
      for n in (3, 9, 18)),
    ("preresnet110_cifar10", "Pre-activation ResNet-110", "CIFAR", _cifar(18, _PRE), HE2016),
    ("preresnet164_cifar10", "Pre-activation ResNet-164", "CIFAR", _cifar(18, _PRE_BOTTLENECK), HE2016),
    ("preresnet1001_cifar10", "Pre-activation ResNet-1001", "CIFAR", _cifar(111, _PRE_BOTTLENECK), HE2016),
    *((f"resnet110_{order.replace('-', '_')}_cifar10", f"ResNet-110, {words}", "CIFAR, orders",
       _cifar(18, order=order), _FIGURE4)
      for order, words in (("norm-after-addition", "norm after addition"),
                           ("activation-before-addition", "ReLU before addition"),
                           ("activation-only-pre", "ReLU-only pre-activation"))),
    ("resnet110_stochastic_depth_cifar10", "ResNet-110, stochastic depth", "CIFAR",
     _cifar(18, stochastic_depth=0.5), HUANG2016),
    ("resnet110_fixup_cifar10", "ResNet-110, Fixup", "CIFAR",
     _cifar(18, normalization=Normalization(kind="fixup")), FIXUP),
    *((f"wrn{6 * n + 4}_{k}_cifar10", f"WRN-{6 * n + 4}-{k}", "CIFAR, wide", _cifar(n, _PRE, _B, width=16 * k), WRN)
      for n, k in ((2, 4), (6, 4), (4, 10))),
    ("wrn28_10_dropout_cifar10", "WRN-28-10 with dropout", "CIFAR, wide",
     _cifar(4, _PRE, _B, width=160, dropout=0.3), WRN),
    *((f"resnext29_{g}x64d_cifar10", f"ResNeXt-29 {g}x64d", "CIFAR, wide",
       _cifar(3, _B, _groups(g, 64), block="bottleneck", width=64, stem=64), XIE) for g in (8, 16)),
    ("densenet40_12_cifar10", "DenseNet-40, k = 12", "CIFAR, dense",
     _cifar_densenet(12, 12, 16, bottleneck=0, compression=1.0), HUANG2017),
    *((f"densenet_bc{n}_{k}_cifar10", f"DenseNet-BC-{n}, k = {k}", "CIFAR, dense",
       _cifar_densenet((n - 4) // 6, k, 2 * k), HUANG2017) for n, k in ((100, 12), (250, 24), (190, 40))),
]  # fmt: skip
