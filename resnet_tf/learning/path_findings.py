"""What the paths through a network say, in sentences: how many there are, and which of them the gradient comes by."""

from __future__ import annotations

import math
from statistics import mean

from resnet_tf.design.path_lengths import Lengths, fewest
from resnet_tf.learning.findings import fraction, short
from resnet_tf.learning.studies import PathGradients

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SPELLED = 10**9  # counts from here on are written as powers


def count_of(paths: int) -> str:
    """A count exactly, `1,024`; a large one as `2⁵⁴ (1.8 × 10¹⁶)`."""
    if paths < SPELLED:
        return f"{paths:,}"
    digits = str(paths)
    said = f"{digits[0]}.{digits[1]} × 10{str(len(digits) - 1).translate(_RAISED)}"
    power = paths.bit_length() - 1
    return f"2{str(power).translate(_RAISED)} ({said})" if paths == 2**power else said


def passed(lengths: Lengths, what: str) -> str:
    """How many paths there are, and how many of `what` most of them pass."""
    longest, (low, high) = len(lengths.paths) - 1, lengths.most()
    if lengths.total == 1:
        return f"One path leads from the image to the output; it passes {longest:,} {what}."
    of = f"{low:,} to {high:,}" if low < high else f"{low:,}"
    return (
        f"{count_of(lengths.total)} paths lead from the image to the output. At least 95 % of them pass {of} {what}, "
        f"{short(lengths.mean)} on average (standard deviation {short(lengths.deviation)}); the longest pass "
        f"{longest:,}, and of these there {_are(lengths.paths[-1])}."
    )


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count_of(count)}"


def logarithms(found: PathGradients) -> list[float]:
    """Of the mean norm of a path's gradient by its length; between lengths that were taken, on a straight line."""
    known = [(each.length, math.log(mean(each.norms))) for each in found.lengths if 0 < mean(each.norms) < math.inf]
    said: list[float] = [-math.inf] * (found.lengths[-1].length + 1)
    for (first, low), (last, high) in zip(known, known[1:] or known, strict=False):
        for length in range(first, last + 1):
            said[length] = low + (high - low) * (length - first) / max(last - first, 1)
    return said


def carried(found: PathGradients, paths: Lengths) -> list[float]:
    """The share of each length in the gradient, as the sum of the norms of all its paths (Veit 2016, section 5)."""
    norms = logarithms(found)
    blocks = len(norms) - 1
    told = [norm + math.log(math.comb(blocks, length)) for length, norm in enumerate(norms)]
    most = max(told)
    if not math.isfinite(most):
        return [0.0] * len(told)
    shares = [math.exp(each - most) for each in told]
    always = len(paths.paths) - len(shares)  # branches without a shortcut, which every path passes
    return [0.0] * always + [each / sum(shares) for each in shares]


def comes_by(found: PathGradients, paths: Lengths) -> str:
    """How a path's gradient changes with each branch, which lengths bring most of it, and which most paths have."""
    shares, norms = carried(found, paths), logarithms(found)
    if not any(shares) or not math.isfinite(norms[0] + norms[-1]):
        return "At first weights some of these gradients are nothing, or more than float32 can say."
    factor = math.exp((norms[-1] - norms[0]) / max(len(norms) - 1, 1))
    (low, high), (shortest, longest) = fewest(shares), paths.most()
    middle = sum(length * share for length, share in enumerate(shares))
    return (
        f"With each branch that it passes the gradient of a single path becomes {fraction(factor)} what it was. "
        f"95 % of all that comes, as the sum of the paths' norms, comes by paths through {low:,} to {high:,} branches, "
        f"{short(middle)} on average, where 95 % of the paths pass {shortest:,} to {longest:,}, "
        f"{short(paths.mean)} on average."
    )
