"""Training and taking away from the command line: a small ResNet on the bundled digits, and on from there."""

import json
import os
import runpy
import shutil
import signal
import socket
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from benches import until
from PIL import Image
from typer.testing import CliRunner

from resnet_tf.cli.main import app
from resnet_tf.runs.store import Happening
from resnet_tf.runs.workbench import Workbench

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parents[2]
# ResNet-8: one block a stage, on images of 16 px
SMALL = ("resnet20_cifar10", "--image-size", 16, *(f"--set=stages[{i}].blocks=1" for i in range(3)))


def invoke(*arguments):
    return CliRunner().invoke(app, [str(each) for each in arguments])


def events(result):
    """The events that a training printed; it must have succeeded."""
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def last(told, kind):
    return [event for event in told if event["kind"] == kind][-1]


def percent(told):
    """The accuracy that a training ended with, as people read it."""
    return f"{100 * last(told, 'finished')['values']['validation_accuracy']:.2f} %"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which two epochs were trained, and what was told of them."""
    folder = tmp_path_factory.mktemp("cli") / "small"
    return folder, events(invoke("train", *SMALL, "--with", "epochs=2", "-o", folder, "--json"))


def accuracy_of(model, spec):
    """The share of the validation images that a model gets right."""
    from resnet_tf.learning.datasets import load

    images = load("digits", spec["input_shape"]).validation
    pixels = images.batch(np.arange(len(images)))
    return float(np.mean(model.predict(pixels / 127.5 - 1, verbose=0).argmax(-1) == images.labels))


def accuracy_of_file(path):
    """The same of a file of ONNX."""
    import onnxruntime

    from resnet_tf.learning.datasets import load

    images = load("digits", (16, 16, 1)).validation
    pixels = (images.batch(np.arange(len(images))) / 127.5 - 1).astype(np.float32)
    (logits,) = onnxruntime.InferenceSession(path).run(["logits"], {"images": pixels})
    return float(np.mean(logits.argmax(-1) == images.labels))


# --- train


def test_every_event_is_a_line(trained):
    kinds = [event["kind"] for event in trained[1]]
    assert [kind for kind in kinds if kind != "step"] == [
        "compiling", "epoch", "checkpoint", "epoch", "checkpoint", "evaluation", "finished", "written",
    ]  # fmt: skip
    assert kinds.count("step") >= 2


def test_the_network_that_was_written_is_as_good_as_was_told(trained):
    import keras

    folder, told = trained
    model = keras.saving.load_model(folder / "resnet20_cifar10.keras")
    spec = json.loads((folder / "training.json").read_text())["spec"]
    assert accuracy_of(model, spec) == pytest.approx(last(told, "finished")["values"]["validation_accuracy"])
    # He 2015's formula: 6n + 2 layers, here n = 1
    weighted = keras.layers.Conv2D | keras.layers.Dense
    assert sum(isinstance(layer, weighted) for layer in model.layers) == 6 * 1 + 2


def test_a_training_goes_on_from_its_last_checkpoint_to_the_same_end(trained, tmp_path):
    folder, told = trained
    cut = tmp_path / "cut"
    shutil.copytree(folder, cut)
    (cut / "resnet20_cifar10.keras").unlink()
    max((cut / "checkpoints").iterdir()).unlink()
    again = events(invoke("train", "--resume", "-o", cut, "--json"))
    assert [event["epoch"] for event in again if event["kind"] == "epoch"] == [2]
    for name in ("validation_accuracy", "validation_loss"):
        was, now = (last(all_told, "finished")["values"][name] for all_told in (told, again))
        assert now == pytest.approx(was, rel=1e-4)
    assert (cut / "resnet20_cifar10.keras").exists()


def test_a_folder_holds_one_training(trained):
    folder, _ = trained
    taken = invoke("train", *SMALL, "-o", folder)
    assert (taken.exit_code, "--resume" in taken.stderr) == (2, True)
    other = invoke("train", *SMALL, "--with", "epochs=3", "-o", folder, "--resume", "--json")
    assert other.exit_code == 2
    assert json.loads(other.stderr.splitlines()[-1])["error"]["field"] == "recipe"


def test_people_see_each_epoch_and_the_end(trained, tmp_path):
    shutil.copytree(trained[0], tmp_path / "copy")
    result = invoke("train", "--resume", "-o", tmp_path / "copy")
    assert f"{percent(trained[1])} of the validation images right" in result.stdout
    assert f"Written: {tmp_path / 'copy' / 'resnet20_cifar10.keras'}" in result.stdout


def test_a_training_that_diverges_says_what_to_change(tmp_path):
    wild = ("--set=normalization.kind=none", "--with=learning_rate=100", "--with=optimizer=sgd", "--with=warmup=0")
    result = invoke("train", *SMALL, *wild, "-o", tmp_path / "wild")
    assert result.exit_code == 3
    assert "a learning rate of 10 instead of 100" in result.stderr


def test_a_training_that_is_refused_leaves_its_folder_free(tmp_path):
    huge = ("resnet152", "--image-size", 4096, "--with", "batch_size=65536", "-o", tmp_path / "out")
    result = invoke("train", *huge)
    assert result.exit_code == 3
    assert "GB free" in result.stderr
    assert events(invoke("train", *SMALL, "--with", "epochs=1", "-o", tmp_path / "out", "--json"))


def test_somebodys_own_images_are_trained_on_and_kept_in_the_folder(tmp_path):
    random = np.random.default_rng(0)
    for name in ("dark", "light"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(20):
            pixels = random.integers(0, 100, (16, 16, 3)) + (155 if name == "light" else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "images" / name / f"{i}.png")
    out = tmp_path / "out"
    told = events(invoke("train", *SMALL, "--dataset", tmp_path / "images", "--with=epochs=1", "-o", out, "--json"))
    assert last(told, "compiling")["values"]["classes"] == 2
    shutil.rmtree(tmp_path / "images")
    moved = out.rename(tmp_path / "moved")
    again = events(invoke("train", "--resume", "-o", moved, "--json"))
    assert last(again, "evaluation")["values"]["classes"] == ["dark", "light"]


def test_an_interrupted_training_says_how_to_go_on(start, tmp_path):
    process = start("train", *SMALL, "--with", "epochs=10000", "-o", tmp_path / "long", "--json")
    next(line for line in process.stdout if json.loads(line)["kind"] == "checkpoint")
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    told = process.stderr.read()
    assert process.wait(60) == 130
    assert told.splitlines()[-1].endswith(f"epochs: resnet_tf train --resume -o {tmp_path / 'long'}")
    assert "Traceback" not in told
    assert list((tmp_path / "long" / "checkpoints").glob("*.npz"))


# --- train --from


def weights(folder):
    """The numbers of a training's last checkpoint, by their paths."""
    with np.load(max((folder / "checkpoints").iterdir())) as file:
        return {name.removeprefix("weight "): file[name] for name in file.files if name.startswith("weight ")}


