"""What a recipe reaches: a preset trained several times, each with a seed of its own; mean, deviation and time.

    python -m benchmarks.accuracy                                        # ResNet-20 on the bundled digits, three seeds
    python -m benchmarks.accuracy --images cifar10 --recipe he2015 --seeds 5   # He 2015's 8.75 %: hours
    python -m benchmarks.accuracy --images FILE.npz --recipe laptop --with precision=mixed_bfloat16
    python -m benchmarks.accuracy --images cifar10 --recipe speedrun --with precision=mixed_bfloat16 --to 94 \\
        --set 'stem={"kernel": 3, "stride": 1, "widths": [54], "pool": "none", "whitening": true}' \\
        --set 'stages=[{"blocks": 1, "width": 64}, {"blocks": 1, "width": 256, "stride": 2},
                       {"blocks": 1, "width": 256, "stride": 2}]' --set shortcut=projection --set activation=gelu

Images are a data set's name, or a folder, zip or npz as `resnet_tf train` takes it. Prints a line per seed, then one
JSON line. `error` is in percent of the validation images, as the papers have it. `seconds_to` is the training time from
the first step, which compiles, to the first epoch's end at which so many percent were right (`--to`), or null.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from resnet_tf.cli.designs import changed
from resnet_tf.cli.plans import Folder
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DatasetCard, fit
from resnet_tf.learning.recipes import Recipe, recipe

# what is known of a preset on a data set with a recipe: error in percent
PUBLISHED = {("resnet20_cifar10", "cifar10", "he2015"): 8.75}
LEAST = {("resnet20_cifar10", "digits", "quick"): 3.0, ("resnet20_cifar10", "cifar10", "he2015"): 9.25}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="resnet20_cifar10")
    parser.add_argument("--set", dest="edits", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--images", default="digits")
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--with", dest="changes", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--to", type=float, default=94.0, metavar="PERCENT")
    options = parser.parse_args()
    fields = recipe(options.recipe).model_dump(mode="json")
    chosen = Recipe(**fields | changed(fields, options.changes))
    spec = preset(options.preset)
    spec = edit(spec, **changed(spec.model_dump(mode="json"), options.edits))
    with tempfile.TemporaryDirectory() as folder:
        card = Folder(Path(folder)).card(options.images)
        runs = [trained(fit(spec, card), card, chosen, seed, options.to / 100) for seed in range(options.seeds)]
    errors = [run["error"] for run in runs]
    key = (options.preset, options.images, options.recipe)
    most = None if options.edits or options.changes else LEAST.get(key)
    print(json.dumps({
        "benchmark": "accuracy", "preset": options.preset, "changes": options.edits, "images": options.images,
        "recipe": chosen.model_dump(mode="json", exclude_defaults=True), "runs": runs,
        "error": round(statistics.mean(errors), 3),
        "deviation": round(statistics.stdev(errors), 3) if len(errors) > 1 else None,
        "published": PUBLISHED.get(key), "targets": {"error": most},
        "ok": most is None or statistics.mean(errors) <= most,
    }))  # fmt: skip


def trained(spec: Spec, card: DatasetCard, chosen: Recipe, seed: int, to: float) -> dict[str, Any]:
    """What came of one seed: on which device, the error, seconds in all and to that share of right answers."""
    from resnet_tf.learning.train import train

    began, first, reached, device = time.perf_counter(), 0.0, None, ""
    for event in train(spec, card, chosen, seed):
        told = event.values
        if event.kind == "compiling":
            device = told["device"]
        elif event.kind == "step":
            first = first or event.seconds
        elif event.kind == "epoch":
            print(
                f"seed {seed} epoch {event.epoch:3} {event.seconds:7.1f} s  loss {told['loss']:.4f}  "
                f"right {told['validation_accuracy']:.2%}", flush=True,
            )  # fmt: skip
            if reached is None and told["validation_accuracy"] >= to:
                reached = round(event.seconds - first, 2)
    error = 100 * (1 - event.values["validation_accuracy"])
    return {
        "seed": seed, "device": device, "error": round(error, 3), "seconds": round(time.perf_counter() - began, 1),
        "seconds_to": reached,
    }  # fmt: skip


if __name__ == "__main__":
    main()
