"""The memory estimate beside what a training step really takes.

    python -m benchmarks.memory

Each row trains a design on the bundled digits in fresh processes, one per batch size, and reads each one's peak
resident memory. What a further image costs is the slope between batch sizes: it holds the activations and the
workspace, and leaves out what Python and TensorFlow take themselves. What a further weight costs is the slope between
ResNet-50 and one of twice its width, at a batch of 4. Prints a table, then one JSON line: figures, targets, "ok".
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

from resnet_tf.design.costs import costs
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import dataset, fit
from resnet_tf.learning.recipes import Recipe

STEPS = 3  # after which the peak is taken: the first ones are not yet steady
TARGET = (0.8, 1.25)  # estimate / measured, for every row


class Row(NamedTuple):
    name: str
    batches: tuple[int, int]  # far enough apart for the slope to stand out of the noise


ROWS = (
    Row("resnet20_cifar10", (128, 384)),
    Row("preresnet110_cifar10", (64, 192)),
    Row("wrn16_4_cifar10", (64, 192)),
    Row("resnet18", (64, 192)),
    Row("resnet50", (32, 96)),
    Row("vgg16", (16, 48)),
)


def design(name: str) -> Spec:
    return fit(preset(name), dataset("digits"))


def peak(spec: Spec, batch: int, optimizer: str = "nesterov") -> int:
    """Peak resident bytes of a fresh process that takes a few training steps."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", spec.model_dump_json(), str(batch), optimizer]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1])


def child(text: str, batch: str, optimizer: str) -> None:
    """Takes the steps and prints the peak: runs in a process of its own."""
    from resnet_tf.design.spec import parse_spec
    from resnet_tf.learning.train import train

    recipe = Recipe(optimizer=optimizer, learning_rate=1e-4, batch_size=int(batch), epochs=STEPS)
    for event in train(parse_spec(text), "digits", recipe):
        if event.step >= STEPS:
            break
    with open("/proc/self/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(kilobytes * 1024)


def per_image(row: Row) -> tuple[float, float]:
    """Estimated and measured bytes that one more image in the batch costs."""
    spec, (few, many) = design(row.name), row.batches
    totals = [costs(spec).memory(batch).training.bytes for batch in row.batches]
    peaks = [peak(spec, batch) for batch in row.batches]
    return (totals[1] - totals[0]) / (many - few), (peaks[1] - peaks[0]) / (many - few)


def per_weight(optimizer: str) -> tuple[float, float]:
    """Estimated and measured bytes that one more weight costs: itself, its gradient and the optimiser's slots."""
    narrow = edit(design("resnet50"), input_shape=(32, 32, 1))
    wide = edit(narrow, stages=[{**stage.model_dump(), "width": 2 * stage.width} for stage in narrow.stages])
    slots = {"nesterov": "sgd_momentum", "adam": "adam"}[optimizer]
    counted = [costs(spec) for spec in (narrow, wide)]
    more = counted[1].trainable_parameters - counted[0].trainable_parameters
    totals = [each.memory(4, optimizer=slots).training.bytes for each in counted]
    peaks = [peak(spec, 4, optimizer) for spec in (narrow, wide)]
    return (totals[1] - totals[0]) / more, (peaks[1] - peaks[0]) / more


def main() -> None:
    figures = {}
    print(f"{'':34}{'estimate':>14}{'measured':>14}{'ratio':>8}")
    for row in ROWS:
        figures[f"{row.name}, KB an image"] = [value / 1e3 for value in per_image(row)]
        _show(figures)
    for optimizer in ("nesterov", "adam"):
        figures[f"{optimizer}, bytes a weight"] = list(per_weight(optimizer))
        _show(figures)
    ratios = {name: estimate / measured for name, (estimate, measured) in figures.items()}
    ok = all(TARGET[0] <= ratio <= TARGET[1] for ratio in ratios.values())
    print(json.dumps({"benchmark": "memory", "figures": figures, "ratios": ratios, "target": TARGET, "ok": ok}))


def _show(figures: dict[str, list[float]]) -> None:
    name, (estimate, measured) = list(figures.items())[-1]
    print(f"{name:34}{estimate:14,.1f}{measured:14,.1f}{estimate / measured:8.2f}", flush=True)


if __name__ == "__main__":
    child(*sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main()
