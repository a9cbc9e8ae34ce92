"""Weights in and out, by name: every tensor once, or an error that names it."""

import io
import os
import pickle
import re
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from resnet_tf.design.presets import preset
from resnet_tf.design.spec import ResNetSpec, SpecError, Stage, Stem
from resnet_tf.learning import torch_files
from resnet_tf.learning.backend import keras
from resnet_tf.learning.build import build
from resnet_tf.learning.naming import NoCounterpart
from resnet_tf.learning.pretrained import PretrainedUnavailable, load_pretrained
from resnet_tf.learning.torch_files import UnsafeFile
from resnet_tf.learning.weights import WeightsError, load_weights, save_weights

pytestmark = pytest.mark.keras

FIXTURES = Path(__file__).parents[1] / "fixtures"
TINY = ResNetSpec(
    input_shape=(8, 8, 3), classes=10, stem=Stem(kernel=3, stride=1, widths=(4,), pool="none"),
    stages=(Stage(blocks=1, width=4),),
)  # fmt: skip


def numbers(model):
    return {f"{layer.name}/{v.name}": keras.ops.convert_to_numpy(v) for layer in model.layers for v in layer.weights}


@pytest.fixture
def expected():
    with np.load(FIXTURES / "tiny.npz") as file:
        return dict(file)


@pytest.fixture
def model():
    return build(TINY, seed=0)


def test_a_file_of_torch_is_read_without_torch_to_the_last_number(expected):
    """tiny.pth was written by torch 2.13: views, half precision, bfloat16 and a Parameter among it."""
    found = torch_files.read(FIXTURES / "tiny.pth")
    assert found["epoch"] == 3
    tensors = {name.removeprefix("module."): array for name, array in found["state_dict"].items()}
    assert {name for name in tensors if "tracked" not in name} == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(np.float32(tensors[name]), array)


def test_what_trainers_wrap_around_a_state_dict_is_taken_off(model, expected):
    loaded = load_weights(model, FIXTURES / "tiny.pth", source="torchvision")
    assert loaded.used == len(expected) == 17
    assert loaded.left_out == ()
    assert str(loaded) == "17 tensors were used"
    ours = numbers(model)
    np.testing.assert_array_equal(ours["stem.conv/kernel"], expected["conv1.weight"].transpose(2, 3, 1, 0))
    np.testing.assert_array_equal(ours["head.classifier/kernel"], expected["fc.weight"].T)
    np.testing.assert_array_equal(ours["stage1.block1.norm2/moving_variance"], expected["layer1.0.bn2.running_var"])
    np.testing.assert_array_equal(ours["stage1.block1.norm2/gamma"], expected["layer1.0.bn2.weight"])


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_every_kind_of_file_gives_the_same(tmp_path, model, expected, suffix):
    path = tmp_path / f"tiny{suffix}"
    save_file(expected, path) if suffix == ".safetensors" else np.savez(path, **expected)
    load_weights(model, path, source="timm")
    other = build(TINY, seed=5)
    load_weights(other, FIXTURES / "tiny.pth", source="timm")
    for name, array in numbers(other).items():
        np.testing.assert_array_equal(numbers(model)[name], array)


def test_all_that_does_not_fit_is_named_and_nothing_is_changed(model, expected):
    before = numbers(model)
    given = dict(expected)
    del given["bn1.weight"]
    given["layer2.0.conv1.weight"] = np.zeros((4, 4, 3, 3))
    given["layer1.0.conv1.weight"] = np.zeros((4, 4, 1, 1))
    with pytest.raises(WeightsError) as caught:
        load_weights(model, given, source="torchvision")
    assert caught.value.missing == ["bn1.weight"]
    assert caught.value.extra == ["layer2.0.conv1.weight"]
    assert caught.value.misshapen == ["layer1.0.conv1.weight (4, 4, 1, 1) instead of (4, 4, 3, 3)"]
    for words in ("1 missing (bn1.weight)", "1 not of this network (layer2.0.conv1.weight)", "1 of another shape"):
        assert words in str(caught.value)
    assert all(np.array_equal(before[name], array) for name, array in numbers(model).items())


