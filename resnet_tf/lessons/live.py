"""The figures that move with a control, one for each lesson, computed at once: counts are exact, the rest is NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from resnet_tf.design.costs import Cost, costs
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.lessons.figures import Figure, Picture, Series, bars, spread
from resnet_tf.lessons.miniature import ORDERS, Miniature, input_gradient, likeness, signals
from resnet_tf.lessons.pools import POOLS, digit, moved
from resnet_tf.lessons.rows import network
from resnet_tf.lessons.texts import DEFAULT, amount, said, text

SEEDS = (0, 1, 2)  # of what is drawn
WIDTH = 32  # of the miniatures
CLASSES = 21  # of Pascal VOC, with the background

Value: TypeAlias = int | float | str
Values: TypeAlias = Mapping[str, Value]
Say: TypeAlias = Callable[..., str]


@dataclass(frozen=True)
class Control:
    """What a reader moves: what there is to choose, in order, and what is chosen first."""

    name: str
    options: tuple[Value, ...]
    first: Value

    @property
    def is_number(self) -> bool:
        return not isinstance(self.first, str)

    def read(self, typed: str) -> Value:
        """The option that is written so. Raises SpecError for one that there is not, with the nearest."""
        found = {str(option): option for option in self.options}
        if typed not in found:
            raise SpecError(self.name, f"one of {', '.join(found)}", typed, str(self.first))
        return found[typed]


@dataclass(frozen=True)
class Live:
    """A lesson's controls, and what draws its figure from what is chosen."""

    controls: tuple[Control, ...]
    draw: Callable[[Values, str], Figure]
    exact: bool = True  # counts; else it is computed with drawn weights

    @property
    def first(self) -> dict[str, Value]:
        return {control.name: control.first for control in self.controls}


def live(lesson: str) -> Live:
    """The live figure of a lesson, by its name. Raises KeyError where there is none."""
    return FIGURES[lesson]


def title(lesson: str, control: Control, option: Value, language: str = DEFAULT) -> str:
    """What an option is called."""
    if isinstance(option, str):
        return text(f"{lesson}.option.{option}", language)
    return said(option, language)


# --- 1: gradients that shatter


def _shattered(chosen: Values, language: str) -> Figure:
    say, line, blocks = _of("degradation", language), np.linspace(-1, 1, 160), int(chosen["blocks"])
    found, alike = [], {}
    for name, carried in (("residual", 1.0), ("plain", 0.0)):
        drawn = [input_gradient(Miniature(blocks, WIDTH, carried=carried), line, seed) for seed in SEEDS]
        alike[name] = float(np.mean([likeness(each) for each in drawn]))
        shown = drawn[0] / np.abs(drawn[0]).max()
        found.append(Series(say(f"series.{name}"), tuple(line.round(4)), tuple(shown)))
    sentence = say("sentence", layers=2 * blocks, **{name: said(each, language, 2) for name, each in alike.items()})
    return Figure("lines", say("figure"), say("x"), say("y"), tuple(found), sentence=sentence)


# --- 2 and 8: how much of the gradient arrives


def _arriving(chosen: Values, language: str) -> Figure:
    say, blocks = _of("gradient", language), int(chosen["blocks"])
    look = {"blocks": blocks, "width": WIDTH, "weights": float(chosen["weights"]), "norm": chosen["norm"] == "with"}
    kinds = {"residual": Miniature(**look, carried=1.0), "plain": Miniature(**look, carried=0.0)}
    return _by_block(say, kinds, language)


def _carried(chosen: Values, language: str) -> Figure:
    say, blocks, share = _of("shortcuts", language), int(chosen["blocks"]), float(chosen["carried"])
    # nothing after the addition, so that what the shortcut does to the gradient is seen alone
    look = {"blocks": blocks, "width": WIDTH, "order": "pre"}
    kinds = {"identity": Miniature(**look), "scaled": Miniature(**look, carried=share)}
    behind = range(blocks - 1, -1, -1)  # blocks behind each
    direct = Series(say("series.direct"), tuple(range(1, blocks + 1)), tuple(share**n for n in behind))
    drawn = _by_block(say, kinds, language, share=said(share, language), power=said(direct.y[0], language),
                      passed=str(blocks - 1))  # fmt: skip
    # a shortcut that carries nothing has no direct part, and a logarithm shows none
    return replace(drawn, series=(*drawn.series, direct)) if share else drawn


