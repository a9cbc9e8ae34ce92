"""Whether this machine has the memory for a training, and what would fit if it has not."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import psutil

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import edit
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.recipes import Recipe

_CGROUP = Path("/sys/fs/cgroup")
_CPUINFO = Path("/proc/cpuinfo")
# a recipe's optimiser as the memory estimate calls it
_SLOTS = {"sgd": "sgd_momentum", "nesterov": "sgd_momentum", "adam": "adam", "adamw": "adamw"}


class TrainingRefused(ValueError):
    """A training that cannot go well; the sentence says why and what the nearest is that can."""


def check_memory(spec: Spec, recipe: Recipe, available: int | None = None) -> None:
    """Returns where a training step fits the memory; raises TrainingRefused with the figures and the nearest that fits.

    `available` is in bytes; by default what this machine (or its container) has left.
    """
    most = available_bytes() if available is None else available
    needed = training_bytes(spec, recipe, recipe.batch_size)
    if needed > most:
        raise TrainingRefused(
            f"Training this design with {recipe.batch_size:,} images at a time takes about {_gigabytes(needed)} and "
            f"this machine has {_gigabytes(most)} free: {_nearest(spec, recipe, most)}"
        )


def check_pass(spec: Spec, batch: int, available: int | None = None) -> None:
    """Returns where one pass forward and back fits the memory; raises TrainingRefused with a width that would.

    `available` is in bytes, as for `check_memory`.
    """
    most = available_bytes() if available is None else available
    needed = costs(spec).memory(batch, optimizer="sgd").training.bytes
    if needed > most:
        percent = math.floor(100 * most / needed)  # activations grow with the widths, weights with their square
        raise TrainingRefused(
            f"A pass of {batch:,} images through this design and back takes {_gigabytes(needed)} and this machine "
            f"has {_gigabytes(most)} free: it fits with every width at {percent:,} % of what it is"
        )


@lru_cache(maxsize=4096)
def training_bytes(spec: Spec, recipe: Recipe, batch: int) -> int:
    """The estimated memory of one training step; averages, slow weights and accumulated gradients
    are as large as the weights."""
    memory = costs(spec).memory(batch, recipe.precision, _SLOTS[recipe.optimizer])
    copies = (recipe.average is not None) + (recipe.lookahead is not None) + (recipe.accumulate > 1)
    return memory.training.bytes + copies * memory.gradients.bytes


def _nearest(spec: Spec, recipe: Recipe, most: int) -> str:
    batch = largest(recipe.batch_size, lambda n: training_bytes(spec, recipe, n) <= most)
    if batch:
        return f"it fits with {batch:,} at a time{_accumulated(spec, recipe, most)}"
    side = largest(max(spec.input_shape[:2]), lambda n: _fits_at(spec, recipe, n, most))
    if side:
        return f"it fits with one image of {side} x {side} px at a time"
    weights = costs(spec).memory(1, optimizer=_SLOTS[recipe.optimizer])
    fixed = weights.parameters.bytes + weights.gradients.bytes + weights.slots.bytes
    percent = math.floor(1_000 * math.sqrt(most / fixed)) / 10  # weights grow with the square of the widths
    return (
        f"its weights with their gradients and momentum alone take {_gigabytes(fixed)}; "
        f"with every width at {percent:g} % of what it is they would fit"
    )


def _accumulated(spec: Spec, recipe: Recipe, most: int) -> str:
    """The offer of the same update from several smaller batches, where their sum fits too."""
    added_up = recipe.model_copy(update={"accumulate": 2})
    batch = largest(recipe.batch_size, lambda n: training_bytes(spec, added_up, n) <= most)
    if not batch:
        return ""
    times = math.ceil(recipe.batch_size / batch) * recipe.accumulate
    return (
        f"; {times:,} batches of {batch:,} in an update (accumulate) change the weights as one of {recipe.batch_size:,}"
    )


def _fits_at(spec: Spec, recipe: Recipe, side: int, most: int) -> bool:
    try:
        smaller = edit(spec, input_shape=(side, side, spec.input_shape[2]))
    except SpecError:  # too small for the strides
        return False
    return training_bytes(smaller, recipe, 1) <= most


def largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest of 1 to `most` that fits, halving on the way; 0 where none was found."""
    size = most
    while size and not fits(size):
        size //= 2
    return size


def computes_bfloat16() -> bool:
    """Whether this machine's processor multiplies in bfloat16 by itself; elsewhere it is slower than float32."""
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(_cpuinfo().split())  # the last is ARM's


# the widest first: kernels are chosen by them, and divide their sums otherwise
_INSTRUCTIONS = ("amx_int8", "avx512_vnni", "avx512f", "avx2", "avx", "sse4_2", "asimd")


def processor() -> str:
    """The processor's name and the widest instructions that it has: with others the last digits are others."""
    known = _cpuinfo()
    name = re.search(r"^model name\s*:\s*(.+)$", known, re.MULTILINE)
    widest = next((each for each in _INSTRUCTIONS if each in known.split()), "")
    said = name[1].strip() if name else platform.processor() or platform.machine()
    return f"{said}, {widest}" if widest else said


def _cpuinfo() -> str:
    """What Linux says of the processor; empty elsewhere."""
    try:
        return _CPUINFO.read_text()
    except OSError:
        return ""


def available_bytes() -> int:
    """Memory that a new training can have: what the machine has left, or the container where that is less."""
    left = psutil.virtual_memory().available
    limit, used = (_CGROUP / "memory.max", _CGROUP / "memory.current")
    if limit.exists() and (text := limit.read_text().strip()) != "max":
        left = min(left, int(text) - int(used.read_text()))
    return max(left, 0)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
