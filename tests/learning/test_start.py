"""First weights of an earlier training or of a file: taken to the bit, the head new where classes differ."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small import TINY

from resnet_tf.design.expand import expand
from resnet_tf.design.presets import edit, preset
from resnet_tf.design.spec import Stem
from resnet_tf.learning.archives import ImageSet, keep
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build, seed_of
from resnet_tf.learning.catalogue import dataset
from resnet_tf.learning.checkpoint import Checkpoint
from resnet_tf.learning.datasets import load
from resnet_tf.learning.matching import plain_names, weights_of
from resnet_tf.learning.recipes import recipe
from resnet_tf.learning.scaling import SCALINGS, TRAINING
from resnet_tf.learning.start import Start, absorbed, first_weights, fit, given
from resnet_tf.learning.train import train
from resnet_tf.learning.weight_files import WeightsError, read
from resnet_tf.learning.weights import save_weights

pytestmark = pytest.mark.keras

SHORT = recipe("quick", epochs=2, batch_size=512)
FROZEN = SHORT.model_copy(update={"frozen": 2})


def numbers(model):
    return {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}


def learnt(spec, seed=1):
    """A network whose weights are no longer first ones, moving statistics too."""
    model = build(spec, seed=seed)
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(weight + 0.1 * random.random(weight.shape))
    return model


def checkpoints(events):
    return [event.values["state"] for event in events if event.kind == "checkpoint"]


@pytest.fixture(scope="module")
def earlier():
    """The last checkpoint of a short training on digits."""
    return checkpoints(train(TINY, "digits", SHORT, seed=3))[-1]


@pytest.fixture(scope="module")
def small_digits(tmp_path_factory):
    """The digits 5 to 9 as somebody's own images."""
    data = load("digits", (8, 8, 1))
    kept = data.train.labels >= 5
    images = ImageSet(data.train.images[kept], data.train.labels[kept] - 5, tuple("56789"))
    return keep(images, "five digits", tmp_path_factory.mktemp("images"))


@pytest.mark.parametrize(
    "name",
    ["resnet18", "ecaresnet26t", "seresnext26t_32x4d", "resnetv2_50x1_bit", "densenet_bc100_12_cifar10", "vgg16",
     "resnet110_fixup_cifar10", "keras_resnet50v2"],
)  # fmt: skip
def test_the_weights_that_are_said_of_a_design_are_those_that_keras_makes(name):
    spec = preset(name, input_shape=(32, 32, 3), classes=7)
    said = {weight.path: weight.shape for weight in weights_of(expand(spec))}
    assert said == {weight.path: tuple(weight.shape) for weight in build(spec).weights}


def test_frozen_layers_end_as_the_earlier_run_left_them_and_a_head_of_other_classes_is_new(earlier, small_digits):
    spec = edit(TINY, classes=5)
    events = list(train(spec, small_digits, FROZEN, seed=9, start=earlier))
    assert events[0].values["start"] == {
        "title": "a checkpoint", "fresh": ["head.classifier"],
        "sentence": "12 layers begin with the weights of a checkpoint; head.classifier is new",
    }  # fmt: skip
    assert json.loads(json.dumps(events[0].values)) == events[0].values
    last = checkpoints(events)[-1].weights
    frozen = [path for path in last if path.startswith(("stem.", "stage1."))]
    assert any("moving_variance" in path for path in frozen)
    for path, array in last.items():
        same = path in earlier.weights and np.array_equal(array, earlier.weights[path])
        assert same == (path in frozen), path


def test_the_first_weights_are_the_earlier_runs_averages_and_the_head_of_the_same_classes_its_own(earlier):
    averaged = replace(earlier, averages={"stem.conv/kernel": earlier.weights["stem.conv/kernel"] + 1})
    first = first_weights(expand(TINY), Start(averaged, classes=tuple("0123456789")), tuple("0123456789"))
    assert (first.fresh, set(first.weights)) == ((), set(earlier.weights))
    for path, array in first.weights.items():
        expected = averaged.averages.get(path, earlier.weights[path])
        assert np.array_equal(array, expected), path


def test_a_head_for_as_many_other_classes_is_new_as_it_is_drawn_without_a_start(earlier):
    first = first_weights(expand(TINY), Start(earlier, "digits", classes=tuple("0123456789")), tuple("abcdefghij"))
    assert (first.fresh, "head.classifier/kernel" in first.weights) == (("head.classifier",), False)


