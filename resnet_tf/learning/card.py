"""The model card beside every export: what the network is, how it was trained, what the files are. No Keras."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from typing import Any, NamedTuple

from resnet_tf.design.costs import Costs
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.labels import shape_label
from resnet_tf.design.links import to_link
from resnet_tf.design.spec import Spec
from resnet_tf.learning.catalogue import DatasetCard
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.scaling import Scaling

MOST_EPOCHS = 200  # rows of the curve; a longer one is thinned
_PACKAGES = ("resnet_tf", "keras", "tensorflow", "tensorflow_cpu", "jax", "torch", "numpy", "onnx", "onnxruntime")
_PROGRAMS = "## For programs"


@dataclass(frozen=True)
class Training:
    """How a network came to its weights. `epochs` are the values of each `epoch` event with its number.

    `start` is the title of what it was fine-tuned from; None where its first weights were drawn.
    """

    dataset: DatasetCard
    recipe: Recipe
    seed: int
    epochs: tuple[Mapping[str, Any], ...]
    device: str | None = None
    start: str | None = None


class File(NamedTuple):
    """A file of an export: its format's title, its name, how it was proven, how it is loaded and served."""

    title: str
    name: str
    bytes: int
    sha256: str
    proof: str
    load: str
    serve: str


@dataclass(frozen=True)
class Facts:
    """All that a card says. `spec` is None where only a graph describes the network, `training` where none is known."""

    name: str
    spec: Spec | None
    graph: LayerGraph
    costs: Costs
    scaling: Scaling
    training: Training | None
    fingerprint: str | None  # of the images
    files: tuple[File, ...]
    date: str
    versions: Mapping[str, str]

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.training.dataset.class_names if self.training else ()


def versions() -> dict[str, str]:
    """The versions that are installed here, by package."""
    found = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # not every backend and every format's library is installed
    return found


def card(facts: Facts) -> str:
    """The model card, in Markdown; its last block is JSON that `read` reads."""
    training = facts.training
    parts = [
        f"# {facts.name}",
        f"Written by resnet_tf on {facts.date}.",
        *_design(facts),
        *(_trained(training, facts.fingerprint) if training else _untrained()),
        *_files(facts.files),
        "## Versions",
        _table(("Package", "Version"), facts.versions.items()),
        _PROGRAMS,
        _code("json", _json(_programs(facts))),
    ]
    return "\n\n".join(parts) + "\n"


def read(text: str) -> dict[str, Any]:
    """What a card says to programs: name, spec, class_names, fine_tuned_from, scaling, files.

    Raises ValueError for what is no card.
    """
    found = re.search(rf"^{_PROGRAMS}\n+```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise ValueError(f"The card has no block of JSON under '{_PROGRAMS}'")
    return json.loads(found[1])


def _programs(facts: Facts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "spec": facts.spec.model_dump(mode="json") if facts.spec else None,
        "class_names": list(facts.class_names),
        "fine_tuned_from": facts.training.start if facts.training else None,
        "scaling": facts.scaling.as_json(),
        "files": {file.name: file.sha256 for file in facts.files},
    }


def _json(values: Mapping[str, Any]) -> str:
    """One line for each field, however long: there may be a thousand classes."""
    lines = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _design(facts: Facts) -> list[str]:
    total, graph = facts.costs, facts.graph
    out = graph.by_name[graph.output_names[0]].shape
    rows = [
        ("Takes", f"{shape_label(graph.input_shape)} (height, width, channels), {facts.scaling.about}"),
        ("Gives", f"logits of {out[0]:,} classes" if len(out) == 1 else f"maps of {shape_label(out)}"),
        ("Parameters", f"{total.parameters:,}, of which {total.trainable_parameters:,} are trained"),
        ("Multiply-adds of one image", f"{total.macs:,}"),
        ("Depth", f"{total.depth:,} layers with weights"),
        ("Receptive field", f"{total.receptive_field:,} px"),
    ]
    if facts.spec:
        rows.insert(0, ("Design", f"`{to_link(facts.spec)}`, as the text of a link; as JSON below"))
    return ["## Design", _table(("", ""), rows)]


def _untrained() -> list[str]:
    return ["## Training", "None is known of: the weights are first ones, or were given to it."]


def _trained(training: Training, fingerprint: str | None) -> list[str]:
    images, recipe, last = training.dataset, training.recipe, training.epochs[-1] if training.epochs else {}
    data = [
        ("Images", f"{images.title}: {images.images:,} of {len(images.class_names):,} classes"),
        ("Source", images.source),
        ("Licence", images.licence),
    ]
    if fingerprint:
        data.append(("SHA-256 of images and labels", f"`{fingerprint}`"))
    chosen = recipe.model_dump(exclude={"name", "title", "source"})
    steps = [(name.replace("_", " "), _value(value)) for name, value in chosen.items()]
    steps = [("recipe", recipe.title), ("source", recipe.source), *steps, ("seed", str(training.seed))]
    if training.start:
        steps.insert(0, ("fine-tuned from", training.start))
    if training.device:
        steps.append(("device", training.device))
    reached = _share(last.get("validation_accuracy"))
    return [
        "## Accuracy",
        f"{reached} of the validation images, on which it was not trained, after {len(training.epochs):,} epochs.",
        "## Data", _table(("", ""), data),
        "## Recipe", _table(("", ""), steps),
        "## Curve", *_curve(training.epochs),
    ]  # fmt: skip


_COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate")


def _curve(epochs: Sequence[Mapping[str, Any]]) -> list[str]:
    every = ceil(len(epochs) / MOST_EPOCHS)
    shown = [epoch for i, epoch in enumerate(epochs, 1) if i % every == 0 or i == len(epochs)]
    rows = ((str(epoch["epoch"]), *(_number(epoch.get(column)) for column in _COLUMNS)) for epoch in shown)
    table = _table(("Epoch", *(column.replace("_", " ").capitalize() for column in _COLUMNS)), rows)
    return [table] if every == 1 else [f"Every {every} epochs of {len(epochs):,}.", table]


def _files(files: Sequence[File]) -> list[str]:
    rows = ((f"`{file.name}`", file.title, f"{file.bytes:,}", file.proof, f"`{file.sha256}`") for file in files)
    parts = ["## Files", _table(("File", "Format", "Bytes", "Proof", "SHA-256"), rows)]
    loaded = [text for file in files if file.load for text in (f"`{file.name}`:", _code("python", file.load))]
    served = [text for file in files if file.serve for text in (f"`{file.name}`:", _code("sh", file.serve))]
    parts += ["## Loading", *loaded] if loaded else []
    return [*parts, *(["## Serving", *served] if served else [])]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    """A text that stays in its cell: names and sources are whatever people typed."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _code(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _value(value: Any) -> str:
    return ", ".join(_value(each) for each in value) if isinstance(value, tuple) else str(value)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"


def _share(value: float | None) -> str:
    return "An unknown share" if value is None else f"{100 * value:.2f} %"
