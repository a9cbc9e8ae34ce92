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
from resnet_tf.learning.augment import augmented, scaled
from resnet_tf.learning.backend import device, keras
from resnet_tf.learning.build import assemble
from resnet_tf.learning.capacity import TrainingRefused, check_memory
from resnet_tf.learning.catalogue import DatasetCard, check_head
from resnet_tf.learning.checkpoint import Checkpoint, take, take_up
from resnet_tf.learning.datasets import Data, Split, load
from resnet_tf.learning.evaluate import evaluation, scores
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.optimizers import optimizer
from resnet_tf.learning.recipes import Recipe

Kind: TypeAlias = Literal["compiling", "step", "epoch", "checkpoint", "diverged", "evaluation", "finished"]

EVENT_PAUSE = 0.25  # seconds between two `step` events


class Event(NamedTuple):
    """What happened. `step` and `epoch` count what is done, `seconds` the training since its very start."""

    kind: Kind
    step: int
    epoch: int
    seconds: float
    values: dict[str, Any]


def train(
    spec: Spec, dataset: str | DatasetCard, recipe: Recipe, seed: int = 0, *, checkpoint: Checkpoint | None = None
) -> Iterator[Event]:
    """The events of a training, in order; ARCHITECTURE.md has the table of their kinds and values.

    The same spec, dataset, recipe and seed give the same curve, also when a run goes on from a checkpoint. Raises
    TrainingRefused where the design does not fit the images or the memory, DatasetUnavailable without network,
    DatasetMismatch for channels that cannot be converted.
    """
    if seed < 0:
        raise SpecError("seed", "at least 0", seed, 0)
    check_head(spec)
    check_memory(spec, recipe)
    data = load(dataset, spec.input_shape)
    _check_classes(spec, data)
    training = _Training(data, recipe, seed, checkpoint)
    yield training.event("compiling", **training.outlook(spec))
    training.prepare(spec, checkpoint)
    while training.epoch < recipe.epochs:
        for event in training.one_epoch():
            yield event
            if event.kind == "diverged":
                return
    yield training.event("evaluation", **evaluation(training.answers(), data.validation, data.class_names))
    yield training.event("finished", **training.result())


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


class _Training:
    """A training under way: where it is, how fast it goes, and the model. The only thing here that changes."""

    def __init__(self, data: Data, recipe: Recipe, seed: int, checkpoint: Checkpoint | None) -> None:
        self.data, self.recipe, self.seed = data, recipe, seed
        self.batch_size = min(recipe.batch_size, len(data.train))
        self.steps_per_epoch = len(data.train) // self.batch_size
        self.steps = self.steps_per_epoch * recipe.epochs
        self.epoch, self.step, spent = (
            (checkpoint.epoch, checkpoint.step, checkpoint.seconds) if checkpoint else (0, 0, 0.0)
        )
        self.began = time.perf_counter() - spent
        self.pace = _Tally()  # of all steps but the first, which compiles
        self.validation_seconds = 0.0
        self.logits: np.ndarray | None = None

    def event(self, kind: Kind, **values: Any) -> Event:
        return Event(kind, self.step, self.epoch, time.perf_counter() - self.began, values)

    def outlook(self, spec: Spec) -> dict[str, Any]:
        """What can be said before the first step."""
        where = device()
        return {
            "device": where.name,
            "why": where.why,
            "usual_seconds": usual_first_step(spec, self.batch_size),
            "steps": self.steps,
            "steps_per_epoch": self.steps_per_epoch,
            "images": len(self.data.train),
            "input_shape": list(spec.input_shape),
            "classes": spec.classes,
            "parameters": costs(spec).parameters,
        }

    def prepare(self, spec: Spec, checkpoint: Checkpoint | None) -> None:
        """Makes the model and its optimiser, or takes them up where the checkpoint left them."""
        self.model = assemble(expand(spec), training_makers(), seed=self.seed, name="network")
        self.optimizer = optimizer(self.recipe, self.model)
        self.model.compile(
            self.optimizer,
            keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.recipe.label_smoothing),
            metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
            jit_compile=keras.backend.backend() == "jax",  # on a CPU XLA halves TensorFlow's speed
        )
        if checkpoint:
            take_up(self.model, checkpoint)

    def one_epoch(self) -> Iterator[Event]:
        """The events of the next epoch. Its batches follow from the seed and its number alone."""
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.data.train))
        epoch, recent, told = _Tally(), _Tally(), -math.inf
        for i in range(self.steps_per_epoch):
            indices = order[i * self.batch_size : (i + 1) * self.batch_size]
            rate = self.recipe.learning_rate_at(self.step, self.steps)
            tally = self.one_step(indices, rate, random)
            if not math.isfinite(tally.loss):
                yield self.event("diverged", loss=None, advice=advice(self.recipe, rate))
                return
            epoch, recent = epoch.plus(tally), recent.plus(tally)
            now = time.perf_counter()
            if now - told >= EVENT_PAUSE or i + 1 == self.steps_per_epoch:
                yield self.event("step", **self.progress(recent, rate))
                recent, told = _Tally(), now
        self.epoch += 1
        loss, accuracy = self.validate()
        yield self.event(
            "epoch",
            **epoch.means,
            validation_loss=loss,
            validation_accuracy=accuracy,
            learning_rate=rate,
            seconds_left=self.seconds_left(),
        )
        yield self.event("checkpoint", state=self.checkpoint())

    def one_step(self, indices: np.ndarray, rate: float, random: np.random.Generator) -> _Tally:
        began = time.perf_counter()
        images = scaled(augmented(self.data.train.batch(indices), self.recipe, random))
        targets = keras.utils.to_categorical(self.data.train.labels[indices], self.data.card.classes)
        self.optimizer.learning_rate = rate
        logs = self.model.train_on_batch(images, targets, return_dict=True)
        seconds = time.perf_counter() - began
        count = len(indices)
        tally = _Tally(count, count * float(logs["loss"]), count * float(logs["accuracy"]), seconds)
        self.pace = self.pace.plus(tally) if self.step else self.pace
        self.step += 1
        return tally

    def progress(self, recent: _Tally, rate: float) -> dict[str, Any]:
        return {
            **recent.means,
            "learning_rate": rate,
            "images_per_second": recent.images_per_second,
            "gradient_norm": float(self.optimizer.gradient_norm),
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
        self.logits = predict(self.model, self.data.validation, self.batch_size)
        self.validation_seconds = time.perf_counter() - began
        return scores(self.logits, self.data.validation.labels)

    def answers(self) -> np.ndarray:
        """Logits of the validation images: the last epoch's, or new ones in a run taken up after its last epoch."""
        if self.logits is None:
            self.validate()
        return self.logits

    def checkpoint(self) -> Checkpoint:
        return take(self.model, self.epoch, self.step, time.perf_counter() - self.began)

    def result(self) -> dict[str, Any]:
        loss, accuracy = scores(self.answers(), self.data.validation.labels)
        return {
            "validation_accuracy": accuracy,
            "validation_loss": loss,
            "images_per_second": self.pace.images_per_second if self.pace.images else None,
            "seconds": time.perf_counter() - self.began,
        }


def predict(model: keras.Model, split: Split, batch_size: int) -> np.ndarray:
    """Logits (n, classes) for every image of a split, in batches of one size so that the model is compiled once."""
    parts = []
    for start in range(0, len(split), batch_size):
        indices = np.arange(start, start + batch_size) % len(split)
        parts.append(model.predict_on_batch(scaled(split.batch(indices))))
    return np.concatenate(parts)[: len(split)]


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
