"""Plain-56 against ResNet-56 and plain-110 against ResNet-110, trained in step on the bundled digits, with three seeds.

    python -m benchmarks.degradation [--draw]

Each pair is a preset and the same with all its shortcuts cut: with one seed both begin with the same weights and see
the same batches. What was measured goes into docs/degradation.json, and from that alone docs/degradation.md and its
figures are written; `--draw` does only this. Prints one JSON line: by pair the difference in validation accuracy with
where its mean lies (95 %), and "ok" where that leaves no room for none.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.degradation_page import figures, page
from benchmarks.degradation_pair import Pair, pair_of
from resnet_tf.design.links import to_link
from resnet_tf.design.presets import preset
from resnet_tf.learning.catalogue import dataset, fit
from resnet_tf.learning.contrast import difference
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.versus import sides_of

DOCS = Path(__file__).parents[1] / "docs"
KEPT = DOCS / "degradation.json"
DESIGNS = ("resnet56_cifar10", "resnet110_cifar10")
SIDE, EPOCHS, SEEDS = 8, 20, 3  # px: the digits as they are, not enlarged
TARGET = 0.0  # validation accuracy without shortcuts less that with: below this, the whole interval


def measured(name: str) -> Iterator[dict[str, Any]]:
    """How a pair stands after each epoch of both: what is known of it by then, and with what it was made."""
    from resnet_tf.learning.backend import device, keras
    from resnet_tf.learning.datasets import load
    from resnet_tf.learning.instep import in_step
    from resnet_tf.learning.provenance import provenance

    sides = sides_of(fit(preset(name), dataset("digits"), SIDE))
    chosen = recipe("quick", epochs=EPOCHS)
    began, date = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    pixels = load("digits", next(iter(sides.values())).input_shape).fingerprint
    made = provenance(keras.backend.backend(), pixels)
    for each in in_step(sides, "digits", chosen, range(SEEDS)):
        if each.moment:
            yield {
                "design": name, "links": {side: to_link(spec) for side, spec in sides.items()},
                "recipe": chosen.model_dump(mode="json"), "found": each.found.as_json(), "date": date,
                "seconds": round(time.perf_counter() - began, 1), "device": f"{device().name}, {os.cpu_count()} cores",
                "made": made,
            }  # fmt: skip


def kept() -> tuple[Pair, ...]:
    """The pairs as they were measured last."""
    return tuple(map(pair_of, json.loads(KEPT.read_text())["pairs"]))


def measure() -> None:
    """Trains both pairs and keeps what came of them."""
    pairs = []
    for name in DESIGNS:
        for found in measured(name):
            moment = found["found"]["moments"][-1]
            print(f"{name}, seed {moment['seed']}, epoch {moment['epoch']} of {EPOCHS}, {found['seconds']:.0f} s")
        pairs.append(found)
    KEPT.write_text(json.dumps({"command": "python -m benchmarks.degradation", "pairs": pairs}) + "\n")


def write() -> None:
    """Writes the page and draws its figures from what is kept."""
    pairs = kept()
    (DOCS / "degradation.md").write_text(page(pairs))
    for name, drawn in figures(pairs).items():
        (DOCS / name).write_bytes(drawn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", action="store_true", help="trains nothing")
    if not parser.parse_args().draw:
        measure()
    write()
    said: dict[str, Any] = {"benchmark": "degradation"}
    for pair in kept():
        seen = difference(pair.found, "validation_accuracy")
        ends = (seen.mean, seen.low, seen.high) if seen else (None,) * 3
        said[f"difference_{pair.depth}"] = ends
        said["ok"] = bool(seen and seen.high < TARGET) and said.get("ok", True)
    print(json.dumps({**said, "targets": {"high": TARGET}, "seconds": sum(pair.seconds for pair in kept())}))


if __name__ == "__main__":
    main()
