"""The ten experiments, a row each: networks, recipes, what is measured, what must come out; no words.

Quick ones are small networks of the CIFAR kind on the bundled digits at 8 x 8 px, a few epochs; full ones are deeper
and train longer, with three seeds at least.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from resnet_tf.design.presets import edit, preset
from resnet_tf.design.published import HE2015, HE2016, HUANG2017, VGG, WRN
from resnet_tf.design.spec import Spec
from resnet_tf.learning.recipes import Recipe, recipe
from resnet_tf.lessons.experiments import Arm, Check, Experiment, Measure, Setting

POINT = 0.01  # a share of one in a hundred: of 360 validation images, four
THREE = (0, 1, 2)
# with a rate of 0.1 the deepest residual networks have hardly begun to learn after so few steps
_GENTLE = {"learning_rate": 0.03, "shift": 1}
QUICK = recipe("quick", epochs=8, **_GENTLE)
SHORT = recipe("quick", epochs=6, **_GENTLE)
BRIEF = recipe("quick", epochs=4, **_GENTLE)  # for nine networks in a minute
FULL = recipe("quick", epochs=20, **_GENTLE)


def network(blocks: int, width: int = 16, **axes: Any) -> Spec:
    """He 2015's network for CIFAR with so many blocks in each of its three stages."""
    stem = {"kernel": 3, "stride": 1, "widths": (width,), "pool": "none"}
    stages = [{"blocks": blocks, "width": width * 2**i, "stride": 1 if i == 0 else 2} for i in range(3)]
    return edit(preset("resnet20_cifar10"), **{"stem": stem, "stages": stages, **axes})


def _trained(**specs: Spec) -> tuple[Arm, ...]:
    """Arms that are trained; an underscore in a name stands for a hyphen."""
    return tuple(Arm(name.replace("_", "-"), spec, ("training",)) for name, spec in specs.items())


def _counted(**specs: Spec) -> tuple[Arm, ...]:
    return tuple(Arm(name.replace("_", "-"), spec) for name, spec in specs.items())


def _both(arms: tuple[Arm, ...], quick: Recipe = QUICK, full: Recipe = FULL, **fields: Any) -> dict[str, Setting]:
    """Two settings of the same networks, of which the full one trains longer and with three seeds."""
    setting = Setting(arms, quick, **fields)
    return {"quick": setting, "full": replace(setting, recipe=full, seeds=THREE)}


# --- 1: plain against residual


def _depths(deep: int) -> tuple[Arm, ...]:
    return _trained(
        plain_shallow=preset("plain20_cifar10"), plain_deep=preset(f"plain{deep}_cifar10"),
        residual_shallow=preset("resnet20_cifar10"), residual_deep=preset(f"resnet{deep}_cifar10"),
    )  # fmt: skip


_DEGRADATION = Experiment(
    Setting(_depths(56), QUICK),
    Setting(_depths(110), FULL, THREE),
    (
        Check("plain", "train_accuracy", "plain-shallow", "plain-deep", "difference", least=POINT),
        Check("residual", "train_accuracy", "residual-deep", "residual-shallow", "difference", least=-POINT),
        Check("deep", "accuracy", "residual-deep", "plain-deep", "difference", least=POINT),
        Check("shallow", "accuracy", "residual-shallow", "plain-shallow", "difference", least=POINT, bears=False),
    ),
)

# --- 2: the gradient

_BARE = {"normalization": {"kind": "none"}}
_EXACT, _FAR = 1e-4, 1e-2  # shares of the gradient: float32's rounding, and what nobody would call exact


def _gradients(blocks: int) -> tuple[Arm, ...]:
    return (
        Arm("pre", network(blocks, order="pre"), ("flow", "formula")),
        Arm("post", network(blocks), ("flow", "formula")),
        Arm("plain", network(blocks, block="plain"), ("flow",)),
        Arm("small-pre", network(3, order="pre", **_BARE), ("flow of small weights",)),
        Arm("small-plain", network(3, block="plain", **_BARE), ("flow of small weights",)),
    )


_GRADIENT = Experiment(
    Setting(_gradients(5), QUICK, THREE),
    Setting(_gradients(9), QUICK, (0, 1, 2, 3, 4)),
    (
        Check("formula", "formula_error", "pre", most=_EXACT),
        Check("formula-post", "formula_error", "post", most=_FAR),
        Check("small", "reach", "small-pre", "small-plain", "ratio", least=1000),
        Check("vanishing", "reach", "plain", most=0.1),
        Check("apart", "reach", "pre", "plain", "ratio", least=0.1, most=10, bears=False),
    ),
)

# --- 3: basic and bottleneck blocks


def _blocks(blocks: int) -> tuple[Arm, ...]:
    # 18 w^2 multiply-adds a pixel in a basic block of width w, 17 w^2 in a bottleneck of inner width w
    return (
        *_trained(basic=network(blocks), bottleneck=network(blocks, block="bottleneck")),
        *_counted(
            resnet34=preset("resnet34"), resnet50=preset("resnet50_v1"),
            resnet50_basic=edit(preset("resnet34"), stages=[
                {"blocks": blocks, "width": 256 * 2**i, "stride": 1 if i == 0 else 2}
                for i, blocks in enumerate((3, 4, 6, 3))
            ]),
        ),
    )  # fmt: skip