def test_a_new_head_is_drawn_as_without_a_start(earlier, small_digits):
    """A learning rate of nearly nothing leaves the head as it was drawn."""
    still = FROZEN.model_copy(update={"epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0})
    state = checkpoints(train(edit(TINY, classes=5), small_digits, still, seed=9, start=earlier))[-1]
    drawn = numbers(build(edit(TINY, classes=5), seed=9))["head.classifier/kernel"]
    np.testing.assert_allclose(state.weights["head.classifier/kernel"], drawn, atol=1e-9)
    assert seed_of(9, "head.classifier") != seed_of(3, "head.classifier")


def test_a_fine_tuned_run_that_goes_on_is_equal_to_the_bit_and_needs_its_start_no_more(earlier, tmp_path):
    whole = checkpoints(train(TINY, "digits", FROZEN, seed=9, start=earlier))
    whole[0].save(tmp_path / "state.npz")
    resumed = list(
        train(TINY, "digits", FROZEN, seed=9, checkpoint=Checkpoint.load(tmp_path / "state.npz"), start="gone.npz")
    )
    assert resumed[0].values["start"] is None
    again = checkpoints(resumed)[-1]
    assert again.step == whole[-1].step
    for path, array in whole[-1].weights.items():
        assert np.array_equal(again.weights[path], array), path
    assert all(np.array_equal(a, b) for a, b in zip(again.slots, whole[-1].slots, strict=True))


# --- files


@pytest.mark.parametrize("kind", ["timm.safetensors", "torchvision.safetensors", "keras", "weights.h5", "npz"])
def test_every_kind_of_file_that_we_write_gives_back_its_weights_by_whosever_names(tmp_path, kind):
    model, path = learnt(preset("resnet18", input_shape=(32, 32, 3), classes=4)), tmp_path / f"mine.{kind}"
    spec = preset("resnet18", input_shape=(64, 64, 3), classes=4)
    if kind.endswith("safetensors"):
        save_weights(model, spec, path, naming=kind.partition(".")[0])
    elif kind == "npz":
        Checkpoint(3, 9, 1.0, numbers(model), (np.zeros(4),)).save(path)
    else:
        (model.save if kind == "keras" else model.save_weights)(path)
    first = first_weights(expand(spec), Start(path), tuple("abcd"))
    assert (first.title, first.fresh) == (path.name, ())
    assert set(first.weights) == set(numbers(model))
    for name, array in numbers(model).items():
        assert np.array_equal(first.weights[name], array), name


def test_a_keras_file_is_read_as_keras_reads_it(tmp_path):
    """Dropouts keep the states of their seeds there, which are no weights."""
    model = learnt(preset("vgg16", input_shape=(32, 32, 3), classes=4, hidden=(8,)))
    model.save(tmp_path / "mine.keras")
    theirs = numbers(keras.saving.load_model(tmp_path / "mine.keras"))
    ours = read(tmp_path / "mine.keras")
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], array) for name, array in theirs.items())


def test_published_weights_are_fetched_and_made_for_our_pixels(tmp_path):
    spec = preset("resnet10t", input_shape=(32, 32, 3), classes=12)
    (tmp_path / "config.json").write_text(
        '{"num_classes": 12, "pretrained_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.5, 0.25, 0.2]}}'
    )
    model = learnt(spec)
    save_weights(model, spec, tmp_path / "model.safetensors", naming="timm")
    first = first_weights(
        expand(edit(spec, classes=3)), Start("resnet10t.c3_in1k"), tuple("abc"), fetch=lambda _, file: tmp_path / file
    )
    assert first.title == "huggingface.co/timm/resnet10t.c3_in1k"
    assert first.fresh == ("head.classifier",)
    there, here = numbers(model)["stem.conv1/kernel"], first.weights["stem.conv1/kernel"]
    np.testing.assert_allclose(here, there * np.float32([1, 2, 2.5])[:, None], rtol=1e-6)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("name", list(SCALINGS))
def test_weights_for_other_pixels_answer_alike_once_they_are_made_for_ours(name, bias):
    """A kernel of one pixel has no edge, at which zeros would be padded."""
    spec = edit(
        TINY, input_shape=(8, 8, 3), stem=Stem(kernel=1, stride=1, widths=(8,), pool="none"),
        bias="all" if bias else "none",
    )  # fmt: skip
    model = learnt(spec)
    assert ("stem.conv/bias" in numbers(model)) == bias
    ours, pixels = build(spec), np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    changed = absorbed(numbers(model), expand(spec), SCALINGS[name])
    for weight in ours.weights:
        weight.assign(changed[weight.path])
    theirs = keras.ops.convert_to_numpy(model(SCALINGS[name].apply(pixels)))
    np.testing.assert_allclose(ours(TRAINING.apply(pixels)), theirs, rtol=1e-3, atol=1e-3 * np.abs(theirs).max())


def test_grey_images_become_rgb_for_weights_of_three_channels():
    spec = preset("resnet18", input_shape=(32, 32, 3))
    shapes = {weight.path: weight.shape for weight in weights_of(expand(edit(spec, classes=5)))}
    fitted = fit(spec, dataset("digits"), None, shapes)
    assert (fitted.input_shape, fitted.classes) == ((32, 32, 3), 10)


# --- what cannot be begun with


def test_weights_of_another_network_are_refused_before_the_first_event(earlier):
    with pytest.raises(WeightsError, match=r"stage2.block1.conv1/kernel \(3, 3, 8, 16\) instead of"):
        next(train(edit(TINY, stages=[{"blocks": 1, "width": 8}, {"blocks": 1, "width": 24, "stride": 2}]), "digits",
                   SHORT, start=earlier))  # fmt: skip
    with pytest.raises(WeightsError, match=r"150 missing .*31 of another shape"):
        fit(preset("resnet34"), dataset("digits"), 32, {w.path: w.shape for w in weights_of(expand(TINY))})


def test_weights_that_are_no_numbers_are_refused(earlier):
    broken = earlier.weights["stem.conv/kernel"].copy()
    broken[0, 0, 0, 0] = np.nan
    spoilt = replace(earlier, weights={**earlier.weights, "stem.conv/kernel": broken})
    with pytest.raises(WeightsError, match=r"stem.conv/kernel holds what is no number"):
        first_weights(expand(TINY), Start(spoilt), tuple("0123456789"))


def test_a_checkpoints_file_gives_its_averages(earlier, tmp_path):
    averaged = replace(earlier, averages={"stem.conv/kernel": earlier.weights["stem.conv/kernel"] + 1})
    averaged.save(tmp_path / "state.npz")
    found = plain_names(read(tmp_path / "state.npz"))
    assert found.keys() == earlier.weights.keys()
    assert np.array_equal(found["stem.conv/kernel"], averaged.averages["stem.conv/kernel"])
    assert given(Start(tmp_path / "state.npz")).title == "state.npz"
