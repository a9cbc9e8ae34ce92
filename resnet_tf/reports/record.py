"""What a report holds, as JSON and back: designs with their counts, experiments with what came of them. No Keras."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import TypeAdapter, ValidationError

from resnet_tf.design.costs import Costs, costs
from resnet_tf.design.links import title_of, to_link
from resnet_tf.design.part import spec_error
from resnet_tf.design.presets import PRESETS, preset_of
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.reports.papers import cited, entry
from resnet_tf.reports.transliteration import latin

Kind: TypeAlias = Literal["train", "profile", "versus", "study", "lesson"]

KINDS: dict[Kind, str] = {
    "train": "Training", "profile": "Gradient profile", "versus": "Trained in step", "study": "Study",
    "lesson": "Lesson",
}  # fmt: skip
MOST_BYTES = 50_000_000  # of a report's file
_HELD = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)


class Count(NamedTuple):
    """What is counted of a design: its name in the record and its title. All are exact and of one image."""

    name: str
    title: str
    of: str  # the field of Costs


COUNTS = (
    Count("parameters", "parameters, trainable", "trainable_parameters"),
    Count("not_trained", "parameters, not trained", "non_trainable_parameters"),
    Count("macs", "multiply-adds", "macs"),
    Count("flops", "FLOPs, with elementwise", "flops"),
    Count("activations", "activations, elements", "activations"),
    Count("depth", "layers deep", "depth"),
    Count("receptive_field", "receptive field, px", "receptive_field"),
)


def counts_of(counted: Costs) -> dict[str, int]:
    """What is counted of a design, by the names in the record."""
    return {count.name: getattr(counted, count.of) for count in COUNTS}


@dataclass(frozen=True)
class Design:
    """A design of a report: the link that opens it, all of its fields, what it costs, what its authors reached."""

    name: str
    about: str
    link: str
    spec: dict[str, Any]
    counts: dict[str, int]
    source: str = ""
    published: dict[str, float] = field(default_factory=dict)  # error in percent, by benchmark


@dataclass(frozen=True)
class Made:
    """How an experiment was made. `data` is the SHA-256 of images and labels, `date` in UTC; "" where not recorded."""

    device: str
    versions: dict[str, str]
    images: str  # the dataset's title
    data: str
    date: str
    seconds: float | None
    command: str  # that does it again without this report


@dataclass(frozen=True)
class Experiment:
    """What was measured: what was `asked` for, enough to ask for it again, and what was `found`, as it was told."""

    kind: Kind
    name: str
    asked: dict[str, Any]
    found: dict[str, Any]
    made: Made


@dataclass(frozen=True)
class Passage:
    """What is said in words under a heading: sentences, and a table where `head` is not empty."""

    heading: str
    lines: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Report:
    """A report. `date` is when it was written, in UTC; `versions` those of who wrote it; `sources` name its papers."""

    title: str
    about: str
    date: str
    designs: tuple[Design, ...]
    experiments: tuple[Experiment, ...]
    versions: dict[str, str]
    sources: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    language: str = "en"
    edition: Literal[1] = 1

    @property
    def file_name(self) -> str:
        """What its files are called, without an ending."""
        return file_name(self.title)

    @property
    def command(self) -> str:
        """The line that does all of it again and says what differs."""
        return f"resnet_tf reproduce {self.file_name}.html"

    def as_json(self) -> dict[str, Any]:
        """All fields, in types that JSON has: null for what is no finite number."""
        text = json.dumps(_ADAPTER.dump_python(self, mode="json"))
        return json.loads(text, parse_constant=lambda name: None)


_ADAPTER = TypeAdapter(Report)


def file_name(title: str) -> str:
    """What the files of a report are called, without an ending."""
    return re.sub(r"[^a-z0-9]+", "-", latin(title).lower())[:60].strip("-") or "report"


def design_of(spec: Spec, name: str, about: str) -> Design:
    """A design as reports have it, counted."""
    link, known = to_link(spec), preset_of(spec)
    base = PRESETS[link.partition("~")[0]]
    source = known.source if known else f"{base.source}, edited ({title_of(link)})"
    published = dict(known.published) if known and known.spec == spec else {}  # reached with its own images alone
    return Design(name, about, link, spec.model_dump(mode="json"), counts_of(costs(spec)), source, published)


def to_json(report: Report) -> str:
    """The report as a file for programs."""
    return json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Report:
    """The report in a JSON text. Raises SpecError for anything else."""
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise spec_error(error, "report") from None


def read(file: Path) -> Report:
    """The report in a file, a page or JSON. Raises SpecError for what is none, OSError where it cannot be read."""
    if file.stat().st_size > MOST_BYTES:
        raise SpecError("report", f"at most {MOST_BYTES:,} bytes", f"{file.stat().st_size:,}")
    text = file.read_bytes().decode(errors="replace")
    if not text.lstrip().startswith("<"):
        return from_json(text)
    held = _HELD.search(text)
    if not held:
        raise SpecError("report", "a page or JSON that resnet_tf wrote", file.name)
    return from_json(held[1])


def bibtex(report: Report) -> str:
    """The papers that a report rests on, for a bibliography."""
    return "\n\n".join(map(entry, cited(report.sources))) + "\n"
