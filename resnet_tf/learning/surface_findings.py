"""What surfaces say, in sentences: how far the loss is low around the weights, and which of two rises less."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean

from resnet_tf.learning.findings import short
from resnet_tf.learning.studies import Surface

HALF, WHOLE = 0.5, 1.0  # distances at which a surface is read, in norms of the filters
LEAST = 1e-3  # of losses: what is lower stands at the bottom
TOP = 10.0  # times the loss of a guess: what is higher stands at the top


def heights(surfaces: Sequence[Surface], classes: int) -> tuple[float, float]:
    """From which loss to which surfaces are drawn, all of them alike."""
    losses = [loss for each in surfaces for row in each.losses for loss in row if math.isfinite(loss)]
    high = min(max(losses, default=1.0), TOP * math.log(classes))
    return max(min(losses, default=0.1), LEAST, high / 1e6), max(high, 2 * LEAST)


def ring(surface: Surface, distance: float) -> float:
    """The mean loss at a distance from the weights, of the points within half a step of it; infinite beyond numbers."""
    half = (surface.steps[1] - surface.steps[0]) / 2
    losses = [
        surface.losses[i][j]
        for i, first in enumerate(surface.steps)
        for j, second in enumerate(surface.steps)
        if abs(math.hypot(first, second) - distance) <= half
    ]
    return mean(losses) if all(map(math.isfinite, losses)) else math.inf


def reached(surface: Surface, level: float) -> float | None:
    """The shortest distance, of the grid's, at which the ring's mean loss is so high; None within the grid."""
    return next((step for step in surface.steps if step >= 0 and ring(surface, step) >= level), None)


def low_points(surface: Surface) -> list[tuple[float, float]]:
    """The points inside the grid that are lower than all eight beside them, other than the weights themselves."""
    steps, losses = surface.steps, surface.losses
    middle = len(steps) // 2
    return [
        (steps[i], steps[j])
        for i in range(1, len(steps) - 1)
        for j in range(1, len(steps) - 1)
        if (i, j) != (middle, middle)
        and all(
            losses[i][j] < losses[i + di][j + dj] for di in (-1, 0, 1) for dj in (-1, 0, 1) if (di, dj) != (0, 0)
        )
    ]  # fmt: skip


def around(surface: Surface, classes: int) -> str:
    """How the loss rises from the weights, where it is as high as a guess, and what other low points there are."""
    guess = math.log(classes)
    level = reached(surface, guess)
    lows = low_points(surface)
    wild = sum(not math.isfinite(loss) for row in surface.losses for loss in row)
    said = (
        f"The loss of the weights is {_loss(surface.centre)}; averaged over a ring around them it is "
        f"{_loss(ring(surface, HALF))} at a distance of {HALF:g} and {_loss(ring(surface, WHOLE))} at {WHOLE:g}. "
    )
    said += (
        f"As high as guessing, {_loss(guess)}, it is from a distance of {short(level)} on. " if level is not None
        else f"As high as guessing, {_loss(guess)}, it is nowhere on a ring. "
    )  # fmt: skip
    said += "Inside the grid no other point is lower than all beside it." if not lows else (
        f"Inside the grid {len(lows):,} other point{' is' if len(lows) == 1 else 's are'} lower than all beside "
        f"{'it' if len(lows) == 1 else 'them'}."
    )  # fmt: skip
    return said + (f" At {wild:,} points the loss is no number." if wild else "")


def beside(one: Surface, other: Surface, names: tuple[str, str]) -> str:
    """Which of two surfaces rises less, where both are numbers."""
    rises = [(ring(each, HALF) - each.centre, name) for each, name in zip((one, other), names, strict=True)]
    if not all(0 < rise < math.inf for rise, _ in rises):
        return ""
    (low, flat), (high, steep) = sorted(rises)
    return (
        f"From the weights to a distance of {HALF:g} the loss rises {short(high / low)} times as much with {steep} as "
        f"with {flat}: by {_loss(high)} and {_loss(low)}. This is one pair of random directions, and one training of "
        "each."
    )


def _loss(loss: float) -> str:
    return f"{loss:.3g}" if math.isfinite(loss) else "no number"
