"""What a worker can do, as a table: a task's name -> a function from a run to its events. Keras is loaded here."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.archives import ArchiveError
from resnet_tf.learning.capacity import TrainingRefused
from resnet_tf.learning.card import Training
from resnet_tf.learning.datasets import DatasetMismatch, DatasetUnavailable
from resnet_tf.learning.formats import model_name
from resnet_tf.learning.samples import images
from resnet_tf.learning.shelf import Shelf
from resnet_tf.learning.start import Start
from resnet_tf.learning.torch_files import UnsafeFile
from resnet_tf.learning.weight_files import WeightsError
from resnet_tf.lessons.results import Outcome
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.failures import FilesUnavailable, NoSuchRun, WorkbenchError, disk_sentence
from resnet_tf.runs.files import Files
from resnet_tf.runs.porter import STAYS
from resnet_tf.runs.records import CALIBRATED, MEASURED, PROFILED, Artifact, Origin, Run
from resnet_tf.runs.starts import no_checkpoint, origin_of, weights_file, weights_path
from resnet_tf.runs.store import Happening

SETTLE = 5.0  # seconds that a run waits at its end for the object store to have its last checkpoint
T = TypeVar("T")


class Device(NamedTuple):
    """Where a worker computes, and why there."""

    name: str
    why: str


class Desk(NamedTuple):
    """What a task may use beside its run."""

    files: Files
    add_artifact: Callable[[Artifact], None]
    run_of: Callable[[str], Run]  # by its id
    weigh: Callable[[int], None]  # writes down the bytes of the run's checkpoints
    shelf: Shelf  # what is compiled, for a next run of the same shape
    devices: int | None  # that share a batch at most


Task: TypeAlias = Callable[[Run, Desk], Generator[Happening, None, None]]


def warm_up() -> Device:
    """Loads Keras; the device on which it computes."""
    from resnet_tf.learning.backend import device

    return Device(*device())


def train(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """The events of a training, from its last checkpoint on; checkpoints go to the files instead."""
    from resnet_tf.learning.checkpoint import Checkpoint
    from resnet_tf.learning.train import train as events_of

    checkpoints = desk.files.checkpoints(run.id)
    begin = last_checkpoint(run, checkpoints, Checkpoint.load)
    if begin is not None and run.until is not None and begin.epoch >= run.until:  # its worker died just before it said
        yield Happening("paused", begin.step, begin.epoch, begin.seconds, {})
        return
    if begin is None and run.epochs:
        yield Happening("note", 0, 0, 0.0, {"sentence": "No whole checkpoint of this run is left: it begins again."})
    start = beginning(run.start, run.owner, desk) if run.start and begin is None else None
    dataset = desk.files.with_images(run.dataset)
    events = events_of(
        run.spec, dataset, run.recipe, run.seed, checkpoint=begin, start=start, most_devices=desk.devices,
        shelf=desk.shelf,
    )  # fmt: skip
    with closing(events):  # so that a run that is stopped or paused leaves at once what the next can use
        yield from kept(up_to(run.until, events), run, checkpoints, desk)


def up_to(epochs: int | None, events: Iterator[Any]) -> Iterator[Any]:
    """The events up to the checkpoint after so many epochs, and then that the run is paused; None is to its end."""
    for event in events:
        yield event
        if event.kind == "checkpoint" and event.epoch == epochs:
            yield event._replace(kind="paused", values={})
            return


def beginning(origin: Origin, owner: str, desk: Desk) -> Start:
    """What a training begins with instead of drawn weights. Raises WorkbenchError where it has gone since."""
    if origin.run is None:
        uploads = desk.files.home.uploads(owner)
        desk.files.is_here(weights_path(uploads, origin.name))  # another machine may have taken them
        return Start(weights_file(uploads, origin.name), origin.title)
    try:
        return weights_of_run(desk.run_of(origin.run), desk.files)
    except NoSuchRun as error:
        raise WorkbenchError(f"{origin.title}, which this run begins with, has been deleted") from error


def weights_of_run(source: Run, files: Files) -> Start:
    """A run's last checkpoint, for another to begin with. Raises WorkbenchError without one."""
    from resnet_tf.learning.checkpoint import Checkpoint

    checkpoint = files.checkpoints(source.id).newest(Checkpoint.load)
    if checkpoint is None:
        raise WorkbenchError(no_checkpoint(source))
    return Start(checkpoint, origin_of(source).title, source.dataset.class_names)


