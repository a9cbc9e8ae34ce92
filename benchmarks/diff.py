"""What differs between any two presets: how long it takes.

    python -m benchmarks.diff [--every N]

Compares every pair of presets (or every N-th), nothing kept from before, and prints the slowest, then one JSON line.
Seconds are the processor's, so that what else the machine does is left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from itertools import combinations_with_replacement, islice

from resnet_tf.design.diff import diff
from resnet_tf.design.presets import PRESETS

TARGET_MS = 200.0


def milliseconds(a: str, b: str) -> float:
    start = time.process_time()
    diff(PRESETS[a].spec, PRESETS[b].spec)
    return 1e3 * (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1)
    every = parser.parse_args().every
    milliseconds(*list(PRESETS)[:2])  # imports
    times = {pair: milliseconds(*pair) for pair in islice(combinations_with_replacement(PRESETS, 2), 0, None, every)}
    slowest = sorted(times, key=times.__getitem__)[-5:]
    for pair in reversed(slowest):
        print(f"{times[pair]:8.1f} ms  {pair[0]} to {pair[1]}")
    worst, median = max(times.values()), statistics.median(times.values())
    print(f"{len(times):,} pairs of presets: median {median:.1f} ms, slowest {worst:.1f} ms")
    figures = {"pairs": len(times), "median_ms": round(median, 2), "slowest_ms": round(worst, 1)}
    targets = {"slowest_ms": TARGET_MS}
    print(json.dumps({"benchmark": "diff", **figures, "targets": targets, "ok": worst <= TARGET_MS}))


if __name__ == "__main__":
    main()
