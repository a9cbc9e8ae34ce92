"""A notebook is valid, says what its design is, and its cells train as this package does."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from resnet_tf.design.code import to_python
from resnet_tf.design.costs import costs
from resnet_tf.design.expand import expand
from resnet_tf.design.presets import PRESETS, preset
from resnet_tf.design.spec import Head, Normalization, ResNetSpec, Stage, Stem, VGGSpec, VGGStage
from resnet_tf.learning.card import Training
from resnet_tf.learning.catalogue import DATASETS
from resnet_tf.learning.fit_code import START, fit_code
from resnet_tf.learning.notebook import MOST_ROWS, to_notebook
from resnet_tf.learning.recipes import RECIPES, Recipe, recipe

RUNNER = Path(__file__).with_name("run_notebook.py")


def tiny(**axes):
    fields = {
        "input_shape": (12, 12, 3), "classes": 10, "stem": Stem(kernel=3, stride=1, widths=(6,), pool="none"),
        "stages": (Stage(blocks=1, width=6), Stage(blocks=1, width=8, stride=2)),
    }  # fmt: skip
    return ResNetSpec(**{**fields, **axes})


def cells(text, kind):
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == kind]


def result(**changes):
    epochs = tuple(
        {"epoch": i, "loss": 2 / i, "accuracy": 0.5, "validation_loss": 1.0, "validation_accuracy": 0.9 - 0.1 / i,
         "learning_rate": 0.1}
        for i in range(1, 4)
    )  # fmt: skip
    return replace(Training(DATASETS["digits"], RECIPES["adam"], 7, epochs, "CPU"), **changes)


EVERYTHING = recipe(
    "tricks", flip="alternating", average=0.999, lookahead=7, accumulate=16, balance=True, patience=12, test_flip=True,
    frozen=3, clip_norm=1.25, precision="mixed_bfloat16",
)  # fmt: skip
CHOSEN = {**RECIPES, "default": None, "everything": EVERYTHING, "lookahead": recipe("adam", lookahead=1)}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_notebook_of_any_recipe_is_valid_and_formatted(name, tmp_path):
    white = Stem(kernel=5, stride=1, widths=(6, 6), pool="none", whitening=True)
    specs = [
        tiny(),
        tiny(stem=white),
        VGGSpec(input_shape=(8, 8, 1), classes=3, stages=(VGGStage(convolutions=1, width=4),)),
    ]
    for i, spec in enumerate(specs):
        file = tmp_path / f"network{i}.ipynb"
        file.write_text(to_notebook(spec, CHOSEN[name]))
        nbformat.validate(nbformat.read(file, as_version=4))
    for command in (["check"], ["format", "--check", "--line-length", "120"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", tmp_path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
        assert "No Python files" not in done.stderr


@pytest.mark.parametrize("name", PRESETS)
def test_a_notebook_of_a_preset_is_valid_and_says_what_was_counted(name):
    text = to_notebook(preset(name))
    nbformat.validate(nbformat.reads(text, as_version=4))
    design = cells(text, "markdown")[0]
    assert design.startswith(f"# {PRESETS[name].title}\n")
    assert f"{costs(preset(name)).trainable_parameters:,}" in design
    assert f"{costs(preset(name)).macs:,}" in design


def test_a_notebook_has_the_accuracy_and_the_curve_of_its_training():
    text = to_notebook(tiny(input_shape=(32, 32, 1)), result=result())
    said = "\n".join(cells(text, "markdown"))
    assert "86.67 %" in said
    assert "3 epochs on CPU (seed 7)" in said
    assert "| 2 | 1 | 0.5 | 1 | 0.85 | 0.1 |" in said
    assert "Adam, quick" in said
    assert "SEED = 7" in "\n".join(cells(text, "code"))


def test_a_long_curve_is_thinned_and_keeps_its_end():
    epochs = tuple({"epoch": i, "loss": 1.0, "validation_accuracy": 0.5} for i in range(1, 165))
    said = "\n".join(cells(to_notebook(tiny(), result=result(epochs=epochs)), "markdown"))
    rows = [line for line in said.splitlines() if line.startswith("| ") and line.endswith("| none |")]
    assert len(rows) <= MOST_ROWS
    assert rows[-1].startswith("| 164 |")


def test_a_network_without_a_head_has_no_training():
    text = to_notebook(tiny(head=Head(pool="none")))
    assert "compile(" not in "".join(cells(text, "code"))
    assert "maps" in cells(text, "markdown")[-1]


def test_a_name_that_people_typed_stays_in_its_cell():
    odd = Recipe(title="a | b\n# c <script>", source="d")
    text = to_notebook(tiny(), odd)
    nbformat.validate(nbformat.reads(text, as_version=4))
    said = next(cell for cell in cells(text, "markdown") if cell.startswith("## Training"))
    assert "\n# c" not in said
    assert "<script>" not in said


WHOLE = 40  # images, all in one batch: then their order does not matter
STEPS = 4
PARITY = {
    "he2015": recipe("he2015", epochs=STEPS, shift=0, flip="none", weight_decay=0.01, batch_size=WHOLE),
    "warm cosine": recipe("quick", epochs=STEPS, shift=0, warmup=0.5, label_smoothing=0.1, clip_norm=0.5,
                          learning_rate=0.5, batch_size=WHOLE),
    "warm line": recipe("speedrun", epochs=STEPS, shift=0, flip="none", warmup=0.25, lookahead=None, test_flip=False,
                        batch_size=WHOLE, learning_rate=0.1),
    "adam": recipe("adam", epochs=STEPS, shift=0, batch_size=WHOLE, weight_decay=0.01),
    "accumulated": recipe("quick", epochs=STEPS, shift=0, batch_size=WHOLE, accumulate=2),
    "lookahead": recipe("quick", epochs=STEPS, shift=0, batch_size=WHOLE, lookahead=3, lookahead_step=0.8),
    "gentle": recipe("gentle", epochs=STEPS, shift=0, batch_size=WHOLE, weight_decay=0.5, learning_rate=0.01),
}  # fmt: skip
RUNS = {
    "cifar, resized": (tiny(), recipe("he2015", epochs=1, batch_size=16), None),
    "digits": (tiny(input_shape=(10, 9, 1)), None, result(recipe=recipe(epochs=1, batch_size=16))),
    "digits in colours": (tiny(), None, result(recipe=recipe("adam", epochs=2, batch_size=16))),
    "a folder, grey": (tiny(classes=2, input_shape=(12, 10, 1)), recipe("gentle", epochs=1, batch_size=4), None),
    "a folder": (tiny(classes=2, normalization=Normalization(kind="none")), recipe("quick", epochs=1), None),
    "arrays": (tiny(classes=3, input_shape=(9, 9, 4)), recipe("wrn", epochs=1, batch_size=8), None),
    "all options": (
        tiny(input_shape=(10, 9, 1)),
        recipe(
            epochs=3,
            batch_size=16,
            flip="alternating",
            mixup=0.2,
            average=0.9,
            lookahead=2,
            accumulate=2,
            balance=True,
            patience=1,
            test_flip=True,
            frozen=2,
            clip_norm=1.0,
        ),
        None,
    ),
    "half precision": (tiny(input_shape=(10, 9, 1)), recipe(epochs=1, batch_size=16, precision="mixed_bfloat16"), None),
    "fine-tuned": (tiny(), None, result(recipe=recipe("adam", epochs=1, batch_size=16, frozen=2), start="another run")),
    "whitened": (
        tiny(input_shape=(10, 9, 1), stem=Stem(kernel=3, stride=1, widths=(6,), pool="none", whitening=True)),
        recipe(epochs=1, batch_size=16),
        None,
    ),
    "maps": (tiny(head=Head(pool="none")), None, None),
}


def drawn(random, count, shape, classes):
    """Images of random pixels, labels of which there are all."""
    return random.integers(0, 256, (count, *shape), np.uint8), np.arange(count) % classes


def write_pictures(folder):
    """Two classes of pictures for training, and for test."""
    random = np.random.default_rng(0)
    for part, count in (("train", 9), ("test", 3)):
        for name in ("cat", "dog"):
            where = folder / "images" / part / name
            where.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(random.integers(0, 256, (11, 13, 3), np.uint8)).save(where / f"{i}.png")


def weights_of(model):
    from resnet_tf.learning.backend import keras

    read = keras.ops.convert_to_numpy
    return {f"{layer.name}/{i}": read(w) for layer in model.layers for i, w in enumerate(layer.weights)}


def begun(spec):
    """A network that a fine-tuned one began with."""
    from resnet_tf.learning.build import build

    return build(spec, seed=11)


def learnt(spec, chosen, images, labels):
    """First weights, and those after some steps of this package's training on all images at once."""
    from resnet_tf.learning.augment import scaled
    from resnet_tf.learning.backend import keras
    from resnet_tf.learning.build import build
    from resnet_tf.learning.optimizers import averages, optimizer

    _count_in("float64")  # in float32 Adam makes whole steps of what is mere rounding
    try:
        model = build(spec, seed=5)
        first = weights_of(model)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=chosen.label_smoothing)
        model.compile(optimizer(chosen, model), loss)
        for step in range(STEPS):
            model.optimizer.learning_rate = chosen.learning_rate_at(step, STEPS)
            model.train_on_batch(scaled(images), keras.utils.to_categorical(labels, spec.classes))
        for path, value in averages(model.optimizer, model).items():
            next(weight for weight in model.weights if weight.path == path).assign(value)
        return first, weights_of(model)
    finally:
        _count_in("float32")


