"""How each format is written: one row each, a function from a network on its way out to a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from resnet_tf.design.code import to_python
from resnet_tf.design.costs import costs
from resnet_tf.design.drawing import draw
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.presets import preset_of
from resnet_tf.design.spec import Spec
from resnet_tf.learning import litert, onnx_file, savedmodel
from resnet_tf.learning.backend import keras
from resnet_tf.learning.card import Training
from resnet_tf.learning.notebook import to_notebook
from resnet_tf.learning.samples import Samples
from resnet_tf.learning.scaling import Scaling
from resnet_tf.learning.weights import save_weights


@dataclass(frozen=True)
class Subject:
    """What is written: a model of stock layers, its graph, its spec if it has one, images to calibrate it with.

    `training` is how it came to its weights, if it was trained.
    """

    model: keras.Model
    graph: LayerGraph
    spec: Spec | None
    scaling: Scaling
    calibration: Samples
    training: Training | None = None

    @cached_property
    def name_in_timm(self) -> str | None:
        """What timm (and torchvision, where that has it) calls the network; None where it has no such one."""
        published = preset_of(self.spec) if self.spec else None
        return published.name if published and published.in_timm else None


def _described(subject: Subject) -> Spec:
    """The spec. Raises ValueError where only a graph describes the network."""
    if subject.spec is None:
        raise ValueError("The network is a graph of its own: only a design that a spec describes is written so")
    return subject.spec


def _write_spec(subject: Subject, path: Path) -> None:
    path.write_text(_described(subject).model_dump_json(indent=2) + "\n")


def _write_notebook(subject: Subject, path: Path) -> None:
    path.write_text(to_notebook(_described(subject), result=subject.training))


def _write_costs(subject: Subject, path: Path) -> None:
    """One row per layer, and one for the whole."""
    total = costs(subject.graph)
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


def _write_dot(subject: Subject, path: Path) -> None:
    path.write_text(draw(subject.graph, level="block").source)


def _write_int8(subject: Subject, path: Path) -> None:
    images = subject.scaling.apply(subject.calibration.pixels)
    litert.write_int8(subject.model, subject.graph, images, path)


WRITERS: dict[str, Callable[[Subject, Path], None]] = {
    "savedmodel": lambda of, path: savedmodel.write(of.model, of.graph, path),
    "savedmodel_pixels": lambda of, path: savedmodel.write_of_pixels(of.model, of.graph, of.scaling, path),
    "keras": lambda of, path: of.model.save(path),
    "onnx": lambda of, path: onnx_file.write(of.model, of.graph, path),
    "litert": lambda of, path: litert.write_float(of.model, of.graph, path),
    "litert_float16": lambda of, path: litert.write_float16(of.model, of.graph, path),
    "litert_int8": _write_int8,
    "timm": lambda of, path: save_weights(of.model, of.graph, path, naming="timm"),
    "torchvision": lambda of, path: save_weights(of.model, of.graph, path, naming="torchvision"),
    "spec": _write_spec,
    "python": lambda of, path: path.write_text(to_python(_described(of))),
    "notebook": _write_notebook,
    "costs": _write_costs,
    "dot": _write_dot,
}