def test_a_head_of_other_classes_is_left_out_and_said_so(model, expected):
    given = {**expected, "fc.weight": np.zeros((1000, 4)), "fc.bias": np.zeros(1000)}
    before = numbers(model)["head.classifier/kernel"]
    loaded = load_weights(model, given, source="timm")
    assert loaded.left_out == ("fc.weight", "fc.bias")
    assert "the head keeps its first weights" in str(loaded)
    assert np.array_equal(numbers(model)["head.classifier/kernel"], before)
    with pytest.raises(WeightsError, match=r"fc\.weight"):  # of other features: not only the classes differ
        load_weights(model, {**given, "fc.weight": np.zeros((1000, 8))}, source="timm")


@pytest.mark.parametrize(
    "name", ["resnet26t", "resnetv2_18d", "ecaresnet26t", "densenet121", "resnetv2_50x1_bit", "seresnext26t_32x4d"]
)
def test_saved_weights_come_back(tmp_path, name):
    spec = preset(name, input_shape=(64, 64, 3), classes=10)
    first, second = build(spec, seed=1), build(spec, seed=2)
    path = save_weights(first, spec, tmp_path / "network.safetensors", naming="timm")
    load_weights(second, path, source="timm")
    found = numbers(second)
    for weight, array in numbers(first).items():
        np.testing.assert_array_equal(found[weight], array)
    assert all(array.flags.c_contiguous for array in load_file(path).values())


def test_a_network_that_a_library_lacks_is_not_saved_in_its_names(tmp_path):
    spec = preset("seresnet18", input_shape=(32, 32, 3))
    with pytest.raises(NoCounterpart, match="has no counterpart in torchvision: its blocks have no gates"):
        save_weights(build(spec), spec, tmp_path / "w.safetensors", naming="torchvision")
    with pytest.raises(SpecError, match="naming must be timm or torchvision"):
        save_weights(build(spec), spec, tmp_path / "w.safetensors", naming="tim")
    assert not list(tmp_path.iterdir())


