"""reproduce: the experiments of a report done again here, and what comes out otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resnet_tf.cli.failures import DIFFERENT, Failed
from resnet_tf.cli.output import AsJson, finite, print_json, print_over, print_table
from resnet_tf.design.spec import SpecError

if TYPE_CHECKING:
    from resnet_tf.learning.catalogue import DatasetCard
    from resnet_tf.reports.differences import Difference
    from resnet_tf.reports.record import Experiment, Report

COUNTS = "counts"

File = Annotated[Path, typer.Argument(metavar="REPORT", help="A report's page or JSON.", show_default=False)]
Only = Annotated[
    list[str],
    typer.Option("--only", metavar="PART", default_factory=list, show_default=False,
                 help=f"{COUNTS}, train, profile, versus, study, lesson, or part of an experiment's name. Repeatable."),
]  # fmt: skip
Images = Annotated[
    str,
    typer.Option("--dataset", metavar="FILE", show_default=False,
                 help="Somebody's own images that the report is of: a folder, zip or npz."),
]  # fmt: skip


@dataclass(frozen=True)
class Section:
    """What became of a part of a report. `exact` where all of it must come out the same, to the last bit."""

    title: str
    differences: tuple[Difference, ...]
    exact: bool
    note: str = ""

    @property
    def differs(self) -> bool:
        """Whether something is otherwise that must not be."""
        return self.exact and any(each.verdict in ("differs", "missing") for each in self.differences)


def reproduce(file: File, only: Only, dataset: Images = "", as_json: AsJson = False) -> None:
    """Does a report's experiments again and says, field by field, what is the same and what differs by how much.

    Exit code 1 where counts or images differ, or numbers on the same device with the same versions.
    """
    from resnet_tf.reports.record import read

    report = read(file)
    sections = []
    for section in _sections(report, [*only], dataset):
        sections.append(section)
        if not as_json:
            _print(section)
    if as_json:
        print_json(finite([
            {**asdict(each), "differences": [one._asdict() for one in each.differences], "differs": each.differs}
            for each in sections
        ]))  # fmt: skip
    elif all(not each.differs for each in sections):
        print("All that must come out the same does.")
    if any(each.differs for each in sections):
        raise typer.Exit(DIFFERENT)


def _sections(report: Report, only: Sequence[str], dataset: str) -> Iterator[Section]:
    """The parts that are wanted, one by one as they are done."""
    from resnet_tf.reports.differences import of_counts

    chosen = [each for each in report.experiments if not only or any(_is_meant(each, part) for part in only)]
    if only and COUNTS not in only and not chosen:
        known = [COUNTS, *dict.fromkeys(each.name for each in report.experiments)]
        raise SpecError("--only", f"a part of this report: {', '.join(known)}", ", ".join(only))
    if not only or COUNTS in only:
        for design in report.designs:
            yield Section(f"Counts of {design.name}", of_counts(design), exact=True)
    if not chosen:
        return
    from resnet_tf.cli.networks import load_keras
    from resnet_tf.reports.record import KINDS

    load_keras()
    from resnet_tf.reports.repeating import Unrepeatable

    with tempfile.TemporaryDirectory() as folder:
        given = _images(dataset, Path(folder)) if dataset else None
        for experiment in chosen:
            title = f"{KINDS[experiment.kind]}: {experiment.name}"
            try:
                yield from _again(experiment, title, given)
            except Unrepeatable as error:
                yield Section(title, (), exact=False, note=f"Not done again: {error}.")
            except (KeyError, TypeError) as error:
                raise Failed(f"{experiment.name} holds no experiment that can be done again ({error!r})") from error


def _is_meant(experiment: Experiment, part: str) -> bool:
    return part == experiment.kind or part.lower() in experiment.name.lower()


def _images(dataset: str, folder: Path) -> DatasetCard:
    from resnet_tf.cli.plans import Folder

    return Folder(folder).card(dataset)


def _again(experiment: Experiment, title: str, given: DatasetCard | None) -> Iterator[Section]:
    """Where it is made now, before anything is computed; then every number."""
    from resnet_tf.reports.differences import are_other_images, is_same_place, of_images, of_numbers, of_places
    from resnet_tf.reports.repeating import images_of, place, repeated

    card = images_of(experiment, given)
    made = place(experiment, card)
    same, places = is_same_place(experiment.made, made), of_places(experiment.made, made)
    yield Section(f"{title}, where it is made", tuple(places), exact=False, note=_expected(same, places))
    if are_other_images(experiment.made, made):
        yield Section(f"{title}, its images", of_images(experiment.made, made), exact=True, note="Not done again.")
        return
    found = repeated(experiment, made, card, print_over)
    print_over("")
    if are_other_images(experiment.made, found.made):  # a lesson says of which when it is done
        yield Section(f"{title}, its images", of_images(experiment.made, found.made), exact=True)
    yield Section(title, of_numbers(experiment, found), exact=same)


def _expected(same: bool, places: Sequence[Difference]) -> str:
    """What the places make one expect of the numbers."""
    if same:
        return "The same device, processor and versions: every number must come out as it did, to the last bit."
    others = [each.what for each in places if each.verdict == "differs"]
    if not others:
        return "The report does not say all that it was made with: numbers may come out otherwise."
    return f"Made with another {', '.join(others)}: numbers may come out otherwise."


def _print(section: Section) -> None:
    print(section.title)
    if section.note:
        print(section.note)
    if section.differences:
        print_table(
            ("", "report", "now", "", ""),
            ((each.what, _short(each.then), _short(each.now), each.verdict, each.note) for each in section.differences),
        )
    print()


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"
