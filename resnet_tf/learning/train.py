"""The training loop: yields events, knows no files and no page."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.spec import Spec, SpecError
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import device, devices, keras
from resnet_tf.learning.capacity import TrainingRefused, available_bytes, check_memory
from resnet_tf.learning.catalogue import DatasetCard, check_head
from resnet_tf.learning.checkpoint import NOTHING, Checkpoint, give, take, take_up
from resnet_tf.learning.datasets import Data, DatasetMismatch, Split, load
from resnet_tf.learning.engine import MOST, Steps, planned
from resnet_tf.learning.evaluate import evaluation, scores
from resnet_tf.learning.machine import Machine, machine, shape
from resnet_tf.learning.optimizers import averages
from resnet_tf.learning.provenance import provenance
from resnet_tf.learning.recipes import Recipe
from resnet_tf.learning.shelf import Shelf
from resnet_tf.learning.start import Beginning, as_start, first_weights
from resnet_tf.learning.whitening import whiten

Kind: TypeAlias = Literal["compiling", "step", "epoch", "checkpoint", "diverged", "evaluation", "finished"]

EVENT_PAUSE = 0.25  # seconds between two `step` events, and the longest that a call of several steps may take
AGAIN = 0.5  # seconds that the first step usually takes where everything is compiled already
RESIDENT = 512_000_000  # bytes of images that are kept on the device as they are; more are sent for each call


class Event(NamedTuple):
    """What happened. `step` and `epoch` count what is done, `seconds` the training since its very start."""

    kind: Kind
    step: int
    epoch: int
    seconds: float
    values: dict[str, Any]


def train(
    spec: Spec, dataset: str | DatasetCard, recipe: Recipe, seed: int = 0, *, checkpoint: Checkpoint | None = None,
    start: Beginning | None = None, most_devices: int | None = None, shelf: Shelf | None = None,
) -> Iterator[Event]:  # fmt: skip
    """The events of a training, in order; ARCHITECTURE.md has the table of their kinds and values.

    The same spec, dataset, recipe and seed give the same curve, also when a run goes on from a checkpoint. `start`
    gives the first weights of a run that has none yet: another run's Checkpoint, a file of weights, a name that timm
    publishes, or a Start that says more of it (see `start.py`). A batch is divided over all GPUs, or over so many
    devices at most. What is compiled is kept on a `shelf`, for a next run of the same shape.

    Raises TrainingRefused where the design does not fit the images or the memory, DatasetUnavailable without network,
    DatasetMismatch for channels that cannot be converted, WeightsError for first weights of another network.
    """
    training, shelf = Training(spec, dataset, recipe, seed, checkpoint, start, most_devices), shelf or Shelf()
    known = {"usual_seconds": AGAIN} if shelf.has(training.shape) else {}
    yield training.event("compiling", **{**training.outlook(), **known})
    with shelf.lent(training.shape, lambda: machine(training.shape)) as lent:
        training.prepare(lent)
        yield from training.epochs()


def _check_classes(spec: Spec, data: Data) -> None:
    if spec.classes != data.card.classes:
        raise TrainingRefused(
            f"The design tells {spec.classes:,} classes apart and {data.card.title} has {data.card.classes:,}: "
            f"classes must be {data.card.classes:,}"
        )


class _Tally(NamedTuple):
    """Sums over some steps, and their time."""

    images: int = 0
    loss: float = 0.0
    correct: float = 0.0
    seconds: float = 0.0

    def plus(self, other: _Tally) -> _Tally:
        return _Tally(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def means(self) -> dict[str, float]:
        return {"loss": self.loss / self.images, "accuracy": self.correct / self.images}

    @property
    def images_per_second(self) -> float:
        return self.images / self.seconds


class Training:
    """A training under way: where it is, how fast it goes, and the model. The only thing here that changes."""

    def __init__(
        self, spec: Spec, dataset: str | DatasetCard, recipe: Recipe, seed: int, checkpoint: Checkpoint | None = None,
        start: Beginning | None = None, most_devices: int | None = None,
    ) -> None:  # fmt: skip
        if seed < 0:
            raise SpecError("seed", "at least 0", seed, 0)
        check_head(spec)
        check_memory(spec, recipe)
        data = load(dataset, spec.input_shape)
        _check_classes(spec, data)
        if checkpoint and checkpoint.data not in ("", data.fingerprint):  # earlier versions kept none
            raise DatasetMismatch(
                f"The images of {data.card.title} are not those that this run began with: start a new run, "
                "or put the old ones back"
            )
        self.spec, self.data, self.recipe, self.seed, self._begin = spec, data, recipe, seed, checkpoint
        self.graph, self._first = expand(spec), None
        if start is not None and checkpoint is None:
            self._first = first_weights(self.graph, as_start(start), data.class_names)
        self.batch_size = min(recipe.batch_size, len(data.train))
        weights = balanced(data.train.labels, spec.classes) if recipe.balance else None
        self.devices = shared(devices(most_devices), self.batch_size)
        self.shape = shape(spec, recipe, self.batch_size, weights, self.devices)
        self.steps_per_epoch = len(data.train) // self.batch_size
        self.steps = self.steps_per_epoch * recipe.epochs
        begin = checkpoint or NOTHING
        self.epoch, self.step, self.best, self.waited = begin.epoch, begin.step, begin.best, begin.waited
        self.began = time.perf_counter() - begin.seconds
        self.pace = _Tally()  # of all steps but the first, which compiles
        self.validation_seconds = 0.0
        self.logits: np.ndarray | None = None
        size = len(data.train) * math.prod(data.train.input_shape)
        self.resident = size <= min(RESIDENT, available_bytes() // 4)

    def event(self, kind: Kind, **values: Any) -> Event:
        return Event(kind, self.step, self.epoch, time.perf_counter() - self.began, values)

    def outlook(self) -> dict[str, Any]:
        """What can be said before the first step."""
        where, spec = device(), self.spec
        return {
            "device": where.name,
            "why": where.why + (f"; {len(self.devices)} of them share each batch" if self.devices[1:] else ""),
            "usual_seconds": usual_first_step(spec, self.batch_size),
            "steps": self.steps,
            "steps_per_epoch": self.steps_per_epoch,
            "images": len(self.data.train),
            "input_shape": list(spec.input_shape),
            "classes": spec.classes,
            "parameters": costs(spec).parameters,
            "start": self._first.as_json() if self._first else None,
            **provenance(keras.backend.backend(), self.data.fingerprint),
        }

    def prepare(self, machine: Machine) -> None:
        """Makes a machine begin, or go on where the checkpoint left it."""
        self.model, self.optimizer, self.judged, self.engine = machine
        machine.begin_again(self.seed)
        if self._first:
            give(self.model, self._first.weights)
        elif not self._begin:
            whiten(self.model, self.graph, self.data.train, self.seed)
        machine.ready(self.recipe)
        if self._begin:
            take_up(self.model, self.optimizer, self._begin)
        if self.resident:
            train = self.data.train
            self.pool = self.engine.put(train.batch(np.arange(len(train))), train.labels)

    def epochs(self) -> Iterator[Event]:
        """The events of all epochs that are left, and what the trained network is worth."""
        while self.epoch < self.recipe.epochs and not self.has_waited:
            for event in self.one_epoch():
                yield event
                if event.kind == "diverged":
                    return
        yield self.event("evaluation", **evaluation(self.answers(), self.data.validation, self.data.class_names))
        yield self.event("finished", **self.result())

    def one_epoch(self) -> Iterator[Event]:
        """The events of the next epoch. Its batches follow from the seed and its number alone."""
        plan = self.plan()
        epoch, recent, told, done = _Tally(), _Tally(), -math.inf, 0
        while done < self.steps_per_epoch:
            steps = Steps(*(each[done : done + self.at_once()] for each in plan))
            tallies = self.several(steps)
            done += len(tallies)
            for tally in tallies:
                if not math.isfinite(tally.loss):
                    yield self.event("diverged", loss=None, advice=advice(self.recipe, float(steps.rates[-1])))
                    return
                epoch, recent = epoch.plus(tally), recent.plus(tally)
            now = time.perf_counter()
            if now - told >= EVENT_PAUSE or done == self.steps_per_epoch:
                yield self.event("step", **self.progress(recent, float(steps.rates[-1])))
                recent, told = _Tally(), now
        self.epoch += 1
        loss, accuracy = self.validate()
        self.best, self.waited = (accuracy, 0) if accuracy > self.best else (self.best, self.waited + 1)
        yield self.event(
            "epoch",
            **epoch.means,
            validation_loss=loss,
            validation_accuracy=accuracy,
            learning_rate=float(plan.rates[-1]),
            seconds_left=self.seconds_left(),
        )
        yield self.event("checkpoint", state=self.checkpoint())

    def plan(self) -> Steps:
        """What the steps of the next epoch are told."""
        random = np.random.default_rng([self.seed, self.epoch])
        count, size = self.steps_per_epoch, self.batch_size
        order = random.permutation(len(self.data.train))[: count * size].astype(np.int32).reshape(count, size)
        first = self.epoch * count
        rates = [self.recipe.learning_rate_at(first + i, self.steps) for i in range(count)]
        return planned(self.recipe, order, rates, self.epoch, self.seed, random)

    def at_once(self) -> int:
        """How many steps the next call takes: one at first, then as many as fit between two events."""
        if not self.pace.images:
            return 1
        return min(max(int(EVENT_PAUSE * self.pace.images_per_second / self.batch_size), 1), MOST)

    def several(self, steps: Steps) -> list[_Tally]:
        """Takes some steps in one call."""
        began, count = time.perf_counter(), len(steps.rates)
        if self.resident:
            pool = self.pool
        else:
            train, chosen = self.data.train, steps.indices.ravel()
            pool = self.engine.put(train.batch(chosen), train.labels[chosen])
            steps = steps._replace(indices=np.arange(len(chosen), dtype=np.int32).reshape(steps.indices.shape))
        self.measures = self.engine.run(pool, steps)
        each = (time.perf_counter() - began) / count
        size = self.batch_size
        tallies = [
            _Tally(size, size * float(loss), float(correct), each)
            for loss, correct in zip(self.measures.loss, self.measures.correct, strict=True)
        ]
        for tally in tallies[0 if self.step else 1 :]:
            self.pace = self.pace.plus(tally)
        self.step += count
        return tallies

    def progress(self, recent: _Tally, rate: float) -> dict[str, Any]:
        return {
            **recent.means,
            "learning_rate": rate,
            "images_per_second": recent.images_per_second,
            "gradient_norm": float(self.measures.gradient_norm[-1]),
            "seconds_left": self.seconds_left(),
        }

    def seconds_left(self) -> float | None:
        """Estimated from the pace so far; None before there is one."""
        if not self.pace.images:
            return None
        steps = (self.steps - self.step) * self.batch_size / self.pace.images_per_second
        return steps + (self.recipe.epochs - self.epoch) * self.validation_seconds

    def validate(self) -> tuple[float, float]:
        """Loss and accuracy on the validation images; keeps the network's answers for the evaluation."""
        began = time.perf_counter()
        if self.judged is not self.model:
            self.judged.set_weights(self.model.get_weights())
            kept = averages(self.optimizer, self.model)
            for weight in self.judged.weights:
                if weight.path in kept:
                    weight.assign(keras.ops.copy(kept[weight.path]))  # answering gives up its buffers on JAX
        self.logits = predict(self.judged, self.data.validation, self.batch_size, self.recipe.test_flip)
        self.validation_seconds = time.perf_counter() - began
        return scores(self.logits, self.data.validation.labels)

    def answers(self) -> np.ndarray:
        """Logits of the validation images: the last epoch's, or new ones in a run taken up after its last epoch."""
        if self.logits is None:
            self.validate()
        return self.logits

    def checkpoint(self) -> Checkpoint:
        seconds = time.perf_counter() - self.began
        return take(
            self.model, self.optimizer, self.epoch, self.step, seconds, self.best, self.waited, self.data.fingerprint
        )

    @property
    def has_waited(self) -> bool:
        """Whether it was long enough without a better accuracy."""
        return self.recipe.patience is not None and self.waited >= self.recipe.patience

    def result(self) -> dict[str, Any]:
        loss, accuracy = scores(self.answers(), self.data.validation.labels)
        return {
            "validation_accuracy": accuracy,
            "validation_loss": loss,
            "images_per_second": self.pace.images_per_second if self.pace.images else None,
            "seconds": time.perf_counter() - self.began,
        }


