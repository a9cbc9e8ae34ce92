"""Seconds of a gradient profile: ours and PyTorch's with hooks, in turns, on the same machine.

    python -m benchmarks.gradients [--rounds 5] [--batch 64] [--network resnet20 ...]

A profile draws first weights from a seed, shows the network a batch, goes forward and back, and reads: of every block
the norms of its output and of dE/dy, the effective rank of what leaves it, the norms of branch and shortcut at the
addition and of what comes back through each; of every convolution, dense layer and ReLU the norm of its output, of its
kernel and of the kernel's gradient, the share of dead channels. Each side is a process of its own, which has compiled
before the first round; in each round each makes a profile in turn, while the other sleeps. Figures are medians of the
rounds, ratios medians of the rounds' ratios, PyTorch's seconds over ours. The two networks have as many parameters, and
the two profiles as many readings. Needs torch (`pip install torch`).
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
from typing import Any, NamedTuple

TARGET = 1.0  # PyTorch's seconds over ours
SIDE, CLASSES = 32, 10


class Task(NamedTuple):
    """Our preset, and the blocks in each stage of the peer, which are bottlenecks in one of them."""

    preset: str
    blocks: int
    preactivated_bottlenecks: bool = False


TASKS = {
    "resnet20": Task("resnet20_cifar10", 3),
    "resnet56": Task("resnet56_cifar10", 9),
    "resnet110": Task("resnet110_cifar10", 18),
    "resnet164": Task("preresnet164_cifar10", 18, preactivated_bottlenecks=True),
}


def data(batch: int) -> tuple[Any, Any]:
    import numpy as np

    random = np.random.default_rng(0)
    return (
        random.normal(size=(batch, SIDE, SIDE, 3)).astype(np.float32),
        random.integers(0, CLASSES, batch).astype(np.int32),
    )


class Side(NamedTuple):
    """One that profiles: a seed gives its readings."""

    parameters: int
    profile: Callable[[int], list[float]]


def ours(task: Task, batch: int) -> Side:
    """The profiler, asked as a page asks it."""
    from resnet_tf.design.costs import costs
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.gradients import Profiler

    spec, shown = preset(task.preset), data(batch)
    profiler = Profiler(spec)

    def profile(seed: int) -> list[float]:
        flow = profiler.flow(shown, seed)
        blocks = [each._replace(variance=None) for each in flow.blocks]  # PyTorch is not asked for it
        figures = (figure for signal in (*blocks, *flow.layers) for figure in signal if isinstance(figure, float))
        return [flow.loss, *figures]

    return Side(costs(spec).trainable_parameters, profile)


def hooked(task: Task, batch: int) -> Side:
    """PyTorch as one would write it by hand: hooks that keep norms and let go of tensors."""
    import torch
    from torch import nn
    from torch.nn import functional

    from benchmarks.peers import torch_watched_resnet

    network = torch_watched_resnet(task.blocks, preactivated_bottlenecks=task.preactivated_bottlenecks)
    network = network.to(memory_format=torch.channels_last).train()
    images, labels = map(torch.from_numpy, data(batch))
    images, labels = images.permute(0, 3, 1, 2), labels.long()  # a view that lies in channels_last
    norm, readings = torch.linalg.vector_norm, []

    def effective_rank(means: Any) -> Any:
        values = torch.linalg.svdvals(means - means.mean(0))
        shares = values / values.sum().clamp_min(1e-30)
        return torch.exp(-(shares * shares.clamp_min(1e-30).log()).sum())

    @torch.no_grad()
    def layer_made(module: Any, given: Any, y: Any) -> None:
        readings.append(norm(y))
        if isinstance(module, nn.ReLU):
            readings.append((y.amax((0, 2, 3)) <= 0).float().mean())

    @torch.no_grad()
    def block_made(module: Any, given: Any, y: Any) -> None:
        readings.extend((norm(y), effective_rank(y.mean((2, 3)) if y.dim() > 2 else y)))

    @torch.no_grad()
    def way_made(module: Any, given: Any, y: Any) -> None:
        readings.append(norm(y))

    def block_returned(module: Any, before: Any, gradient: Any) -> None:
        readings.append(norm(gradient[0]))

    def way_returned(module: Any, before: Any, gradient: Any) -> None:
        readings.append(norm(before[0]))

    layers = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear | nn.ReLU)]
    for layer in layers:
        layer.register_forward_hook(layer_made)
    stem, _, head = network
    for block in (stem, *network.stages, head):
        block.register_forward_hook(block_made)
        block.register_full_backward_hook(block_returned)
    for way in (way for block in network.stages for way in (block.branch, block.around)):
        way.register_forward_hook(way_made)
        way.register_full_backward_hook(way_returned)
    kernels = [each.weight for each in layers if not isinstance(each, nn.ReLU)]

    def draw(seed: int) -> None:
        torch.manual_seed(seed)
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def profile(seed: int) -> list[float]:
        draw(seed)
        readings.clear()
        network.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(images), labels)
        loss.backward()
        with torch.no_grad():
            for kernel in kernels:
                readings.extend((norm(kernel), norm(kernel.grad)))
        return [loss.item(), *(each.item() for each in readings)]

    return Side(sum(each.numel() for each in network.parameters()), profile)


SIDES: dict[str, Callable[[Task, int], Side]] = {"ours": ours, "torch": hooked}


def serve(name: str, task: str, batch: int) -> None:
    """One side in this process: for every seed on standard input, the seconds of a profile."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    side = SIDES[name](TASKS[task], batch)
    side.profile(0)
    readings = side.profile(1)
    print(json.dumps({"parameters": side.parameters, "readings": len(readings)}), file=out, flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        side.profile(int(line))
        print(time.perf_counter() - began, file=out, flush=True)


class Process:
    """One side's process, which has compiled once it says what it has."""

    def __init__(self, name: str, task: str, batch: int) -> None:
        command = [sys.executable, "-m", "benchmarks.gradients", "--serve", name, task, "--batch", str(batch)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{command} did not start:\n{self.process.communicate()[1][-2_000:]}")
        self.has = json.loads(line)

    def seconds(self, seed: int) -> float:
        print(seed, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def measured(task: str, batch: int, rounds: int) -> dict[str, Any]:
    """A network's figures: median seconds of each side, and the median of the rounds' ratios."""
    sides = {name: Process(name, task, batch) for name in SIDES}
    if len({json.dumps(side.has) for side in sides.values()}) > 1:
        raise SystemExit(f"{task}: not the same network or readings: { {name: s.has for name, s in sides.items()} }")
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for seed in range(2, rounds + 2):
        for name, side in sides.items():
            seconds[name].append(side.seconds(seed))
    for side in sides.values():
        side.end()
    ratios = [theirs / own for own, theirs in zip(seconds["ours"], seconds["torch"], strict=True)]
    figures = {f"{name}_seconds": round(statistics.median(each), 4) for name, each in seconds.items()}
    return {**figures, "ratio": round(statistics.median(ratios), 3), "readings": sides["ours"].has["readings"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--network", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--serve", nargs=2, metavar=("SIDE", "NETWORK"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(*options.serve, options.batch)
    figures = {}
    for task in options.network:
        figures[task] = row = measured(task, options.batch, options.rounds)
        print(f"{task:10} ours {row['ours_seconds']:7.3f} s   PyTorch with hooks {row['torch_seconds']:7.3f} s   "
              f"ratio {row['ratio']:.2f}   {row['readings']:,} readings", flush=True)  # fmt: skip
    ok = all(row["ratio"] >= TARGET for row in figures.values())
    print(json.dumps({
        "benchmark": "gradients", "batch": options.batch, **figures, "targets": {"ratio": TARGET}, "ok": ok
    }))  # fmt: skip
    return None


if __name__ == "__main__":
    main()
