"""What stands in a report of studies: what they say in sentences, their charts, surfaces from above. No Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from resnet_tf.design.lesions import resizing
from resnet_tf.design.path_lengths import path_lengths
from resnet_tf.design.spec import parse_spec
from resnet_tf.learning.path_findings import comes_by, passed
from resnet_tf.learning.study_findings import by_depth, cost, lesions
from resnet_tf.learning.surface_findings import around, beside, heights
from resnet_tf.reports.charts import Chart
from resnet_tf.reports.curves import charts
from resnet_tf.reports.elements import Charts, Drawing, Drawings, Element, Heading, Table, Text
from resnet_tf.reports.heatmap import heatmap
from resnet_tf.reports.readings import study_in
from resnet_tf.reports.record import Experiment


def studies(experiments: Sequence[Experiment]) -> Iterator[Element]:
    """Those of each kind together, kinds in the order in which they come."""
    for kind in dict.fromkeys(each.asked["study"] for each in experiments):
        yield from _ROWS[kind]([each for each in experiments if each.asked["study"] == kind])


def _paths(experiments: Sequence[Experiment]) -> Iterator[Element]:
    for each in experiments:
        branches = path_lengths(parse_spec(each.asked["spec"])).branches
        yield from _said(each, (passed(branches, "residual branches"), comes_by(study_in(each), branches)))


def _orders(experiments: Sequence[Experiment]) -> Iterator[Element]:
    for each in experiments:
        yield from _said(each, by_depth(study_in(each)))


def _lesions(experiments: Sequence[Experiment]) -> Iterator[Element]:
    for each in experiments:
        spec, study = parse_spec(each.asked["spec"]), study_in(each)
        yield from _said(each, lesions(study, each.found["images"], spec.classes, resizing(spec)))
        swapped = tuple(
            (" and ".join(lesion.blocks), f"{100 * lesion.score.accuracy:.1f} %", f"{cost(study, lesion):.1f}",
             f"{lesion.score.loss:.3g}")
            for lesion in study.swapped
        )  # fmt: skip
        if swapped:
            yield Table(("exchanged", "accuracy", "costs (points)", "loss"), swapped, numbers=True)


def _said(experiment: Experiment, sentences: Sequence[str]) -> Iterator[Element]:
    yield Heading(experiment.name, 3)
    yield from map(Text, sentences)
    yield Charts(_charts([experiment]))


def _charts(experiments: Sequence[Experiment]) -> tuple[Chart, ...]:
    """Those of the studies alone: trainings have theirs together."""
    return charts([
        replace(each, name=each.asked.get("run", each.name),
                found={name: part for name, part in each.found.items() if name != "training"})
        for each in experiments
    ])  # fmt: skip


def _surfaces(experiments: Sequence[Experiment]) -> Iterator[Element]:
    """All on one scale, and how each rises on common axes."""
    found = [study_in(each) for each in experiments]
    names = [each.asked["run"] for each in experiments]
    classes = max(parse_spec(each.asked["spec"]).classes for each in experiments)
    yield Heading("Loss surface", 3)
    if len(found) == 2 and (said := beside(found[0], found[1], (names[0], names[1]))):
        yield Text(said)
    for name, each in zip(names, found, strict=True):
        yield Text(f"{name}: {around(each, classes)}")
    ends = heights(found, classes)
    yield Drawings(tuple(
        Drawing(name, f"loss {each.centre:.3g} at the weights, which are the dot; two random directions", "",
                heatmap(each, ends, f"The loss around the weights of {name}, from above"))
        for name, each in zip(names, found, strict=True)
    ))  # fmt: skip
    yield Charts(tuple(chart for chart in _charts(experiments) if chart.along == "distance"))


_ROWS: dict[str, Callable[[Sequence[Experiment]], Iterator[Element]]] = {
    "paths": _paths, "variance": _orders, "lesion": _lesions, "surface": _surfaces,
}  # fmt: skip