def test_the_weights_of_keras_applications_load_from_its_own_kind_of_file(tmp_path):
    """A group for each layer, its weights by name: what Keras' applications download."""
    theirs = keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10, classifier_activation=None)
    random = np.random.default_rng(0)
    for weight in theirs.weights:
        weight.assign(weight + 0.1 * random.random(weight.shape))
    path = tmp_path / "resnet50.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in theirs.layers]
        for layer in theirs.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{v.name}:0" for v in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group.create_dataset(name, data=keras.ops.convert_to_numpy(weight))
    ours = build(preset("keras_resnet50", input_shape=(32, 32, 3), classes=10))
    assert load_weights(ours, path, source="keras").used == len(theirs.weights)
    images = random.normal(size=(2, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(ours(images), theirs(images), rtol=1e-4, atol=1e-4)


def test_a_keras_file_of_ours_loads_by_our_own_names(tmp_path, model):
    model.save(tmp_path / "mine.keras")
    other = build(TINY, seed=9)
    load_weights(other, tmp_path / "mine.keras", source="resnet_tf")
    assert all(np.array_equal(numbers(model)[name], array) for name, array in numbers(other).items())


class Trap:
    def __reduce__(self):
        return os.system, ("touch trapped",)


def archive(path, pickled, name="x/data.pkl"):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, pickled)
    return path


def test_a_pickle_that_would_run_something_is_refused_before_it_does(tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    path = archive(tmp_path / "trap.pth", pickle.dumps({"conv1.weight": Trap()}))
    with pytest.raises(UnsafeFile, match=r"asks for (posix|nt)\.system, which is no part of a tensor"):
        load_weights(model, path, source="timm")
    assert not (tmp_path / "trapped").exists()
    pickle.loads(pickle.dumps(Trap()))  # the trap works where nobody looks
    assert (tmp_path / "trapped").exists()


def referring(reference):
    """A pickle with a persistent reference, as torch's have."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out)
    pickler.persistent_id = lambda value: reference if value == "mark" else None
    pickler.dump({"conv1.weight": "mark"})
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x80\x05.", b"not a pickle", pickle.dumps(5), pickle.dumps([1, 2]),
        referring(("storage", str, "0", "cpu", 4)), referring(("module", "x", "0")),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_damaged_or_foreign_zip_is_a_sentence(tmp_path, content):
    with pytest.raises(UnsafeFile):
        torch_files.read(archive(tmp_path / "w.pth", content))


def test_what_is_no_zip_or_not_torchs_is_a_sentence(tmp_path):
    (tmp_path / "old.pth").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(UnsafeFile, match=r"save it again, or save it as \.safetensors"):
        torch_files.read(tmp_path / "old.pth")
    with pytest.raises(UnsafeFile, match=r"not one that torch\.save wrote"):
        torch_files.read(archive(tmp_path / "w.pth", b"", "readme.txt"))


def test_a_cut_file_is_a_sentence(tmp_path):
    whole = (FIXTURES / "tiny.pth").read_bytes()
    for size in (10, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.pth").write_bytes(whole[:size])
        with pytest.raises(UnsafeFile):
            torch_files.read(tmp_path / "cut.pth")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(WeightsError, match="is damaged"):
        load_weights(build(TINY), tmp_path / "cut.safetensors")


def test_a_tensor_that_reaches_beyond_its_numbers_is_a_sentence():
    class Archive:
        def read(self, name):
            return np.zeros(4, np.float32).tobytes()

    reader = torch_files._Reader.__new__(torch_files._Reader)
    reader.archive, reader.folder, reader.numbers = Archive(), "x", {}
    storage = torch_files._Storage("0", torch_files._Dtype("FloatStorage"))
    assert reader.tensor(storage, 0, (2, 2), (2, 1)).shape == (2, 2)
    for offset, size, stride in [
        (1, (2, 2), (2, 1)),
        (0, (5,), (1,)),
        (0, (2,), (4,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
    ]:
        with pytest.raises(UnsafeFile, match="beyond its numbers"):
            reader.tensor(storage, offset, size, stride)


def test_an_unknown_kind_of_file_names_those_that_are_known(model):
    with pytest.raises(WeightsError, match=r"weights.onnx must end in one of .safetensors, .pth"):
        load_weights(model, "weights.onnx")


# --- the hub


def hub(folder, spec, classes):
    """A stand-in for the hub: what timm publishes for a network, made of our own."""
    (folder / "config.json").write_text(
        f'{{"num_classes": {classes}, "pretrained_cfg": {{"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2]}}}}'
    )
    save_weights(build(spec, seed=3), spec, folder / "model.safetensors", naming="timm")
    asked = []

    def fetch(repository, file):
        asked.append((repository, file))
        return folder / file

    return fetch, asked


def test_published_weights_come_by_timms_name(tmp_path):
    spec = preset("resnet10t", classes=12)
    fetch, asked = hub(tmp_path, spec, 12)
    network = load_pretrained("resnet10t.c3_in1k", fetch=fetch)
    assert asked == [("timm/resnet10t.c3_in1k", "config.json"), ("timm/resnet10t.c3_in1k", "model.safetensors")]
    assert (network.spec, network.mean, network.std) == (spec, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2))
    expected, found = numbers(build(spec, seed=3)), numbers(network.model)
    assert all(np.array_equal(found[name], array) for name, array in expected.items())
    changed = load_pretrained("resnet10t.c3_in1k", classes=3, fetch=fetch)
    assert changed.loaded.left_out == ("fc.weight", "fc.bias")
    assert changed.model.output_shape == (None, 3)


def test_an_unknown_network_is_said_before_anything_is_fetched():
    with pytest.raises(SpecError) as caught:
        load_pretrained("resnet5.a1_in1k", fetch=lambda *file: pytest.fail("fetched"))
    assert re.match("resnet", caught.value.nearest)


def test_without_a_network_the_sentence_says_what_to_do(monkeypatch):
    class Hub:
        class errors:
            EntryNotFoundError = RepositoryNotFoundError = type("Missing", (Exception,), {})

        @staticmethod
        def hf_hub_download(repository, file):
            raise OSError("Name or service not known")

    monkeypatch.setitem(sys.modules, "huggingface_hub", Hub)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", Hub.errors)
    with pytest.raises(PretrainedUnavailable, match=r"Name or service not known.*use load_weights"):
        load_pretrained("resnet50.a1_in1k")


def test_without_huggingface_hub_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(PretrainedUnavailable, match=r"pip install 'resnet_tf\[hub\]'"):
        load_pretrained("resnet50.a1_in1k")
