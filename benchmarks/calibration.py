"""The seconds of a training step that a calibration estimates, beside those that one takes: ten presets.

    python -m benchmarks.calibration [--rounds 5] [--busy]

The probes are timed once, as the worker does it; then each preset is trained for some steps by the same engine, and the
median of its rounds is the truth. Both are of this process, on TensorFlow and what device it has: the machine should
have nothing else to do. With --busy the processor's seconds are counted instead of the clock's, which other programs
hardly change. Images are small, so that it ends in minutes.
"""

from __future__ import annotations

import argparse
import json
import time
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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--busy", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.busy else time.perf_counter
    from resnet_tf.design.calibration import CLASSES, Calibration
    from resnet_tf.design.costs import costs
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.backend import device
    from resnet_tf.learning.calibration import probed, step_seconds

    began = time.perf_counter()
    seconds = {probe.name: taken for probe, taken in probed(clock)}
    took = time.perf_counter() - began
    found = Calibration(*device(), time.time(), tuple(seconds.items()))
    print(f"{len(seconds)} probes in {took:.1f} s on {found.device}", flush=True)
    ratios = {}
    for name, side, batch in TASKS:
        counted = costs(preset(name, input_shape=(side, side, 3), classes=CLASSES))
        truth = step_seconds(counted.graph, batch, CLASSES, options.rounds, least=0.3, clock=clock)
        estimated = found.step_seconds(counted, batch)
        ratios[name] = round(estimated / truth, 3)
        print(
            f"{name:24} {side:3} px, {batch:3} at once: {1e3 * truth:7.0f} ms a step, "
            f"estimated {1e3 * estimated:7.0f} ms: {ratios[name]:.2f}",
            flush=True,
        )
    ok = (options.busy or took <= MOST_SECONDS) and all(abs(ratio - 1) <= WITHIN for ratio in ratios.values())
    probes = {name: round(1e3 * taken, 2) for name, taken in seconds.items()}
    figures = {"ratios": ratios, "calibration_seconds": round(took, 1), "probe_ms": probes}
    targets = {"ratio": [1 - WITHIN, 1 + WITHIN], "calibration_seconds": MOST_SECONDS}
    print(json.dumps({"benchmark": "calibration", "clock": clock.__name__, **figures, "targets": targets, "ok": ok}))


if __name__ == "__main__":
    main()
