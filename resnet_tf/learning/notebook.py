"""A design as a notebook: what it is, its code, its training in plain Keras, its result. No Keras here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

from resnet_tf.design.code import to_python
from resnet_tf.design.code.heading import origin
from resnet_tf.design.costs import Cost, costs
from resnet_tf.design.expand import expand
from resnet_tf.design.labels import block_label, shape_label
from resnet_tf.design.links import to_link
from resnet_tf.design.offers import axes, options, value_of
from resnet_tf.design.spec import Spec, VGGSpec
from resnet_tf.learning.card import Training
from resnet_tf.learning.fit_code import START
from resnet_tf.learning.image_code import Images, images_of
from resnet_tf.learning.recipes import DEFAULT, RECIPES, Recipe
from resnet_tf.learning.training_code import imports_code, training_code
from resnet_tf.learning.whitening import whitened

MOST_ROWS = 50  # of the curve; a longer one is thinned

Cell = tuple[str, str]  # "markdown" or "code", and its text


def to_notebook(spec: Spec, recipe: Recipe | None = None, result: Training | None = None) -> str:
    """The text of an .ipynb (nbformat 4.5) that needs Keras alone.

    `result` is how the network was trained and what came of it; its recipe and its images are taken where no other
    recipe is given. Without one the images are those of keras.datasets with as many classes, or a folder's.
    """
    cells = [*_design(spec), *_code(spec)]
    if not isinstance(spec, VGGSpec) and spec.head.pool == "none":
        cells.append(("markdown", "It gives maps, for detection or segmentation: there are no classes to train it on."))
    else:
        cells += _training(spec, recipe or (result.recipe if result else _usual(spec)), result)
    return json.dumps(_document(cells), indent=1, ensure_ascii=False) + "\n"


def _usual(spec: Spec) -> Recipe:
    """The recipe of a network that has none: gentle steps where no norm bounds what its layers give."""
    bare = isinstance(spec, VGGSpec) or spec.normalization.kind == "none"
    return RECIPES["gentle" if bare else DEFAULT]


def _document(cells: Sequence[Cell]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": [_cell(i, kind, text) for i, (kind, text) in enumerate(cells)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(i: int, kind: str, text: str) -> dict[str, Any]:
    name = hashlib.sha256(f"{i} {text}".encode()).hexdigest()[:8]
    cell: dict[str, Any] = {
        "id": name, "cell_type": kind, "metadata": {}, "source": text.rstrip("\n").splitlines(keepends=True)
    }  # fmt: skip
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _design(spec: Spec) -> list[Cell]:
    title, source = origin(spec)
    total = costs(spec)
    facts = [
        ("Design", f"`{to_link(spec)}`: `resnet_tf.from_link` gives it again"),
        ("Takes", f"{shape_label(spec.input_shape)} (height, width, channels), from -1 to 1"),
        ("Parameters", f"{total.parameters:,}, of which {total.trainable_parameters:,} are trained"),
        ("Multiply-adds of one image", f"{total.macs:,}"),
        ("Depth", f"{total.depth:,} layers with weights"),
        ("Receptive field", f"{total.receptive_field:,} px"),
    ]
    stages = _table(("Part", "Gives", "Parameters", "Multiply-adds"), map(_stage, total.stages))
    about = [f"# {title}", *([f"{source}."] if source else []), _table(("", ""), facts), stages]
    chosen = _axes(spec)
    about += ["## Axes", _table(("", "Axis", "Here", "What it does"), chosen)] if chosen else []
    return [("markdown", "\n\n".join(about))]


def _stage(stage: Cost) -> Sequence[str]:
    return block_label(stage.name), shape_label(stage.shape), f"{stage.parameters:,}", f"{stage.macs:,}"


_SAID = ("input_shape", "classes")  # above


def _axes(spec: Spec) -> list[Sequence[str]]:
    """What differs from the family's defaults, with what it does."""
    fields, changed = spec.model_dump(), spec.model_dump(exclude_defaults=True)
    rows = []
    for axis in axes(spec):
        whole, _, part = axis.field.partition(".")
        if whole in _SAID or whole not in changed or (isinstance(changed[whole], dict) and part not in changed[whole]):
            continue
        value = value_of(fields, axis.field)
        words = options(spec, axis)
        rows.append((axis.group, axis.title, words[value] if words else _value(value), axis.does))
    return rows


