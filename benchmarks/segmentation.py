"""Whether a backbone, a feature pyramid and a segmentation head learn: every pixel of scattered digits gets its class.

    python -m benchmarks.segmentation [--steps 300]

Canvases of 48 x 48 with three of the bundled digits each, at random places; those to validate on are made of
digits that were never trained on. Two networks of one backbone: strided, and dilated to keep its maps large
(`output_stride`). Prints the mean intersection over union of digit classes, then one JSON line: figures, target, "ok".
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

from resnet_tf.design.costs import costs
from resnet_tf.design.features import features, fpn, segmentation
from resnet_tf.design.spec import ResNetSpec, Stage, Stem
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.datasets import Split, load
from resnet_tf.learning.kernels import training_makers

SIDE, DIGITS, BATCH = 48, 3, 32
CLASSES = 11  # ten digits and what is between them
TARGET = 0.5  # mean intersection over union of the ten digits; a network that sees only background has 0

BACKBONE = ResNetSpec(
    input_shape=(SIDE, SIDE, 1),
    classes=10,
    stem=Stem(kernel=3, stride=1, widths=(16,), pool="none"),
    stages=(Stage(blocks=2, width=16), Stage(blocks=2, width=32, stride=2), Stage(blocks=2, width=64, stride=2)),
)


def canvases(split: Split, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 48, 48, 1) uint8 and the class of every pixel, (count, 48, 48): 0, or a digit's label plus 1."""
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    labels = np.zeros((count, SIDE, SIDE), np.int32)
    for image, label in zip(images, labels, strict=True):
        for index in random.integers(0, len(split), DIGITS):
            times = 2  # 16 px
            digit = split.images[index, :, :, 0].repeat(times, 0).repeat(times, 1)
            y, x = random.integers(0, SIDE - len(digit) + 1, 2)
            window = np.s_[y : y + len(digit), x : x + len(digit)]
            inked = digit > 64
            image[window] = np.where(inked, digit, image[window])
            label[window] = np.where(inked, split.labels[index] + 1, label[window])
    return images[..., None], labels


def intersection_over_union(answers: np.ndarray, truth: np.ndarray) -> float:
    """The mean over the ten digits of |answered and true| / |answered or true|, over all pixels."""
    shares = []
    for digit in range(1, CLASSES):
        said, is_so = answers == digit, truth == digit
        shares.append((said & is_so).sum() / max((said | is_so).sum(), 1))
    return float(np.mean(shares))


def trained(output_stride: int | None, steps: int, seed: int = 0) -> dict[str, float]:
    """What a segmentation network on this backbone reaches in so many steps of 32 canvases."""
    from resnet_tf.learning.build import assemble

    data = load("digits", (8, 8, 1))
    random = np.random.default_rng(seed)
    graph = segmentation(fpn(features(BACKBONE, output_stride=output_stride), channels=32), CLASSES, channels=32)
    model = assemble(graph, training_makers(), seed=seed, name="segmenter")
    schedule = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model.compile(keras.optimizers.Adam(schedule), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    began = time.perf_counter()
    losses = []
    for _ in range(steps):
        images, labels = canvases(data.train, BATCH, random)
        losses.append(float(model.train_on_batch(scaled(images), labels)))
    seconds = time.perf_counter() - began
    images, truth = canvases(data.validation, 128, np.random.default_rng([seed, 1]))
    answers = model.predict(scaled(images), batch_size=BATCH, verbose=0).argmax(-1)
    counted = costs(graph)
    return {
        "output_stride": graph.input_shape[0] // graph.by_name["stage3.block2.act"].shape[0],
        "parameters": counted.parameters,
        "macs": counted.macs,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "mean_iou": intersection_over_union(answers, truth),
        "seconds": seconds,
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
