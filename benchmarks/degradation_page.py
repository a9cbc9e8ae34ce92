"""docs/degradation.md out of what was measured: every figure and every comparison in it is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean

from benchmarks.degradation_figures import CURVES, GRADIENTS, drawn
from benchmarks.degradation_pair import Pair
from resnet_tf.learning.contrast import QUANTITIES, Difference, alive, differs
from resnet_tf.learning.findings import Range, fraction, short
from resnet_tf.learning.signals import Spread
from resnet_tf.lessons.course import lesson
from resnet_tf.lessons.results import recorded

PLAIN = 1e6  # up to this ratios are written out
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PACKAGES = ("Python", "keras", "tensorflow_cpu", "numpy")  # that a training is made with
FILES = {
    "degradation-curves.svg": (CURVES, "Training curves of both pairs, with and without shortcuts"),
    "degradation-gradients.svg": (GRADIENTS, "The gradient of every block of both pairs, with and without shortcuts"),
}


def figures(pairs: Sequence[Pair]) -> dict[str, bytes]:
    """The page's figures by their files' names."""
    columns, names = [pair.found for pair in pairs], [pair.names for pair in pairs]
    return {file: drawn(columns, names, rows, about) for file, (rows, about) in FILES.items()}


def page(pairs: Sequence[Pair]) -> str:
    """The page as Markdown."""
    first = pairs[0]
    shape = " x ".join(map(str, first.costs.layers[0].shape[:2]))
    against = " and ".join(" against ".join(reversed(pair.names)) for pair in pairs)
    parts = [
        "# Depth with and without shortcuts",
        f"{against[0].upper()}{against[1:]}: {first.found.data.lower()}, {shape} px, {first.found.epochs} epochs, "
        "trained in step. With one seed both of a pair begin with the same weights and see the same batches, so that "
        "the additions are all that differs; each has batch norm after every convolution. A value is a mean over seeds "
        "± their deviation; lines in the figures are means (of logarithms where the axis is), bands run from the "
        "lowest to the highest seed. `python -m benchmarks.degradation` wrote this page from [what it measured]"
        "(degradation.json): every sentence about a figure is computed from it.",
        _table(pairs),
        "## Training curves",
        "![Training curves](degradation-curves.svg)",
        *_degradation(pairs),
        "## Gradients by block",
        "![Gradients by block](degradation-gradients.svg)",
        *_gradients(pairs),
        "## How it was made",
        _made(pairs),
    ]
    return "\n\n".join(parts) + "\n"


def _table(pairs: Sequence[Pair]) -> str:
    """A row for each network."""
    heads = ("parameters", "seeds", "training loss", "training accuracy", "validation accuracy",
             "first block's gradient over the last's, at first weights", "at the end")  # fmt: skip
    rows = [f"| | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for pair in pairs:
        for side in (1, 0):
            shares = [_percent(pair.last(side, name)) for name in ("accuracy", "validation_accuracy")]
            reached = [_ratio(pair.reach(side, look)) for look in (0, -1)]
            loss = Spread.of(pair.last(side, "loss"))
            cells = (
                pair.names[side], f"{pair.costs.trainable_parameters:,}", f"{pair.found.seeds}",
                f"{loss.mean:.2f} ± {loss.deviation:.2f}", *shares, *reached,
            )  # fmt: skip
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _percent(seeds: Sequence[float]) -> str:
    found = Spread.of(seeds)
    return f"{100 * found.mean:.1f} ± {100 * found.deviation:.1f} %"


def _ratio(reached: Range | None) -> str:
    return "no number" if reached is None else _short(reached.middle)


def _short(ratio: float) -> str:
    """`1/340`, `2.1`, `1.2·10⁷`."""
    if 1 / PLAIN < ratio < PLAIN:
        return fraction(ratio).removesuffix(" of").removesuffix(" times")
    digits, power = f"{ratio:.1e}".split("e")
    return f"{digits}·10{str(int(power)).translate(SUPERSCRIPTS)}"


def _degradation(pairs: Sequence[Pair]) -> list[str]:
    """What depth does to the training accuracy of plain networks, and of residual ones; then what shortcuts do."""
    shallow, deep = pairs[0], pairs[-1]
    found = [
        f"*{title}* {_compared('training accuracy', shallow.names[side], deep.names[side], *_both(pairs, side))}"
        for side, title in ((1, "Deeper without shortcuts."), (0, "Deeper with shortcuts."))
    ]
    return [*found, *(_shortcuts(pair) for pair in pairs), *filter(None, [_longer(pairs)])]


def _longer(pairs: Sequence[Pair]) -> str:
    """What so few epochs leave open, where residual networks still learn at their end; what a lesson says of that."""
    curves = [pair.found.curve(0, "loss") for pair in pairs]
    if not all(mean(curve[max(curve)]) < mean(curve[max(curve) - 1]) for curve in curves):
        return ""
    outcome = recorded("degradation", "full")
    if outcome is None:
        return ""
    epochs = lesson("degradation").experiment.setting("full").recipe.epochs
    if epochs <= pairs[0].found.epochs:
        return ""
    deep = {arm.name: arm for arm in outcome.arms}
    plain, residual = (
        f"{100 * mean(run.figures['accuracy'] for run in deep[name].runs):.1f} %"
        for name in ("plain-deep", "residual-deep")
    )
    return (
        f"*Longer.* After {pairs[0].found.epochs} epochs the residual networks' training loss still falls. In {epochs} "
        f"epochs (`{outcome.command}`) {deep['plain-deep'].depth} layers came to a validation accuracy of {residual} "
        f"with shortcuts and {plain} without."
    )


def _both(pairs: Sequence[Pair], side: int) -> tuple[list[float], list[float]]:
    """The training accuracies of the shallow and the deep network, of the seeds that both have."""
    shallow, deep = (pair.last(side, "accuracy") for pair in (pairs[0], pairs[-1]))
    return shallow[: len(deep)], deep[: len(shallow)]


def _shortcuts(pair: Pair) -> str:
    with_, without = (pair.last(side, "accuracy") for side in (0, 1))
    said = _compared("training accuracy", *pair.names, with_, without)
    return f"*Without shortcuts at {pair.depth} layers.* {said} {differs(pair.found, QUANTITIES[0])}"


def _compared(what: str, one: str, other: str, first: Sequence[float], second: Sequence[float]) -> str:
    """Both means, their difference, and whether the seeds leave room for none."""
    seen = Difference.of(first, second)
    said = f"The {what} is {100 * mean(first):.1f} % of {one} and {100 * mean(second):.1f} % of {other}"
    if seen.seeds == 1:
        return f"{said}; one seed does not say whether others would differ."
    how = "lower" if seen.mean < 0 else "higher"
    low, high = (f"{100 * end:+.0f}".replace("-", "−") for end in (seen.low, seen.high))
    ends = f"its mean between {low} and {high} (95 %, {seen.seeds} seeds)"
    told = f"{said}: {abs(100 * seen.mean):.1f} points {how}, {ends}"
    return f"{told}, beyond what seeds change." if seen.is_shown else f"{told}. That may be 0: no difference is shown."


def _gradients(pairs: Sequence[Pair]) -> list[str]:
    """How the gradient changes on its way to the first block, at first weights and at the end; what follows."""
    said = [f"*{pair.names[side]}.* {_travels(pair, side)}" for pair in pairs for side in (1, 0)]
    return [*said, *filter(None, (_vanishes(pairs), _evens(pairs), *map(_alive, pairs)))]


def _alive(pair: Pair) -> str:
    """How many directions the last block's maps have on either side, and how many channels are dead: then and now."""
    looks = pair.found.looks
    said = " ".join(filter(None, (alive(pair.found, epoch) for epoch in (looks[0], looks[-1]))))
    return f"*Directions and dead channels at {pair.depth} layers.* {said}" if said else ""


