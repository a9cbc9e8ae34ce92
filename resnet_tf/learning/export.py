"""A network taken away: files that load without this package, reloaded in a fresh process and compared."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from resnet_tf.design.costs import costs
from resnet_tf.design.drawing import draw
from resnet_tf.design.expand import expand
from resnet_tf.design.spec import Spec, SpecError, nearest_word
from resnet_tf.learning import reload
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import deep, recursion_for

TOLERANCE = 1e-4  # of the largest output: what rounding can make of another order of the same additions
_SAFE_RECURSION = 2_200  # what Python allows by itself, 1,000, is enough for the 390 layers of ResNet-110
_PATIENCE = 600.0  # seconds for a fresh process to load and run both


class Exported(NamedTuple):
    """A file that was written. `verified` is None for a format with nothing to run; `error` says why one is missing."""

    format: str
    path: Path
    bytes: int
    seconds: float  # for writing it
    verified: bool | None
    difference: float | None  # the largest between the reloaded outputs and the model's
    load: str  # the lines that load it
    error: str | None = None


class Format(NamedTuple):
    """A row: how the file is named, who writes it, whether it can be run, and the lines that load it."""

    suffix: str
    write: Callable[[Any, Spec, Path], None]
    runs: bool
    load: str


def export(model: keras.Model, spec: Spec, folder: str | Path, formats: Iterable[str]) -> Iterator[Exported]:
    """A record for each format, the texts first; what can be run is reloaded in a fresh process before its record.

    The files are named by the model. Raises SpecError for a format that does not exist; a format that cannot be written
    has its reason in its record.
    """
    chosen = list(dict.fromkeys(formats))
    for name in chosen:
        if name not in FORMATS:
            raise SpecError("format", f"one of {', '.join(FORMATS)}", name, nearest_word(name, list(FORMATS)))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    runnable = []
    for name in sorted(chosen, key=lambda name: FORMATS[name].runs):
        record = _written(name, model, spec, folder)
        if FORMATS[name].runs and record.error is None:
            runnable.append(record)
        else:
            yield record
    yield from _verified(runnable, model)


def _written(name: str, model: keras.Model, spec: Spec, folder: Path) -> Exported:
    """The file of one format, written under another name and then moved, so that nobody finds half of it."""
    row = FORMATS[name]
    path = folder / f"{model.name}{row.suffix}"
    load = _load_lines(row, path, model, spec)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        draft = Path(unfinished) / path.name
        try:
            with deep(expand(spec)):
                row.write(model, spec, draft)
        except (OSError, ValueError, RuntimeError) as error:
            return Exported(name, path, 0, time.perf_counter() - began, None, None, load, str(error))
        draft.replace(path)
    return Exported(name, path, path.stat().st_size, time.perf_counter() - began, None, None, load)


def _load_lines(row: Format, path: Path, model: keras.Model, spec: Spec) -> str:
    """The lines that load a file. Keras recurses through the layers: past a depth Python must be told to allow it."""
    lines = row.load.format(file=path.name, stem=model.name, shape=", ".join(str(n) for n in spec.input_shape))
    limit = recursion_for(expand(spec))
    return f"import sys; sys.setrecursionlimit({limit})\n{lines}" if row.runs and limit > _SAFE_RECURSION else lines


def _verified(records: list[Exported], model: keras.Model) -> Iterator[Exported]:
    """The records with the difference that a fresh process found between the reloaded model and this one."""
    if not records:
        return
    inputs = np.random.default_rng(0).uniform(-1, 1, (2, *model.input_shape[1:])).astype(np.float32)
    outputs = keras.ops.convert_to_numpy(model(inputs, training=False))
    if not np.isfinite(outputs).all():
        reason = "the network's own outputs are not finite, so nothing can be compared: train it first"
        yield from (record._replace(verified=False, error=reason) for record in records)
        return
    with tempfile.TemporaryDirectory() as place:
        pair = Path(place) / "pair.npz"
        np.savez(pair, inputs=inputs, outputs=outputs)
        found = _ask_fresh_process(place, pair, records)
    limit = TOLERANCE * max(1.0, float(np.abs(outputs).max()))
    for record in records:
        difference, error = found[record.format]
        verified = difference is not None and difference <= limit
        yield record._replace(verified=verified, difference=difference, error=error)


def _ask_fresh_process(place: str, pair: Path, records: list[Exported]) -> dict[str, tuple[float | None, str | None]]:
    """Format -> (largest difference, error), from a process that starts elsewhere and does not know this package."""
    files = [f"{record.format}={record.path.resolve()}" for record in records]
    command = [sys.executable, "-I", reload.__file__, str(pair), *files]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        last = (error.stderr or str(error)).strip().splitlines()[-1]
        return {record.format: (None, f"the fresh process failed: {last}") for record in records}
    return {name: (found["difference"], found["error"]) for name, found in json.loads(done.stdout).items()}


def _write_savedmodel(model: keras.Model, spec: Spec, path: Path) -> None:
    """A SavedModel, zipped. One traced function over the bare variables: three times faster than Keras' own export."""
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError("a SavedModel is TensorFlow's: set KERAS_BACKEND=tensorflow to write one")
    import tensorflow as tf

    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    images = tf.TensorSpec((None, *spec.input_shape), tf.float32, name="images")
    module.serve = tf.function(lambda images: {"logits": model(images, training=False)}, input_signature=[images])
    folder = path.with_suffix("")
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
    shutil.make_archive(str(folder), "zip", folder)


