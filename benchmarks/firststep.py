"""From the begin of a run to its first step: the first run of a worker, the second of the same shape, the next process.

    python -m benchmarks.firststep [--preset resnet20_cifar10] [--rounds 3]

A process that has loaded Keras, as a warm worker has, trains on the digits until the first step is done and stops,
then does so again with another seed and another learning rate. On JAX, where it is installed, a second process of the
same home follows, which finds what the first compiled. Prints a table of medians, then one JSON line: figures, targets,
"ok".
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

TARGETS = {"tensorflow_second": 1.0, "jax_second": 1.0}


def first_steps(preset_name: str, home: str) -> list[float]:
    """Seconds to the first step of two runs of one shape, in this process, as a worker of that home has them."""
    from resnet_tf.runs.compiled import keep_compiled
    from resnet_tf.runs.home import Home

    keep_compiled(Home.at(home))
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.catalogue import dataset, fit
    from resnet_tf.learning.recipes import recipe
    from resnet_tf.learning.shelf import Shelf
    from resnet_tf.learning.train import train
    from resnet_tf.runs.tasks import warm_up

    warm_up()
    spec, shelf, seconds = fit(preset(preset_name), dataset("digits")), Shelf(), []
    for seed, rate in ((1, 0.1), (2, 0.05)):
        began = time.perf_counter()
        events = train(spec, "digits", recipe("quick", learning_rate=rate), seed, shelf=shelf)
        while next(events).kind != "step":
            continue
        seconds.append(time.perf_counter() - began)
        events.close()
    return seconds


def measured(backend: str, preset_name: str, processes: int) -> list[list[float]]:
    """The same of so many processes, one after the other, that share a home."""
    with tempfile.TemporaryDirectory(prefix="firststep-") as home:
        command = [sys.executable, "-m", "benchmarks.firststep", "--serve", home, "--preset", preset_name]
        environment = {**os.environ, "KERAS_BACKEND": backend}
        return [
            json.loads(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout)
            for _ in range(processes)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="resnet20_cifar10")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", metavar="HOME", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return print(json.dumps(first_steps(options.preset, str(options.serve))))
    figures = {}
    for backend, processes in {"tensorflow": 1, "jax": 2}.items():
        if importlib.util.find_spec(backend) is None:
            continue
        rounds = [measured(backend, options.preset, processes) for _ in range(options.rounds)]
        rows = {"first": (0, 0), "second": (0, 1), "next_process": (1, 0)}
        for name, (process, run) in rows.items():
            if process < processes:
                figures[f"{backend}_{name}"] = round(median(round_[process][run] for round_ in rounds), 3)
    for name, value in figures.items():
        target = f"   at most {TARGETS[name]:g}" if name in TARGETS else ""
        print(f"{name.replace('_', ' '):30}{value:10.3f} s{target}")
    ok = all(figures[name] <= most for name, most in TARGETS.items() if name in figures)
    print(json.dumps({"benchmark": "firststep", "preset": options.preset, **figures, "targets": TARGETS, "ok": ok}))
    return None


if __name__ == "__main__":
    main()