def last_checkpoint(run: Run, checkpoints: Checkpoints, load: Callable[[Path], T]) -> T | None:
    """Where a run goes on: not after what the records have of it, since they may be a copy of an earlier hour, or lack
    what a worker had no time to tell. Raises FilesUnavailable rather than begin one anew that may have come some way.
    """
    try:
        return checkpoints.newest(load, known=run.epochs[-1]["step"] if run.epochs else 0)
    except FilesUnavailable:
        if run.attempt > 1 or run.epochs:
            raise
        return None


def kept(
    events: Iterator[Any], run: Run, checkpoints: Checkpoints, desk: Desk
) -> Generator[Happening, None, None]:  # fmt: skip
    """The events without the checkpoints, which are written down; what does not go well becomes a note."""
    for event in events:
        if event.kind != "checkpoint":
            yield Happening(*event)
        else:
            try:
                checkpoints.keep(event.step, event.values["state"].save)
            except OSError as error:
                sentence = disk_sentence(error, f"The checkpoint of epoch {event.epoch}")
                yield _note(event, f"{sentence} The run goes on; resumed, it would start from an earlier one.")
            desk.weigh(checkpoints.bytes)
            desk.files.send_soon(run.id, checkpoints)
        for sentence in desk.files.porter.said(run.id):
            yield _note(event, sentence)
    desk.files.porter.wait(SETTLE)
    for sentence in desk.files.porter.said(run.id):
        yield _note(event, sentence)


def _note(event: Any, sentence: str) -> Happening:
    return Happening("note", event.step, event.epoch, event.seconds, {"sentence": sentence})