def _write_keras(model: keras.Model, spec: Spec, path: Path) -> None:
    model.save(path)


def _write_spec(model: keras.Model, spec: Spec, path: Path) -> None:
    path.write_text(spec.model_dump_json(indent=2) + "\n")


def _write_costs(model: keras.Model, spec: Spec, path: Path) -> None:
    """One row per layer, and one for the whole."""
    total = costs(spec)
    columns = ("name", "kind", "shape", *_COUNTED)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for cost in total.layers:
        shape = " x ".join(str(n) for n in cost.shape)
        writer.writerow([cost.name, cost.kind, shape, *(getattr(cost, column) for column in _COUNTED)])
    writer.writerow(["total", "", "", *(getattr(total, column) for column in _COUNTED)])
    path.write_text(text.getvalue())


_COUNTED = ("trainable_parameters", "non_trainable_parameters", "macs", "flops", "activations", "receptive_field")


def _write_dot(model: keras.Model, spec: Spec, path: Path) -> None:
    path.write_text(draw(spec, level="block").source)


_LOAD_SAVEDMODEL = """\
import shutil, tensorflow as tf; shutil.unpack_archive("{file}", "{stem}")
network = tf.saved_model.load("{stem}").signatures["serving_default"]
logits = network(images=tf.constant(pixels / 127.5 - 1, tf.float32))["logits"]  # pixels (n, {shape}), 0 to 255"""
_LOAD_KERAS = """\
import keras
network = keras.saving.load_model("{file}")
logits = network(pixels / 127.5 - 1)  # pixels (n, {shape}), 0 to 255"""
_LOAD_SPEC = """\
import pathlib, resnet_tf
spec = resnet_tf.parse_spec(pathlib.Path("{file}").read_text())
network = resnet_tf.build(spec)"""
_LOAD_COSTS = """\
import pandas
layers = pandas.read_csv("{file}")
print(layers.tail())"""
_LOAD_DOT = """\
import graphviz
figure = graphviz.Source.from_file("{file}")
figure.render(format="svg")"""

FORMATS: dict[str, Format] = {
    "savedmodel": Format(".savedmodel.zip", _write_savedmodel, True, _LOAD_SAVEDMODEL),
    "keras": Format(".keras", _write_keras, True, _LOAD_KERAS),
    "spec": Format(".spec.json", _write_spec, False, _LOAD_SPEC),
    "costs": Format(".costs.csv", _write_costs, False, _LOAD_COSTS),
    "dot": Format(".dot", _write_dot, False, _LOAD_DOT),
}