def _vanishes(pairs: Sequence[Pair]) -> str:
    """What is to be said of vanishing gradients, where at first weights they grow in every plain network."""
    starts = [each for pair in pairs if (each := pair.reach(1, 0)) and each.low > 1]
    if len(starts) < len(pairs):
        return ""
    deeper = all(one.high < other.low for one, other in pairwise(starts))
    more = ", the more the deeper the network" if deeper and len(starts) > 1 else ""
    return (
        "*Do they vanish?* The usual words, that without shortcuts the gradient vanishes on its way back, are not what "
        f"is measured at first weights: with batch norm it grows there{more}. He et al. say as much of theirs (2015, "
        "section 4.1): with batch norm neither forward nor backward signals vanish, and something else must make plain "
        f"networks hard to train.{_vanished(pairs)}"
    )


def _vanished(pairs: Sequence[Pair]) -> str:
    """In which plain networks the gradient does shrink on its way, with every seed, once they were trained."""
    said = [
        f"{pair.names[1]} ({_short(reached.middle)}; training accuracy {100 * mean(pair.last(1, 'accuracy')):.1f} %)"
        for pair in pairs
        if (reached := pair.reach(1, -1)) and reached.high < 1
    ]
    when = f"after {pairs[0].found.epochs} epochs"
    return (
        f" It is the training that brings it about: {when} the gradient has shrunk in {' and in '.join(said)}."
        if said
        else ""
    )