def export(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """One event for each format that was written, and one for the card; the files lie in the run's folder."""
    from resnet_tf.learning.build import build
    from resnet_tf.learning.export import export as written

    began = time.monotonic()
    name = model_name(run.name)
    yield Happening("compiling", 0, 0, 0.0, {"steps": len(run.formats) + 1})
    if run.source is None:
        model, training, data = build(run.spec, seed=run.seed, name=name), None, None
    else:
        model, training = trained(desk.run_of(run.source), desk.files, name)
        data, why = images(desk.files.with_images(training.dataset), run.spec.input_shape)
        if why:
            yield Happening("note", 0, 0, time.monotonic() - began, {"sentence": why})
    exported = written(model, run.spec, desk.files.home.artifacts(run.id), run.formats, training=training, data=data)
    for done, record in enumerate(exported, 1):
        # a file that was written but could not be verified is there all the same, with the reason beside it
        path = record.path.name if record.bytes else None
        if path:
            try:
                desk.files.send_artifact(run.id, path)
            except FilesUnavailable as error:
                yield Happening("note", done, 0, time.monotonic() - began, {"sentence": f"{error}. {STAYS}"})
        desk.add_artifact(Artifact(**record._asdict() | {"path": path}))
        yield Happening("step", done, 0, time.monotonic() - began, {"format": record.format, "bytes": record.bytes})


def trained(run: Run, files: Files, name: str) -> tuple[Any, Training]:
    """The network of a run's last checkpoint, and how it came to its weights. Raises WorkbenchError without one."""
    from resnet_tf.learning.checkpoint import Checkpoint, restore

    checkpoint = files.checkpoints(run.id).newest(Checkpoint.load)
    if checkpoint is None:
        raise WorkbenchError(no_checkpoint(run))
    epochs = tuple(values for values in run.epochs if values["epoch"] <= checkpoint.epoch)
    begun_with = run.start.title if run.start else None
    training = Training(run.dataset, run.recipe, run.seed, epochs, run.device, begun_with)
    return restore(run.spec, checkpoint, name), training


def calibrate(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """One event for each probe that was timed, then all of them: how fast this machine trains."""
    from resnet_tf.design.calibration import PROBES
    from resnet_tf.learning.calibration import probed

    began, seconds = time.monotonic(), {}
    yield Happening("compiling", 0, 0, 0.0, {"steps": len(PROBES)})
    for done, (probe, taken) in enumerate(probed(), 1):
        seconds[probe.name] = taken
        yield Happening("step", done, 0, time.monotonic() - began, {"probe": probe.name, "seconds": taken})
    yield Happening(CALIBRATED, len(PROBES), 0, time.monotonic() - began, {"seconds": seconds})


def profile(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """One event for each pass over the images, then what all of them say of the design."""
    from resnet_tf.learning.measure import profiled

    measured = profiled(run.spec, desk.files.with_images(run.dataset))
    told = ((each.done, each.of, each.what, each.profile and each.profile.as_json()) for each in measured)
    yield from _measuring(PROFILED, told, lambda: {"made": made_with(run, desk)})


def _measuring(
    kind: str, told: Iterable[tuple[int, int, str, dict[str, Any] | None]],
    more: Callable[[], dict[str, Any]] = dict,
) -> Generator[Happening, None, None]:  # fmt: skip
    """How far a measurement is (parts done and in all, which), and lastly what it found, with `more`."""
    began = time.monotonic()
    for done, of, what, found in told:
        spent = time.monotonic() - began
        if done == 1:
            yield Happening("compiling", 0, 0, 0.0, {"steps": of})
        if found is None:
            yield Happening("step", done, 0, spent, {"measured": what})
        else:
            yield Happening(kind, of, 0, spent, {**found, **more()})


def made_with(run: Run, desk: Desk) -> dict[str, Any]:
    """With which software and of which images a run was measured here."""
    from resnet_tf.learning.backend import keras
    from resnet_tf.learning.datasets import load
    from resnet_tf.learning.provenance import provenance

    fingerprint = load(desk.files.with_images(run.dataset), run.spec.input_shape).fingerprint
    return provenance(keras.backend.backend(), fingerprint)


def lesson(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """One event for each network and seed of a lesson's experiment, then what came of it."""
    from resnet_tf.lessons.course import lesson as lesson_named
    from resnet_tf.lessons.running import steps

    began = time.monotonic()
    chosen = lesson_named(run.asked["lesson"])
    setting = chosen.experiment.setting(run.asked["mode"])
    of = len([arm for arm in setting.arms if arm.measures]) * len(setting.seeds)
    yield Happening("compiling", 0, 0, 0.0, {"steps": of})
    for done, step in enumerate(steps(chosen, run.asked["mode"]), 1):
        spent = time.monotonic() - began
        if isinstance(step, Outcome):
            yield Happening(MEASURED, of, 0, spent, step.as_json())
        else:
            yield Happening("step", done, 0, spent, {"arm": step.arm, "seed": step.seed, "seconds": step.seconds})


def study(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """One event for each figure of a study, then what was found: of a design, or of a trained run's weights."""
    from resnet_tf.learning.datasets import load
    from resnet_tf.learning.studying import STUDIES

    source = run.asked.get("run")
    weights = weights_by_path(desk.run_of(source), desk.files) if source else {}
    data = load(desk.files.with_images(run.dataset), run.spec.input_shape)
    studied = STUDIES[run.asked["kind"]](run.spec, data, weights)
    told = ((each.done, each.of, each.what, each.found) for each in studied)
    yield from _measuring(MEASURED, told, lambda: {"made": made_with(run, desk)})


def weights_by_path(run: Run, files: Files) -> dict[str, Any]:
    """The weights that were judged of a trained run, by their paths. Raises WorkbenchError without a checkpoint."""
    from resnet_tf.learning.checkpoint import Checkpoint

    checkpoint = files.checkpoints(run.id).newest(Checkpoint.load)
    if checkpoint is None:
        raise WorkbenchError(no_checkpoint(run))
    return checkpoint.judged


def versus(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """How two networks fare that are trained in step: what they are, an event after each epoch of both, then all."""
    from resnet_tf.learning.instep import in_step
    from resnet_tf.learning.recipes import Recipe
    from resnet_tf.learning.versus import moment_as_json, sides_of

    began, asked = time.monotonic(), run.asked
    sides, seeds = sides_of(run.spec, asked["parts"]), range(asked["seeds"])
    trained = in_step(
        sides, desk.files.with_images(run.dataset), Recipe(**asked["recipe"]), seeds, most_devices=desk.devices
    )
    with closing(trained):
        for each in trained:
            spent = time.monotonic() - began
            if each.done == 0 and each.moment is None:
                yield Happening("compiling", 0, 0, 0.0, {"steps": each.of, **each.found.as_json()})
            elif each.moment is None:
                what = f"seed {each.seed + 1} of {len(seeds)}, epoch {each.epoch} of {each.found.epochs}"
                yield Happening("step", each.done, each.epoch, spent, {"measured": what})
            else:
                yield Happening("epoch", len(each.found.moments), each.epoch, spent, moment_as_json(each.moment))
    found = {**each.found.as_json(), "made": made_with(run, desk)}
    yield Happening(MEASURED, each.of, 0, time.monotonic() - began, found)


TASKS: dict[str, Task] = {
    "train": train, "export": export, "calibrate": calibrate, "profile": profile, "lesson": lesson,
    "study": study, "versus": versus,
}  # fmt: skip
# errors whose message is a sentence for people already
SENTENCES = (
    WorkbenchError, ArchiveError, DatasetMismatch, DatasetUnavailable, SpecError, TrainingRefused, UnsafeFile,
    WeightsError,
)  # fmt: skip