def _count_in(dtype):
    from resnet_tf.learning.backend import keras

    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """What came of each notebook in a fresh process; and of this package's training, where both began alike."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_pictures(folder)
    random = np.random.default_rng(1)
    arrays = {}
    for part, count in (("train", 24), ("test", 5)):
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = drawn(random, count, (9, 9, 4), 3)
    np.savez(folder / "images.npz", **arrays)
    images, labels = drawn(random, WHOLE, (32, 32, 3), 10)
    np.savez(folder / "cifar10.npz", images=images, labels=labels)
    spec, last = tiny(input_shape=(32, 32, 3)), {}
    for i, (name, chosen) in enumerate(PARITY.items()):
        (folder / f"parity{i}.ipynb").write_text(to_notebook(spec, chosen))
        first, last[name] = learnt(spec, chosen, images, labels)
        np.savez(folder / f"parity{i}.npz", **first)
    for i, (spec, chosen, training) in enumerate(RUNS.values()):
        (folder / f"run{i}.ipynb").write_text(to_notebook(spec, chosen, training))
    begun(tiny(classes=4)).save(folder / START)
    subprocess.run([sys.executable, "-I", str(RUNNER)], cwd=folder, check=True, timeout=600)
    facts = json.loads((folder / "facts.json").read_text())
    told = {name: facts[f"run{i}"] for i, name in enumerate(RUNS)}
    both = {}
    for i, name in enumerate(PARITY):
        with np.load(folder / f"parity{i}.last.npz") as found:
            both[name] = (last[name], {key: found[key] for key in found}, facts[f"parity{i}"])
    return told, both


@pytest.mark.keras
@pytest.mark.parametrize("name", RUNS)
def test_a_notebook_runs_from_its_first_cell_to_its_last_with_keras_alone(executed, name):
    told, _ = executed
    assert "error" not in told[name], told[name].get("error")
    assert not told[name]["ours_loaded"]
    lines = told[name]["printed"].splitlines()
    assert lines[0] == f"{costs(RUNS[name][0]).parameters:,} parameters"
    assert ("that it was not trained on" in lines[-1]) == (name != "maps")


@pytest.mark.keras
@pytest.mark.parametrize("name", PARITY)
def test_a_notebook_takes_the_same_steps_as_this_package(executed, name):
    """Weights after four steps on the same images, from the same first ones: schedule, decay, clipping, smoothing."""
    _, both = executed
    ours, theirs, facts = both[name]
    assert "error" not in facts, facts.get("error")
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        np.testing.assert_allclose(theirs[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


@pytest.mark.keras
def test_a_fine_tuned_network_begins_with_the_other_ones_weights_but_for_a_head_of_other_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source, space = begun(tiny(classes=4)), {"__name__": "notebook"}
    source.save(START)
    exec(to_python(tiny()), space)
    text = fit_code(recipe(frozen=2), ("stem", "stage1", "stage2"), is_begun=True)
    exec(text[text.index("model = ") : text.index("for weight in")], space)
    first, model = weights_of(source), space["model"]
    same = {key for key, array in weights_of(model).items() if np.array_equal(array, first[key])}
    assert set(first) - same == {"head.classifier/0", "head.classifier/1"}
    still = {layer.name.partition(".")[0] for layer in model.layers if not layer.trainable}
    assert still == {"stem", "stage1"}


def test_a_fine_tuned_networks_notebook_says_where_its_first_weights_come_from():
    said = "\n".join(cells(to_notebook(tiny(), result=result(start="ResNet-20 | <b>mine</b>")), "markdown"))
    assert "It began with the weights of ResNet-20 \\| &lt;b>mine&lt;/b>." in said
    assert f"beside this notebook as `{START}`" in said
    assert START not in to_notebook(tiny(), result=result())


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "densenet121"])
def test_what_is_frozen_in_a_notebook_are_the_first_parts_of_the_design(name):
    parts = expand(preset(name)).parts
    for count in (1, 2, 4):
        line = re.search(r"^frozen = (.*)$", fit_code(recipe(frozen=count), parts), re.MULTILINE)[1]
        assert eval(line) == list(parts[:count])
