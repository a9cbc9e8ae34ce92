"""Designs per second: the spaces around ResNet-50 and ResNet-56, counted exactly on one core.

    python -m benchmarks.space [--without-keras]

A space is made and counted from nothing, in a process of its own; each of its designs is a description that was
checked. Beside it, in the same run: `costs` of some of the same designs, each with all its layers, and Keras' way to
the parameters alone (build the model, sum its weights), both extrapolated to the space from a few drawn evenly. Seconds
are the processor's, so that what else the machine does is left out. Prints a table, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import preset
from resnet_tf.design.space import Design, space

TARGET = 2_000.0  # designs per second
AROUND = ("resnet50", "resnet56_cifar10")
REPEATS = 5
BY_COSTS, BY_KERAS = 60, 6  # designs of a space that the slower ways count


def once(name: str) -> tuple[int, float]:
    """How many designs the space around a network has, and the seconds that it took."""
    base = preset(name)
    start = time.process_time()
    found = len(space(base).designs)
    return found, time.process_time() - start


def rate(name: str) -> tuple[int, float]:
    """The designs of a space, and how many were counted in a second: the median of fresh processes."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        runs = [pool.apply(once, (name,)) for _ in range(REPEATS)]
    return runs[0][0], statistics.median(found / seconds for found, seconds in runs)


def timed(count: Callable[[Design], int], designs: Sequence[Design]) -> float:
    """Designs per second. Raises ValueError where a count is not the space's own."""
    start = time.process_time()
    counts = [count(design) for design in designs]
    seconds = time.process_time() - start
    if counts != [design.totals.parameters for design in designs]:
        raise ValueError("two ways to count disagree")
    return len(designs) / seconds


def by_keras(design: Design) -> int:
    from resnet_tf.learning.build import build

    return sum(weight.shape.num_elements() for weight in build(design.spec).trainable_weights)


def evenly(designs: Sequence[Design], count: int) -> list[Design]:
    return list(designs[:: len(designs) // count])[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-keras", action="store_true")
    with_keras = not parser.parse_args().without_keras
    figures: dict[str, float] = {}
    for name in AROUND:
        found, per_second = rate(name)
        designs = space(preset(name)).designs
        whole = timed(lambda design: costs(design.spec).trainable_parameters, evenly(designs, BY_COSTS))
        print(f"around {name}: {found:,} designs")
        print(f"  space            {per_second:9,.0f} designs/s, {found / per_second:8.2f} s")
        print(f"  costs, one by one {whole:8,.0f} designs/s, {found / whole:8.1f} s, extrapolated from {BY_COSTS}")
        figures |= {f"{name}_designs": found, f"{name}_per_s": round(per_second), f"{name}_costs_per_s": round(whole)}
        if with_keras:
            by_keras(designs[0])  # imports TensorFlow
            keras = timed(by_keras, evenly(designs, BY_KERAS))
            print(f"  Keras build       {keras:8,.2f} designs/s, {found / keras:8,.0f} s, extrapolated from {BY_KERAS}")
            figures[f"{name}_keras_per_s"] = round(keras, 2)
    ok = all(figures[f"{name}_per_s"] >= TARGET for name in AROUND)
    print(json.dumps({"benchmark": "space", **figures, "targets": {"per_s": TARGET}, "ok": ok}))


if __name__ == "__main__":
    main()