def other_images(folder):
    """An npz of three classes of grey images."""
    random = np.random.default_rng(0)
    path = folder / "other.npz"
    np.savez(path, images=random.integers(0, 256, (60, 16, 16)).astype(np.uint8), labels=np.repeat(["a", "b", "c"], 20))
    return path


def check_frozen(first, tuned):
    """The stem and the first stage are to the bit as they were, and nothing else is; the head is for others."""
    before, after = weights(first), weights(tuned)
    assert after["head.classifier/bias"].shape == (3,)
    for name, array in before.items():
        assert np.array_equal(array, after[name]) == name.startswith(("stem.", "stage1.")), name


def test_a_training_begins_with_anothers_weights_and_keeps_what_is_frozen(trained, tmp_path):
    out = tmp_path / "tuned"
    told = events(invoke("train", trained[0], "--from", trained[0], "--dataset", other_images(tmp_path), "--frozen", 2,
                         "--with=epochs=1", "-o", out, "--json"))  # fmt: skip
    start = last(told, "compiling")["values"]["start"]
    assert (start["title"], start["fresh"]) == (
        "resnet20_cifar10 on Handwritten digits (bundled)", ["head.classifier"]
    )  # fmt: skip
    check_frozen(trained[0], out)
    assert invoke("export", out, "-f", "spec", "-o", tmp_path / "files").exit_code == 0
    card = next((tmp_path / "files").glob("*.card.md")).read_text()
    assert "| fine-tuned from | resnet20_cifar10 on Handwritten digits (bundled) |" in card


def test_a_training_begins_with_a_file_and_says_which_layers_it_took(trained, tmp_path):
    assert invoke("export", trained[0], "-f", "timm", "-o", tmp_path).exit_code == 0
    file = tmp_path / "resnet20_cifar10.timm.safetensors"
    design = ("train", trained[0] / "training.json", "--with=epochs=1", "--dataset", other_images(tmp_path))
    result = invoke(*design, "--from", file, "--frozen", 2, "-o", tmp_path / "tuned")
    assert result.exit_code == 0, result.stderr
    # He 2015's ResNet-8: 6n + 1 convolutions (n = 1), each with its norm; shortcuts have no weights
    assert f"14 layers begin with the weights of {file.name}; head.classifier is new" in result.stdout
    check_frozen(trained[0], tmp_path / "tuned")
    other = invoke("train", "resnet32_cifar10", "--from", file, "-o", tmp_path / "other")
    assert (other.exit_code, "not the weights of this network" in other.stderr) == (3, True)
    assert not (tmp_path / "other" / "training.json").exists()