_BOTTLENECK = Experiment(
    Setting(_blocks(3), QUICK, THREE),
    Setting(_blocks(5), FULL, THREE),
    (
        Check("smaller", "parameters", "resnet50-basic", "resnet50", "ratio", least=2),
        Check("cost", "macs", "resnet50", "resnet34", "ratio", most=1.1),
        Check("accuracy", "accuracy", "bottleneck", "basic", "difference", least=-POINT),
        Check("fewer", "parameters", "resnet34", "resnet50", "ratio", least=1, bears=False),
        Check("speed", "images_per_second", "bottleneck", "basic", "ratio", least=1, bears=False),
    ),
)

# --- 4: ResNet-152 and VGG-19

_FORWARD: tuple[Measure, ...] = ("forward",)
_COUNTS = (
    *_counted(resnet152=preset("resnet152_v1"), vgg19=preset("vgg19")),
    Arm("resnet152-timed", preset("resnet152_v1"), _FORWARD),
    Arm("vgg19-timed", preset("vgg19"), _FORWARD),
)
_COMPLEXITY = Experiment(
    **_both(_COUNTS, image=64),
    checks=(
        Check("macs", "macs", "resnet152", "vgg19", "ratio", most=1),
        Check("parameters", "parameters", "resnet152", "vgg19", "ratio", most=1),
        Check("time", "images_per_second", "resnet152-timed", "vgg19-timed", "ratio", least=1, bears=False),
    ),
)

# --- 5: depth and width

_WIDE_STYLE = {"order": "pre", "shortcut": "projection"}


