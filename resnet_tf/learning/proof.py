"""Whether exported files answer as the model does: each is run in a fresh process and compared."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design.graph import LayerGraph
from resnet_tf.learning import reload
from resnet_tf.learning.backend import keras
from resnet_tf.learning.formats import Format, output_names
from resnet_tf.learning.samples import Samples
from resnet_tf.learning.scaling import Scaling

Outputs: TypeAlias = dict[str, np.ndarray]

_PATIENCE = 900.0  # seconds for a fresh process to load and run all files


class Verdict(NamedTuple):
    """Whether a file answers as the model does; the largest difference; what it loses; what went wrong."""

    verified: bool
    difference: float | None = None
    note: str | None = None
    error: str | None = None


def verdicts(
    files: Mapping[Format, Path], model: keras.Model, graph: LayerGraph, samples: Samples, scaling: Scaling
) -> Iterator[tuple[Format, Verdict]]:
    """A verdict on each file, from a process that starts elsewhere and does not know this package."""
    scaled = scaling.apply(samples.pixels)
    outputs = outputs_of(model, graph, scaled)
    if not all(np.isfinite(values).all() for values in outputs.values()):
        reason = "the network's own outputs are not finite, so nothing can be compared: train it first"
        yield from ((row, Verdict(False, error=reason)) for row in files)
        return
    with tempfile.TemporaryDirectory() as place:
        np.savez(Path(place) / "images.npz", pixels=samples.pixels, scaled=scaled)
        errors = _ask_fresh_process(place, {row.name: path for row, path in files.items()})
        for row in files:
            if error := errors[row.name]:
                yield row, Verdict(False, error=error)
                continue
            with np.load(Path(place) / f"{row.name}.npz") as found:
                yield row, compared(row, outputs, dict(found), samples)


def outputs_of(model: keras.Model, graph: LayerGraph, images: np.ndarray) -> Outputs:
    """What a model answers, as files name it."""
    names = output_names(graph)
    parts = [model(images[i : i + reload.BATCH], training=False) for i in range(0, len(images), reload.BATCH)]
    return {
        name: np.concatenate([_array(part[layer] if len(names) > 1 else part) for part in parts])
        for name, layer in names.items()
    }


def _array(tensor: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def _ask_fresh_process(place: str, files: Mapping[str, Path]) -> dict[str, str | None]:
    """Format -> the error that it ended in; what the others answer lies in the folder."""
    named = [f"{name}={path.resolve()}" for name, path in files.items()]
    command = [sys.executable, "-I", reload.__file__, "images.npz", *named]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        last = (error.stderr or str(error)).strip().splitlines()[-1]
        return dict.fromkeys(files, f"the fresh process failed: {last}")
    return json.loads(done.stdout)


def compared(row: Format, outputs: Outputs, found: Outputs, samples: Samples) -> Verdict:
    """A verdict from the model's outputs and a file's: by name, or by any name where a file has but one.

    A SavedModel gives probabilities beside logits, in any order.
    """
    found = {name: values for name, values in found.items() if name != "probabilities"}
    if len(outputs) == len(found) == 1:
        found = dict(zip(outputs, found.values(), strict=True))
    shapes, theirs = ({name: values.shape for name, values in sorted(each.items())} for each in (outputs, found))
    if shapes != theirs:
        return Verdict(False, error=f"outputs of shapes {theirs} instead of {shapes}")
    differences = {name: float(np.abs(found[name] - values).max()) for name, values in outputs.items()}
    shares = [differences[name] / _scale(row, values) for name, values in outputs.items()]
    verified = max(shares) <= row.tolerance  # never true of what is no number
    note = loss(outputs, found, samples, max(shares)) if row.lossy else None
    return Verdict(verified, max(differences.values()), note)


def _scale(row: Format, values: np.ndarray) -> float:
    """What a difference is measured by: the outputs' range where digits are lost, else the largest of them."""
    return max(float(np.ptp(values)), 1e-3) if row.lossy else max(float(np.abs(values).max()), 1.0)


def loss(outputs: Outputs, found: Outputs, samples: Samples, share: float) -> str:
    """A sentence on what a file of fewer digits loses: in the outputs, in the answers, in accuracy."""
    said = f"off by at most {100 * share:.2f} % of the outputs' range"
    if "logits" not in outputs or outputs["logits"].shape[-1] < 2:
        return f"{said}, on {samples.about}"
    before, after = (each["logits"].argmax(axis=-1) for each in (outputs, found))
    said += f"; the same class on {(before == after).sum():,} of {before.size:,}"
    if samples.labels is None:
        return f"{said}, on {samples.about}"
    right = [float((answer == samples.labels).mean()) for answer in (before, after)]
    return f"{said}; {100 * right[0]:.1f} % right before and {100 * right[1]:.1f} % after, on {samples.about}"
