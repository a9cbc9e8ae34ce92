"""A network taken away: files that load without this package, reloaded in a fresh process and compared."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import as_graph
from resnet_tf.design.graph import LayerGraph
from resnet_tf.design.spec import Spec
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import deep, folded, recursion_for
from resnet_tf.learning.card import Facts, File, Training, card, versions
from resnet_tf.learning.datasets import Data
from resnet_tf.learning.formats import CARD, FORMATS, Format, check, output_names
from resnet_tf.learning.proof import verdicts
from resnet_tf.learning.samples import for_calibration, for_trial
from resnet_tf.learning.scaling import scaling
from resnet_tf.learning.standardization import plain
from resnet_tf.learning.writers import WRITERS, Subject

_LONGEST = 500  # characters of what a converter says
_SAFE_RECURSION = 2_200  # what Python allows by itself, 1,000, is enough for the 390 layers of ResNet-110


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
    note: str | None = None  # what was lost on the way, measured


def export(
    model: keras.Model,
    spec_or_graph: Spec | LayerGraph,
    folder: str | Path,
    formats: Iterable[str],
    *,
    training: Training | None = None,
    data: Data | None = None,
    scaled: str = "training",
) -> Iterator[Exported]:
    """A record for each format, the texts first; what can be run is reloaded in a fresh process before its record.

    The files are named by the model; a model card (card.py) comes last, whatever is chosen, with how the network was
    trained where `training` says it. Of the images in `data` those for training calibrate what has 8 bits, and those
    for validation are what all is compared on; without them they are random. `scaled` names how the network takes
    pixels (scaling.py). Raises SpecError for a format that does not exist; one that cannot be written has its reason in
    its record.
    """
    chosen = list(dict.fromkeys(formats))
    check(chosen)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    graph = as_graph(spec_or_graph)
    spec = None if isinstance(spec_or_graph, LayerGraph) else spec_or_graph
    way = scaling(scaled, graph.input_shape[-1])
    with deep(graph):
        subject = Subject(folded(model, graph), plain(graph), spec, way, for_calibration(graph, data), training)
        records = []
        for record in _all(chosen, subject, folder, data):
            records.append(record)
            yield record
        yield _card(subject, folder, records, training, data)


def _all(chosen: list[str], subject: Subject, folder: Path, data: Data | None) -> Iterator[Exported]:
    """The records of the chosen formats."""
    runnable = {}
    for row in sorted((FORMATS[name] for name in chosen), key=lambda row: row.runs):
        record = _written(row, subject, folder)
        if row.runs and record.error is None:
            runnable[row] = record
        else:
            yield record
    if not runnable:
        return
    files = {row: record.path for row, record in runnable.items()}
    samples = for_trial(subject.graph, data)
    for row, verdict in verdicts(files, subject.model, subject.graph, samples, subject.scaling):
        note = verdict.note
        if note and row.name == "litert_int8":
            note += f"; calibrated with {subject.calibration.about}"
        yield runnable[row]._replace(**verdict._asdict() | {"note": note})


def _written(row: Format, subject: Subject, folder: Path) -> Exported:
    """The file of one format, written under another name and then moved, so that nobody finds half of it."""
    path = folder / f"{subject.model.name}{row.suffix}"
    load = load_lines(row, path, subject)
    if reason := row.missing or row.too_much(4 * subject.model.count_params()):
        return Exported(row.name, path, 0, 0.0, None, None, load, reason)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        draft = Path(unfinished) / path.name
        try:
            WRITERS[row.name](subject, draft)
        except Exception as error:  # whatever a foreign converter raises is the answer
            reason = _first_line(error)
            return Exported(row.name, path, 0, time.perf_counter() - began, None, None, load, reason)
        draft.replace(path)
    return Exported(row.name, path, path.stat().st_size, time.perf_counter() - began, None, None, load)


def _first_line(error: Exception) -> str:
    """An error in a line: some converters put whole programs into theirs."""
    lines = str(error).strip().splitlines()
    return lines[0][:_LONGEST] if lines else type(error).__name__


def load_lines(row: Format, path: Path, subject: Subject) -> str:
    """The lines that load a file. Keras recurses through the layers: past a depth Python must be told to allow it."""
    lines = row.load.format(
        file=path.name,
        stem=subject.model.name,
        shape=", ".join(str(n) for n in subject.graph.input_shape),
        scaled=subject.scaling.expression(),
        output=next(iter(output_names(subject.graph))),
        classes=subject.graph.classes,
        channels=subject.graph.input_shape[-1],
        preset=subject.name_in_timm or "NAME",
    )
    limit = recursion_for(subject.graph)
    return f"import sys; sys.setrecursionlimit({limit})\n{lines}" if row.runs and limit > _SAFE_RECURSION else lines


def _card(
    subject: Subject, folder: Path, records: list[Exported], training: Training | None, data: Data | None
) -> Exported:
    """The record of the model card, which knows all others."""
    path = folder / f"{subject.model.name}{CARD.suffix}"
    began = time.perf_counter()
    facts = Facts(
        name=subject.model.name, spec=subject.spec, graph=subject.graph, costs=costs(subject.graph),
        scaling=subject.scaling, training=training, fingerprint=data.fingerprint if data else None,
        files=tuple(_file(record) for record in records if record.bytes),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), versions=versions(),
    )  # fmt: skip
    try:
        path.write_text(card(facts))
    except OSError as error:
        return Exported(CARD.name, path, 0, time.perf_counter() - began, None, None, CARD.load, str(error))
    return Exported(CARD.name, path, path.stat().st_size, time.perf_counter() - began, None, None, CARD.load)


def _file(record: Exported) -> File:
    """A file as the card tells of it."""
    row = FORMATS[record.format]
    with record.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    serve = row.serving(record.path.name)
    return File(row.title, record.path.name, record.bytes, digest, _proof(record), record.load, serve)


def _proof(record: Exported) -> str:
    """What came of running a file, in a sentence."""
    if record.verified is None:
        return "Nothing to run"
    if record.error or record.difference is None:
        return f"Not verified: {record.error}"
    said = f"{'Verified' if record.verified else 'Not verified'}: largest difference {record.difference:.2g}"
    return f"{said}; {record.note}" if record.note else said