def _code(spec: Spec) -> list[Cell]:
    return [
        ("markdown", "## Network\n\nIt needs `keras` alone: `pip install keras tensorflow`, or another backend."),
        ("code", to_python(spec)),
    ]


def _training(spec: Spec, chosen: Recipe, result: Training | None) -> list[Cell]:
    images = images_of(spec, result.dataset if result else None)
    settings = chosen.model_dump(exclude={"name", "title", "source"})
    steps = _table(("", ""), [(name.replace("_", " "), _value(value)) for name, value in settings.items()])
    source = f" ({_text(chosen.source)})" if chosen.source else ""
    seed, start = (result.seed, result.start) if result else (0, None)
    graph = expand(spec)
    code = training_code(
        chosen, graph.parts, seed, is_resized=images.is_resized, is_begun=start is not None,
        whitened=None if start else whitened(graph),
    )  # fmt: skip
    return [
        ("markdown", f"## Images\n\n{_text(images.about)}"),
        ("code", _cell_of(images, chosen)),
        ("markdown", f"## Training\n\n{_text(chosen.title)}{source}.\n\n{steps}{_loss(chosen)}{_begun(start)}"),
        *(("code", text) for text in code),
        ("markdown", _result(result) if result and result.epochs else "## Result"),
        ("code", _EVALUATED),
    ]


def _loss(chosen: Recipe) -> str:
    added = chosen.weight_decay and chosen.optimizer != "adamw"
    return "\n\nThe loss that Keras prints has the weight decay in it." if added else ""


def _begun(start: str | None) -> str:
    """Where the first weights are from, and how they come here."""
    if start is None:
        return ""
    return (
        f"\n\nIt began with the weights of {_text(start)}. Export these as .keras, of a network that takes pixels from "
        f"-1 to 1, and put the file beside this notebook as `{START}`: a run on the Export page or by "
        "`resnet_tf export RUN -f keras -o .`"
    )


def _cell_of(images: Images, chosen: Recipe) -> str:
    """The code that loads the images, below what the training imports."""
    space = "\n\n" if images.code.startswith("def ") else "\n"
    return imports_code(chosen, images.imports) + space + images.code


_EVALUATED = """\
loss, accuracy = model.evaluate(Batches(test_images, test_labels, training=False), verbose=0)
print(f"{accuracy:.2%} of {len(test_labels):,} images that it was not trained on")
model.save_weights("network.weights.h5")"""


def _result(result: Training) -> str:
    """What came of the training: accuracy and curve."""
    epochs, every = result.epochs, ceil(len(result.epochs) / MOST_ROWS)
    shown = [epoch for i, epoch in enumerate(epochs, 1) if i % every == 0 or i == len(epochs)]
    rows = [(str(epoch["epoch"]), *(_number(epoch.get(column)) for column in _COLUMNS)) for epoch in shown]
    curve = _table(("Epoch", *(column.replace("_", " ").capitalize() for column in _COLUMNS)), rows)
    reached = f"{100 * epochs[-1]['validation_accuracy']:.2f} %"
    where = f" on {_text(result.device)}" if result.device else ""
    return "\n\n".join([
        "## Result",
        f"It answered {reached} of the validation images of {_text(result.dataset.title)} rightly, "
        f"after {len(epochs):,} epochs{where} (seed {result.seed}).",
        *([] if every == 1 else [f"Every {every} epochs of {len(epochs):,}:"]),
        curve,
    ])  # fmt: skip


_COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_text(text) for text in line)} |" for line in lines)


def _text(text: str) -> str:
    """A text that stays in its cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(each) for each in value) or "none"
    return {"True": "yes", "False": "no", "None": "none"}.get(str(value), str(value))


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
