"""A design's stages put differently: deeper, inserted, removed, doubled. A block that stays keeps what is its own.

A stage is named as the graph names it, "stage2", and a block "stage2.block3", in every family. What comes back is a
design; what makes none raises SpecError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from resnet_tf.design.presets import edit
from resnet_tf.design.rules import MOST_BLOCKS
from resnet_tf.design.spec import DenseStage, ResNetSpec, Spec, SpecError, Stage, VGGStage, nearest_word

Kind: TypeAlias = Literal["network", "stem", "stage", "block", "head"]
AnyStage: TypeAlias = Stage | VGGStage | DenseStage

_PLACE = re.compile(r"stage(\d{1,9})(?:\.(?:block(\d{1,9})|pool|transition))?")


class Place(NamedTuple):
    """Where a part stands: what kind of part it is, its stage and its block, counted from 0."""

    kind: Kind
    stage: int = 0
    block: int = 0


class Row(NamedTuple):
    """A stage, and which block of the design each of its blocks was; "" is a new one."""

    stage: AnyStage
    blocks: tuple[str, ...]


def depth_field(spec: Spec) -> str:
    """What a stage's depth is called."""
    return "convolutions" if spec.family == "vgg" else "blocks"


def depth_of(spec: Spec, stage: int) -> int:
    return int(getattr(spec.stages[stage], depth_field(spec)))


def place_of(spec: Spec, part: str) -> Place:
    """Where a part of that name stands: "network", "stem", "stage2", "stage2.block3", "head".

    What lies between two stages belongs to the one before. Raises SpecError for a name that no part has.
    """
    found = _PLACE.fullmatch(part)
    if found:
        stage, block = int(found[1]) - 1, int(found[2] or 1) - 1
        if 0 <= stage < len(spec.stages) and 0 <= block < depth_of(spec, stage):
            return Place("block" if found[2] else "stage", stage, block)
    kinds: dict[str, Kind] = {"network": "network", "head": "head", "stem": "stem"}
    if spec.family == "vgg":
        del kinds["stem"]
    if part not in kinds:
        names = [*kinds, *(f"stage{i}" for i in range(1, len(spec.stages) + 1))]
        raise SpecError("part", "a part of this network", part, nearest_word(part, names))
    return Place(kinds[part])


def rows(spec: Spec) -> list[Row]:
    """The stages as they are."""
    stages: Sequence[AnyStage] = spec.stages
    return [
        Row(stage, tuple(f"stage{s}.block{b}" for b in range(1, depth_of(spec, s - 1) + 1)))
        for s, stage in enumerate(stages, 1)
    ]


def arranged(spec: Spec, arrangement: Sequence[Row]) -> Spec:
    """The design with its stages so. A block whose shortcut was cut is cut wherever it now stands; so is its copy."""
    depth = depth_field(spec)
    changes: dict[str, Any] = {
        "stages": [{**row.stage.model_dump(), depth: len(row.blocks)} for row in arrangement],
    }
    if isinstance(spec, ResNetSpec) and spec.cut_shortcuts:
        cut = frozenset(spec.cut_shortcuts)
        changes["cut_shortcuts"] = [
            f"stage{s}.block{b}"
            for s, row in enumerate(arrangement, 1)
            for b, was in enumerate(row.blocks, 1)
            if was in cut
        ]
    return edit(spec, **changes)


def deepen(spec: Spec, stage: str, to: int) -> Spec:
    """The design with so many blocks (a VGG's convolutions) in a stage: new ones come last, the last ones go."""
    return _resized(spec, place_of(spec, stage).stage, to)


def _resized(spec: Spec, stage: int, to: int) -> Spec:
    if not 1 <= to <= MOST_BLOCKS:  # the rule says why; a list of so many names would take its time
        return edit(spec, stages=_with(spec, stage, {depth_field(spec): to}))
    now = rows(spec)
    blocks = now[stage].blocks[:to]
    now[stage] = now[stage]._replace(blocks=(*blocks, *[""] * (to - len(blocks))))
    return arranged(spec, now)


def _with(spec: Spec, stage: int, changes: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages as JSON has them, with fields of one changed."""
    stages = [each.model_dump() for each in spec.stages]
    stages[stage] |= changes
    return stages


def strided(spec: Spec, stage: str, to: int) -> Spec:
    """The residual network with another stride in a stage."""
    return edit(spec, stages=_with(spec, place_of(spec, stage).stage, {"stride": to}))


def inserted(spec: Spec, place: Place) -> Spec:
    """A stage more, after the one of a place, or before the first: as deep, and as wide where another follows.

    After the last it halves the map and doubles the channels, as in the papers.
    """
    now = rows(spec)
    at = 0 if place.kind == "stem" else place.stage + 1
    near = now[max(at - 1, 0)]
    changes = {"stride": 1} if isinstance(near.stage, Stage) else {}
    if at == len(now) and isinstance(near.stage, Stage):
        changes = {"stride": 2, "width": 2 * near.stage.width}
    now.insert(at, Row(near.stage.model_copy(update=changes), ("",) * len(near.blocks)))
    return arranged(spec, now)


def duplicated(spec: Spec, place: Place) -> Spec:
    """A stage or a block twice, one after the other."""
    now = rows(spec)
    row = now[place.stage]
    if place.kind == "stage":
        now.insert(place.stage, row)
    else:
        twice = (*row.blocks[: place.block + 1], *row.blocks[place.block :])
        now[place.stage] = row._replace(blocks=twice)
    return arranged(spec, now)


def removed(spec: Spec, place: Place) -> Spec:
    """The design without a stage, or without a block."""
    now = rows(spec)
    row = now[place.stage]
    if place.kind == "stage":
        del now[place.stage]
    else:
        now[place.stage] = row._replace(blocks=row.blocks[: place.block] + row.blocks[place.block + 1 :])
    return arranged(spec, now)


def cut(spec: ResNetSpec, place: Place) -> ResNetSpec:
    """The design with the shortcuts of a part left out."""
    return _cut(spec, {*spec.cut_shortcuts, *blocks_of(spec, place)})


def restored(spec: ResNetSpec, place: Place) -> ResNetSpec:
    """The design with the shortcuts of a part back."""
    return _cut(spec, {*spec.cut_shortcuts} - {*blocks_of(spec, place)})


def _cut(spec: ResNetSpec, names: set[str]) -> ResNetSpec:
    changed = edit(spec, cut_shortcuts=tuple(names))
    assert isinstance(changed, ResNetSpec)
    return changed


def blocks_of(spec: Spec, place: Place) -> tuple[str, ...]:
    """The names of the residual blocks that a part is or holds."""
    all_rows = rows(spec)
    if place.kind == "block":
        return all_rows[place.stage].blocks[place.block : place.block + 1]
    if place.kind == "stage":
        return all_rows[place.stage].blocks
    return tuple(name for row in all_rows for name in row.blocks)
