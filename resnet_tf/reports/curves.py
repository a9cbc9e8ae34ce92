"""Which charts an experiment's numbers are drawn as: trainings on common axes, a profile's sides beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple

from resnet_tf.reports.charts import Chart, Curve
from resnet_tf.reports.readings import Row, rows
from resnet_tf.reports.record import Experiment
from resnet_tf.reports.words import ENGLISH, Say


class Look(NamedTuple):
    """How numbers of a name are drawn."""

    of: str
    title: str
    note: str
    log: bool = False
    share: bool = False


LOOKS = (
    Look("validation_accuracy", "Validation accuracy", "after each epoch", share=True),
    Look("validation_loss", "Validation loss", "after each epoch"),
    Look("accuracy", "Training accuracy", "over each epoch", share=True),
    Look("loss", "Training loss", "over each epoch"),
    Look("gradient", "Gradient by block", "norm of dE/dy, logarithmic", log=True),
    Look("mean_square", "Mean square by block", "of what leaves it, logarithmic", log=True),
    Look("variance", "Signal variance by block", "of what leaves it, logarithmic", log=True),
    Look("rank", "Effective rank by block", "of what leaves it"),
    Look("dead", "Dead channels by block", "of ReLU channels", share=True),
    Look("branch_square", "What the branch adds", "mean square of F(x), logarithmic", log=True),
    Look("gradient_square", "Gradient by block", "mean square of dE/dy, logarithmic", log=True),
    Look("path_gradient", "Gradient of a single path", "mean norm, logarithmic", log=True),
    Look("share_of_lengths", "Paths by residual branches", "share of all paths and of their gradient", share=True),
    Look("accuracy_without_one", "Without one branch", "accuracy", share=True),
    Look("accuracy_without_several", "Without several branches", "mean accuracy", share=True),
    Look("loss_around", "Loss around the weights", "mean over a ring, logarithmic", log=True),
)
# a block's two ways, drawn together
_WAYS = (
    ("Forward", "norm of what is added, logarithmic", (("branch", "branch"), ("around", "shortcut"))),
    ("Backward", "norm of what comes back, logarithmic",
     (("gradient_branch", "branch"), ("gradient_around", "shortcut"))),
)  # fmt: skip


def charts(
    experiments: Sequence[Experiment], titles: Mapping[str, str] | None = None, say: Say = ENGLISH
) -> tuple[Chart, ...]:  # fmt: skip
    """The charts of experiments of one kind; `titles` are what arms of a lesson are called."""
    several = len(experiments) > 1
    found = [(experiment, row) for experiment in experiments for row in rows(experiment) if row.along]
    wholes = [_chart(look, found, titles or {}, several, say) for look in LOOKS]
    ways = [_two_ways(*way, experiments[0]) for way in _WAYS] if experiments[0].kind == "profile" else []
    return tuple(chart for chart in (*wholes, *ways) if any(curve.points for curve in chart.curves))


def _chart(
    look: Look, found: Sequence[tuple[Experiment, Row]], titles: Mapping[str, str], several: bool, say: Say
) -> Chart:  # fmt: skip
    """A chart of all rows of a name. What is by block is the mean over seeds, since its seeds lie on each other."""
    chosen = [(experiment, row) for experiment, row in found if row.of == look.of]
    names: dict[tuple[str, str], list[Row]] = {}
    for experiment, row in chosen:
        # trainings of one name are told apart by their seeds
        own = f"{experiment.name}, seed {row.seed}" if several else titles.get(row.whose, row.whose)
        names.setdefault((own, row.along), []).append(row)
    order = list(dict.fromkeys(place for _, row in chosen if row.along == "block" for place in row.places))
    curves = tuple(
        curve for hue, ((name, along), same) in enumerate(names.items())
        for curve in _curves(name, along, same, hue, order, say)
    )  # fmt: skip
    along = chosen[0][1].along if chosen else ""
    called = tuple(map(str, order)) if along == "block" else ()
    return Chart(say(look.title), say(look.note), say(along), curves, look.log, look.share, called)


def _curves(
    name: str, along: str, same: Sequence[Row], hue: int, order: Sequence[Any], say: Say
) -> Iterator[Curve]:  # fmt: skip
    """The lines of a thing: one by block, else one for each seed."""
    if along == "block":
        yield Curve(name, hue, tuple(_means(same, order)), dashed=hue % 2 == 1)
        return
    for row in same:
        called = say("{name}, seed {seed}", name=name, seed=row.seed) if len(same) > 1 else name
        values = zip(row.places, row.values, strict=True)
        yield Curve(called, hue, tuple((float(x), y) for x, y in values if y is not None))


def _means(same: Sequence[Row], order: Sequence[Any]) -> Iterator[tuple[float, float]]:
    """The mean over seeds of each block that has the figure at all of them."""
    columns: dict[Any, list[float]] = {}
    for row in same:
        for place, value in zip(row.places, row.values, strict=True):
            if value is not None:
                columns.setdefault(place, []).append(value)
    where = {place: float(i) for i, place in enumerate(order)}
    yield from ((where[place], mean(values)) for place, values in columns.items() if len(values) == len(same))


def _two_ways(title: str, note: str, ways: Sequence[tuple[str, str]], experiment: Experiment) -> Chart:
    """Branch against shortcut at each addition, on the side that has additions."""
    found = [row for row in rows(experiment) if row.of in dict(ways) and any(v is not None for v in row.values)]
    order = found[0].places if found else ()
    curves = tuple(
        Curve(name, hue, tuple(_means([row for row in found if row.of == of], order)), dashed=hue % 2 == 1)
        for hue, (of, name) in enumerate(ways, 2)
    )  # fmt: skip
    return Chart(title, note, "block", curves, True, False, tuple(map(str, order)))