def _by_block(say: Say, kinds: Mapping[str, Miniature], language: str, **more: str) -> Figure:
    """The norm of the gradient by block of two networks, as a share of the last block's."""
    found, reach = [], {}
    for name, kind in kinds.items():
        rows = [np.array(signals(kind, seed).gradients) for seed in SEEDS]
        each = spread(say(f"series.{name}", **more), range(1, kind.blocks + 1), [row / row[-1] for row in rows])
        reach[name] = said(each.y[0], language)
        found.append(each)
    sentence = say("sentence", blocks=len(found[0].x), **reach, **more)
    return Figure("lines", say("figure"), say("x"), say("y"), tuple(found), sentence=sentence, log=True)


# --- 3: blocks of one width


@lru_cache(maxsize=64)
def _block(block: str, width: int) -> Cost:
    """What a block of an outer width costs that keeps it, on maps of 14 x 14."""
    spec = edit(preset("resnet20_cifar10"), block=block, input_shape=(14, 14, 3),
                stages=[{"blocks": 2, "width": width // (4 if block == "bottleneck" else 1), "stride": 1}])  # fmt: skip
    return next(each for each in costs(spec).blocks if each.name == "stage1.block2")


def _two_blocks(chosen: Values, language: str) -> Figure:
    say, width, what = _of("bottleneck", language), int(chosen["width"]), str(chosen["what"])
    counted = {name: _block(block, wide) for name, block, wide in (
        ("basic", "basic", width), ("bottleneck", "bottleneck", width), ("narrow", "basic", width // 4),
    )}  # fmt: skip
    heights = [(say(f"series.{name}", width=width // (4 if name == "narrow" else 1)), getattr(cost, what))
               for name, cost in counted.items()]  # fmt: skip
    times = heights[0][1] / heights[1][1]
    sentence = say("sentence", width=width, times=said(times, language), inner=width // 4)
    return Figure("bars", say("figure"), say("x"), say(f"option.{what}"), (bars(say("one"), heights),),
                  sentence=sentence)  # fmt: skip


# --- 4 and 9: where in a network the cost lies

_SHOWN = {"resnet18": "ResNet-18", "resnet34": "ResNet-34", "resnet50_v1": "ResNet-50", "resnet101_v1": "ResNet-101",
          "resnet152_v1": "ResNet-152", "vgg16": "VGG-16", "vgg19": "VGG-19"}  # fmt: skip


@lru_cache(maxsize=256)
def _parts(name: str, side: int) -> tuple[Cost, ...]:
    return costs(edit(preset(name), input_shape=(side, side, 3))).stages


def _by_stage(chosen: Values, language: str) -> Figure:
    say, side, what = _of("complexity", language), int(chosen["side"]), str(chosen["what"])
    counted = {shown: {part.name: getattr(part, what) for part in _parts(name, side)} for name, shown in _SHOWN.items()}
    names = sorted({part for parts in counted.values() for part in parts}, key=("stem", *_STAGES, "head").index)
    series = [bars(_part(name, language), ((shown, parts.get(name, 0)) for shown, parts in counted.items()))
              for name in names]  # fmt: skip
    deep, wide = (sum(counted[name].values()) for name in ("ResNet-152", "VGG-19"))
    sentence = say("sentence", side=side, what=say(f"option.{what}"), deep=amount(deep, language),
                   wide=amount(wide, language), times=said(max(deep, wide) / min(deep, wide), language),
                   more="ResNet-152" if deep > wide else "VGG-19")  # fmt: skip
    return Figure("bars", say("figure"), say("x"), say(f"option.{what}"), tuple(series), sentence=sentence)


_STAGES = tuple(f"stage{i}" for i in range(1, 6))


def _part(name: str, language: str) -> str:
    return text("live.stage", language, number=name[-1]) if name in _STAGES else text(f"live.{name}", language)


def _pyramid(chosen: Values, language: str) -> Figure:
    say, channels, what = _of("backbone", language), int(chosen["channels"]), str(chosen["what"])
    counted = {}
    for name in ("resnet18", "resnet50_v1", "resnet101_v1"):
        counted[_SHOWN[name]] = _shares(segmenter(name, channels), what)
    series = [bars(say(f"series.{part}"), ((shown, parts[part]) for shown, parts in counted.items()))
              for part in ("backbone", "neck", "head")]  # fmt: skip
    parts = counted["ResNet-50"]
    share = said(100 * parts["backbone"] / sum(parts.values()), language)
    return Figure("bars", say("figure"), say("x"), say(f"option.{what}"), tuple(series),
                  sentence=say("sentence", share=share, what=say(f"option.{what}"), channels=channels))  # fmt: skip


@lru_cache(maxsize=64)
def segmenter(name: str, channels: int) -> LayerGraph:
    """A preset as the backbone of a segmentation network for images of 512 px, through a feature pyramid."""
    spec = edit(preset(name), input_shape=(512, 512, 3))
    return segmentation(fpn(features(spec), channels), CLASSES, channels)


def _shares(graph: LayerGraph, what: str) -> dict[str, int]:
    """What the backbone, the pyramid and the head cost."""
    found = {"backbone": 0, "neck": 0, "head": 0}
    for stage in costs(graph).stages:
        found[stage.name if stage.name in found else "backbone"] += getattr(stage, what)
    return found


# --- 5: as many multiply-adds, another shape

_DEPTHS = (1, 2, 3, 5, 7, 9, 12, 18)  # blocks in each of three stages


@lru_cache(maxsize=64)
def _as_costly(blocks: int, like: int) -> tuple[Spec, int]:
    """The network of so many blocks a stage whose width costs about as much as ResNet-(6 n + 2); and its MACs."""
    goal = costs(network(like)).macs
    widths = range(4, 161)
    low, high = 0, len(widths) - 1
    while low < high:  # MACs rise with the width
        middle = (low + high) // 2
        if costs(network(blocks, widths[middle])).macs < goal:
            low = middle + 1
        else:
            high = middle
    around = (network(blocks, width) for width in widths[max(low - 1, 0) : low + 1])
    return min(((spec, costs(spec).macs) for spec in around), key=lambda found: abs(found[1] - goal))


def _shapes(chosen: Values, language: str) -> Figure:
    say, like, blocks = _of("width", language), int(chosen["like"]), int(chosen["blocks"])
    found = {n: _as_costly(n, (like - 2) // 6) for n in _DEPTHS}
    depths = {n: 6 * n + 2 for n in found}
    widths = {n: spec.stages[0].width for n, (spec, _) in found.items()}
    spec, macs = found[blocks]
    sentence = say("sentence", depth=depths[blocks], width=widths[blocks], macs=amount(macs, language),
                   parameters=amount(costs(spec).trainable_parameters, language), like=like,
                   times=said(like / depths[blocks], language))  # fmt: skip
    series = Series(say("series.equal", like=like), tuple(depths.values()), tuple(map(float, widths.values())))
    return Figure("lines", say("figure"), say("x"), say("y"), (series,), sentence=sentence, marks=(depths[blocks],))


# --- 6: where norm and activation go


def _variance(chosen: Values, language: str) -> Figure:
    say, blocks = _of("orders", language), int(chosen["blocks"])
    found, ends = [], {}
    for order in ORDERS:
        rows = [signals(Miniature(blocks, WIDTH, order), seed).squares for seed in SEEDS]
        each = spread(say(f"series.{order}"), range(1, blocks + 1), rows)
        ends[each.name] = each.y[-1]
        found.append(each)
    most, least = max(ends, key=ends.__getitem__), min(ends, key=ends.__getitem__)
    sentence = say("sentence", blocks=blocks, most=most, largest=said(ends[most], language), least=least,
                   smallest=said(ends[least], language))  # fmt: skip
    return Figure("lines", say("figure"), say("x"), say("y"), tuple(found), sentence=sentence, log=True)


# --- 7: what a pool makes of a digit that moves


def _pooled(chosen: Values, language: str) -> Figure:
    say, image = _of("downsampling", language), digit(int(chosen["digit"]))
    shifted = moved(image, int(chosen["shift"]))
    pictures, changes = [Picture(say("series.image"), _rows(shifted))], {}
    for name, pool in POOLS.items():
        before, after = pool(image), pool(shifted)
        changes[say(f"series.{name}")] = float(np.linalg.norm(after - before) / np.linalg.norm(before))
        pictures.append(Picture(say(f"series.{name}"), _rows(after)))
    listed = "; ".join(f"{name}: {said(100 * change, language)} %" for name, change in changes.items())
    return Figure("images", say("figure"), "", "", pictures=tuple(pictures),
                  sentence=say("sentence", shift=chosen["shift"], listed=listed))  # fmt: skip


def _rows(image: np.ndarray) -> tuple[tuple[float, ...], ...]:
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / ((high - low) or 1.0)
    return tuple(tuple(float(f"{pixel:.4g}") for pixel in row) for row in scaled)


# --- 10: concatenated or added


@lru_cache(maxsize=256)
def _dense(layers: int, growth: int) -> tuple[Cost, int]:
    spec = edit(preset("densenet40_12_cifar10"), stages=[{"blocks": layers}] * 3, growth=growth)
    counted = costs(spec)
    return counted, counted.depth


def _concatenated(chosen: Values, language: str) -> Figure:
    say, what, growth = _of("dense", language), str(chosen["what"]), int(chosen["growth"])
    layers = int(chosen["layers"])
    counts = range(2, 26, 2)
    dense = {_dense(n, growth)[1]: getattr(_dense(n, growth)[0], what) for n in counts}
    residual = {6 * n + 2: getattr(costs(network(n)), what) for n in range(1, 13)}
    series = [Series(say(f"series.{name}", growth=growth), tuple(found), tuple(map(float, found.values())))
              for name, found in (("dense", dense), ("residual", residual))]  # fmt: skip
    counted, depth = _dense(layers, growth)
    sentence = say("sentence", layers=layers, paths=layers * (layers + 1) // 2, depth=depth,
                   parameters=amount(counted.trainable_parameters, language),
                   macs=amount(counted.macs, language))  # fmt: skip
    return Figure("lines", say("figure"), say("x"), say(f"option.{what}"), tuple(series), sentence=sentence,
                  marks=(depth,))  # fmt: skip


def _of(lesson: str, language: str) -> Say:
    def say(part: str, **values: Any) -> str:
        return text(f"{lesson}.{'live.' if part[:6] != 'option' else ''}{part}", language, **values)

    return say


_COUNTS = ("trainable_parameters", "macs", "activations")
_BLOCKS = Control("blocks", (2, 4, 6, 8, 12, 16, 24, 32, 48), 16)

FIGURES: dict[str, Live] = {
    "degradation": Live((Control("blocks", (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24), 6),), _shattered, exact=False),
    "gradient": Live(
        (_BLOCKS, Control("weights", (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0), 0.5),
         Control("norm", ("with", "without"), "without")),
        _arriving, exact=False,
    ),
    "bottleneck": Live(
        (Control("width", (64, 128, 256, 512, 1024, 2048), 256), Control("what", _COUNTS[:2], _COUNTS[0])), _two_blocks
    ),
    "complexity": Live(
        (Control("side", (32, 64, 96, 128, 160, 224, 320, 448), 224), Control("what", _COUNTS, "macs")), _by_stage
    ),
    "width": Live((Control("blocks", _DEPTHS, 3), Control("like", (20, 32, 44, 56, 110), 56)), _shapes),
    "orders": Live((_BLOCKS,), _variance, exact=False),
    "downsampling": Live(
        (Control("shift", (0, 1, 2, 3), 1), Control("digit", tuple(range(10)), 3)), _pooled, exact=False
    ),
    "shortcuts": Live(
        (Control("carried", (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2), 0.8), _BLOCKS), _carried,
        exact=False,
    ),
    "backbone": Live((Control("channels", (32, 64, 128, 256), 256), Control("what", _COUNTS, "macs")), _pyramid),
    "dense": Live(
        (Control("layers", tuple(range(2, 26, 2)), 12), Control("growth", (8, 12, 24, 32), 12),
         Control("what", _COUNTS, _COUNTS[0])),
        _concatenated,
    ),
}  # fmt: skip
