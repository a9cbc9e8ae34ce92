"""What fine-tuning is worth: a few images of five digits, begun with weights that know the other five, and drawn anew.

    python -m benchmarks.finetuning                 # ResNet-20, five images of each, three seeds: some minutes
    python -m benchmarks.finetuning --images 10 --frozen 2

A network learns the digits 0 to 4 with the recipe `quick`. Then the digits 5 to 9 are learnt from a few images of each
with the recipe `finetune`: from its weights, and from drawn ones. Both are judged on all validation images of these
digits. Prints a line per seed, then one JSON line; accuracies are shares.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import Spec
from resnet_tf.learning.archives import ImageSet, keep
from resnet_tf.learning.catalogue import DatasetCard, fit
from resnet_tf.learning.checkpoint import Checkpoint, restore
from resnet_tf.learning.datasets import Data, load
from resnet_tf.learning.evaluate import scores
from resnet_tf.learning.recipes import Recipe, recipe
from resnet_tf.learning.start import Start
from resnet_tf.learning.train import predict, train

KNOWN, NEW = tuple(range(5)), tuple(range(5, 10))
GAIN = 0.1  # of accuracy, that fine-tuning must be worth


def card(data: Data, digits: tuple[int, ...], folder: Path, most: int | None = None, seed: int = 0) -> DatasetCard:
    """Training images of some digits, at most so many of each, as somebody's own."""
    random, labels = np.random.default_rng(seed), data.train.labels
    chosen = np.concatenate([random.permutation(np.flatnonzero(labels == digit))[:most] for digit in digits])
    names = tuple(map(str, digits))
    return keep(ImageSet(data.train.images[chosen], labels[chosen] - digits[0], names), f"digits {names}", folder)


def learnt(spec: Spec, images: DatasetCard, chosen: Recipe, seed: int, start: Start | None = None) -> Checkpoint:
    """The last checkpoint of a training."""
    events = train(spec, images, chosen, seed, start=start)
    return [event.values["state"] for event in events if event.kind == "checkpoint"][-1]


def judged(spec: Spec, state: Checkpoint, data: Data) -> float:
    """The accuracy on the validation images of the new digits."""
    kept = data.validation.labels >= NEW[0]
    split = replace(
        data.validation, images=data.validation.images[kept], labels=data.validation.labels[kept] - NEW[0],
        input_shape=spec.input_shape,
    )  # fmt: skip
    return scores(predict(restore(spec, state), split, 64), split.labels)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="resnet20_cifar10")
    parser.add_argument("--images", type=int, default=5, help="images of each new digit to learn from")
    parser.add_argument("--frozen", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    data, began, runs = load("digits", (8, 8, 1)), time.perf_counter(), []
    tuned = recipe("finetune", frozen=options.frozen)
    drawn = recipe("finetune")
    per_class = round(options.images / 0.8)  # a fifth of somebody's own images is kept to validate
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            known = card(data, KNOWN, Path(folder))
            new = card(data, NEW, Path(folder), per_class, seed)
            spec = fit(preset(options.preset), known)
            start = Start(learnt(spec, known, recipe("quick"), seed), "the digits 0 to 4", known.class_names)
            found = {
                "tuned": judged(spec, learnt(spec, new, tuned, seed, start), data),
                "drawn": judged(spec, learnt(spec, new, drawn, seed), data),
            }
        runs.append({"seed": seed, **{name: round(share, 4) for name, share in found.items()}})
        print(f"seed {seed}  fine-tuned {found['tuned']:.2%}  from drawn weights {found['drawn']:.2%}", flush=True)
    means = {name: statistics.mean(run[name] for run in runs) for name in ("tuned", "drawn")}
    spread = {name: statistics.stdev(run[name] for run in runs) for name in means} if len(runs) > 1 else None
    gain = means["tuned"] - means["drawn"]
    print(json.dumps({
        "benchmark": "finetuning", "preset": options.preset, "images_per_class": options.images,
        "recipe": tuned.model_dump(mode="json", exclude_defaults=True), "runs": runs,
        "accuracy": {name: round(share, 4) for name, share in means.items()},
        "deviation": spread and {name: round(share, 4) for name, share in spread.items()},
        "gain": round(gain, 4), "seconds": round(time.perf_counter() - began, 1), "targets": {"gain": GAIN},
        "ok": gain >= GAIN,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