def test_what_is_nothing_to_begin_with_says_what_is(tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_TF_HOME", str(tmp_path / "home"))
    nothing = invoke("train", *SMALL, "--from", "nothing", "-o", tmp_path / "out")
    assert (nothing.exit_code, "a folder of `train`, a file that is there" in nothing.stderr) == (2, True)
    run = invoke("train", *SMALL, "--from", "0123456789abcdef", "-o", tmp_path / "out")
    assert (run.exit_code, "the id of one run" in run.stderr) == (2, True)
    folder = invoke("train", *SMALL, "--from", tmp_path, "-o", tmp_path / "out")
    assert (folder.exit_code, "is no file of weights" in folder.stderr) == (3, True)


# --- build, export


def test_a_model_is_built_counted_and_saved(tmp_path):
    import keras

    file = tmp_path / "small.keras"
    result = invoke("build", "resnet20_cifar10", "--set", "classes=3", "-o", file, "--json")
    assert result.exit_code == 0, result.stderr
    # He 2015's network with a classifier of 3 instead of 10, and two moving statistics for each of its channels
    parameters = 269_722 - 7 * 65 + 2 * (16 + 6 * 16 + 6 * 32 + 6 * 64)
    assert json.loads(result.stdout)["parameters"] == parameters
    assert keras.saving.load_model(file).count_params() == parameters


def test_the_source_of_a_network_is_a_program(tmp_path, capsys):
    file = tmp_path / "network.py"
    assert invoke("build", "resnet18", "-o", file).stdout == f"Written: {file}\n"
    runpy.run_path(str(file), run_name="__main__")
    assert capsys.readouterr().out == f"{11_689_512 + 9_600:,} parameters\n"  # torchvision's, and moving statistics


@pytest.fixture(scope="module")
def exported(trained):
    """The folder of what was exported of the trained network, and the records."""
    folder = trained[0].parent / "files"
    result = invoke("export", trained[0], "-f", "onnx", "-f", "spec", "-o", folder, "--json")
    assert result.exit_code == 0, result.stderr
    return folder, {record["format"]: record for record in json.loads(result.stdout)["files"]}


def test_a_trained_network_is_exported_and_proven(exported, trained):
    folder, records = exported
    assert records["onnx"]["verified"]
    assert invoke("count", folder / "resnet20_cifar10.spec.json").exit_code == 0
    card = (folder / "resnet20_cifar10.card.md").read_text()
    assert f"{percent(trained[1])} of the validation images, on which it was not trained, after 2 epochs" in card


def test_an_exported_network_answers_as_well_as_was_told(exported, trained):
    accuracy = accuracy_of_file(exported[0] / "resnet20_cifar10.onnx")
    assert accuracy == pytest.approx(last(trained[1], "finished")["values"]["validation_accuracy"])


def test_a_checkpoint_is_exported_with_its_design(trained, tmp_path):
    folder, told = trained
    checkpoint = max((folder / "checkpoints").iterdir())
    result = invoke("export", folder, "--weights", checkpoint, "-f", "spec", "-o", tmp_path)
    assert result.exit_code == 2  # a folder has its own
    result = invoke("export", folder / "training.json", "--weights", checkpoint, "-f", "onnx", "-o", tmp_path)
    assert result.exit_code == 0, result.stderr
    accuracy = accuracy_of_file(next(tmp_path.glob("*.onnx")))
    assert accuracy == pytest.approx(last(told, "finished")["values"]["validation_accuracy"])
    wrong = invoke("export", "resnet18", "--weights", checkpoint, "-f", "keras", "-o", tmp_path)
    assert (wrong.exit_code, "no checkpoint of this design" in wrong.stderr) == (3, True)


def test_a_run_of_the_workbench_is_exported_with_its_curve(trained, home, tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_TF_HOME", str(home))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder, told = trained
    plan = json.loads((folder / "training.json").read_text())
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(plan["spec"]))
    bench = Workbench()
    from resnet_tf.cli.designs import design

    id = bench.train(design(str(file)).spec, "digits", "quick", name="Mine")
    store, happenings = bench._store, ("kind", "step", "epoch", "seconds", "values")
    store.enter("worker", *bench._instance.place[::-1], os.getpid())
    claimed = store.claim("worker", "CPU", "a test computes on nothing else")
    epochs = [Happening(*(event[name] for name in happenings)) for event in told if event["kind"] == "epoch"]
    store.append("worker", claimed, epochs)
    assert invoke("export", id, "-f", "spec", "-o", tmp_path / "none").exit_code == 3  # it has no checkpoint yet
    shutil.copytree(folder / "checkpoints", bench.home.checkpoints(id))
    result = invoke("export", id, "-f", "spec", "-o", tmp_path / "files")
    assert result.exit_code == 0, result.stderr
    card = (tmp_path / "files" / "mine.card.md").read_text()
    assert f"{percent(told)} of the validation images, on which it was not trained, after 2 epochs" in card
    begun = ("train", file, "--from", id[:6], "--with=epochs=1", "--frozen", 2)
    tuned = events(invoke(*begun, "--dataset", other_images(tmp_path), "-o", tmp_path / "tuned", "--json"))
    assert last(tuned, "compiling")["values"]["start"]["title"] == "Mine on Handwritten digits (bundled)"
    check_frozen(folder, tmp_path / "tuned")


# --- convert, serve


@pytest.mark.parametrize("naming", ["timm", "torchvision"])
def test_weights_go_to_another_librarys_names_and_come_back_the_same(naming, trained, tmp_path):
    from safetensors.numpy import load_file

    folder, told = trained
    assert invoke("export", folder, "-f", naming, "-o", tmp_path).exit_code == 0
    weights = tmp_path / f"resnet20_cifar10.{naming}.safetensors"
    assert load_file(weights)["layer1.0.conv1.weight"].shape == (16, 16, 3, 3)  # torch's order
    back = invoke("convert", weights, folder / "training.json", "--from-source", naming, "-f", "onnx", "-o", tmp_path)
    assert back.exit_code == 0, back.stderr
    accuracy = accuracy_of_file(next(tmp_path.glob("*.onnx")))
    assert accuracy == pytest.approx(last(told, "finished")["values"]["validation_accuracy"])


def test_a_network_that_timm_does_not_have_is_written_in_the_other_formats_alone(tmp_path):
    result = invoke("export", "vgg16", "--set", "hidden=[8]", "-f", "spec", "-f", "timm", "-o", tmp_path, "--json")
    assert result.exit_code == 3
    records = {record["format"]: record for record in json.loads(result.stdout)["files"]}
    assert records["spec"]["error"] is None
    assert "has no counterpart in timm" in records["timm"]["error"]
    assert not list(tmp_path.glob("*.safetensors"))


def test_weights_of_another_network_are_refused_in_a_sentence(trained, tmp_path):
    assert invoke("export", trained[0], "-f", "timm", "-o", tmp_path).exit_code == 0
    weights = tmp_path / "resnet20_cifar10.timm.safetensors"
    result = invoke("convert", weights, "resnet32_cifar10", "-f", "keras", "-o", tmp_path)
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].startswith("resnet_tf: These are not the weights of this network in timm: ")
    assert invoke("convert", weights, "resnet18", "--from-source", "tim", "-f", "onnx", "-o", tmp_path).exit_code == 2
    assert invoke("convert", tmp_path / "no.pth", "resnet18", "-f", "onnx", "-o", tmp_path).exit_code == 2


def test_an_exported_network_is_served(exported, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = start("serve", exported[0] / "resnet20_cifar10.onnx", "--port", port)
    assert f"http://127.0.0.1:{port}/predict" in process.stdout.readline()
    assert until(lambda: answer(f"http://127.0.0.1:{port}/health"))["status"] == "ok"
    process.send_signal(signal.SIGINT)
    assert "Traceback" not in process.stderr.read()
    assert process.wait(60) in (0, 130)


def answer(address):
    """What a server answers; None while there is none."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return json.load(response)
    except OSError:
        return None


def test_what_cannot_be_served_is_a_sentence(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    for model, code in ((tmp_path / "missing.onnx", 2), (tmp_path / "broken.onnx", 3)):
        result = invoke("serve", model)
        assert result.exit_code == code
        assert len(result.stderr.splitlines()) == 1


# --- rate


def test_a_learning_rate_is_suggested_from_a_few_steps():
    told = json.loads(invoke("rate", *SMALL, "--steps", "30", "--json").stdout)
    rates = [point["rate"] for point in told["points"]]
    assert rates == sorted(rates)
    assert rates[0] < told["suggested"] < rates[-1]
