"""Which block became which when a design was edited: what a drawing moves, and what it lets come and go."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from resnet_tf.design.graph import Block, LayerGraph, Shape


class _Stage(NamedTuple):
    """A stage as one recognises it: its blocks, and what comes out."""

    blocks: tuple[Block, ...]
    shape: Shape


def carried(before: LayerGraph, after: LayerGraph) -> dict[str, str]:
    """The name that each block has now, by the name that it had; blocks that went are left out.

    An edit is followed here; `pairs` compares any two designs, stage by stage as they are numbered.
    Stages keep their order; where there are more or fewer than before they are recognised by their channels, depth and
    maps: those behind an inserted or a removed one move over. In a stage, blocks are numbered from its beginning.
    """
    names = {block.name: block.name for block in before.blocks if block.stage in ("stem", "head")}
    found = {old: new for old, new in names.items() if any(block.name == new for block in after.blocks)}
    for was, now in _aligned(_stages(before), _stages(after)):
        theirs = {_own(block): block.name for block in now.blocks}
        found |= {block.name: theirs[_own(block)] for block in was.blocks if _own(block) in theirs}
    return found


def _own(block: Block) -> str:
    """A block's name in its stage: "block2", "transition"."""
    return block.name.partition(".")[2]


def _stages(graph: LayerGraph) -> list[_Stage]:
    stages = groupby((block for block in graph.blocks if block.stage.startswith("stage")), key=lambda each: each.stage)
    members = (tuple(own) for _, own in stages)
    return [_Stage(blocks, graph.layers[blocks[-1].stop - 1].shape) for blocks in members]


def _alike(a: _Stage, b: _Stage) -> int:
    """How alike two stages are. Any two are alike enough to be one, where nothing is more alike."""
    same_channels, same_depth = a.shape[2] == b.shape[2], len(a.blocks) == len(b.blocks)
    return 1 + 8 * same_channels + 4 * same_depth + 2 * (a.shape[:2] == b.shape[:2])


def _aligned(before: list[_Stage], after: list[_Stage]) -> list[tuple[_Stage, _Stage]]:
    """The pairs, in order, that are the most alike in all; the earliest where several are equally so."""
    if len(before) == len(after):  # none came and none went
        return list(zip(before, after, strict=True))
    best: dict[tuple[int, int], int] = {}  # of the stages from i and from j on
    for i in range(len(before), -1, -1):
        for j in range(len(after), -1, -1):
            if i == len(before) or j == len(after):
                best[i, j] = 0
            else:
                both = _alike(before[i], after[j]) + best[i + 1, j + 1]
                best[i, j] = max(both, best[i + 1, j], best[i, j + 1])
    pairs, i, j = [], 0, 0
    while i < len(before) and j < len(after):
        if best[i, j] == _alike(before[i], after[j]) + best[i + 1, j + 1]:
            pairs.append((before[i], after[j]))
            i, j = i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1
    return pairs
