"""Training as a stream of events: what they hold, that they repeat, that they go on where they stopped."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from small import TINY

import resnet_tf.learning.train as train_module
from resnet_tf.design.presets import preset
from resnet_tf.design.spec import Normalization, SpecError
from resnet_tf.learning.archives import ImageSet, keep
from resnet_tf.learning.augment import scaled
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.catalogue import fit
from resnet_tf.learning.checkpoint import Checkpoint, restore
from resnet_tf.learning.datasets import DatasetMismatch, load
from resnet_tf.learning.evaluate import scores
from resnet_tf.learning.optimizers import optimizer
from resnet_tf.learning.recipes import Recipe, recipe
from resnet_tf.learning.train import balanced, predict, train

pytestmark = pytest.mark.keras

SHORT = recipe("quick", epochs=3, shift=1, flip="random")


def of_kind(events, kind):
    return [event for event in events if event.kind == kind]


@pytest.fixture(scope="module")
def events():
    return list(train(TINY, "digits", SHORT, seed=5))


def test_the_first_event_says_where_and_how_much_before_any_step():
    run = train(TINY, "digits", SHORT)
    first = next(run)
    assert first.kind == "compiling"
    assert (first.step, first.epoch) == (0, 0)
    values = first.values
    assert values["device"] in ("CPU", "GPU")
    assert values["why"]
    assert values["usual_seconds"] > 0
    assert (values["images"], values["steps_per_epoch"], values["steps"]) == (1438, 22, 66)
    assert (values["input_shape"], values["classes"]) == ([8, 8, 1], 10)
    assert values["parameters"] == build(TINY).count_params()
    run.close()


def test_events_come_in_the_order_of_a_training(events):
    kinds = [event.kind for event in events if event.kind != "step"]
    assert kinds == ["compiling", *["epoch", "checkpoint"] * 3, "evaluation", "finished"]
    steps = [event.step for event in of_kind(events, "step")]
    assert steps[0] == 1
    assert steps == sorted(set(steps))
    assert {22, 44, 66} <= set(steps)  # the curve reaches the end of every epoch
    seconds = [event.seconds for event in events]
    assert seconds == sorted(seconds)


def test_a_step_tells_all_that_the_page_shows(events):
    for event in of_kind(events, "step"):
        assert set(event.values) == {
            "loss", "accuracy", "learning_rate", "images_per_second", "gradient_norm", "seconds_left"
        }  # fmt: skip
        assert event.values["gradient_norm"] > 0
        assert event.values["images_per_second"] > 0


def test_every_value_but_a_checkpoint_is_plain_json(events):
    for event in events:
        if event.kind != "checkpoint":
            assert json.loads(json.dumps(event.values, allow_nan=False)) == event.values


def test_time_left_reaches_zero(events):
    last = of_kind(events, "epoch")[-1].values["seconds_left"]
    assert last == pytest.approx(0, abs=0.01)


def test_the_network_learns(events):
    first, *_, last = of_kind(events, "epoch")
    assert last.values["validation_accuracy"] > 0.3  # guessing gives 0.1
    assert last.values["loss"] < first.values["loss"]
    assert of_kind(events, "finished")[0].values["validation_accuracy"] == last.values["validation_accuracy"]


def curve(events):
    """What must repeat: everything but time."""
    return [
        (event.step, event.values["loss"], event.values["validation_loss"], event.values["validation_accuracy"])
        for event in of_kind(events, "epoch")
    ]


def test_the_same_seed_gives_the_same_curve_and_another_seed_another(events):
    assert curve(train(TINY, "digits", SHORT, seed=5)) == curve(events)
    assert curve(train(TINY, "digits", SHORT, seed=6)) != curve(events)


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_run_that_goes_on_from_a_saved_checkpoint_gives_the_curve_of_one_that_never_stopped(events, tmp_path, done):
    state = of_kind(events, "checkpoint")[done - 1].values["state"]
    state.save(tmp_path / "state.npz")
    resumed = list(train(TINY, "digits", SHORT, seed=5, checkpoint=Checkpoint.load(tmp_path / "state.npz")))
    assert curve(resumed) == curve(events)[done:]
    final, expected = of_kind(resumed, "finished")[0].values, of_kind(events, "finished")[0].values
    assert final["validation_loss"] == expected["validation_loss"]
    assert resumed[0].seconds >= state.seconds


def test_a_run_does_not_go_on_with_other_images(events):
    state = replace(of_kind(events, "checkpoint")[0].values["state"], data="of others")
    with pytest.raises(DatasetMismatch, match=r"digits .* are not those that this run began with"):
        next(train(TINY, "digits", SHORT, seed=5, checkpoint=state))


def test_dropout_goes_on_from_a_checkpoint_as_if_it_had_never_stopped():
    vgg = preset("vgg16", input_shape=(32, 32, 1), classes=10, hidden=(16,), stages=({"convolutions": 1, "width": 4},))
    gentle = recipe("gentle", epochs=2, batch_size=512)
    whole = list(train(vgg, "digits", gentle, seed=1))
    state = of_kind(whole, "checkpoint")[0].values["state"]
    assert curve(train(vgg, "digits", gentle, seed=1, checkpoint=state)) == curve(whole)[1:]


def test_a_restored_network_is_the_trained_one(events):
    model = restore(TINY, of_kind(events, "checkpoint")[-1].values["state"])
    data = load("digits", TINY.input_shape)
    loss, accuracy = scores(predict(model, data.validation, 64), data.validation.labels)
    finished = of_kind(events, "finished")[0].values
    assert accuracy == finished["validation_accuracy"]
    assert loss == pytest.approx(finished["validation_loss"], rel=1e-5)


def test_a_checkpoint_file_appears_whole_or_not_at_all(events, tmp_path):
    of_kind(events, "checkpoint")[0].values["state"].save(tmp_path / "state.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]


def test_a_loss_that_is_no_number_ends_the_run_with_advice():
    wild = Recipe(optimizer="sgd", learning_rate=100, epochs=2, batch_size=256)
    spec = TINY.model_copy(update={"normalization": Normalization(kind="none")})
    events = list(train(spec, "digits", wild))
    last = events[-1]
    assert last.kind == "diverged"
    assert "learning rate of 10 instead of 100" in last.values["advice"]
    assert json.dumps(last.values, allow_nan=False)
    assert all(math.isfinite(event.values["loss"]) for event in of_kind(events, "step"))


def test_a_design_of_other_classes_is_refused_with_the_right_number():
    with pytest.raises(ValueError, match="classes must be 10"):
        next(train(TINY.model_copy(update={"classes": 4}), "digits", SHORT))


def test_a_network_that_ends_in_maps_is_refused_before_anything_is_loaded():
    with pytest.raises(SpecError, match="without a head the network gives maps"):
        next(train(preset("resnet20_cifar10", head={"pool": "none"}), "digits", SHORT))


def test_a_negative_seed_is_refused():
    with pytest.raises(SpecError, match="seed must be at least 0"):
        next(train(TINY, "digits", SHORT, seed=-1))


def test_fewer_images_than_a_batch_are_trained_as_one_batch(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (10, 9, 9, 3), np.uint8)
    card = keep(ImageSet(images, np.arange(10, dtype=np.int32) % 2, ("no", "yes")), "Mine", tmp_path)
    events = list(train(fit(preset("resnet20_cifar10"), card, image_size=8), card, recipe(epochs=1, shift=0)))
    assert events[0].values["steps"] == 1
    assert len(of_kind(events, "evaluation")[0].values["samples"]) == 2


def test_the_gradient_norm_and_the_weight_decay_are_those_of_the_formula():
    """One step of plain SGD with L2 on kernels, by hand: w - lr (g + decay w), and the norm of g alone."""
    model = build(TINY, seed=0)
    rule = optimizer(Recipe(optimizer="sgd", momentum=0, learning_rate=0.5, weight_decay=0.1), model)
    random = np.random.default_rng(0)
    before = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    grads = [random.normal(size=w.shape).astype(np.float32) for w in before]
    rule.apply([keras.ops.convert_to_tensor(g) for g in grads])
    assert float(rule.gradient_norm) == pytest.approx(
        np.sqrt(sum((g.astype(float) ** 2).sum() for g in grads)), rel=1e-5
    )
    for variable, weight, grad in zip(model.trainable_variables, before, grads, strict=True):
        decay = 0.1 if weight.ndim > 1 else 0.0
        np.testing.assert_allclose(variable, weight - 0.5 * (grad + decay * weight), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "nesterov"])
def test_momentum_moves_the_weights_as_the_optimiser_of_keras_does(name):
    ours, theirs = build(TINY, seed=0), build(TINY, seed=0)
    rule = optimizer(Recipe(optimizer=name, learning_rate=0.1, momentum=0.8), ours)
    reference = keras.optimizers.SGD(0.1, momentum=0.8, nesterov=name == "nesterov")
    reference.build(theirs.trainable_variables)
    random = np.random.default_rng(0)
    for _ in range(3):
        grads = [keras.ops.convert_to_tensor(random.normal(size=w.shape), "float32") for w in ours.trainable_variables]
        rule.apply(grads)
        reference.apply(grads)
    for a, b in zip(ours.trainable_variables, theirs.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_clipping_leaves_the_direction_and_limits_the_length():
    model = build(TINY, seed=0)
    rule = optimizer(Recipe(optimizer="sgd", momentum=0, learning_rate=1, clip_norm=0.25), model)
    before = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    rule.apply([keras.ops.ones(w.shape) for w in before])
    moved = np.concatenate([(b - v).ravel() for b, v in zip(before, model.trainable_variables, strict=True)])
    assert np.linalg.norm(moved) == pytest.approx(0.25, rel=1e-3)
    assert moved.min() == pytest.approx(moved.max(), rel=1e-2)


EVERYTHING = recipe(
    "quick", epochs=3, batch_size=256, shift=1, flip="alternating", mixup=0.2, average=0.9, lookahead=3, accumulate=2,
    balance=True, test_flip=True, patience=5, clip_norm=1.0, label_smoothing=0.1,
)  # fmt: skip
DROPPING = TINY.model_copy(update={"dropout": 0.1, "stochastic_depth": 0.2})


@pytest.fixture(scope="module")
def everything():
    return list(train(DROPPING, "digits", EVERYTHING, seed=3))


@pytest.mark.parametrize("done", [1, 2])
def test_a_run_that_goes_on_ends_with_the_same_weights_to_the_bit_whatever_the_recipe_does(everything, tmp_path, done):
    of_kind(everything, "checkpoint")[done - 1].values["state"].save(tmp_path / "state.npz")
    begun = Checkpoint.load(tmp_path / "state.npz")
    resumed = list(train(DROPPING, "digits", EVERYTHING, seed=3, checkpoint=begun))
    assert curve(resumed) == curve(everything)[done:]
    ours, whole = (of_kind(events, "checkpoint")[-1].values["state"] for events in (resumed, everything))
    assert (ours.epoch, ours.step, ours.best, ours.waited) == (whole.epoch, whole.step, whole.best, whole.waited)
    for part in ("weights", "averages"):
        a, b = getattr(ours, part), getattr(whole, part)
        assert list(a) == list(b)
        assert all(np.array_equal(a[path], b[path]) for path in a)
    assert all(np.array_equal(a, b) for a, b in zip(ours.slots, whole.slots, strict=True))


def test_what_is_judged_and_taken_away_is_the_average_in_both_directions(everything):
    state = of_kind(everything, "checkpoint")[-1].values["state"]
    assert set(state.averages) == {weight.path for weight in build(DROPPING).trainable_variables}
    model = restore(DROPPING, state)
    kernel = next(weight for weight in model.weights if weight.path == "stem.conv/kernel")
    assert np.array_equal(keras.ops.convert_to_numpy(kernel), state.averages["stem.conv/kernel"])
    assert not np.array_equal(state.averages["stem.conv/kernel"], state.weights["stem.conv/kernel"])
    validation = load("digits", TINY.input_shape).validation
    images = scaled(validation.batch(np.arange(len(validation))))
    logits = (model.predict(images, verbose=0) + model.predict(images[:, :, ::-1], verbose=0)) / 2
    loss, accuracy = scores(logits, validation.labels)
    finished = of_kind(everything, "finished")[0].values
    assert accuracy == finished["validation_accuracy"]
    assert loss == pytest.approx(finished["validation_loss"], rel=1e-4)


def test_slow_weights_are_judged_and_taken_away_and_go_on_where_they_were():
    chosen = recipe("quick", epochs=2, batch_size=256, lookahead=4)  # 5 steps an epoch: one is ahead of them
    events = list(train(TINY, "digits", chosen, seed=2))
    first, last = (event.values["state"] for event in of_kind(events, "checkpoint"))
    assert curve(train(TINY, "digits", chosen, seed=2, checkpoint=first)) == curve(events)[1:]
    assert not np.array_equal(last.averages["stem.conv/kernel"], last.weights["stem.conv/kernel"])
    validation = load("digits", TINY.input_shape).validation
    loss, _ = scores(predict(restore(TINY, last), validation, 256), validation.labels)
    assert loss == pytest.approx(of_kind(events, "finished")[0].values["validation_loss"], rel=1e-5)


def test_patience_ends_a_run_and_is_not_forgotten_by_one_that_goes_on():
    """A learning rate of nothing improves nothing: the first epoch is the best, and one more is waited for."""
    still = recipe("quick", epochs=9, learning_rate=1e-9, patience=1, batch_size=512, shift=0)
    frozen = TINY.model_copy(update={"normalization": Normalization(kind="none")})
    events = list(train(frozen, "digits", still))
    assert [event.kind for event in events[-2:]] == ["evaluation", "finished"]
    epochs = of_kind(events, "epoch")
    assert len(epochs) == 2
    assert events[-1].epoch == 2
    first = of_kind(events, "checkpoint")[0].values["state"]
    assert first.best == epochs[0].values["validation_accuracy"]
    assert len(of_kind(train(frozen, "digits", still, checkpoint=first), "epoch")) == 1


def test_frozen_parts_stay_as_they_begin_and_the_others_move():
    chosen = recipe("quick", epochs=1, batch_size=512, frozen=2)
    state = of_kind(train(TINY, "digits", chosen, seed=4), "checkpoint")[0].values["state"]
    model = build(TINY, seed=4)
    for weight in model.weights:
        same = np.array_equal(keras.ops.convert_to_numpy(weight), state.weights[weight.path])
        assert same == weight.path.startswith(("stem.", "stage1.")), weight.path


def test_every_class_counts_alike_in_the_formula_of_king_and_zeng():
    """scikit-learn's "balanced": n / (classes x count), after King and Zeng 2001."""
    assert balanced(np.array([0, 0, 0, 1], np.int32), 3).tolist() == [
        pytest.approx(4 / 9), pytest.approx(4 / 3), pytest.approx(4 / 3)
    ]  # fmt: skip


