"""Images per second of a training: ours, PyTorch and stock Keras, in turns, on the same machine.

    python -m benchmarks.training [--rounds 7] [--device cpu|gpu]

Every trainer is a process of its own that is warm before the first round. In each round each takes some steps in turn,
while the others sleep; a trainer's figure is the median of its rounds, and a ratio the median of the rounds' ratios.
Ours is the engine that `train` uses, with its augmentation and the gradient's norm; PyTorch has one batch, on the
device already, in channels_last. Needs torch (`pip install torch`); with tcmalloc where the library is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TARGETS = {"ratio": 1.15, "bfloat16": 1.15, "resnet50": 1.1, "tcmalloc": 1.0}
TCMALLOC = [*Path("/usr/lib").glob("*/libtcmalloc_minimal.so.4")]


class Task(NamedTuple):
    """What is trained: a preset's name, the side of its images, how many at once, steps in a round."""

    preset: str
    side: int
    batch: int
    steps: int


TASKS = {
    "cpu": {"resnet20": Task("resnet20_cifar10", 32, 128, 8), "resnet50": Task("resnet50", 64, 32, 4)},
    "gpu": {"resnet20": Task("resnet20_cifar10", 32, 512, 256), "resnet50": Task("resnet50", 224, 128, 64)},
}
CLASSES = 10
POOL = 2_048  # images to choose from


def ours(task: Task, precision: str) -> Callable[[int], None]:
    """The engine of `train` on random images, as its recipes move and mirror them."""
    import numpy as np

    from resnet_tf.design.expand import expand
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.backend import computing_in
    from resnet_tf.learning.build import assemble
    from resnet_tf.learning.engine import MOST, engine, planned
    from resnet_tf.learning.kernels import training_makers
    from resnet_tf.learning.optimizers import optimizer
    from resnet_tf.learning.recipes import Recipe

    random, recipe = np.random.default_rng(0), Recipe(weight_decay=5e-4, shift=4, flip="random")
    spec = preset(task.preset, input_shape=(task.side, task.side, 3), classes=CLASSES)
    with computing_in(precision):
        model = assemble(expand(spec), training_makers(), seed=0, name="network")
    trainer = engine(model, optimizer(recipe, model), recipe, CLASSES)
    pool = trainer.put(
        random.integers(0, 256, (POOL, *spec.input_shape), np.uint8), random.integers(0, CLASSES, POOL, np.int32)
    )

    def run(count: int) -> None:
        for done in range(0, count, MOST):
            now = min(MOST, count - done)
            indices = random.integers(0, POOL, (now, task.batch), np.int32)
            trainer.run(pool, planned(recipe, indices, [0.1] * now, 0, 0, random))

    return run


def stock(task: Task, precision: str) -> Callable[[int], None]:
    """Keras as its guides have it: the same network of its own layers, compiled and fitted, images there already."""
    import keras
    import numpy as np

    from resnet_tf.design.presets import preset
    from resnet_tf.learning.build import build

    keras.config.set_dtype_policy(precision)
    spec = preset(task.preset, input_shape=(task.side, task.side, 3), classes=CLASSES)
    model = build(spec, seed=0)
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False,
    )  # fmt: skip
    random = np.random.default_rng(0)
    images = random.normal(size=(task.batch, *spec.input_shape)).astype("float32")
    labels = random.integers(0, CLASSES, task.batch)

    def run(count: int) -> None:
        for _ in range(count):
            model.train_on_batch(images, labels)

    return run


def torch_trainer(task: Task, precision: str, compiled: bool = False) -> Callable[[int], None]:
    """PyTorch as its guides have it: channels_last, autocast in half precision, SGD with momentum and decay."""
    import torch
    from torch.nn import functional

    from benchmarks.peers import torch_cifar_resnet, torch_resnet

    where = "cuda" if torch.cuda.is_available() else "cpu"
    network = (
        torch_cifar_resnet(3, CLASSES) if task.preset == "resnet20_cifar10" else torch_resnet((3, 4, 6, 3), CLASSES)
    )
    network = network.to(where, memory_format=torch.channels_last)
    images = torch.randn(task.batch, 3, task.side, task.side, device=where).to(memory_format=torch.channels_last)
    labels = torch.randint(0, CLASSES, (task.batch,), device=where)
    rule = torch.optim.SGD(network.parameters(), 0.1, 0.9, nesterov=True, weight_decay=5e-4)
    forward = torch.compile(network) if compiled else network

    def run(count: int) -> None:
        for _ in range(count):
            rule.zero_grad(set_to_none=True)
            with torch.autocast(where, torch.bfloat16, enabled=precision != "float32"):
                loss = functional.cross_entropy(forward(images), labels)
            loss.backward()
            rule.step()
        loss.item()

    return run


TRAINERS: dict[str, Callable[[Task, str], Callable[[int], None]]] = {
    "ours": ours,
    "stock": stock,
    "torch": torch_trainer,
    "torch_compiled": lambda task, precision: torch_trainer(task, precision, compiled=True),
}


