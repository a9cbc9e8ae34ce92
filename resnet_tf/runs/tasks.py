"""What a worker can do, as a table: a task's name -> a function from a run to its events. Keras is loaded here."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, TypeAlias

from resnet_tf.design.spec import SpecError
from resnet_tf.learning.archives import ArchiveError
from resnet_tf.learning.capacity import TrainingRefused
from resnet_tf.learning.card import Training
from resnet_tf.learning.datasets import DatasetMismatch, DatasetUnavailable
from resnet_tf.learning.formats import model_name
from resnet_tf.learning.samples import images
from resnet_tf.runs.checkpoints import Checkpoints
from resnet_tf.runs.failures import WorkbenchError, disk_sentence
from resnet_tf.runs.home import Home
from resnet_tf.runs.records import Artifact, Run
from resnet_tf.runs.store import Happening


class Device(NamedTuple):
    """Where a worker computes, and why there."""

    name: str
    why: str


class Desk(NamedTuple):
    """What a task may use beside its run."""

    home: Home
    add_artifact: Callable[[Artifact], None]
    run_of: Callable[[str], Run]  # by its id


Task: TypeAlias = Callable[[Run, Desk], Generator[Happening, None, None]]


def warm_up() -> Device:
    """Loads Keras; the device on which it computes."""
    from resnet_tf.learning.backend import device

    return Device(*device())


def train(run: Run, desk: Desk) -> Generator[Happening, None, None]:
    """The events of a training, from its last checkpoint on; checkpoints go to the disk instead."""
    from resnet_tf.learning.checkpoint import Checkpoint
    from resnet_tf.learning.train import train as events_of

    checkpoints = Checkpoints(desk.home.checkpoints(run.id))
    begin = checkpoints.newest(Checkpoint.load)
    yield from kept(events_of(run.spec, run.dataset, run.recipe, run.seed, checkpoint=begin), checkpoints)


def kept(events: Iterator[Any], checkpoints: Checkpoints) -> Generator[Happening, None, None]:
    """The events without the checkpoints, which are written to the disk; one that cannot be written becomes a note."""
    for event in events:
        if event.kind != "checkpoint":
            yield Happening(*event)
            continue
        try:
            checkpoints.keep(event.step, event.values["state"].save)
        except OSError as error:
            sentence = disk_sentence(error, f"The checkpoint of epoch {event.epoch}")
            said = f"{sentence} The run goes on; resumed, it would start from an earlier one."
            yield Happening("note", event.step, event.epoch, event.seconds, {"sentence": said})


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
        model, training = trained(desk.run_of(run.source), desk.home, name)
        data, why = images(training.dataset, run.spec.input_shape)
        if why:
            yield Happening("note", 0, 0, time.monotonic() - began, {"sentence": why})
    exported = written(model, run.spec, desk.home.artifacts(run.id), run.formats, training=training, data=data)
    for done, record in enumerate(exported, 1):
        # a file that was written but could not be verified is there all the same, with the reason beside it
        path = str(record.path) if record.bytes else None
        desk.add_artifact(Artifact(**record._asdict() | {"path": path}))
        yield Happening("step", done, 0, time.monotonic() - began, {"format": record.format, "bytes": record.bytes})


def trained(run: Run, home: Home, name: str) -> tuple[Any, Training]:
    """The network of a run's last checkpoint, and how it came to its weights. Raises WorkbenchError without one."""
    from resnet_tf.learning.checkpoint import Checkpoint, restore

    checkpoint = Checkpoints(home.checkpoints(run.id)).newest(Checkpoint.load)
    if checkpoint is None:
        raise WorkbenchError(f"{run.name} has no checkpoint yet: it has one after its first epoch")
    epochs = tuple(values for values in run.epochs if values["epoch"] <= checkpoint.epoch)
    training = Training(run.dataset, run.recipe, run.seed, epochs, run.device)
    return restore(run.spec, checkpoint, name), training


TASKS: dict[str, Task] = {"train": train, "export": export}
# errors whose message is a sentence for people already
SENTENCES = (WorkbenchError, ArchiveError, DatasetMismatch, DatasetUnavailable, SpecError, TrainingRefused)
