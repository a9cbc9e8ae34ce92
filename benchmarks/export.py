"""Every format of ResNet-50: how long it takes to write, how large it is, how far its answers are off.

    python -m benchmarks.export [--rounds N] [--model NAME]

Beside them, in the same run and of the same model, Keras' own `model.export` of a SavedModel: the two are written in
turn, the fastest round of each counts, and both are opened and asked the same. Prints a table, then one JSON line:
figures, targets, "ok".
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

TARGET_RATIO = 3.0  # Keras' seconds over ours, of a SavedModel
TARGET_DIFFERENCE = 1e-4  # of the largest output, between theirs and ours
IMAGES = 4


def seconds_of(write: Any) -> float:
    began = time.perf_counter()
    write()
    return time.perf_counter() - began


def size_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def savedmodels(model: Any, graph: Any, rounds: int, place: Path) -> dict[str, Any]:
    """Ours and theirs, written in turn: seconds of each, bytes, and the largest difference of their answers."""
    import tensorflow as tf

    from resnet_tf.learning import reload, savedmodel

    ours, theirs = [], []
    for i in range(rounds):
        mine, other = place / f"ours{i}.zip", place / f"theirs{i}"
        ours.append(seconds_of(lambda path=mine: savedmodel.write(model, graph, path)))
        theirs.append(seconds_of(lambda path=other: model.export(path, verbose=False)))
    images = np.random.default_rng(0).uniform(-1, 1, (IMAGES, *graph.input_shape)).astype(np.float32)
    answers = reload.OPENERS["savedmodel"](str(mine)).answer(images)["logits"]
    loaded = tf.saved_model.load(str(other))  # a function does not keep its variables
    expected = loaded.serve(images).numpy()
    return {
        "ours_seconds": min(ours), "theirs_seconds": min(theirs), "ratio": min(theirs) / min(ours),
        "ours_bytes": size_of(mine), "theirs_bytes": size_of(other),
        "difference": float(np.abs(answers - expected).max() / np.abs(expected).max()),
    }  # fmt: skip


def formats(model: Any, spec: Any, place: Path) -> dict[str, dict[str, Any]]:
    """Each format as `export` writes it: seconds, bytes, difference, and what was found in a fresh process."""
    from resnet_tf.learning.export import export
    from resnet_tf.learning.formats import FORMATS

    found = {}
    for record in export(model, spec, place, FORMATS):
        said = {"seconds": record.seconds, "bytes": record.bytes, "verified": record.verified}
        found[record.format] = {**said, "difference": record.difference, "note": record.note, "error": record.error}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--model", default="resnet50")
    chosen = options.parse_args()
    from resnet_tf.design.expand import expand
    from resnet_tf.design.presets import preset
    from resnet_tf.learning.build import build

    spec = preset(chosen.model)
    model = build(spec, seed=0, name=chosen.model)
    with tempfile.TemporaryDirectory() as place:
        pair = savedmodels(model, expand(spec), chosen.rounds, Path(place))
        written = formats(model, spec, Path(place) / "all")
    print(f"{'':22}{'seconds':>9}{'MB':>9}{'off by':>10}")
    _show("Keras' model.export", pair["theirs_seconds"], pair["theirs_bytes"], None)
    _show("our SavedModel", pair["ours_seconds"], pair["ours_bytes"], pair["difference"])
    for name, row in written.items():
        _show(name, row["seconds"], row["bytes"], row["difference"])
        if row["note"] or row["error"]:
            print(f"{'':22}{row['note'] or row['error']}")
    proven = all(row["error"] is None and row["verified"] is not False for row in written.values())
    ok = pair["ratio"] >= TARGET_RATIO and pair["difference"] <= TARGET_DIFFERENCE and proven
    figures = {"model": chosen.model, "savedmodel": pair, "formats": written}
    targets = {"ratio": TARGET_RATIO, "difference": TARGET_DIFFERENCE}
    print(json.dumps({"benchmark": "export", "figures": figures, "targets": targets, "ok": ok}))


def _show(name: str, seconds: float, size: int, difference: float | None) -> None:
    off = "" if difference is None else f"{difference:.1e}"
    print(f"{name:22}{seconds:9.2f}{size / 1e6:9.2f}{off:>10}", flush=True)


if __name__ == "__main__":
    main()
