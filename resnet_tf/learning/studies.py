"""What studies find of a design and of a trained network, as records and as JSON; no Keras.

`path_gradients.py`, `variance.py`, `lesion.py` and `surface.py` find it out, `study_findings.py` says it in sentences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, stdev
from typing import Any, NamedTuple

from resnet_tf.design.spec import Order

SEEDS = (0, 1, 2)  # of first weights, for signals by depth
SWAPS, DRAWS = 20, 5  # pairs of blocks that are exchanged at most; sets of branches of one size that are left out
POINTS = 21  # along a side of a surface; the paper draws 51
LENGTHS = 25  # of paths, at most
ON_SURFACE, IN_LESION = 128, 1000  # images at most


class Progress(NamedTuple):
    """How far a study is: figures that it has and that there are in all, and at the end what was found."""

    done: int
    of: int
    what: str  # was measured last
    found: Any = None


class Band(NamedTuple):
    """A figure over several seeds; the deviation of one is 0."""

    mean: float
    deviation: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Band:
        deviation = stdev(figures) if len(figures) > 1 else 0.0
        return cls(mean(figures), deviation, min(figures), max(figures))

    @classmethod
    def read(cls, fields: Mapping[str, float | None]) -> Band:
        """The band that `_asdict` gave; what JSON has no number for is not a number again."""
        return cls(**{name: _number(value) for name, value in fields.items()})


# --- signals by depth


class Depth(NamedTuple):
    """A block's signal, over the seeds. Squares are means over images, places and channels."""

    block: str
    square: Band  # of y, which leaves it
    variance: Band  # of y: of each channel over images and places, averaged over channels
    branch: Band | None  # square of F(x) at the addition; None where a block has no shortcut
    gradient: Band  # square of dE/dy


@dataclass(frozen=True)
class SignalByDepth:
    """A design's signal in one order, block after block, from the stem to the head."""

    order: Order
    seeds: tuple[int, ...]
    blocks: tuple[Depth, ...]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has; `read` reads them again."""
        blocks = [
            {name: each._asdict() if isinstance(each, Band) else each for name, each in block._asdict().items()}
            for block in self.blocks
        ]
        return {"order": self.order, "seeds": list(self.seeds), "blocks": blocks}

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> SignalByDepth:
        blocks = (
            Depth(**{name: Band.read(each) if isinstance(each, Mapping) else each for name, each in block.items()})
            for block in fields["blocks"]
        )
        return cls(fields["order"], tuple(fields["seeds"]), tuple(blocks))


# --- paths


class PathGradient(NamedTuple):
    """The paths through so many branches: how many there are, and the norms of the gradients of some of them."""

    length: int
    paths: int
    norms: tuple[float, ...]


@dataclass(frozen=True)
class PathGradients:
    """Gradients of single paths by length, over seeds."""

    lengths: tuple[PathGradient, ...]  # by length, from none to all
    wholes: tuple[float, ...]  # norms of the gradient that comes by all paths together, at each seed
    seeds: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has, counts as text; `read` reads them again."""
        lengths = [{**each._asdict(), "paths": str(each.paths), "norms": list(each.norms)} for each in self.lengths]
        return {"lengths": lengths, "wholes": list(self.wholes), "seeds": list(self.seeds)}

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> PathGradients:
        lengths = (
            PathGradient(each["length"], int(each["paths"]), tuple(map(_number, each["norms"])))
            for each in fields["lengths"]
        )
        return cls(tuple(lengths), tuple(map(_number, fields["wholes"])), tuple(fields["seeds"]))


def _number(figure: float | None) -> float:
    return math.nan if figure is None else figure


# --- lesions


class Score(NamedTuple):
    """Mean cross-entropy (natural logarithm) and accuracy (0 to 1) of a data set."""

    loss: float
    accuracy: float


class Lesion(NamedTuple):
    """What was done to which blocks, and how the network does since."""

    blocks: tuple[str, ...]
    score: Score


LESIONS = ("removed", "several", "swapped")


@dataclass(frozen=True)
class LesionStudy:
    """The network as it is, without one of its branches, without several, and with pairs of blocks exchanged."""

    whole: Score
    removed: tuple[Lesion, ...]  # of every block with a shortcut, in order
    several: tuple[Lesion, ...]  # of sets of them, by size
    swapped: tuple[Lesion, ...]
    seed: int  # of the sets and the pairs

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has; `read` reads them again."""
        parts = {
            name: [{"blocks": list(each.blocks), **each.score._asdict()} for each in getattr(self, name)]
            for name in LESIONS
        }
        return {"whole": self.whole._asdict(), **parts, "seed": self.seed}

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> LesionStudy:
        parts = {name: tuple(Lesion(tuple(each["blocks"]), _score(each)) for each in fields[name]) for name in LESIONS}
        return cls(whole=_score(fields["whole"]), seed=fields["seed"], **parts)


def _score(fields: Mapping[str, Any]) -> Score:
    return Score(_number(fields["loss"]), fields["accuracy"])


# --- surfaces


@dataclass(frozen=True)
class Surface:
    """Losses on a square grid: `losses[i][j]` is at `steps[i]` of the first direction and `steps[j]` of the second.

    A step of 1 moves every filter by its own norm. In the middle are the weights themselves.
    """

    steps: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]  # mean cross-entropy, natural logarithm
    seed: int  # of the directions

    @property
    def centre(self) -> float:
        """The loss of the weights themselves."""
        middle = len(self.steps) // 2
        return self.losses[middle][middle]

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has: a loss that is not finite is null. `read` reads them again."""
        losses = [[loss if math.isfinite(loss) else None for loss in row] for row in self.losses]
        return {**asdict(self), "steps": list(self.steps), "losses": losses}

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Surface:
        """A loss that is null is not a number."""
        losses = (tuple(map(_number, row)) for row in fields["losses"])
        return cls(tuple(fields["steps"]), tuple(losses), fields["seed"])


# --- all kinds


def _signals(found: Any) -> tuple[SignalByDepth, ...]:
    return tuple(map(SignalByDepth.read, found))


READ: dict[str, Callable[[Any], Any]] = {
    "paths": PathGradients.read, "variance": _signals, "lesion": LesionStudy.read, "surface": Surface.read,
}  # fmt: skip


def as_json(found: Any) -> Any:
    """What a study of any kind found, in types that JSON has; the kind's row of `READ` reads it again."""
    return [each.as_json() for each in found] if isinstance(found, tuple) else found.as_json()