def predict(model: keras.Model, split: Split, batch_size: int, flipped: bool = False) -> np.ndarray:
    """Logits (n, classes) for every image of a split, in batches of one size so that the model is compiled once.

    Where `flipped`, they are the mean of the image's and of its mirror image's.
    """
    parts = []
    for start in range(0, len(split), batch_size):
        indices = np.arange(start, start + batch_size) % len(split)
        images = scaled(split.batch(indices))
        logits = model.predict_on_batch(images)
        parts.append((logits + model.predict_on_batch(images[:, :, ::-1])) / 2 if flipped else logits)
    return np.concatenate(parts)[: len(split)]


def balanced(labels: np.ndarray, classes: int) -> np.ndarray:
    """How much each class counts, (classes,) float32, so that all count alike whatever their number; 1 on average."""
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * np.maximum(counts, 1))).astype(np.float32)


def shared(found: tuple[str, ...], batch_size: int) -> tuple[str, ...]:
    """The devices that share a batch, each as many images as the others: as many as divide it."""
    return next(found[:count] for count in range(len(found), 0, -1) if batch_size % count == 0)


def usual_first_step(spec: Spec, batch_size: int) -> float:
    """Seconds that the first step usually takes, building and tracing included, as measured on 2 cores."""
    counted = costs(spec)
    arithmetic = 6 * counted.macs * batch_size / 150e9  # forward and twice as much back, 2 FLOPs each
    return round(1 + 0.025 * len(counted.layers) + counted.parameters / 20e6 + arithmetic, 1)


def advice(recipe: Recipe, rate: float) -> str:
    """What to change after a loss that is no number any more."""
    options = [f"a learning rate of {recipe.learning_rate / 10:g} instead of {recipe.learning_rate:g}"]
    if recipe.warmup == 0:
        options.append("a warm-up over the first 10 % of the steps")
    if recipe.clip_norm is None:
        options.append("gradients clipped at a norm of 1")
    return f"The loss is no longer a number: the steps were too large (rate {rate:.3g}). Try {', or '.join(options)}."
