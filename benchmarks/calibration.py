"""The seconds of a training step that a calibration estimates, beside those that one takes: ten presets.

    python -m benchmarks.calibration [--rounds 7] [--busy]

A calibration as the worker does it is timed first. Then, in rounds, the probes are timed again and each preset is
trained for some steps by the same engine: its ratio is the median of the rounds', in each of which estimate and truth
are a minute apart at most. So what is shown is how true the estimates are, and not whether the machine was as fast
when it was calibrated as an hour later. With --busy the processor's seconds are counted instead of the clock's, which
other programs hardly change. Images are small, so that it ends in minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median
from typing import NamedTuple

WITHIN = 0.25
MOST_SECONDS = 10.0  # for the probes


class Task(NamedTuple):
    """What is trained: a preset's name, the side of its images, how many at once."""

    preset: str
    side: int
    batch: int


TASKS = (
    Task("resnet20_cifar10", 32, 128), Task("resnet56_cifar10", 32, 64), Task("preresnet110_cifar10", 32, 32),
    Task("wrn16_4_cifar10", 32, 32), Task("densenet40_12_cifar10", 32, 32), Task("resnet18", 64, 32),
    Task("resnet50", 64, 32), Task("seresnet50", 64, 16), Task("resnext50_32x4d", 64, 16), Task("vgg16", 32, 64),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--busy", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.busy else time.perf_counter
    from resnet_tf.design.calibration import CLASSES, PROBES, Calibration
    from resnet_tf.design.costs import costs
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.backend import device
    from resnet_tf.learning.calibration import probed, step_seconds, traced

    began = time.perf_counter()
    first = dict(probed(clock))
    took = time.perf_counter() - began
    print(f"{len(first)} probes in {took:.1f} s on {device()[0]}", flush=True)
    counted = {
        task: costs(preset(task.preset, input_shape=(task.side, task.side, 3), classes=CLASSES)) for task in TASKS
    }
    probes = {probe.name: traced(probe.graph, probe.batch, CLASSES) for probe in PROBES}
    trainings = {task: traced(counted[task].graph, task.batch, CLASSES) for task in TASKS}
    truths: dict[Task, list[float]] = {task: [] for task in TASKS}
    estimates: dict[Task, list[float]] = {task: [] for task in TASKS}
    for _ in range(options.rounds):
        seconds = tuple((name, step_seconds(steps, clock=clock)) for name, steps in probes.items())
        found = Calibration(*device(), time.time(), seconds)
        for task, steps in trainings.items():
            truths[task].append(step_seconds(steps, rounds=1, least=0.3, clock=clock))
            estimates[task].append(found.step_seconds(counted[task], task.batch))
    ratios, spreads = {}, {}
    for task in TASKS:
        each = [estimated / truth for estimated, truth in zip(estimates[task], truths[task], strict=True)]
        ratios[task.preset] = round(median(each), 3)
        spreads[task.preset] = [round(min(each), 2), round(max(each), 2)]
        print(
            f"{task.preset:24} {task.side:3} px, {task.batch:3} at once: {1e3 * median(truths[task]):7.0f} ms a step, "
            f"estimated {1e3 * median(estimates[task]):7.0f} ms: {ratios[task.preset]:.2f} "
            f"({min(each):.2f} to {max(each):.2f})",
            flush=True,
        )
    ok = (options.busy or took <= MOST_SECONDS) and all(abs(ratio - 1) <= WITHIN for ratio in ratios.values())
    last = {name: round(1e3 * taken, 2) for name, taken in seconds}
    figures = {"ratios": ratios, "spreads": spreads, "calibration_seconds": round(took, 1), "probe_ms": last}
    targets = {"ratio": [1 - WITHIN, 1 + WITHIN], "calibration_seconds": MOST_SECONDS}
    print(json.dumps({"benchmark": "calibration", "clock": clock.__name__, **figures, "targets": targets, "ok": ok}))


if __name__ == "__main__":
    main()
