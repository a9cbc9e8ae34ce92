"""Whether a backbone, a feature pyramid and a segmentation head learn: every pixel of scattered digits gets its class.

    python -m benchmarks.segmentation [--steps 300]

Canvases of 48 x 48 with three of the bundled digits each, at random places; those to validate on are made of
digits that were never trained on. Two networks of one backbone: strided, and dilated to keep its maps large
(`output_stride`). Prints the mean intersection over union of digit classes, then one JSON line: figures, target, "ok".
"""

from __future__ import annotations

import argparse
import json

from resnet_tf.design.costs import costs
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning.datasets import load
from resnet_tf.learning.scenes import CLASSES, SIDE, segmented

TARGET = 0.5  # mean intersection over union of the ten digits; a network that sees only background has 0

BACKBONE = ResNetSpec(
    input_shape=(SIDE, SIDE, 1),
    classes=10,
    stem=Stem(kernel=3, stride=1, widths=(16,), pool="none"),
    stages=(Stage(blocks=2, width=16), Stage(blocks=2, width=32, stride=2), Stage(blocks=2, width=64, stride=2)),
)


def trained(output_stride: int | None, steps: int) -> dict[str, float]:
    """What a segmentation network on this backbone reaches in so many steps of 32 canvases."""
    graph = segmentation(fpn(features(BACKBONE, output_stride=output_stride), channels=32), CLASSES, channels=32)
    run = segmented(graph, load("digits", (8, 8, 1)), steps)
    counted = costs(graph)
    return {
        "output_stride": graph.input_shape[0] // graph.by_name["stage3.block2.act"].shape[0],
        "parameters": counted.parameters,
        "macs": counted.macs,
        "first_loss": run.losses[0],
        "last_loss": run.losses[-1],
        "mean_iou": run.mean_iou,
        "seconds": run.seconds,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--steps", type=int, default=300)
    steps = options.parse_args().steps
    runs = []
    for output_stride in (None, 2):
        run = trained(output_stride, steps)
        runs.append(run)
        print(
            f"stride {run['output_stride']}: mean IoU {run['mean_iou']:.3f} after {steps} steps "
            f"in {run['seconds']:.0f} s ({run['parameters']:,} parameters, {run['macs'] / 1e6:,.0f} M MACs)",
            flush=True,
        )
    ok = all(run["mean_iou"] >= TARGET for run in runs)
    print(json.dumps({"benchmark": "segmentation", "figures": runs, "target": TARGET, "ok": ok}))


if __name__ == "__main__":
    main()
