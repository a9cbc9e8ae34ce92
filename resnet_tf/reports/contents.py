"""What stands in a report, in order, whatever it is written as: headings, words, tables, charts, drawings. No Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean

from resnet_tf.design.figures import network_figure
from resnet_tf.design.labels import shape_label
from resnet_tf.design.spec import parse_spec
from resnet_tf.learning import contrast
from resnet_tf.learning.findings import sentences
from resnet_tf.lessons.results import COUNTED
from resnet_tf.reports.charts import number
from resnet_tf.reports.curves import charts
from resnet_tf.reports.elements import Charts, Code, Drawing, Drawings, Element, Heading, Table, Text
from resnet_tf.reports.papers import cited, line
from resnet_tf.reports.readings import profile_in, rows, trainings, versus_in
from resnet_tf.reports.record import COUNTS, KINDS, Design, Experiment, Report, bibtex
from resnet_tf.reports.studylook import studies
from resnet_tf.reports.words import Say, words

MOST_DRAWN = 8  # networks


def contents(report: Report) -> tuple[Element, ...]:
    """All of a report but its title."""
    return tuple(element for part in _PARTS for element in part(report))


def _passages(report: Report) -> Iterator[Element]:
    for passage in report.passages:
        yield Heading(passage.heading)
        yield from map(Text, passage.lines)
        if passage.rows:
            yield Table(passage.head, passage.rows)


def _designs(report: Report) -> Iterator[Element]:
    """Drawings, and what each costs: exact integers, and how they stand to the first one's."""
    say = words(report.language)
    yield Heading(say("Designs"))
    yield Drawings(tuple(_drawing(design, say) for design in report.designs[:MOST_DRAWN]))
    if len(report.designs) > MOST_DRAWN:
        yield Text(say("And {count} more, counted below.", count=len(report.designs) - MOST_DRAWN), quiet=True)
    names = (design.name for design in report.designs)
    yield Table((say("exact, for one image"), *names), _counts(report.designs, say), True)
    reached = tuple(
        (design.name, benchmark, f"{error:g} %") for design in report.designs
        for benchmark, error in design.published.items()
    )  # fmt: skip
    if reached:
        yield Table((say("published"), say("benchmark"), say("error")), reached)


def _drawing(design: Design, say: Say) -> Drawing:
    spec = parse_spec(design.spec)
    note = f"{design.about}; {shape_label(spec.input_shape)}, {say('{classes} classes', classes=f'{spec.classes:,}')}"
    return Drawing(design.name, note, design.link, network_figure(spec, level="stage"))


def _counts(designs: Sequence[Design], say: Say) -> tuple[tuple[str, ...], ...]:
    first = designs[0].counts if designs else {}

    def cell(design: Design, name: str) -> str:
        value, base = design.counts[name], first[name]
        beside = "" if value == base or not base else f" ({value / base:.3g} ×)"
        return f"{value:,}{beside}"

    return tuple((say(count.title), *(cell(design, count.name) for design in designs)) for count in COUNTS)


def _experiments(report: Report) -> Iterator[Element]:
    if not report.experiments:
        return
    say = words(report.language)
    yield Heading(say("What was measured"))
    for experiment in report.experiments:
        if experiment.kind == "profile":
            yield Heading(f"Gradient profile of {experiment.name}", 3)
            yield from map(Text, sentences(profile_in(experiment)))
            yield Charts(charts([experiment]))
        elif experiment.kind == "versus":
            yield Heading(f"{experiment.name}, trained in step", 3)
            yield from map(Text, contrast.sentences(versus_in(experiment)))
            yield Charts(charts([experiment]))
    yield from studies([each for each in report.experiments if each.kind == "study"])
    trained = list(trainings(report.experiments))
    if trained:
        yield Heading("Training", 3)
        yield Table(("", "images", "recipe", "epochs", "seed", "accuracy", "loss"), tuple(map(_reached, trained)))
        yield Charts(charts(trained))
    for experiment in report.experiments:
        if experiment.kind == "lesson":
            titles = {design.about: design.name for design in report.designs}
            yield from _figures(experiment, titles, say)
            yield Charts(charts([experiment], titles, say))


def _figures(experiment: Experiment, titles: Mapping[str, str], say: Say) -> Iterator[Element]:
    """What was measured of each network of a lesson, a mean over its seeds; what is counted stands above."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows(experiment):
        if not row.along and row.of not in COUNTED and row.values[0] is not None:
            found.setdefault(row.whose, {}).setdefault(row.of, []).append(row.values[0])
    names = list(dict.fromkeys(name for figures in found.values() for name in figures))
    table = tuple(
        (titles.get(arm, arm), *(number(mean(figures[name])) if name in figures else "" for name in names))
        for arm, figures in found.items()
    )  # fmt: skip
    if table:
        heads = (say(name.replace("_", " ")) for name in names)
        yield Table((say("measured, means over seeds"), *heads), table, True)


def _reached(experiment: Experiment) -> tuple[str, ...]:
    """A row for a training: what was asked for, and what the validation images say of it."""
    asked, epochs = experiment.asked, experiment.found["epochs"]
    last = epochs[-1] if epochs else {}
    accuracy, loss = last.get("validation_accuracy"), last.get("validation_loss")
    done, wanted = len(epochs), asked["recipe"]["epochs"]
    return (
        experiment.name, experiment.made.images, str(asked["recipe"]["title"]),
        f"{done:,}" if done == wanted else f"{done:,} of {wanted:,}", str(asked["seed"]),
        "" if accuracy is None else f"{100 * accuracy:.2f} %", "" if loss is None else f"{loss:.4g}",
    )  # fmt: skip


def _again(report: Report) -> Iterator[Element]:
    """All that is needed to have it again."""
    say = words(report.language)
    yield Heading(say("To have it again"))
    if report.experiments:
        yield Text(say("This does every experiment of this report again, from the page itself, and says what differs:"))
    yield Code(report.command)
    for experiment in report.experiments:
        yield Heading(f"{say(KINDS[experiment.kind])}: {experiment.name}", 3)
        yield Table(("", ""), tuple((say(name), cell) for name, cell in _made(experiment, say) if cell))
    yield Text(say("Written on {date} with {versions}.", date=report.date, versions=_list(report.versions)), quiet=True)


def _made(experiment: Experiment, say: Say) -> tuple[tuple[str, str], ...]:
    """How it was made, by name."""
    made, unknown = experiment.made, say("not recorded")
    return (
        ("made with", made.command), ("seeds", _seeds(experiment)), ("device", made.device), ("date", made.date),
        ("seconds", "" if made.seconds is None else f"{made.seconds:,.1f}"), ("images", made.images),
        ("SHA-256 of images and labels", made.data or (unknown if made.images else "")),
        ("begun with", experiment.asked.get("start") or ""), ("versions", _list(made.versions) or unknown),
    )  # fmt: skip


def _list(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _seeds(experiment: Experiment) -> str:
    asked = experiment.asked
    wanted = [asked["seed"]] if "seed" in asked else asked.get("seeds")
    found = wanted if isinstance(wanted, list) else experiment.found["seeds"]  # a lesson is asked for a count
    return ", ".join(map(str, found))


def _papers(report: Report) -> Iterator[Element]:
    papers = cited(report.sources)
    if papers:
        yield Heading(words(report.language)("References"))
        yield from (Text(line(paper)) for paper in papers)
        yield Code(bibtex(report).rstrip())


_PARTS: tuple[Callable[[Report], Iterator[Element]], ...] = (_passages, _designs, _experiments, _again, _papers)
