"""What one can do to a part of a network, a row each: in words, by which keys, and what would come of it.

The canvas offers these by menu, keyboard and drag; nothing is done before its outcome is known: the design with its
difference in cost, counted exactly when somebody asks, or why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from resnet_tf.design.axes import AXES
from resnet_tf.design.offers import changes, options, value_of
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import ResNetSpec, Spec, SpecError, nearest_word
from resnet_tf.design.stages import (
    Kind,
    Place,
    blocks_of,
    cut,
    deepen,
    depth_of,
    duplicated,
    inserted,
    place_of,
    removed,
    restored,
    strided,
)
from resnet_tf.design.totals import totals
from resnet_tf.design.widths import GRAIN, legal, widen, width_of


class Move(NamedTuple):
    """Something that is done to a part. `make` takes the design, the part, and how often or how far."""

    name: str  # "cut", "block=bottleneck"
    words: str  # "Cut this shortcut"
    on: tuple[Kind, ...]
    make: Callable[[Any, str, int], Spec]
    keys: tuple[str, ...] = ()  # as a browser calls them
    applies: Callable[[Any, Place], bool] = lambda spec, place: True


@dataclass(frozen=True)
class Outcome:
    """What a move would give: another design, or the reason why it makes none."""

    move: Move
    part: str
    before: Spec
    spec: Spec | None
    reason: SpecError | None = None

    @property
    def parameters(self) -> int:
        """Trainable parameters more than now; 0 where the move makes no design."""
        return totals(self.spec).parameters - totals(self.before).parameters if self.spec else 0

    @property
    def macs(self) -> int:
        """Multiply-adds of an image more than now; 0 where the move makes no design."""
        return totals(self.spec).macs - totals(self.before).macs if self.spec else 0


# --- what rows are made of


def _at(make: Callable[[Any, Place], Spec]) -> Callable[[Any, str, int], Spec]:
    return lambda spec, part, amount: make(spec, place_of(spec, part))


def _stage(spec: Spec, part: str) -> str:
    """The stage that a part is or stands in."""
    return f"stage{place_of(spec, part).stage + 1}"


def _deeper(sign: int, spec: Spec, part: str, amount: int) -> Spec:
    stage = _stage(spec, part)
    return deepen(spec, stage, depth_of(spec, place_of(spec, part).stage) + sign * amount)


def _wider(sign: int, spec: Spec, part: str, amount: int) -> Spec:
    """As many legal stops further; past the last one, one that the design refuses with its reason."""
    stops, now = legal(spec, part, "width"), width_of(spec, part)
    at = list(stops).index(now) + sign * amount
    beyond = stops[0] - 1 if at < 0 else stops[-1] + GRAIN
    return widen(spec, part, stops[at] if 0 <= at < len(stops) else beyond)


def _scaled(factor: float, tied: bool, spec: Spec, part: str, amount: int) -> Spec:
    return widen(spec, part, max(round(width_of(spec, part) * factor), 1), tied=tied)


def _strided(to: int, spec: Spec, part: str, amount: int) -> Spec:
    return strided(spec, _stage(spec, part), to)


def _everywhere(sign: int, spec: Spec, part: str, amount: int) -> Spec:
    for i in range(len(spec.stages)):
        spec = _deeper(sign, spec, f"stage{i + 1}", amount)
    return spec


def _uncut(spec: Any, place: Place) -> bool:
    """Whether a part has a shortcut that can be cut."""
    if not isinstance(spec, ResNetSpec) or spec.shortcut == "none" or spec.normalization.kind == "fixup":
        return False
    return not set(blocks_of(spec, place)) <= set(spec.cut_shortcuts)


def _has_cut(spec: Any, place: Place) -> bool:
    return isinstance(spec, ResNetSpec) and not set(blocks_of(spec, place)).isdisjoint(spec.cut_shortcuts)


def _has_width(spec: Any, place: Place) -> bool:
    return place.kind == "stem" or spec.family != "densenet"


def _grows(spec: Any, place: Place) -> bool:
    return bool(spec.family == "densenet")


def _has_later(spec: Any, place: Place) -> bool:
    return bool(spec.family != "densenet" and place.stage + 1 < len(spec.stages))


def _has_stride(to: int, spec: Any, place: Place) -> bool:
    return bool(spec.family == "resnet" and spec.stages[place.stage].stride != to)


_STAGES: tuple[Kind, ...] = ("stage",)
_BLOCKS: tuple[Kind, ...] = ("block",)
_INSIDE: tuple[Kind, ...] = ("stage", "block")
_WIDE: tuple[Kind, ...] = ("stage", "stem")
_ALL: tuple[Kind, ...] = ("network",)

# what is done most stands first
MOVES: tuple[Move, ...] = (
    Move("deepen", "One block more", _INSIDE, partial(_deeper, 1), ("+", "=")),
    Move("shallow", "One block fewer", _INSIDE, partial(_deeper, -1), ("-",)),
    Move("cut", "Cut this shortcut", _BLOCKS, _at(cut), ("x",), _uncut),
    Move("restore", "Restore this shortcut", _BLOCKS, _at(restored), ("x",), _has_cut),
    Move("widen", "Widen", _WIDE, partial(_wider, 1), (">",), _has_width),
    Move("narrow", "Narrow", _WIDE, partial(_wider, -1), ("<",), _has_width),
    Move("double", "Double the width", _WIDE, partial(_scaled, 2, False), (), _has_width),
    Move("halve", "Halve the width", _WIDE, partial(_scaled, 1 / 2, False), (), _has_width),
    Move("double-on", "Double the width from here on", _STAGES, partial(_scaled, 2, True), (), _has_later),
    Move("halve-on", "Halve the width from here on", _STAGES, partial(_scaled, 1 / 2, True), (), _has_later),
    Move("stride=2", "Halve the map here", _STAGES, partial(_strided, 2), (), partial(_has_stride, 2)),
    Move("stride=1", "Keep the map's size here", _STAGES, partial(_strided, 1), (), partial(_has_stride, 1)),
    Move("insert", "Insert a stage after", ("stem", "stage"), _at(inserted), ("Insert",)),
    Move("duplicate", "Duplicate", _INSIDE, _at(duplicated), ("d",)),
    Move("remove", "Remove", _INSIDE, _at(removed), ("Delete", "Backspace")),
    Move("cut-all", "Cut its shortcuts", _STAGES, _at(cut), (), _uncut),
    Move("restore-all", "Restore its shortcuts", _STAGES, _at(restored), (), _has_cut),
    Move("cut-all", "Cut all shortcuts", _ALL, _at(cut), (), _uncut),
    Move("restore-all", "Restore all shortcuts", _ALL, _at(restored), (), _has_cut),
    Move("widen", "Grow faster", _ALL, partial(_wider, 1), (">",), _grows),
    Move("narrow", "Grow slower", _ALL, partial(_wider, -1), ("<",), _grows),
    Move("deepen", "One block more in each stage", _ALL, partial(_everywhere, 1), ("+", "=")),
    Move("shallow", "One block fewer in each stage", _ALL, partial(_everywhere, -1), ("-",)),
)
# axes of a few values that a part is changed along: one move for each other value
_ALONG: dict[Kind, tuple[str, ...]] = {
    "network": ("block", "shortcut", "shortcut_gate", "order", "normalization.kind", "attention.kind", "activation"),
    "stage": ("block",),
    "block": ("block",),
    "stem": ("stem.pool",),
    "head": ("head.pool",),
}


def _along(spec: Spec, place: Place) -> Iterator[Move]:
    """A move for each other value of the axes of a part."""
    for axis in AXES[spec.family]:
        if axis.field not in _ALONG[place.kind] or not axis.applies(spec):
            continue
        fields = spec.model_dump()
        now = value_of(fields, axis.field)
        for value, said in options(spec, axis).items():
            if value != now:
                make = partial(_changed, changes(fields, axis.field, value))
                yield Move(f"{axis.field}={value}", f"{axis.title}: {said}", (place.kind,), make)


def _changed(changed: dict[str, Any], spec: Spec, part: str, amount: int) -> Spec:
    return edit(spec, **changed)


# --- what can be done


def moves(spec: Spec, part: str = "network", amount: int = 1) -> tuple[Outcome, ...]:
    """All that can be done to a part ("network", "stem", "stage2", "stage2.block3", "head"), and what comes of each.

    Moves that make no design are among them, with the reason. Raises SpecError for a name that no part has.
    """
    return tuple(_outcome(spec, part, move, amount) for move in _here(spec, place_of(spec, part)))


def outcome(spec: Spec, part: str, name: str, amount: int = 1) -> Outcome:
    """What comes of the move of that name, so often or so far. Raises SpecError where the part has no such move."""
    here = {move.name: move for move in _here(spec, place_of(spec, part))}
    if name not in here:
        raise SpecError("move", f"one of {', '.join(here)}", name, nearest_word(name, list(here)))
    return _outcome(spec, part, here[name], amount)


def _here(spec: Spec, place: Place) -> list[Move]:
    rows = [move for move in MOVES if place.kind in move.on and move.applies(spec, place)]
    return [*rows, *_along(spec, place)]


def _outcome(spec: Spec, part: str, move: Move, amount: int) -> Outcome:
    try:
        return Outcome(move, part, spec, move.make(spec, part, amount))
    except SpecError as error:
        return Outcome(move, part, spec, None, error)
