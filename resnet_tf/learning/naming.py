"""What each layer of ours is called in torchvision, timm and keras.applications. Names only: no Keras, no weights.

A network is known by the names of its layers alone, so that a model read from a file can be named too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Literal, NamedTuple, TypeAlias, get_args

from resnet_tf.design.spec import SpecError, nearest_word

Source: TypeAlias = Literal["timm", "torchvision", "keras", "resnet_tf"]
SOURCES: tuple[str, ...] = get_args(Source)

# layers that no other library has: their weights are left to this package's own files
_OURS_ALONE = ("shift", "bias", "scale", "dense")


class NoCounterpart(ValueError):
    """A layer that another library's network has no place for."""

    def __init__(self, layer: str, source: str, why: str) -> None:
        self.layer, self.source = layer, source
        super().__init__(f"{layer} has no counterpart in {source}: {why}")


class _Kind(NamedTuple):
    """What of a network decides how its peers call their parts."""

    dense: bool  # DenseNet
    before: bool  # norm and activation before convolutions
    deep: bool  # a stem of several convolutions
    pooled: bool  # an average pool on shortcuts, which takes a place in timm's sequence


def _kind(names: Collection[str]) -> _Kind:
    return _Kind(
        dense=any(name.endswith(".concat") for name in names),
        before="head.norm" in names,
        deep="stem.conv2" in names,
        pooled=any(name.endswith(".shortcut.pool") for name in names),
    )


class _Place(NamedTuple):
    """A layer's name in parts: `stage3.block2.shortcut.conv` is 3, 2, `shortcut.conv`."""

    stage: int
    block: int
    part: str  # the rest; a name outside the stages is all rest


def _place(name: str) -> _Place:
    found = re.fullmatch(r"stage(\d+)\.(?:block(\d+)|transition)\.(.+)", name)
    if not found:
        return _Place(0, 0, name)
    return _Place(int(found[1]), int(found[2] or 0), found[3])


def _numbered(part: str, words: dict[str, str]) -> str | None:
    """`conv2` by {"conv": "conv{}"}: the word's name with the number in it."""
    found = re.fullmatch(r"(.+?)(\d+)", part)
    return words[found[1]].format(found[2]) if found and found[1] in words else None


# a deep stem in torch: three convolutions with their norms in one sequence, but for the last norm
_DEEP = {
    "stem.conv1": "conv1.0", "stem.norm1": "conv1.1", "stem.conv2": "conv1.3", "stem.norm2": "conv1.4",
    "stem.conv3": "conv1.6", "stem.norm3": "bn1",
}  # fmt: skip
_RESNET = {"stem.conv": "conv1", "stem.norm": "bn1", "head.classifier": "fc"}
_GATES = {"gate.reduce": "se.fc1", "gate.expand": "se.fc2", "gate.conv": "se.conv"}
_DENSENET = {
    "stem.conv": "features.conv0", "stem.norm": "features.norm0", "head.norm": "features.norm5",
    "head.classifier": "classifier",
}  # fmt: skip


def _torchvision(name: str, kind: _Kind) -> str | None:
    if kind.dense:
        return _dense(name)
    if kind.before or kind.deep or kind.pooled or name.startswith("stem.pool") or ".gate." in name:
        return None
    return _torch(name, _RESNET, {"shortcut.conv": "downsample.0", "shortcut.norm": "downsample.1"})


def _timm(name: str, kind: _Kind) -> str | None:
    if kind.dense:
        return _dense(name)
    if kind.before:
        return _timm_v2(name)
    first = 1 if kind.pooled else 0
    around = {"shortcut.conv": f"downsample.{first}", "shortcut.norm": f"downsample.{first + 1}"}
    whole = _RESNET | _DEEP | {"stem.pool.conv": "maxpool.0", "stem.pool.norm": "maxpool.1"}
    return _torch(name, whole, around | _GATES)


def _torch(name: str, whole: dict[str, str], parts: dict[str, str]) -> str | None:
    """A name in torchvision's ResNet, which timm's follows."""
    place = _place(name)
    if not place.stage:
        return whole.get(name)
    part = parts.get(place.part) or _numbered(place.part, {"conv": "conv{}", "norm": "bn{}"})
    return part and f"layer{place.stage}.{place.block - 1}.{part}"


def _timm_v2(name: str) -> str | None:
    place = _place(name)
    if not place.stage:
        whole = {"stem.conv": "stem.conv", "head.norm": "norm", "head.classifier": "head.fc"}
        return whole.get(name) or _numbered(name, {"stem.conv": "stem.conv{}", "stem.norm": "stem.norm{}"})
    part = {"shortcut.conv": "downsample.conv"}.get(place.part)
    part = part or _numbered(place.part, {"conv": "conv{}", "norm": "norm{}"})
    return part and f"stages.{place.stage - 1}.blocks.{place.block - 1}.{part}"


def _dense(name: str) -> str | None:
    """A name in torchvision's DenseNet, which timm's shares."""
    place = _place(name)
    if not place.stage:
        return _DENSENET.get(name)
    if not place.block:
        return f"features.transition{place.stage}.{place.part}"
    part = _numbered(place.part, {"conv": "conv{}", "norm": "norm{}"})
    return part and f"features.denseblock{place.stage}.denselayer{place.block}.{part}"


_KERAS = {"stem.conv": "conv1_conv", "stem.norm": "conv1_bn", "head.classifier": "predictions"}


def _keras(name: str, kind: _Kind) -> str | None:
    """A name in keras.applications: V1 and V2, which call norms by the convolution before them, and DenseNet."""
    place = _place(name)
    if not place.stage:
        return (_KERAS | {"head.norm": "bn" if kind.dense else "post_bn"}).get(name)
    if not place.block:
        return f"pool{place.stage + 1}_{'bn' if place.part == 'norm' else 'conv'}"
    at = f"conv{place.stage + 1}_block{place.block}"
    part = {"shortcut.conv": "0_conv", "shortcut.norm": "0_bn"}.get(place.part)
    part = part or _numbered(place.part, {"conv": "{}_conv"})
    if part is None and (number := _numbered(place.part, {"norm": "{}"})):
        number = str(int(number) - 1) if kind.before else number
        part = "preact_bn" if number == "0" and not kind.dense else f"{number}_bn"
    return part and f"{at}_{part}"


_NAMES: dict[str, Callable[[str, _Kind], str | None]] = {
    "timm": _timm,
    "torchvision": _torchvision,
    "keras": _keras,
    "resnet_tf": lambda name, kind: name,
}


def modules(layers: Collection[str], weighted: Collection[str], source: str) -> dict[str, str]:
    """The peer's name of each layer in `weighted`, of a network whose layers are called `layers`.

    Raises SpecError for an unknown source and NoCounterpart for a layer that the source's networks do not have.
    """
    if source not in _NAMES:
        raise SpecError("source", f"one of {', '.join(SOURCES)}", source, nearest_word(source, list(SOURCES)))
    kind = _kind(layers)
    found = {}
    for layer in weighted:
        name = _NAMES[source](layer, kind)
        if name is None:
            raise NoCounterpart(layer, source, _why(layer, kind))
        found[layer] = name
    return found


def _why(layer: str, kind: _Kind) -> str:
    if ".gate." in layer:
        return "its blocks have no gates"
    part = _place(layer).part.rpartition(".")[2].rstrip("0123456789")
    if part in _OURS_ALONE:
        return "its networks have no such layer"
    if kind.before:
        return "its blocks are activated after their convolutions"
    if kind.deep and layer.startswith("stem"):
        return "its stem is one convolution"
    return "its networks are put together otherwise"