def test_half_precision_trains_and_is_judged_in_float32():
    chosen = recipe("quick", epochs=3, precision="mixed_bfloat16")
    events = list(train(TINY, "digits", chosen, seed=5))
    state = of_kind(events, "checkpoint")[-1].values["state"]
    assert {array.dtype for array in state.weights.values()} == {np.dtype("float32")}
    validation = load("digits", TINY.input_shape).validation
    loss, accuracy = scores(predict(restore(TINY, state), validation, 64), validation.labels)
    finished = of_kind(events, "finished")[0].values
    assert accuracy == finished["validation_accuracy"] > 0.4  # 0.55 in float32
    assert loss == pytest.approx(finished["validation_loss"], rel=1e-5)


def test_images_too_many_for_the_device_are_sent_for_each_call_and_give_the_same_curve(events, monkeypatch):
    monkeypatch.setattr(train_module, "RESIDENT", 0)
    assert curve(train(TINY, "digits", SHORT, seed=5)) == curve(events)


def test_a_checkpoint_of_an_earlier_version_is_still_read(events, tmp_path):
    state = of_kind(events, "checkpoint")[0].values["state"]
    state.save(tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as file:
        old = {name: file[name] for name in file.files if name != "best"}
    np.savez(tmp_path / "old.npz", **old | {"counts": old["counts"][:2]})
    again = Checkpoint.load(tmp_path / "old.npz")
    assert (again.epoch, again.step, again.best, again.waited) == (state.epoch, state.step, -1.0, 0)
    assert curve(train(TINY, "digits", SHORT, seed=5, checkpoint=again)) == curve(events)[1:]
