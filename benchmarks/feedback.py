"""From an edit to numbers and a picture: expand + costs + drawing, beside those who must build it first.

    python -m benchmarks.feedback [--without-peers]

Times ResNet-152 uncached (a new spec each time), the growth from 20 to 1202 layers, and in the same run the same
answer from Keras (build, then TensorFlow's profiler) and from torchinfo where torch is installed. Prints a table, then
one JSON line: figures, targets, "ok".
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from resnet_tf.design.costs import costs
from resnet_tf.design.drawing import draw
from resnet_tf.design.expand import expand
from resnet_tf.design.layout import layout
from resnet_tf.design.presets import preset

TARGET_MS = 5.0
TARGET_RATIO = 500.0
TARGET_SLOPE = 1.15  # exponent of the cost against depth; 1 is linear
DEPTHS = {name: int(name.removeprefix("resnet").removesuffix("_cifar10")) for name in (
    "resnet20_cifar10", "resnet32_cifar10", "resnet56_cifar10", "resnet110_cifar10", "resnet1202_cifar10")}  # fmt: skip


def milliseconds(call: Callable[[], object], repeats: int) -> list[float]:
    """Time of each of `repeats` calls, after one that warms up imports."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def feedback(name: str) -> None:
    """What an edit costs: the layers, every count and the block drawing, nothing kept from before."""
    counted = costs(expand(preset(name, classes=999)))
    draw(counted, "block")


def canvas(name: str) -> None:
    layout(costs(expand(preset(name, classes=999))), "block")


def by_keras(name: str) -> float:
    """Seconds that Keras and TensorFlow's profiler take for parameters and FLOPs."""
    import tensorflow as tf
    from tensorflow.python.profiler.model_analyzer import profile
    from tensorflow.python.profiler.option_builder import ProfileOptionBuilder

    from resnet_tf.learning.build import build

    start = time.perf_counter()
    model = build(preset(name))
    shape = (1, *model.input_shape[1:])
    concrete = tf.function(model).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    options = ProfileOptionBuilder(ProfileOptionBuilder.float_operation()).with_empty_output().build()
    profile(concrete.graph, options=options)
    model.count_params()
    return time.perf_counter() - start


def by_torchinfo() -> float | None:
    """Seconds that torchinfo takes for a ResNet-152 of plain torch modules, or None where they are not installed."""
    try:
        import torch  # noqa: F401
        import torchinfo
    except ModuleNotFoundError:
        return None
    from benchmarks.peers import torch_resnet

    start = time.perf_counter()
    torchinfo.summary(torch_resnet((3, 8, 36, 3)), input_size=(1, 3, 224, 224), verbose=0)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-peers", action="store_true")
    peers = not parser.parse_args().without_peers
    ours = milliseconds(lambda: feedback("resnet152"), 50)
    drawn = milliseconds(lambda: canvas("resnet152"), 50)
    growth = {depth: min(milliseconds(lambda name=name: feedback(name), 10)) for name, depth in DEPTHS.items()}
    slope = statistics.linear_regression(*map(list, zip(*_logs(growth), strict=True))).slope
    print(f"ResNet-152, expand + costs + block drawing: {statistics.median(ours):.2f} ms (fastest {min(ours):.2f})")
    print(f"ResNet-152, expand + costs + canvas layout: {statistics.median(drawn):.2f} ms (fastest {min(drawn):.2f})")
    for depth, ms in growth.items():
        print(f"  {depth:5d} layers {ms:8.2f} ms  {1e3 * ms / depth:6.1f} us a layer")
    figures = {
        "resnet152_ms": round(statistics.median(ours), 3),
        "canvas_ms": round(statistics.median(drawn), 3),
        "growth_exponent": round(slope, 3),
    }
    ok = figures["resnet152_ms"] <= TARGET_MS and slope <= TARGET_SLOPE
    if peers:
        keras = by_keras("resnet152")
        torchinfo = by_torchinfo()
        ratio = 1e3 * keras / figures["resnet152_ms"]
        print(f"Keras build + TensorFlow profiler: {keras:.2f} s, {ratio:.0f} times ours")
        print("torchinfo: not installed" if torchinfo is None else f"torchinfo, build included: {torchinfo:.2f} s")
        figures |= {
            "keras_s": round(keras, 2),
            "keras_ratio": round(ratio),
            "torchinfo_s": torchinfo and round(torchinfo, 2),
        }
        ok = ok and ratio >= TARGET_RATIO
    targets = {"resnet152_ms": TARGET_MS, "keras_ratio": TARGET_RATIO, "growth_exponent": TARGET_SLOPE}
    print(json.dumps({"benchmark": "feedback", **figures, "targets": targets, "ok": ok}))


def _logs(growth: dict[int, float]) -> list[tuple[float, float]]:
    from math import log

    return [(log(depth), log(ms)) for depth, ms in growth.items() if depth > 50]


if __name__ == "__main__":
    main()