def _evens(pairs: Sequence[Pair]) -> str:
    """By how much the gradients of blocks differ in size, where that is less with shortcuts at every look and seed."""
    told, is_less = [], True
    for pair in pairs:
        for look, when in ((0, "at first weights"), (-1, f"after {pair.found.epochs} epochs")):
            with_, without = (pair.uneven(side, look) for side in (0, 1))
            if with_ is None or without is None:
                return ""
            is_less &= with_.high < without.low
            told.append(
                f"{_short(without.middle)} times the smallest in {pair.names[1]} and {_short(with_.middle)} times in "
                f"{pair.names[0]} {when}"
            )
    head = "*What shortcuts do to them.*" if is_less else "*How even they are.*"
    end = " With every seed the blocks' gradients are of more even size with shortcuts." if is_less else ""
    return f"{head} The largest gradient of a block is {'; '.join(told)}.{end}"


def _travels(pair: Pair, side: int) -> str:
    """How much of the last block's gradient the first gets, before and after the training."""
    parts = []
    for look, when in ((0, "at first weights"), (-1, f"after {pair.found.epochs} epochs")):
        reached = pair.reach(side, look)
        if reached is None:
            parts.append(f"{when} the ratio is no number")
            continue
        low, high = reached.low, reached.high
        how = "grows" if low > 1 else "shrinks" if high < 1 else "grows or shrinks with the seed"
        parts.append(f"{when} it {how}, {reached.told(_short)}")
    return f"From the last block to the first the gradient's norm changes by this factor: {'; '.join(parts)}."


def _made(pairs: Sequence[Pair]) -> str:
    """With what, when, how long."""
    first, recipe = pairs[0], pairs[0].recipe
    versions = first.made["versions"]
    told = ", ".join(
        f"{name} {versions[name]}" for name in ("Python", "keras", "tensorflow_cpu", "numpy") if name in versions
    )
    took = " and ".join([f"{pair.names[0][7:]} layers {short(pair.seconds / 60)} min" for pair in pairs])
    rows = (
        ("command", "`python -m benchmarks.degradation`"),
        ("recipe", f"{recipe['name']}: {recipe['optimizer']}, rate {recipe['learning_rate']:g}, {recipe['schedule']}, "
         f"batches of {recipe['batch_size']}, weight decay {recipe['weight_decay']:g}"),
        ("seeds", " and ".join([f"{pair.depth} layers: 0 to {pair.found.seeds - 1}" for pair in pairs])),
        ("gradients", f"of {first.found.images} images, batch norm in training"),
        ("device", f"{first.device} ({versions['processor']})"),
        ("date", " and ".join(sorted({pair.date[:10] for pair in pairs}))),
        ("took", f"{took}, on a machine that did other work beside it"),
        ("versions", told),
        ("SHA-256 of images and labels", f"`{first.made['data']}`"),
    )  # fmt: skip
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