def serve(name: str, task: Task, precision: str) -> None:
    """A trainer in this process: for every number on standard input, the seconds of so many steps."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    run = TRAINERS[name](task, precision)
    run(3)
    run(task.steps)
    print("warm", file=out, flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        run(int(line))
        print(time.perf_counter() - began, file=out, flush=True)


class Trainer:
    """A trainer's process. `allocator` is a library that replaces malloc."""

    def __init__(self, name: str, where: str, task: str, precision: str, allocator: Path | None = None) -> None:
        command = [sys.executable, "-m", "benchmarks.training", "--serve", name, task, precision, "--device", where]
        environment = {**os.environ, **({"LD_PRELOAD": str(allocator)} if allocator else {})}
        self.task = TASKS[where][task]
        self.process = subprocess.Popen(
            command, text=True, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def warm(self) -> None:
        if self.process.stdout.readline().strip() != "warm":
            raise SystemExit(f"{self.process.args} did not start:\n{self.process.communicate()[1][-2_000:]}")

    def images_per_second(self) -> float:
        print(self.task.steps, file=self.process.stdin, flush=True)
        return self.task.steps * self.task.batch / float(self.process.stdout.readline())


def field(where: str, task: str, half: bool) -> dict[str, Trainer]:
    """Who trains a task, by what the table calls them."""
    rows = {"ours": ("ours", "float32"), "PyTorch": ("torch", "float32"), "Keras": ("stock", "float32")}
    if where == "gpu":
        rows = {}
    if half:
        rows |= {"ours, bfloat16": ("ours", "mixed_bfloat16"), "PyTorch, bfloat16": ("torch", "mixed_bfloat16")}
    if where == "gpu":
        rows["PyTorch compiled, bfloat16"] = ("torch_compiled", "mixed_bfloat16")
    made = {words: Trainer(name, where, task, precision) for words, (name, precision) in rows.items()}
    if TCMALLOC and where == "cpu" and task == "resnet20":
        made["PyTorch with tcmalloc"] = Trainer("torch", where, task, "float32", TCMALLOC[0])
    return made


def measured(where: str, task: str, half: bool, rounds: int) -> dict[str, list[float]]:
    """Images per second of each trainer in each round."""
    trainers = field(where, task, half)
    for trainer in trainers.values():
        trainer.warm()
    speeds: dict[str, list[float]] = {words: [] for words in trainers}
    for _ in range(rounds):
        for words, trainer in trainers.items():
            speeds[words].append(trainer.images_per_second())
    for trainer in trainers.values():
        trainer.process.kill()
        trainer.process.communicate()
    return speeds


def ratio(speeds: dict[str, list[float]], a: str, b: str) -> float | None:
    """The median of the rounds' ratios; None where one of them did not run."""
    if a not in speeds or b not in speeds:
        return None
    return round(statistics.median(x / y for x, y in zip(speeds[a], speeds[b], strict=True)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--serve", nargs=3, metavar=("TRAINER", "TASK", "PRECISION"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        name, task, precision = options.serve
        return serve(name, TASKS[options.device][task], precision)
    from resnet_tf.learning.capacity import computes_bfloat16

    half = options.device == "gpu" or computes_bfloat16()
    found = {}
    for task in TASKS[options.device]:
        found[task] = measured(options.device, task, half, options.rounds)
        for words, speeds in found[task].items():
            spread = (max(speeds) - min(speeds)) / statistics.median(speeds)
            print(f"{task:9} {words:28} {statistics.median(speeds):9,.0f} images/s  spread {spread:.0%}", flush=True)
    peer = "PyTorch compiled, bfloat16" if options.device == "gpu" else "PyTorch"
    own = "ours, bfloat16" if options.device == "gpu" else "ours"
    figures = {
        "ratio": ratio(found["resnet20"], own, peer),
        "bfloat16": ratio(found["resnet20"], "ours, bfloat16", "PyTorch, bfloat16"),
        "resnet50": ratio(found["resnet50"], own, peer),
        "resnet50_bfloat16": ratio(found["resnet50"], "ours, bfloat16", "PyTorch, bfloat16"),
        "tcmalloc": ratio(found["resnet20"], "ours", "PyTorch with tcmalloc"),
        "keras": ratio(found["resnet20"], "ours", "Keras"),
    }
    targets = {"ratio": 1.0, "resnet50": 1.0} if options.device == "gpu" else TARGETS
    ok = all(figures[name] is not None and figures[name] >= least for name, least in targets.items())
    spread = {
        task: {words: [round(min(s)), round(max(s))] for words, s in speeds.items()} for task, speeds in found.items()
    }
    print(json.dumps({"benchmark": "training", **figures, "images_per_second": spread, "targets": targets, "ok": ok}))
    return None


if __name__ == "__main__":
    main()
