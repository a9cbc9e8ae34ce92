"""From a cold start to a network that reads digits: ResNet-20, the default recipe, the bundled images.

    python -m benchmarks.digits

Times this process from its first import to the first point of the curve and to the end of the training, and reports
the validation accuracy, in one JSON line: figures, targets, "ok". `benchmarks.accuracy` trains with several seeds.
"""

from __future__ import annotations

import argparse
import json
import time

TARGET_ACCURACY = 0.97
TARGET_SECONDS = 120.0


def trained(seed: int) -> dict[str, float]:
    """Seconds to the first point and to the end, accuracy and speed of one training, imports included."""
    began = time.perf_counter()
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.catalogue import dataset, fit
    from resnet_tf.learning.recipes import recipe
    from resnet_tf.learning.train import train

    spec = fit(preset("resnet20_cifar10"), dataset("digits"))
    first = None
    for event in train(spec, "digits", recipe(), seed):
        if event.kind == "step" and first is None:
            first = time.perf_counter() - began
    return {
        "seed": seed,
        "first_point_seconds": first,
        "seconds": time.perf_counter() - began,
        "validation_accuracy": event.values["validation_accuracy"],
        "images_per_second": event.values["images_per_second"],
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    run = trained(seed=0)
    targets = {"validation_accuracy": TARGET_ACCURACY, "seconds": TARGET_SECONDS}
    ok = run["validation_accuracy"] >= TARGET_ACCURACY and run["seconds"] <= TARGET_SECONDS
    print(json.dumps({"benchmark": "digits", **run, "targets": targets, "ok": ok}))


if __name__ == "__main__":
    main()
