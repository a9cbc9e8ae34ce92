"""What studies say, in sentences, each from the figures: signals by depth, lesions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, median

from resnet_tf.design.labels import block_label
from resnet_tf.learning.findings import Range, short
from resnet_tf.learning.studies import Band, Depth, Lesion, LesionStudy, SignalByDepth


def inside(found: SignalByDepth) -> list[Depth]:
    """The blocks of the stages."""
    return [each for each in found.blocks if each.block.startswith("stage")]


def grown(first: Band, last: Band, seeds: int) -> Range | None:
    """By how much a figure grows from one to the other, at whichever seeds; None where it is no positive number."""
    figures = (first.mean, first.low, first.high, last.mean, last.low, last.high)
    if not all(0 < each < math.inf for each in figures):
        return None
    return Range(last.mean / first.mean, last.low / first.high, last.high / first.low, seeds)


def by_depth(found: Sequence[SignalByDepth]) -> tuple[str, ...]:
    """By how much each order changes the signal's variance on the way forward, and the gradient's on the way back."""
    blocks = inside(found[0])
    first, last = (block_label(each.block) for each in (blocks[0], blocks[-1]))
    forward = {each.order: _growth(each, "variance") for each in found}
    back = {each.order: _growth(each, "gradient", back=True) for each in found}
    return (
        f"From {first} to {last} the variance of what is passed on becomes {_each(forward)}. {_most(forward)}".strip(),
        f"On the way back, from {last} to {first}, the mean square of the gradient becomes {_each(back)}. "
        f"{_most(back)}".strip(),
    )


def _growth(found: SignalByDepth, figure: str, *, back: bool = False) -> Range | None:
    blocks = inside(found)
    first, last = getattr(blocks[0], figure), getattr(blocks[-1], figure)
    return grown(last, first, len(found.seeds)) if back else grown(first, last, len(found.seeds))


def _each(grown: dict[str, Range | None]) -> str:
    told = (f"{short(each.middle)} times with {order}" for order, each in grown.items() if each)
    lost = [order for order, each in grown.items() if each is None]
    said = ", ".join(told) or "no number"
    return f"{said}; with {' and '.join(lost)} it leaves what float32 can say" if lost else said


def _most(grown: dict[str, Range | None]) -> str:
    """Which order grows most, where the ranges of the seeds are apart from the next one's."""
    known = sorted(((order, each) for order, each in grown.items() if each), key=lambda pair: -pair[1].middle)
    if len(known) < 2:
        return ""
    (most, high), (next_one, low) = known[:2]
    if high.seeds == 1:
        return "One seed does not say whether others would differ."
    if high.low > low.high:
        return f"It is most with {most}, beyond what {high.seeds} seeds change."
    return f"Between {most} and {next_one}, which are highest, {high.seeds} seeds show no difference."


# --- lesions


def cost(study: LesionStudy, lesion: Lesion) -> float:
    """What a lesion costs, in points of accuracy (percent); negative where the network does better."""
    return 100 * (study.whole.accuracy - lesion.score.accuracy)


def standard_error(accuracy: float, images: int) -> float:
    """Of an accuracy on so many images, in points; one more of each kind counts, since all may be right."""
    share = (accuracy * images + 1) / (images + 2)
    return 100 * math.sqrt(share * (1 - share) / images)


def lesions(study: LesionStudy, images: int, classes: int, resizing: Sequence[str]) -> tuple[str, ...]:
    """What one branch costs, what several do, and what it costs to exchange blocks."""
    return tuple(filter(None, (_one(study, images, resizing), _several(study, classes), _swapped(study))))


def _one(study: LesionStudy, images: int, resizing: Sequence[str]) -> str:
    costs = {each.blocks[0]: cost(study, each) for each in study.removed}
    dearest = max(costs, key=costs.__getitem__)
    error = standard_error(study.whole.accuracy, images)
    cheap = sum(each <= 2 * error for each in costs.values())
    said = (
        f"As it is, the network is right about {_percent(study.whole.accuracy)} of {images:,} images. Without one "
        f"branch it loses {_points(median(costs.values()))} in the median, most without that of "
        f"{block_label(dearest)}: {_points(costs[dearest])}. {cheap:,} of {len(costs):,} branches cost at most "
        f"{_points(2 * error)}, two standard errors of such a share."
    )
    two = [[costs[name] for name in costs if (name in resizing) is is_one] for is_one in (True, False)]
    if all(two):
        resized, others = (_points(median(each)) for each in two)
        said += f" Where the shortcut is no identity a branch costs {resized} in the median, elsewhere {others}."
    return said


def by_size(study: LesionStudy) -> dict[int, list[float]]:
    """The accuracies by how many branches are left out, from none on."""
    found = {0: [study.whole.accuracy]}
    for each in (*study.removed, *study.several):
        found.setdefault(len(each.blocks), []).append(each.score.accuracy)
    return found


def _several(study: LesionStudy, classes: int) -> str:
    sizes = {size: mean(each) for size, each in by_size(study).items() if size > 1}
    if not sizes:
        return ""
    half = next((size for size, accuracy in sizes.items() if accuracy < study.whole.accuracy / 2), None)
    least, most = min(sizes), max(sizes)
    said = [f"with {least:,} branches left out it is right about {_percent(sizes[least])} on average"] * (least < most)
    if half and least < half < most:
        said.append(f"with {half:,} below half of what it was")
    said.append(f"with all {most:,} {_percent(sizes[most])}, where guessing has {_percent(1 / classes)}")
    return f"Several at once: {', '.join(said)}."


def _swapped(study: LesionStudy) -> str:
    costs = [cost(study, each) for each in study.swapped]
    if not costs:
        return "No two of its blocks are alike, so none can be exchanged."
    pairs = "The one pair of like blocks, exchanged, costs" if len(costs) == 1 else (
        f"Of {len(costs):,} pairs of like blocks that were exchanged the median costs"
    )  # fmt: skip
    return f"{pairs} {_points(median(costs))}" + (f", the dearest {_points(max(costs))}." if len(costs) > 1 else ".")


def _points(points: float) -> str:
    rounded = round(points, 1) + 0.0  # no minus before a zero
    return f"{rounded:.1f} point{'' if abs(rounded) == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