def _widths(deep: int, width: int) -> tuple[Arm, ...]:
    """A network four times as deep as another and half as wide: as many multiply-adds in its blocks."""
    return (
        *_trained(
            deep=network(deep, width, **_WIDE_STYLE), wide=network(deep // 4, 2 * width, **_WIDE_STYLE),
        ),
        *_counted(resnet152=preset("resnet152_v1"), wide50=preset("wide_resnet50_2")),
    )  # fmt: skip


_WIDTH = Experiment(
    Setting(_widths(8, 8), QUICK, (0, 1)),
    Setting(_widths(12, 16), FULL, THREE),
    (
        Check("equal", "macs", "wide", "deep", "ratio", least=0.9, most=1.1, bears=False),
        Check("accuracy", "accuracy", "wide", "deep", "difference", least=-POINT),
        Check("faster", "images_per_second", "wide", "deep", "ratio", least=1.24),
        Check("several", "images_per_second", "wide", "deep", "ratio", least=3),
        Check("operations", "macs", "resnet152", "wide50", "ratio", least=1.24, bears=False),
    ),
)

# --- 6: where norm and activation go


def _orders(blocks: int) -> tuple[Arm, ...]:
    orders = ("post", "norm-after-addition", "activation-before-addition", "activation-only-pre", "pre")
    return tuple(Arm(order, network(blocks, order=order), ("flow", "training")) for order in orders)


_ORDERS = Experiment(
    Setting(_orders(3), SHORT),
    Setting(_orders(5), FULL, THREE),
    (
        Check("pre", "accuracy", "pre", "post", "difference", least=0),
        Check("norm-after", "accuracy", "post", "norm-after-addition", "difference", least=0),
        Check("activation-before", "accuracy", "post", "activation-before-addition", "difference", least=0),
        Check("level", "growth", "norm-after-addition", least=0.5, most=2),
        Check("runaway", "growth", "activation-before-addition", "post", "ratio", least=1),
        Check("half-pre", "accuracy", "activation-only-pre", "post", "difference", least=-POINT, most=POINT,
              bears=False),
    ),
)  # fmt: skip

# --- 7: max-pool or strided convolution


def _stem(**fields: Any) -> dict[str, Any]:
    return {"stem": {"kernel": 3, "stride": 1, "widths": (16,), "pool": "none", **fields}}


_POOLS = _trained(
    max_pool=network(2, **_stem(pool="max")), convolution=network(2, **_stem(pool="convolution")),
    strided=network(2, **_stem(stride=2)), average=network(2, **_stem(pool="average")),
)  # fmt: skip
_DOWNSAMPLING = Experiment(
    **_both(_POOLS, image=16, seeds=THREE),
    checks=(
        Check("convolution", "accuracy", "convolution", "max-pool", "difference", least=-POINT, most=POINT),
        Check("strided", "accuracy", "strided", "max-pool", "difference", least=-POINT, most=POINT),
        Check("average", "accuracy", "average", "max-pool", "difference", least=-POINT, most=POINT, bears=False),
        Check("cost", "macs", "convolution", "max-pool", "ratio", most=1.1, bears=False),
    ),
)

# --- 8: kinds of shortcuts


def _shortcuts(blocks: int) -> tuple[Arm, ...]:
    kinds = {"a": "zero-padding", "b": "projection", "c": "projection-everywhere", "d": "average-pool", "none": "none"}
    weighed = {  # He 2016, Figure 2 (b), (c) and (d), on the identities and zeros of A
        "scaled": {"shortcut_scale": 0.5}, "halved": {"shortcut_scale": 0.5, "branch_scale": 0.5},
        "gated": {"shortcut_gate": "shortcut"}, "gated_both": {"shortcut_gate": "exclusive"},
    }  # fmt: skip
    return (
        *_trained(**{name: network(blocks, shortcut=kind) for name, kind in kinds.items()}),
        *_trained(**{name: network(blocks, shortcut="zero-padding", **axes) for name, axes in weighed.items()}),
    )


_SHORTCUTS = Experiment(
    Setting(_shortcuts(4), BRIEF),
    Setting(_shortcuts(9), FULL, THREE),
    (
        Check("any", "accuracy", "a", "none", "difference", least=POINT),
        Check("a-b", "accuracy", "b", "a", "difference", least=-POINT, most=POINT),
        Check("a-c", "accuracy", "c", "a", "difference", most=POINT),
        Check("a-scaled", "accuracy", "scaled", "a", "difference", most=POINT),
        Check("a-halved", "accuracy", "halved", "a", "difference", most=POINT),
        Check("a-gated", "accuracy", "gated", "a", "difference", most=POINT),
        Check("a-gated-both", "accuracy", "gated-both", "a", "difference", most=POINT),
        Check("a-d", "accuracy", "d", "a", "difference", least=-POINT, most=POINT, bears=False),
        Check("c-cost", "parameters", "c", "a", "ratio", most=1.05, bears=False),
    ),
)

# --- 9: the same backbone for other tasks


def _backbones(blocks: int, width: int) -> tuple[Arm, ...]:
    backbone = network(blocks, width)
    return (
        Arm("drawn", backbone, ("segmentation",)),
        Arm("classifier", backbone, ("segmentation from a classifier",)),
        Arm("plain", network(blocks, width, block="plain"), ("segmentation",)),
    )


_BACKBONE = Experiment(
    Setting(_backbones(2, 8), SHORT),
    Setting(_backbones(2, 16), FULL, THREE),
    (
        Check("learns", "mean_iou", "drawn", least=0.2),
        Check("transfers", "mean_iou", "classifier", "drawn", "difference", least=POINT),
        Check("backbone", "backbone_share", "drawn", least=0.5),
        Check("residual", "mean_iou", "drawn", "plain", "difference", least=POINT, bears=False),
    ),
)

# --- 10: longer shortcuts


def _dense(blocks: int, growth: int) -> Spec:
    stem = {"kernel": 3, "stride": 1, "widths": (16,), "pool": "none"}
    return edit(preset("densenet40_12_cifar10"), stem=stem, stages=[{"blocks": blocks}] * 3, growth=growth)


_DENSE = Experiment(
    Setting(_trained(dense=_dense(4, 12), residual=network(3)), QUICK, THREE),
    Setting(_trained(dense=_dense(8, 12), residual=network(9)), FULL, THREE),
    (
        Check("smaller", "parameters", "dense", "residual", "ratio", most=0.6),
        Check("accuracy", "accuracy", "dense", "residual", "difference", least=-POINT),
        Check("macs", "macs", "dense", "residual", "ratio", most=1, bears=False),
        Check("speed", "images_per_second", "dense", "residual", "ratio", least=1, bears=False),
    ),
)

SPRINGENBERG = "Springenberg et al. 2015, Striving for Simplicity, arXiv:1412.6806"
LIN = "Lin et al. 2017, Feature Pyramid Networks, arXiv:1612.03144"

# number, name, source of what is reported, experiment
ROWS: tuple[tuple[int, str, str, Experiment], ...] = (
    (1, "degradation", f"{HE2015}, sections 4.1 and 4.2, Tables 2 and 6, Figures 4 and 6", _DEGRADATION),
    (2, "gradient", f"{HE2016}, equation 5; He et al. 2015, section 4.1", _GRADIENT),
    (3, "bottleneck", f"{HE2015}, section 4.1, Tables 1 and 3, Figure 5", _BOTTLENECK),
    (4, "complexity", f"{HE2015}, Table 1; {VGG}", _COMPLEXITY),
    (5, "width", f"{WRN}, Table 8", _WIDTH),
    (6, "orders", f"{HE2016}, section 4, Figure 4 and Table 2", _ORDERS),
    (7, "downsampling", SPRINGENBERG, _DOWNSAMPLING),
    (8, "shortcuts", f"{HE2015}, Table 3; He et al. 2016, arXiv:1603.05027, Table 1", _SHORTCUTS),
    (9, "backbone", f"{HE2015}, abstract; {LIN}", _BACKBONE),
    (10, "dense", f"{HUANG2017}, Table 2", _DENSE),
)
