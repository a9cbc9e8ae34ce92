"""Steps of training: those of stock Keras, and the same on every backend."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import preset
from resnet_tf.learning.augment import SCALE
from resnet_tf.learning.backend import Device, keras
from resnet_tf.learning.build import assemble, build
from resnet_tf.learning.engine import MOST, Steps, engine, planned
from resnet_tf.learning.kernels import training_makers
from resnet_tf.learning.optimizers import averages, optimizer
from resnet_tf.learning.recipes import Recipe

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parents[2]
TINY = small.TINY.model_copy(update={"input_shape": (8, 8, 3), "classes": 4})
COUNT, SIZE, POOL = 10, 16, 64
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (POOL, 8, 8, 3), np.uint8)
LABELS = RANDOM.integers(0, 4, POOL, np.int32)


def told(recipe, count=COUNT):
    """What `count` steps are told, as `train` does it."""
    random = np.random.default_rng(1)
    indices = random.integers(0, POOL, (count, SIZE), np.int32)
    return planned(recipe, indices, np.linspace(0.02, 0.05, count), 0, 0, random)


def trained(recipe, steps, spec=TINY, weights=None):
    model = assemble(expand(spec), training_makers(), seed=0, name="network")
    rule = optimizer(recipe, model)
    trainer = engine(model, rule, recipe, spec.classes, weights)
    return trainer.run(trainer.put(IMAGES, LABELS), steps), model, rule


def shown(steps, i):
    """The images of a step as NumPy makes them: moved, mirrored, scaled, blended; and the answers."""
    out = np.zeros((SIZE, 8, 8, 3))
    for n, number in enumerate(steps.indices[i]):
        y, x = steps.offsets[i, n]
        for row in range(8):
            for column in range(8):
                if 0 <= row + y < 8 and 0 <= column + x < 8:
                    out[n, row, column] = IMAGES[number, row + y, column + x]
        if steps.mirrored[i, n]:
            out[n] = out[n, :, ::-1]
    out, answers = out / SCALE - 1, np.eye(4)[LABELS[steps.indices[i]]]
    kept = steps.kept[i]
    return kept * out + (1 - kept) * out[::-1], kept * answers + (1 - kept) * answers[::-1]


RECIPES = {
    "nesterov with decay": Recipe(shift=1, flip="random", weight_decay=1e-3),
    "mixup and smoothing": Recipe(mixup=0.2, label_smoothing=0.1, optimizer="sgd"),
    "adam": Recipe(optimizer="adam"),
    "clipped": Recipe(clip_norm=0.1),
    "accumulated": Recipe(accumulate=2, momentum=0.5),
    "lookahead": Recipe(lookahead=3),
}


@pytest.mark.parametrize("name", RECIPES)
def test_ten_steps_are_those_of_stock_keras(name):
    """The same first weights and images through Keras' own layers, loss and `train_on_batch`."""
    recipe = RECIPES[name]
    steps = told(recipe)
    if recipe.optimizer == "adam":
        # at the rates that Adam is used with: at those of SGD, ten times and more, rounding soon decides where it goes
        steps = steps._replace(rates=steps.rates / np.float32(20))
    measures, model, _ = trained(recipe, steps)
    stock = build(TINY, seed=0)
    stock.compile(
        optimizer(recipe, stock),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing),
        jit_compile=False,
    )
    losses = []
    for i in range(COUNT):
        stock.optimizer.learning_rate = float(steps.rates[i])
        losses.append(float(stock.train_on_batch(*shown(steps, i))))
    np.testing.assert_allclose(measures.loss, losses, rtol=2e-4)
    for ours, theirs in zip(model.weights, stock.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


def test_two_accumulated_halves_move_the_weights_as_the_whole_does():
    """Without batch norm, whose statistics are a batch's own: SGD on the mean of two gradients."""
    spec = TINY.model_copy(
        update={"normalization": preset("resnet50_gn").normalization.model_copy(update={"groups": 4})}
    )
    whole = told(Recipe(), 2)
    joined = Steps(whole.indices.reshape(1, -1), whole.offsets.reshape(1, -1, 2), whole.mirrored.reshape(1, -1),
                   whole.kept[:1], whole.rates[1:])  # fmt: skip
    halves = whole._replace(rates=np.repeat(whole.rates[1:], 2))
    once = trained(Recipe(optimizer="sgd"), joined, spec)[1]
    twice = trained(Recipe(optimizer="sgd", accumulate=2), halves, spec)[1]
    first = assemble(expand(spec), training_makers(), seed=0, name="network")
    for a, b, before in zip(once.weights, twice.weights, first.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        assert not np.array_equal(a, before) or not before.trainable


def test_the_average_is_the_average_of_what_the_weights_were():
    recipe = Recipe(average=0.75, optimizer="sgd")
    steps, expected = told(recipe, 4), None
    for count in range(1, 5):
        _, model, rule = trained(recipe, Steps(*(each[:count] for each in steps)))
        now = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
        expected = now if expected is None else [0.75 * a + 0.25 * b for a, b in zip(expected, now, strict=True)]
    kept = averages(rule, model)
    assert list(kept) == [variable.path for variable in model.trainable_variables]
    for average, wanted in zip(kept.values(), expected, strict=True):
        np.testing.assert_allclose(average, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_lookahead_goes_back_to_slow_weights_as_in_algorithm_1_of_zhang_2019(accumulate):
    """Plain steps of the same optimiser, whose momentum goes on; every third update NumPy takes the weights back."""
    steps = told(Recipe(), 8 * accumulate)
    ahead = Recipe(lookahead=3, lookahead_step=0.8, accumulate=accumulate)
    _, model, rule = trained(ahead, steps)
    plain = assemble(expand(TINY), training_makers(), seed=0, name="network")
    inner = Recipe(accumulate=accumulate)
    trainer = engine(plain, optimizer(inner, plain), inner, 4)
    pool = trainer.put(IMAGES, LABELS)
    read = keras.ops.convert_to_numpy
    slow = [read(variable) for variable in plain.trainable_variables]
    for first in range(0, 8 * accumulate, 3 * accumulate):
        few = Steps(*(each[first : first + 3 * accumulate] for each in steps))
        trainer.run(pool, few)
        if len(few.rates) == 3 * accumulate:
            slow = [s + 0.8 * (read(v) - s) for s, v in zip(slow, plain.trainable_variables, strict=True)]
            for variable, value in zip(plain.trainable_variables, slow, strict=True):
                variable.assign(value)
    for ours, theirs in zip(model.weights, plain.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    kept = averages(rule, model)
    assert list(kept) == [variable.path for variable in model.trainable_variables]
    for ours, theirs in zip(kept.values(), slow, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert not np.allclose(slow[0], read(plain.trainable_variables[0]), atol=1e-4)


def test_a_class_that_counts_twice_is_an_image_shown_twice():
    """The loss of weighted images is that of the formula: the weighted sum over the number of images."""
    steps = told(Recipe(), 1)
    weights = np.array([2, 1, 0, 0.5], np.float32)
    measures, _, _ = trained(Recipe(), steps, weights=weights)
    logits = build(TINY, seed=0)(shown(steps, 0)[0], training=True)
    labels = LABELS[steps.indices[0]]
    each = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    assert measures.loss[0] == pytest.approx(float((np.asarray(each) * weights[labels]).sum() / SIZE), rel=1e-4)


def test_steps_are_padded_to_what_a_compiled_loop_takes():
    padded = told(Recipe(), 3).padded()
    assert [len(each) for each in padded] == [MOST] * 5
    assert not padded.rates[3:].any()


def test_one_call_of_many_steps_is_many_calls_of_one():
    recipe = RECIPES["nesterov with decay"]
    steps = told(recipe)
    together, model, _ = trained(recipe, steps)
    again = assemble(expand(TINY), training_makers(), seed=0, name="network")
    trainer = engine(again, optimizer(recipe, again), recipe, 4)
    pool = trainer.put(IMAGES, LABELS)
    losses = [trainer.run(pool, Steps(*(each[i : i + 1] for each in steps))).loss[0] for i in range(COUNT)]
    assert losses == together.loss.tolist()
    for a, b in zip(model.weights, again.weights, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", ["mixup and smoothing", "lookahead"])
def test_the_compiled_loop_of_an_accelerator_takes_the_same_steps(monkeypatch, name):
    """On a CPU it is slower, not different: here it is told that there is a GPU."""
    from resnet_tf.learning import engine as module

    recipe = RECIPES[name]
    steps = told(recipe)
    apart, model, _ = trained(recipe, steps)
    monkeypatch.setattr(module, "device", lambda: Device("GPU", "a test"))
    together, looped, _ = trained(recipe, steps)
    np.testing.assert_allclose(together.loss, apart.loss, rtol=1e-4)
    np.testing.assert_array_equal(together.correct, apart.correct)
    np.testing.assert_allclose(together.gradient_norm, apart.gradient_norm, rtol=1e-2)
    for a, b in zip(model.weights, looped.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=2e-3)


@pytest.mark.services
@pytest.mark.parametrize("name", ["nesterov with decay", "lookahead"])
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_takes_the_same_ten_steps(backend, name, tmp_path):
    recipe = RECIPES[name]
    steps = told(recipe)
    first = assemble(expand(TINY), training_makers(), seed=0, name="network")
    given = {f"weight {weight.path}": np.asarray(weight) for weight in first.weights}
    np.savez(
        tmp_path / "in.npz", spec=TINY.model_dump_json(), recipe=json.dumps(recipe.model_dump(mode="json")),
        images=IMAGES, labels=LABELS, **steps._asdict(), **given,
    )  # fmt: skip
    command = [sys.executable, str(Path(__file__).with_name("run_steps.py")), "in.npz", "out.npz"]
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]
    ours, model, _ = trained(recipe, steps)
    with np.load(tmp_path / "out.npz") as theirs:
        np.testing.assert_allclose(theirs["loss"], ours.loss, rtol=1e-3)
        np.testing.assert_allclose(theirs["gradient_norm"], ours.gradient_norm, rtol=1e-2)
        for weight in model.weights:
            np.testing.assert_allclose(theirs[f"weight {weight.path}"], weight, rtol=2e-2, atol=2e-3)
